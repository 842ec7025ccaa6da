"""A whole path, integrated and put on record with its gap; and one from each of a set."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.adaptive import adaptive_integral
from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, refuse_infinite
from xaicourse.core.path import Nodes, Path, StraightPath, path_integral
from xaicourse.core.quadrature import check_quadrature, quadrature

__all__ = ["from_each", "integrate", "path_cost"]

STEPS, MOST = 50, 1000  # gradients a row, and the most of them where the rule is adaptive


def path_cost(settings: Mapping[str, Any], steps: int = STEPS) -> int:
    """Return how many gradients a row costs; the most that it may cost where that adapts."""
    adaptive = settings.get("tol") is not None or settings.get("quadrature") == "adaptive"
    steps = settings.get("steps") or (MOST if adaptive else steps)
    return steps + 1 if settings.get("quadrature") == "trapezoid" and not adaptive else steps


def integrate(
    question: Question,
    path: Path,
    rule: str,
    steps: int | None,
    tol: float | None = None,
    description: str = "path integral",
    default: int = STEPS,
) -> Attribution:
    """Return the path integral of a whole path; the nodes are laid by a rule, or by `tol`."""
    adaptive = tol is not None or rule == "adaptive"
    steps = check_positive_int((MOST if adaptive else default) if steps is None else steps, "steps")
    check_quadrature(rule)
    if adaptive:
        found = adaptive_integral(question, path, tol=tol, most=steps)
        total, alpha, weight = found.total, found.alpha, found.weight
        ends, extra = (found.f_start, found.f_end), {"raw_gap": found.raw_gap}
    else:
        nodes = Nodes.from_rule(*quadrature(rule, steps), n_rows=len(question.x))
        total = path_integral(question, path, nodes, description=description)
        alpha, weight = nodes.alpha, nodes.weight
        ends, extra = (question.scores_at(path.start), question.scores_at_x), {}
    f_start, f_end = (score.to(total.values) for score in ends)
    for name, score in (("start", f_start), ("end", f_end)):
        if not bool(torch.isfinite(score).all()):
            row = int((~torch.isfinite(score)).nonzero()[0])
            raise ValueError(
                f"F is {float(score[row])} at the {name} of the path of row {row}, so there is no "
                "rise to share out; choose a baseline where the model's output is finite"
            )
    extra |= {"nodes": alpha.to(total.slopes), "weights": weight.to(total.slopes)}
    return Attribution.of(
        question,
        total.values,
        f_start=f_start,
        f_end=f_end,
        gap=total.values.flatten(1).sum(dim=1) - (f_end - f_start),
        map_error=total.map_error,
        gradients=total.gradients,
        endpoints=(path.start, path.end),
        settings={"steps": steps, "quadrature": "adaptive" if adaptive else rule},
        extra={**extra, "node_scores": total.node_scores, "slopes": total.slopes},
    )


def from_each(
    question: Question, starts: Tensor, steps: int, rule: str, description: str
) -> tuple[Tensor, Tensor]:
    """Return Integrated Gradients from each baseline, (M, N, ...), and F there, (M, N)."""
    nodes = Nodes.from_rule(*quadrature(rule, steps), n_rows=len(question.x))
    maps, scores = list[Tensor](), list[Tensor]()
    for start in starts:  # (1 or N, ...)
        path = StraightPath(start.expand_as(question.x), question.x)
        maps.append(path_integral(question, path, nodes, description=description).values)
        scores.append(question.scores(path.start, question.rows))
        refuse_infinite(scores[-1], "at a baseline")
    refuse_infinite(question.scores_at_x)
    return torch.stack(maps), torch.stack(scores).to(maps[0])
