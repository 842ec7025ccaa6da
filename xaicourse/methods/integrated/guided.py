"""Guided Integrated Gradients (2021): features move first where the gradient is small."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.walk import Polyline, Walk, follow, slope
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path

__all__ = ["guided_ig", "guided_path"]

MOVES, STEPS = 200, 100
TIE = {torch.float64: 1e-12, torch.float32: 1e-6}  # gradients that differ by rounding alone


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: those that lead, and those that are summed."""
    moves, anchors = settings.get("moves", MOVES), settings.get("anchors", 0)
    return of_one_path(settings, STEPS) + _rounded(moves, anchors)


def example() -> Example:
    """Return the small net, with few moves."""
    return replace(small_classifier(), settings={"moves": 6, "max_dist": 0.1})


@attribution_method(
    title="Guided Integrated Gradients",
    year=2021,
    paper="arXiv:2106.09788",
    family="integrated",
    unit="share",
    claims={"completeness", "sensitivity_a", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    moves: int = MOVES,
    fraction: float = 0.25,
    max_dist: float = 0.02,
    anchors: int = 0,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients along a path on which the features with small gradients move first.

    .. math::
        \gamma'_i \propto (x_i - x'_i)\, [\, i \in S\,], \qquad
        S = \text{those with the smallest } |\partial_i F(\gamma)| \text{ that may still move}

    In each of the moves the path comes as much nearer to x as the straight line would
    (:math:`\|x - \gamma\|_1` falls by the same amount). The `fraction` of all features with the
    smallest gradients goes on until it reaches the border of the box
    :math:`x' + (\alpha \pm d)(x - x')`, then the next smallest; who falls behind the box is pulled
    along. The gradient is then taken anew on the path that was found.

    Parameters
    ----------
    moves : int
        Straight pieces of the path, each with one gradient that decides who moves; rounded up to
        a multiple of `anchors` + 1.
    fraction : float
        Share of the features that move together, in (0, 1]; 1 is the straight line. Equal
        gradients are never torn apart.
    max_dist : float
        d, how far a feature may be before or behind the straight line, as a share of its way: 0 is
        the straight line, 1 leaves the path free.
    anchors : int
        Points of the straight line that the path must go through, at equal distances.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 100 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive. left with as many steps as
        moves credits each move with the gradient that chose it, as the authors' code does.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold the points of the ``path``,
        (N, moves + 1, ...).

    Raises
    ------
    ValueError, TypeError
        Also for a fraction or distance outside of its range, and for a gradient on the way that is
        NaN or infinite.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and symmetry. The path
    depends on F and on the units of x: not linearity, and another scale of a feature can turn the
    order of the gradients round. The paper bounds the path by `anchors`, the released code by
    `max_dist`.

    **Cost.** 300 gradients a row: `moves`, one after the other, and `steps`.

    **Fails when** a small gradient is no noise: a feature that matters only at the end of its way
    is moved early and gets little. The points of the path are kept: `moves` copies of a row.

    References
    ----------
    .. [kapishnikov2021] A. Kapishnikov, S. Venugopalan, B. Avci, B. Wedin, M. Terry,
       T. Bolukbasi, 2021, arXiv:2106.09788.

    Examples
    --------
    The second feature has the smaller gradient and moves first:

    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 3.0]])
    >>> f = lambda x: (2 * x[:, 0] + x[:, 1]) ** 2  # (72, 9) with many moves
    >>> xc.guided_ig(f, x, max_dist=1.0, moves=20, steps=20).round(decimals=1)
    tensor([[70.2000, 10.8000]])
    """
    rule = Rule.of(quadrature, steps, tol, default=STEPS)
    make = guided_path(moves, fraction, max_dist, anchors)
    question = ask(model, x, target, **asked)
    path = make(question, make_baseline(baseline, question.x), question.x)
    return along(question, path, Weight(), rule)


def guided_path(
    moves: int = MOVES, fraction: float = 0.25, max_dist: float = 0.02, anchors: int = 0
) -> Callable[[Question, Tensor, Tensor], Polyline]:
    """Return the path of `guided_ig` for `path=` of `path_attribution`; parameters as there."""
    moves = _rounded(check_positive_int(moves, "moves"), _check_anchors(anchors))
    _check_shares(fraction, max_dist)

    def make(question: Question, start: Tensor, end: Tensor) -> Polyline:
        walk = guided_walk(start, end, moves, fraction, max_dist, anchors)
        return follow(slope(question), walk, moves, "guided path")

    return make


def guided_walk(
    start: Tensor, end: Tensor, moves: int, fraction: float, max_dist: float, anchors: int = 0
) -> Walk:
    """Walk from x' to x (N, ...); p (N, n) is how far each feature has come, from 0 to 1."""
    way = (end - start).flatten(1).abs().to(sum_dtype(end.device))  # |x_i - x'_i|
    p, legs = torch.zeros_like(way), anchors + 1
    differs = (way > 0).any(dim=1)
    for k in range(moves):
        point = torch.lerp(start, end, p.to(end.dtype).view_as(end))
        gradient = yield point, differs
        alpha, leg = (k + 1) / moves, k * legs // moves
        low, high = max(alpha - max_dist, leg / legs), min(alpha + max_dist, (leg + 1) / legs)
        p = p.clamp_min(low)  # who lags behind is pulled along
        need = alpha * way.sum(dim=1) - (way * p).sum(dim=1)
        p = moved(p, way, gradient.flatten(1).abs(), high, need, fraction)
    yield end, torch.zeros_like(differs)


