"""Generalized Integrated Gradients (2019): for models that jump, such as trees."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import factorial
from typing import Any, Unpack

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_axes, check_flags, check_positive_int
from xaicourse.core.gradients import Question, ask, refuse_infinite, sum_dtype
from xaicourse.core.path import Nodes, StraightPath, path_integral
from xaicourse.core.quadrature import quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.integrated.tree_ensemble import Tree, TreeEnsemble

__all__ = ["generalized_ig"]

MOST_AT_ONCE = 12  # features that jump at one place: 2^12 evaluations share it out


def example() -> Example:
    """Return six trees of depth two for three outputs, which all jump at -0.3 and 0.2."""
    trees = [
        Tree(
            *([k, j, j, 0, 0, 0, 0], [0.2, -0.3, -0.3, 0, 0, 0, 0]),
            *([1, 3, 5, 3, 4, 5, 6], [2, 4, 6, 3, 4, 5, 6]),
            [[0.0] * 3] * 3
            + [[(n + 1) * (k - j + n) / 9, n - k, 1 / (n + j + 1)] for n in range(4)],
        )
        for k, j in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0))
    ]
    x = torch.cos(torch.arange(12, dtype=torch.float64)).view(2, 6)
    thresholds = [(k, t) for k in range(6) for t in (-0.3, 0.2)]
    model = TreeEnsemble(trees, features=6, bias=[0.1, 0.2, 0.3]).eval()
    return Example(model, x, torch.tensor([0, 2]), {"thresholds": thresholds})


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return the most gradients that a row costs; none for trees alone."""
    places = len(settings.get("thresholds") or ()) + 1
    return places * settings.get("steps", 8) if settings.get("smooth") else 0


