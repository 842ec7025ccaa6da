r"""The path integral: every integrated method is this sum over the nodes of a path.

.. math:: A = \sum_k \mathrm{step}_k \odot \nabla F(\mathrm{node}_k)

A path supplies nodes and steps, a quadrature says where the nodes lie, `combine` replaces the
product where a method weighs it in another way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from xaicourse.core.gradients import Question, refuse_infinite, sum_dtype
from xaicourse.core.progress import progress

__all__ = [
    "Curve",
    "Factor",
    "Nodes",
    "Path",
    "PathSum",
    "Seen",
    "StraightPath",
    "column",
    "path_integral",
    "rows_of",
]

# The error of a map is about this share of half the difference between its two half-rules. For a
# gradient that wanders like Brownian motion it is 1 / sqrt(6) = 0.41; on twenty photos it was 0.46
# to 0.63 for the adaptive mesh and 0.46 to 0.84 for 32 midpoints, whose errors do not wander alike
# (benchmarks/adaptive_calibration.py). For smooth gradients the true error is far smaller.
HALVES = 0.65

# combine(delta, grad, f_start, f_end) -> contribution, all (P, ...); f_* are (P,), the scores at
# the ends of the segment that the node stands for.
Combine = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
# factor(seen) -> (P,), what the products of these nodes are multiplied by
Factor = Callable[["Seen"], Tensor]


class Path(Protocol):
    """A way from a start to an end for each row."""

    @property
    def start(self) -> Tensor: ...
    @property
    def end(self) -> Tensor: ...

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        """Return the points gamma(alpha) of rows `row`: (P,), (P,) -> (P, ...)."""
        ...

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        """Return gamma(right) - gamma(left): (P, ...)."""
        ...


@dataclass(frozen=True, eq=False)
class StraightPath:
    """gamma(alpha) = start + alpha (end - start)."""

    start: Tensor  # (N, ...)
    end: Tensor  # (N, ...)

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        # lerp is exact at both ends, alpha = 0 and alpha = 1
        start, end = rows_of(self.start, row), rows_of(self.end, row)
        return torch.lerp(start, end, column(alpha, self.end))

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        # width x delta: no difference of two nearly equal float32 points
        return column(right - left, self.end) * rows_of(self.end - self.start, row)


@dataclass(frozen=True, eq=False)
class Curve:
    """Any fixed curve: `function` maps (alpha (P,), row (P,)) to points (P, ...)."""

    start: Tensor
    end: Tensor
    function: Callable[[Tensor, Tensor], Tensor]

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        return self.function(alpha, row)

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        return self.function(right, row) - self.function(left, row)


@dataclass(frozen=True, eq=False)
class Nodes:
    """Where on the path the gradient is taken, for each row: all (N, S), float64.

    The node alpha stands for the segment [left, right]; the segments of a row tile [0, 1]. A
    row with fewer nodes than the others is filled up with segments of width 0, which are not
    computed.
    """

    alpha: Tensor
    left: Tensor
    right: Tensor

    @classmethod
    def from_rule(cls, alpha: Tensor, weight: Tensor, n_rows: int) -> "Nodes":
        """Give every row the same nodes (S,) and weights (S,) of a quadrature."""
        edges = torch.cat([torch.zeros(1, dtype=torch.float64), weight.cumsum(0)])
        edges = edges / edges[-1]
        same = [t.expand(n_rows, -1) for t in (alpha, edges[:-1], edges[1:])]
        return cls(*same)

    @property
    def weight(self) -> Tensor:
        return self.right - self.left


@dataclass(frozen=True, eq=False)
class Seen:
    """What a factor is told of some nodes, in their order along each row's path: all (P,)."""

    place: Tensor  # in the table (N, S) of nodes, flattened
    row: Tensor
    left: Tensor
    right: Tensor
    alpha: Tensor
    score: Tensor  # F at the node
    slope: Tensor  # dF/dalpha there
    next_alpha: Tensor  # of the row's next node; NaN for its last
    next_score: Tensor
    first: Tensor  # whether no node of the row comes before


@dataclass(frozen=True, eq=False)
class PathSum:
    """What `path_integral` found. Sums are in float64 where the device has it."""

    values: Tensor  # (N, ...)  the attribution
    map_error: Tensor  # (N,)  estimated relative error of the map, from even against odd nodes
    node_scores: Tensor  # (N, S)  F at the nodes
    slopes: Tensor  # (N, S)  dF/dalpha at the nodes, NaN where a row has no node
    gradients: Tensor  # (N,)  how many gradients a row has cost
    moment: Tensor | None = None  # (N, ...)  sum_k slope_k * contribution_k, where asked for
    factors: Tensor | None = None  # (N, S)  what the nodes' products were multiplied by