def moved(
    p: Tensor, way: Tensor, size: Tensor, high: float, need: Tensor, fraction: float
) -> Tensor:
    """Move the features with the smallest gradients up to `high`, until they came `need` (N,).

    `size` (N, n) is |gradient|. Sorted by it, the features move in groups; the last group goes only
    part of its way.
    """
    n = p.shape[1]
    room = way * (high - p).clamp_min(0)
    size, order = size.masked_fill(room <= 0, torch.inf).sort(dim=1)
    filled = room.gather(1, order).cumsum(dim=1)  # what the first k features can do
    together = math.floor(fraction * (n - 1))  # features in a group besides its first one

    first = torch.zeros(len(p), 1, dtype=torch.long, device=p.device)  # of the group, in that order
    while True:
        edge = size.gather(1, (first + together).clamp(max=n - 1)) * (1 + TIE[size.dtype])
        last = torch.searchsorted(size, edge, right=True) - 1  # with all that are equal to it
        enough = (filled.gather(1, last) >= need[:, None]) | (last >= n - 1)
        if bool(enough.all()):
            break
        first = torch.where(enough, first, last + 1)

    before = torch.where(first > 0, filled.gather(1, (first - 1).clamp_min(0)), 0 * filled[:, :1])
    room = filled.gather(1, last) - before
    part = ((need[:, None] - before) / torch.where(room > 0, room, 1)).clamp(0, 1)  # gamma
    place = torch.arange(n, device=p.device)
    share = torch.where(place < first, 1.0, torch.where(place <= last, part, 0.0))
    p = p.gather(1, order)
    p = torch.lerp(p, torch.full_like(p, high).maximum(p), share.to(p))
    return torch.empty_like(p).scatter(1, order, p)


def _rounded(moves: int, anchors: int) -> int:
    """Return the next multiple of the number of legs."""
    return math.ceil(moves / (anchors + 1)) * (anchors + 1)


def _check_anchors(anchors: Any) -> int:
    return 0 if anchors == 0 else check_positive_int(anchors, "anchors")


def _check_shares(fraction: Any, max_dist: Any) -> None:
    for name, value in (("fraction", fraction), ("max_dist", max_dist)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} must be a number, got {value!r}")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction must be above 0 and at most 1, such as 0.25, got {fraction}")
    if not 0 <= max_dist <= 1:
        raise ValueError(f"max_dist must be between 0 and 1, such as 0.02, got {max_dist}")