@attribution_method(
    title="Generalized Integrated Gradients",
    year=2019,
    paper="arXiv:1909.01869",
    family="integrated",
    input="tree",
    needs=frozenset(),
    unit="share",
    claims={
        *("completeness", "sensitivity_a", "dummy", "implementation_invariance", "linearity"),
        "symmetry",
    },
    cost=gradients_per_row,
    example=example,
)
def generalized_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    thresholds: Any = None,
    smooth: bool | None = None,
    baseline: Baseline = 0.0,
    steps: int = 8,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients between the jumps of F, and give each jump to who crosses there.

    .. math::
        A_i = (x_i - x'_i) \int \partial_i F(\gamma(\alpha))\, d\alpha + \sum_j \delta_{ij}, \qquad
        \sum_i \delta_{ij} = F(\gamma(\alpha_j^+)) - F(\gamma(\alpha_j^-))

    Feature i crosses a threshold :math:`\theta` where
    :math:`\alpha = (\theta - x'_i) / (x_i - x'_i)` on the straight line. Where several
    features cross at one place, each gets its Shapley value of that jump: its mean effect over all
    orders in which they could cross.

    Parameters
    ----------
    x : Tensor (N, d)
        Rows of numbers.
    thresholds : list of (int, float), or None
        Where F may jump: pairs (feature, threshold). None asks ``model.thresholds()``, which an
        `xc.TreeEnsemble` has. One too many costs two evaluations; one too few leaves a gap.
    smooth : bool or None
        Whether the gradient between the jumps is integrated; None is where F has one.
    steps : int
        Nodes of the Gauss-Legendre rule on each piece between two jumps.

    Returns
    -------
    Tensor (N, d)
        In units of F; sums to F(x) - F(x'). The details hold the ``places`` of the jumps on the
        path (N, J), each one's ``jumps`` (N, J, d), NaN where a row has fewer, and the number of
        ``evaluations`` (N,).

    Raises
    ------
    ValueError, TypeError
        Also where thresholds are missing, or more than 12 features cross at one place.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance, linearity and symmetry.
    For trees it is exact: no quadrature. How ties are shared is our choice, the paper's text was
    not at hand. Where all features are 0 or 1 and x' is 0 all cross at once: Shapley values.

    **Cost.** 0 gradients a row for trees, and two evaluations a crossing (2^k where k features
    cross at one place). With a gradient `steps` for each piece.

    **Fails when** completeness is taken for uniqueness: it walks one path, Shapley values average
    over all orders, and the two name another first feature in many rows.

    References
    ----------
    .. [merrill2019] J. Merrill, G. Ward, S. Kamkar, J. Budzik, D. Merrill, 2019, arXiv:1909.01869.

    Examples
    --------
    The first feature gets the jump, (1/4) at 1/4 of the way, the second the slope after it:

    >>> import torch, xaicourse as xc
    >>> model = lambda x: (x[:, 0] > 0.25) * x[:, 1]
    >>> xc.generalized_ig(model, torch.ones(1, 2), thresholds=[(0, 0.25)]).round(decimals=5)
    tensor([[0.2500, 0.7500]])
    """
    check_axes(x, 2, "rows of numbers (N, d)")
    steps = check_positive_int(steps, "steps")
    question = ask(model, x, target, **asked)
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    f_start, f_end = scores_at_ends(question, path)
    walks = list(_walks(question, path, _pairs(thresholds, model, x.shape[1])))

    jumps = [share_jumps(question, row, walk).to(f_end) for row, walk in enumerate(walks)]
    total = torch.stack([each.sum(0) for each in jumps])
    gradients = torch.zeros_like(question.rows)
    if check_smooth(smooth, question):
        between = path_integral(question, path, nodes_between(walks, steps))
        total, gradients = total + between.values, between.gradients
    return Attribution.of(
        question,
        total,
        f_start=f_start,
        f_end=f_end,
        gap=total.sum(1) - (f_end - f_start),
        gradients=gradients,
        endpoints=(path.start, path.end),
        extra=staircase(walks, jumps),
    )


def check_smooth(smooth: Any, question: Question) -> bool:
    """Return whether the model has slopes between its jumps: as the caller says, or as is seen."""
    if smooth is None:
        return has_gradient(question)
    check_flags({"smooth": True}, {"smooth": smooth})
    return smooth


def scores_at_ends(question: Question, path: StraightPath) -> tuple[Tensor, Tensor]:
    """Return F at x' and at x, (N,), (N,), in the dtype of sums; refuse what is infinite."""
    ends = question.scores_at(path.start), question.scores_at_x
    for score, where in zip(ends, ("at a baseline", "at x"), strict=True):
        refuse_infinite(score, where)
    dtype = sum_dtype(question.x.device)
    return ends[0].to(dtype), ends[1].to(dtype)


# ---- the jumps -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Jump:
    """A place of the path where some features cross."""

    alpha: float
    point: Tensor  # (d,)  float64, gamma(alpha)
    players: dict[int, tuple[float, float]]  # feature -> its value just before, just after


def _walks(
    question: Question, path: StraightPath, pairs: list[tuple[int, float]]
) -> Iterator[list[Jump]]:
    """Yield the jumps of each row, in the order of its path."""
    precision = torch.finfo(question.model_dtype)
    start, end = path.start.cpu().double(), path.end.cpu().double()
    for x0, x in zip(start, end, strict=True):
        yield jumps_between(x0, x, pairs, precision.eps, precision.tiny)


def jumps_between(
    x0: Tensor, x: Tensor, pairs: list[tuple[int, float]], eps: float, tiny: float
) -> list[Jump]:
    """Return the jumps from x0 to x (d,), those closer than rounding taken together."""
    crossed = []
    for feature, theta in pairs:
        a, b = float(x0[feature]), float(x[feature])
        if a == b or not min(a, b) <= theta <= max(a, b):
            continue
        margin = (4 * eps * abs(theta) + tiny) * (1 if b > a else -1)
        # inside [a, b]: at an end the model says itself on which side of theta that is
        sides = (min(max(t, min(a, b)), max(a, b)) for t in (theta - margin, theta + margin))
        crossed.append(((theta - a) / (b - a), feature, *sides))
    crossed.sort()

    jumps, latest = list[Jump](), -1.0
    for alpha, feature, before, after in crossed:
        if alpha - latest > 8 * eps:
            jumps.append(Jump(alpha, x0 + alpha * (x - x0), {}))
        latest = alpha
        first, _ = jumps[-1].players.get(feature, (before, after))
        jumps[-1].players[feature] = (first, after)
    return jumps


def share_jumps(question: Question, row: int, walk: list[Jump]) -> Tensor:
    """Return each feature's share of each jump of a row: (J, d), float64 on the CPU."""
    shares = torch.zeros(len(walk), question.x.shape[1], dtype=torch.float64)
    if not walk:
        return shares
    points = torch.cat([corners(jump, row) for jump in walk])
    rows = question.rows[row].expand(len(points))
    scores = question.scores(points.to(question.x.dtype).to(question.x.device), rows)
    refuse_infinite(scores, "beside a jump")
    sizes = [2 ** len(jump.players) for jump in walk]
    for share, jump, v in zip(shares, walk, scores.cpu().double().split(sizes), strict=True):
        share[list(jump.players)] = shapley(v)
    return shares


def corners(jump: Jump, row: int) -> Tensor:
    """Return the points (2^k, d) where bit i of a point's number says if player i has crossed."""
    k = len(jump.players)
    if k > MOST_AT_ONCE:
        raise ValueError(
            f"{k} features of row {row} cross at one place of the path, alpha = {jump.alpha:.4g}, "
            f"and at most {MOST_AT_ONCE} can share its jump; move the baseline a little"
        )
    points = jump.point.repeat(2**k, 1)
    number = torch.arange(2**k)
    for i, (feature, (before, after)) in enumerate(jump.players.items()):
        points[:, feature] = torch.tensor([before, after], dtype=points.dtype)[number >> i & 1]
    return points


def shapley(v: Tensor) -> Tensor:
    """Return the Shapley values (k,) of the game v (2^k,), numbered by the bits of its players."""
    k = (len(v) - 1).bit_length()
    number = torch.arange(len(v))
    size = sum((number >> i & 1 for i in range(k)), torch.zeros_like(number))
    weights = [factorial(s) * factorial(k - s - 1) / factorial(k) for s in range(k)]
    weight = torch.tensor([*weights, 0.0], dtype=v.dtype)[size]  # of joining a coalition
    found = []
    for i in range(k):
        without = number[number >> i & 1 == 0]
        found.append((weight[without] * (v[without + 2**i] - v[without])).sum())
    return torch.stack(found)


def staircase(walks: list[list[Jump]], jumps: list[Tensor]) -> dict[str, Tensor]:
    """Return where the rows jump and by how much, for the record."""
    here = jumps[0]
    places = [torch.tensor([j.alpha for j in w], dtype=torch.float64).to(here) for w in walks]
    evaluations = torch.tensor([sum(2 ** len(j.players) for j in w) for w in walks])
    return {
        "places": _padded(places),
        "jumps": _padded(jumps),
        "evaluations": evaluations.to(here.device),
    }


# ---- between the jumps ---------------------------------------------------------------------------


def has_gradient(question: Question) -> bool:
    """Tell whether F is joined to x by a graph: trees alone are not."""
    try:
        question.gradients(question.x[:1], question.rows[:1], lambda *seen: None)
    except ValueError:  # said of an output that is not connected
        return False
    return True


def nodes_between(walks: list[list[Jump]], steps: int) -> Nodes:
    """Return a Gauss-Legendre rule on each piece between two jumps, for each row."""
    alpha, weight = quadrature("gauss_legendre", steps)
    edges = torch.cat([torch.zeros(1, dtype=torch.float64), weight.cumsum(0)])
    edges = edges / edges[-1]
    rows = []
    for walk in walks:
        cuts = sorted({0.0, *(jump.alpha for jump in walk), 1.0})
        pieces = [(a + (b - a) * alpha, a + (b - a) * edges) for a, b in pairwise(cuts)]
        nodes, ends = (torch.stack(parts) for parts in zip(*pieces, strict=True))
        rows.append(torch.stack([nodes, ends[:, :-1], ends[:, 1:]], dim=-1).flatten(0, 1))
    # a row with fewer pieces is filled up with nodes of width 0
    table = pad_sequence(rows, batch_first=True, padding_value=1.0)  # (N, S, 3)
    return Nodes(*table.unbind(-1))


# ---- small things --------------------------------------------------------------------------------


def _padded(rows: list[Tensor]) -> Tensor:
    """Return tensors (J, ...) of different J as one (N, J, ...), NaN where a row has fewer."""
    return pad_sequence(rows, batch_first=True, padding_value=torch.nan)


def _pairs(thresholds: Any, model: Any, features: int) -> list[tuple[int, float]]:
    """Return the pairs (feature, threshold), or raise."""
    if thresholds is None:
        if not hasattr(model, "thresholds"):
            raise TypeError(
                "thresholds is None and model has no thresholds() of its own; give pairs "
                "(feature, threshold) of where it may jump, or read scikit-learn's trees by "
                "xc.TreeEnsemble(estimator)"
            )
        thresholds = model.thresholds()
    try:
        pairs = [(int(feature), float(theta)) for feature, theta in thresholds]
    except (TypeError, ValueError):
        raise TypeError(
            "thresholds must be a list of pairs (feature, threshold), such as [(0, 0.25)], got "
            f"{type(thresholds).__name__}"
        ) from None
    wrong = [feature for feature, _ in pairs if not 0 <= feature < features]
    if wrong:
        raise ValueError(f"thresholds names feature {wrong[0]}, but x has 0 to {features - 1}")
    return sorted(set(pairs))
