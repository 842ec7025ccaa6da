"""What every method along a given path does: lay the nodes, sum, and put it on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.adaptive import adaptive_integral
from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import Nodes, Path, StraightPath, path_integral
from xaicourse.core.path_weights import Weight
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.shared import AlongPath
from xaicourse.core.walk import Polyline
from xaicourse.methods.baselines import make_baseline

__all__ = ["Rule", "along", "gradients_per_row", "known_scores", "straight_line"]

STEPS = 50
MOST = 1000  # gradients a row where the rule is adaptive
ENDS = ("baseline", "input")


@dataclass(frozen=True)
class Rule:
    """How the nodes are laid: by a quadrature of `steps`, or as many as `tol` needs."""

    quadrature: str
    steps: int
    tol: float | None

    @classmethod
    def of(
        cls,
        quadrature: str,
        steps: int | None,
        tol: float | None = None,
        also: tuple[str, ...] = (),
        default: int = STEPS,
    ) -> "Rule":
        """Check what the caller asked; `also` are more names that a method knows."""
        check_quadrature(quadrature, also=("adaptive", *also))
        adaptive = tol is not None or quadrature == "adaptive"
        steps = (MOST if adaptive else default) if steps is None else steps
        name = "adaptive" if adaptive else quadrature
        return cls(name, check_positive_int(steps, "steps"), tol)


def gradients_per_row(settings: Mapping[str, Any], default: int = STEPS) -> int:
    """Return how many gradients a row costs; the most that it may cost where that adapts."""
    adaptive = settings.get("tol") is not None or settings.get("quadrature") == "adaptive"
    steps = settings.get("steps") or (MOST if adaptive else default)
    return steps + 1 if settings.get("quadrature") == "trapezoid" and not adaptive else steps


def straight_line(
    model: Any, x: Tensor, target: Any, asked: AlongPath
) -> tuple[Question, StraightPath, Rule]:
    """Return what is asked, the straight line from x' to x, and how nodes are laid on it."""
    rule = Rule.of(asked["quadrature"], asked["steps"], asked["tol"])
    question = ask(model, x, target, asked["output"], asked["batch_size"])
    start = make_baseline(asked["baseline"], question.x)
    return question, StraightPath(start, question.x), rule


def along(
    question: Question,
    path: Path,
    weight: Weight,
    rule: Rule,
    nodes: Nodes | None = None,
    stacklevel: int = 6,
) -> Attribution:
    """Attribute along a path, under a weight; mostly it ends at x.

    `nodes` are taken instead of the rule's; `stacklevel` is how many calls up the caller is.
    """
    if rule.quadrature == "adaptive":
        found = adaptive_integral(
            question, path, rule.tol, rule.steps, None if weight.plain else weight, stacklevel
        )
        total, alpha, width = found.total, found.alpha, found.weight
        ends, extra = (found.f_start, found.f_end), {"raw_gap": found.raw_gap}
    else:
        nodes = _nodes(path, weight, rule, len(question.x)) if nodes is None else nodes
        ends, extra = (question.scores_at(path.start), _score_at_end(question, path)), {}
        factor, name = weight.begin(nodes, *ends), weight.name.replace("_", " ")
        total = path_integral(
            question, path, nodes, weight.combine, description=name, factor=factor
        )
        alpha, width = nodes.alpha, nodes.weight
    gradients = total.gradients
    if isinstance(path, Polyline):
        gradients = gradients + path.spent
        extra |= {"path": path.points.movedim(0, 1), "pieces": path.pieces}
    extra |= {"nodes": alpha.to(total.slopes), "weights": width.to(total.slopes)}  # its device
    extra |= {} if total.factors is None else {"factors": total.factors}
    f_start, f_end = (_finite(f.to(total.values), name) for f, name in zip(ends, ENDS, strict=True))
    places, scores = known_scores(extra["nodes"], total.node_scores, f_start, f_end)
    start, end, expected = path.start, path.end, weight.expected(places, scores)
    if (part := weight.part(places, scores)) is not None:  # complete between ends of its own
        start, end = (path.point(a.to(end.dtype), question.rows) for a in part)
        f_start, f_end = (question.scores(p, question.rows).to(f_end) for p in (start, end))
        extra |= {"alpha_start": part[0], "alpha_end": part[1]}
        expected = f_end - f_start
    if not weight.plain:
        extra["expected_total"] = expected
    return Attribution.of(
        question,
        total.values,
        f_start=f_start,
        f_end=f_end,
        gap=None if weight.squared else total.values.flatten(1).sum(dim=1) - expected,
        map_error=total.map_error,
        gradients=gradients,
        endpoints=(start, end),
        settings={"steps": rule.steps, "quadrature": rule.quadrature},
        extra={**extra, "node_scores": total.node_scores, "slopes": total.slopes},
    )


def _nodes(path: Path, weight: Weight, rule: Rule, rows: int) -> Nodes:
    """Return the rule's nodes; segments end where the pieces of a path end."""
    nodes = weight.nodes(rule.quadrature, rule.steps, rows)
    if isinstance(path, Polyline) and rule.quadrature != "trapezoid":  # its nodes stand there
        return path.fit(nodes)
    return nodes


def _score_at_end(question: Question, path: Path) -> Tensor:
    """Return F where the path ends, (N,): at x, or at what stands for it on a manifold."""
    if path.end is question.x:
        return question.scores_at_x
    return question.scores(path.end, question.rows)


def known_scores(
    alpha: Tensor, score: Tensor, f_start: Tensor, f_end: Tensor
) -> tuple[Tensor, Tensor]:
    """Return all places of a path where F is known, in order, and F there: (N, K), (N, K).

    Both ends are among them; a node that a row does not have stands at the end once more.
    """
    none = torch.isnan(score) | torch.isnan(alpha)
    alpha, score = alpha.masked_fill(none, 1.0), torch.where(none, f_end[:, None], score)
    alpha, order = alpha.sort(dim=1, stable=True)
    zero = torch.zeros_like(f_start)[:, None]
    places = torch.cat([zero, alpha, zero + 1], dim=1)
    return places, torch.cat([f_start[:, None], score.gather(1, order), f_end[:, None]], dim=1)


def _finite(score: Tensor, where: str) -> Tensor:
    """Return F at an end of the path (N,), or refuse it."""
    if not bool(torch.isfinite(score).all()):
        row = int((~torch.isfinite(score)).nonzero()[0])
        raise ValueError(
            f"F is {float(score[row])} at the {where} of row {row}, so there is no rise to "
            "share out; choose a baseline where the model's output is finite"
        )
    return score
