r"""Weights along a path: what the product step * gradient of each node is multiplied by.

.. math:: A = \sum_k \omega_k\, \mathrm{step}_k \odot \nabla F(\gamma(\alpha_k))

A weight sees only what the pass of plain Integrated Gradients sees anyway (place, F and slope of
each node), so it costs no gradient and no forward pass more. `ImportantDirection` alone replaces
the product itself, for one forward pass a node.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from xaicourse.core.gradients import sum_dtype
from xaicourse.core.measures import Measure
from xaicourse.core.path import Combine, Factor, Nodes, Seen
from xaicourse.core.quadrature import quadrature as make_quadrature

__all__ = [
    "Crossing",
    "ImportantDirection",
    "OverPath",
    "SlopeWeight",
    "Weight",
    "crossing",
    "mean_over",
]


class Weight:
    """No weight at all: omega = 1. The others say what differs."""

    name = "integrated_gradients"
    plain = True
    squared = False  # the map is in units of F squared, so that no gap to a rise exists
    combine: Combine | None = None

    def nodes(self, quadrature: str, steps: int, n_rows: int) -> Nodes:
        """Return the nodes of a quadrature, the same for every row."""
        return Nodes.from_rule(*make_quadrature(quadrature, steps), n_rows=n_rows)

    def begin(self, nodes: Nodes, f_start: Tensor, f_end: Tensor) -> Factor | None:
        """Return the factors of one pass, for rows whose F at start and end is f_* (N,)."""
        return None

    def part(self, alpha: Tensor, score: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return from where to where of the path is summed (N,), (N,); None is all of it.

        `alpha` and `score` (N, K) are where F is known, both ends included.
        """
        return None

    def expected(self, alpha: Tensor, score: Tensor) -> Tensor:
        """Return what the whole map should sum to, judged by F alone: (N,)."""
        return score[:, -1] - score[:, 0]


@dataclass(frozen=True, eq=False)
class OverPath(Weight):
    r"""omega = w(alpha), whose mean over each segment is taken.

    .. math:: \sum_i A_i = \int_0^1 w(\alpha)\, \frac{d}{d\alpha} F(\gamma(\alpha))\, d\alpha
    """

    measure: Measure
    size: float = 1.0  # the integral of w

    name = "path_weighted_ig"
    plain = False

    def nodes(self, quadrature: str, steps: int, n_rows: int) -> Nodes:
        if quadrature == "gauss_legendre":  # the Gauss rule of this very weight
            return self.measure.nodes(steps, n_rows)
        return super().nodes(quadrature, steps, n_rows)

    def begin(self, nodes: Nodes, f_start: Tensor, f_end: Tensor) -> Factor:
        same = nodes.left.stride(0) == 0  # one rule for all rows
        left, right = (t[:1] if same else t for t in (nodes.left, nodes.right))
        table = mean_over(self.measure, left, right) * self.size
        table = table.expand_as(nodes.left).flatten().to(sum_dtype(f_end.device)).to(f_end.device)
        return lambda seen: table[seen.place]

    def expected(self, alpha: Tensor, score: Tensor) -> Tensor:
        alpha = alpha.cpu().double()
        alpha = alpha[:1] if torch.equal(alpha, alpha[:1].expand_as(alpha)) else alpha
        left, right = alpha[:, :-1], alpha[:, 1:]
        w = (mean_over(self.measure, left, right) * self.size).to(score.dtype).to(score.device)
        return (w * score.diff(dim=1)).sum(dim=1)


def mean_over(measure: Measure, left: Tensor, right: Tensor) -> Tensor:
    """Return the mean of w / (integral of w) over each [left, right]; 0 where it is empty."""
    mass = measure.cumulated(right) - measure.cumulated(left)
    width = right - left
    return torch.where(width > 0, mass / width.clamp_min(1e-300), torch.zeros_like(mass))