@torch.inference_mode(False)
@torch.no_grad()  # the gradients are asked for below; the sums need no graph of their own
def path_integral(
    question: Question,
    path: Path,
    nodes: Nodes,
    combine: Combine | None = None,
    moment: bool = False,
    description: str = "path integral",
    factor: Factor | None = None,
) -> PathSum:
    """Sum step * gradient over the nodes of a path, in chunks, with flat memory.

    Parameters
    ----------
    question : Question
        What is explained; made by `xaicourse.core.gradients.ask`.
    path : Path
        Start, end and the points between.
    nodes : Nodes
        Where the gradient is taken and which segment each node stands for.
    combine : callable, optional
        ``combine(delta, grad, f_start, f_end)`` replaces the product ``delta * grad``; it costs
        one more forward pass for each segment, and one a row.
    moment : bool
        Also sum slope * contribution, which the adaptive rule needs.
    description : str
        What stands before the progress bar of a long run.
    factor : callable, optional
        ``factor(seen)`` weighs the nodes by what the same pass has seen of them (`Seen`): their
        place on the path, F and its slope there, and F at the next node. It costs nothing more.

    Returns
    -------
    PathSum

    Raises
    ------
    ValueError
        If a gradient is NaN or infinite; the message says in which row and where on the path.
    """
    segments = _Segments.of(nodes, path.end.device)
    ends = _segment_scores(question, path, segments) if combine else None
    sums = _Sums(path, nodes, segments, combine, ends, moment, factor)
    bar = progress(len(segments.row), description)

    def point(positions: Tensor) -> Tensor:
        return path.point(segments.alpha[positions].to(path.end.dtype), segments.row[positions])

    def receive(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
        sums.add(part, grad, score)
        bar.update(len(grad))

    try:
        question.gradients(point, segments.row, receive)
    finally:
        bar.close()
    return sums.total(nodes)


@dataclass(frozen=True, eq=False)
class _Segments:
    """The segments of all rows one after another, those of width 0 left out: (P,) each."""

    alpha: Tensor
    left: Tensor
    right: Tensor
    row: Tensor
    place: Tensor  # in the table (N, S) of nodes

    @classmethod
    def of(cls, nodes: Nodes, device: torch.device) -> "_Segments":
        place = (nodes.weight > 0).flatten().nonzero()[:, 0]
        alpha, left, right = (
            t.flatten()[place].to(device=device, dtype=sum_dtype(device))
            for t in (nodes.alpha, nodes.left, nodes.right)
        )
        place = place.to(device)
        return cls(alpha, left, right, place // nodes.alpha.shape[1], place)


class _Sums:
    """The running sums over nodes: one over the even and one over the odd nodes of each row.

    Their disagreement tells how far the map itself can be trusted.
    """

    def __init__(
        self,
        path: Path,
        nodes: Nodes,
        segments: _Segments,
        combine: Combine | None,
        ends: tuple[Tensor, Tensor] | None,  # F at both ends of every segment, for combine
        moment: bool,
        factor: Factor | None,
    ) -> None:
        n_rows, n_nodes = nodes.alpha.shape
        self.path, self.segments, self.combine, self.ends = path, segments, combine, ends
        self.factor = factor
        self.held: Tensor | None = None  # the last node's product, until the next node is seen
        self.parity = segments.place % n_nodes % 2
        self.dtype = sum_dtype(path.end.device)
        shape, here = path.end.shape[1:], {"dtype": self.dtype, "device": path.end.device}
        self.sums = torch.zeros(2 * n_rows, *shape, **here)
        self.scores = torch.full((n_rows * n_nodes,), torch.nan, **here)
        self.slopes = self.scores.clone()
        # what each node adds to the map
        self.shares = self.scores.clone() if combine else self.slopes
        self.factors = self.scores.clone() if factor else None
        self.moments = torch.zeros_like(self.sums[:n_rows]) if moment else None

    def add(self, part: slice, grad: Tensor, score: Tensor) -> None:
        """Take in the gradients (P, ...) and scores (P,) at a chunk of nodes."""
        s = self.segments
        left, right, row, place = (t[part] for t in (s.left, s.right, s.row, s.place))
        delta = self.path.step(left, right, row).to(grad.dtype)  # (P, ...)
        product = delta * grad
        slope = product.flatten(1).sum(1, dtype=self.dtype) / (right - left)
        self.slopes[place] = slope
        self.scores[place] = score.to(self.dtype)
        if self.combine is not None and self.ends is not None:
            product = self.combine(delta, grad, *(f[part] for f in self.ends))
            self.shares[place] = product.flatten(1).sum(1, dtype=self.dtype)
        product = product.to(self.dtype)
        if self.factor is None:
            self._sum(part, product)
            return
        self._release(part.start)
        self._sum(slice(part.start, part.stop - 1), product[:-1])
        self.held = product[-1:].clone()

    def _release(self, stop: int) -> None:
        """Add the product of the node before number `stop`, which had to wait for it."""
        if self.held is not None:
            self._sum(slice(stop - 1, stop), self.held)
            self.held = None

    def _sum(self, part: slice, product: Tensor) -> None:
        row, place = self.segments.row[part], self.segments.place[part]
        if self.factor is not None and self.factors is not None and len(row):
            factors = self.factor(self._seen(part)).to(self.dtype)
            self.factors[place] = factors
            product = column(factors, product) * product
        self.sums.index_add_(0, 2 * row + self.parity[part], product)
        if self.moments is not None:
            self.moments.index_add_(0, row, column(self.slopes[place], product) * product)

    def _seen(self, part: slice) -> Seen:
        """Tell of nodes whose next ones have been met."""
        s, here = self.segments, torch.arange(part.start, part.stop, device=self.sums.device)
        after, before = (here + 1).clamp(max=len(s.row) - 1), (here - 1).clamp(min=0)
        last = (s.row[after] != s.row[here]) | (after == here)
        place = s.place[here]
        return Seen(
            place=place,
            row=s.row[here],
            left=s.left[here],
            right=s.right[here],
            alpha=s.alpha[here],
            score=self.scores[place],
            slope=self.slopes[place],
            next_alpha=s.alpha[after].masked_fill(last, torch.nan),
            next_score=self.scores[s.place[after]].masked_fill(last, torch.nan),
            first=(s.row[before] != s.row[here]) | (before == here),
        )

    def total(self, nodes: Nodes) -> PathSum:
        """Return the sums; refuse what is not finite."""
        self._release(len(self.segments.row))
        used = nodes.weight > 0
        slopes, shares, scores = (
            t.view(used.shape) for t in (self.slopes, self.shares, self.scores)
        )
        _check_finite("gradient", slopes, nodes, used, scores)
        _check_finite("contribution", shares, nodes, used)
        factors = None if self.factors is None else self.factors.view(used.shape)
        even, odd = self.sums.view(len(used), 2, *self.sums.shape[1:]).unbind(1)
        return PathSum(
            values=even + odd,
            map_error=disagreement(even, odd, nodes, factors),
            node_scores=scores,
            slopes=slopes,
            gradients=used.sum(dim=1).to(slopes.device),
            moment=self.moments,
            factors=factors,
        )


def _segment_scores(question: Question, path: Path, segments: _Segments) -> tuple[Tensor, Tensor]:
    """Return F at the left and right end of every segment: (P,), (P,).

    A segment ends where the row's next one begins, so only the last end of a row is asked for.
    """
    dtype, row = path.end.dtype, segments.row
    last = torch.ones_like(row, dtype=torch.bool)
    last[:-1] = row[1:] != row[:-1]
    alpha = torch.cat([segments.left, segments.right[last]]).to(dtype)
    rows = torch.cat([row, row[last]])
    found = question.scores(lambda p: path.point(alpha[p], rows[p]), rows)
    f_left, f_right = found[: len(row)], torch.empty_like(found[: len(row)])
    f_right[:-1] = f_left[1:]
    f_right[last] = found[len(row) :]
    return f_left, f_right


def disagreement(even: Tensor, odd: Tensor, nodes: Nodes, factors: Tensor | None = None) -> Tensor:
    """Estimate the relative error of even + odd from the two half-rules.

    Each half-rule is scaled to weight 1, so that it estimates the whole integral. Nodes whose
    factor is 0 carry no weight.
    """
    weight = nodes.weight.to(even.dtype).to(even.device)
    if factors is not None:
        weight = weight * factors.nan_to_num(0.0).abs()
        weight = weight / weight.sum(dim=1, keepdim=True).clamp_min(1e-300)
    share = weight[:, ::2].sum(dim=1)  # the even nodes' weight, (N,)
    halves = [
        part.flatten(1) / w.clamp_min(1e-12)[:, None]
        for part, w in ((even, share), (odd, 1 - share))
    ]
    size = (even + odd).flatten(1).norm(dim=1)
    error = HALVES * (halves[0] - halves[1]).norm(dim=1) / (2 * size.clamp_min(1e-300))
    # a single node has nothing to be compared with
    alone = ((1 - share) < 1e-9) | (share < 1e-9) & (weight > 0).any(dim=1)
    return torch.where(alone, torch.full_like(error, torch.nan), error)


def _check_finite(
    what: str, slopes: Tensor, nodes: Nodes, used: Tensor, scores: Tensor | None = None
) -> None:
    # NaN and infinity in any entry of a gradient survive its product with the step, 0 included
    bad = ~torch.isfinite(slopes) & used.to(slopes.device)
    if bool(bad.any()):
        row, step = (int(i) for i in bad.nonzero()[0])
        if scores is not None:
            place = f"at step {step} of the path, alpha = {float(nodes.alpha[row, step]):.4g}"
            refuse_infinite(scores[row, step].view(1), place, first=row)
        raise ValueError(
            f"the {what} of row {row} is NaN or infinite at step {step} of the path, "
            f"alpha = {float(nodes.alpha[row, step]):.4g}; the model is not differentiable there"
        )


def rows_of(t: Tensor, row: Tensor) -> Tensor:
    """Return t[row]; where t has one row only, a view, which costs nothing."""
    return t.expand(len(row), *t.shape[1:]) if len(t) == 1 else t[row]


def column(alpha: Tensor, like: Tensor) -> Tensor:
    """Return alpha (P,) as (P, 1, 1, ...) in the dtype of `like`, to multiply points."""
    return alpha.to(like.dtype).view(-1, *[1] * (like.dim() - 1))