@dataclass(frozen=True, eq=False)
class Crossing(Weight):
    r"""omega = 1 until a share of the rise is reached for the first time, and 0 after it.

    .. math:: \alpha^* = \inf\Big\{\alpha : \frac{F(\gamma(\alpha)) - F(x')}{F(x) - F(x')}
        > \mathrm{share}\Big\}

    Between two nodes F is taken as linear, and the segment with the crossing counts by the part of
    it that lies before. Where F does not rise at all there is no crossing: all of it is before.
    """

    share: float
    after: bool = False  # the part behind the crossing instead

    name = "split_ig"
    plain = False

    def begin(self, nodes: Nodes, f_start: Tensor, f_end: Tensor) -> Factor:
        f_start, f_end = (f.to(sum_dtype(f.device)) for f in (f_start, f_end))
        rise = f_end - f_start
        found = torch.full_like(rise, torch.inf)  # alpha*, as soon as a row has crossed

        def share_of(seen: Seen) -> Tensor:
            row, last = seen.row, torch.isnan(seen.next_alpha)
            next_score = torch.where(last, f_end[row], seen.next_score)
            next_alpha = torch.where(last, torch.ones_like(seen.alpha), seen.next_alpha)
            level, following = (
                (score - f_start[row]) * rise[row].sign() for score in (seen.score, next_score)
            )
            wanted = self.share * rise[row].abs()
            at = _where_it_crosses(seen.alpha, level, next_alpha, following, wanted)
            nothing = torch.zeros_like(level)
            before = _where_it_crosses(nothing, nothing, seen.alpha, level, wanted)
            at = torch.where(seen.first, torch.minimum(at, before), at)
            found.scatter_reduce_(0, row, at, "amin")
            inside = ((found[row] - seen.left) / (seen.right - seen.left)).clamp(0, 1)
            return 1 - inside if self.after else inside

        return share_of

    def part(self, alpha: Tensor, score: Tensor) -> tuple[Tensor, Tensor]:
        at = crossing(alpha, score, self.share)
        return (at, torch.ones_like(at)) if self.after else (torch.zeros_like(at), at)


def crossing(alpha: Tensor, score: Tensor, share: float) -> Tensor:
    """Return where F first passes a share of its rise, (N,), between known places (N, K)."""
    rise = score[:, -1:] - score[:, :1]
    level, wanted = (score - score[:, :1]) * rise.sign(), share * rise.abs()
    at = _where_it_crosses(alpha[:, :-1], level[:, :-1], alpha[:, 1:], level[:, 1:], wanted)
    return at.amin(dim=1).clamp(max=1)


def _where_it_crosses(
    left: Tensor, f_left: Tensor, right: Tensor, f_right: Tensor, wanted: Tensor
) -> Tensor:
    """Return where a line from (left, f_left) to (right, f_right) passes `wanted`, else inf."""
    up = (f_right > wanted) & (f_left <= wanted)
    part = (wanted - f_left) / torch.where(up, f_right - f_left, torch.ones_like(f_left))
    return torch.where(up, left + part * (right - left), torch.full_like(left, torch.inf))


class SlopeWeight(Weight):
    r"""omega = dF/dalpha, which the gradient of the node tells.

    .. math:: \sum_i A_i = \int_0^1 \Big(\frac{d}{d\alpha} F(\gamma(\alpha))\Big)^2 d\alpha
        \ge \big(F(x) - F(x')\big)^2
    """

    name = "integrated_decision_gradients"
    plain = False
    squared = True

    def begin(self, nodes: Nodes, f_start: Tensor, f_end: Tensor) -> Factor:
        return lambda seen: seen.slope

    def expected(self, alpha: Tensor, score: Tensor) -> Tensor:
        width, rise = alpha.diff(dim=1), score.diff(dim=1)
        steep = rise.square() / torch.where(width > 0, width, torch.ones_like(width))
        return torch.where(width > 0, steep, torch.zeros_like(steep)).sum(dim=1)


class ImportantDirection(Weight):
    r"""The change of F over a segment, shared out by the squared gradient at its node.

    .. math:: A_i = \sum_k \frac{g_{k,i}^2}{\sum_j g_{k,j}^2}
        \big(F(\gamma(\alpha_{k+1})) - F(\gamma(\alpha_k))\big)
    """

    name = "important_direction_ig"
    plain = False

    @staticmethod
    def combine(delta: Tensor, grad: Tensor, f_start: Tensor, f_end: Tensor) -> Tensor:
        flat = grad.flatten(1)  # (P, d)
        largest = flat.abs().amax(dim=1, keepdim=True)
        square = (flat / torch.where(largest > 0, largest, 1)).square()  # no underflow
        total = square.sum(dim=1, keepdim=True)
        share = square / torch.where(largest > 0, total, 1)  # nothing where the gradient is 0
        return (share * (f_end - f_start)[:, None].to(share)).view_as(grad)
