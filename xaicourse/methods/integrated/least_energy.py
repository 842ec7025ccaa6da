r"""Geodesics of a model: the way between two points on which F and x change as little as possible.

.. math:: E(\gamma) = \frac12 \int_0^1 \Big(\frac{d}{dt} F(\gamma)\Big)^2
    + \lambda\, \|\dot\gamma\|^2\, dt

It is the energy under the metric J^T J + lambda I that F pulls back, so its minimum is a geodesic.
lambda keeps it one: with lambda = 0 every way on which F only rises is as short as any other.
"""

import torch
from torch import Tensor

from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import Question
from xaicourse.core.path import column
from xaicourse.core.progress import progress
from xaicourse.core.walk import Polyline, slope

__all__ = ["least_energy_path"]

SETTLED = 1e-4  # a row rests as soon as its energy falls by less than this share
HALVINGS = 8


def least_energy_path(
    question: Question, start: Tensor, end: Tensor, pieces: int, stiffness: float, search: int
) -> Polyline:
    """Bend the straight line until its energy is least.

    Parameters
    ----------
    question : Question
        What is explained.
    start, end : Tensor (N, ...)
        x' and x.
    pieces : int
        K, the straight pieces of the path.
    stiffness : float
        On the straight line lambda |gamma'|^2 is stiffness^2 times as large as (dF/dt)^2.
    search : int
        The most improvements of a row, K - 1 gradients each.
    """
    line = _Line(question, start, end, pieces, stiffness)
    q = start.new_zeros(len(start), pieces - 1, *start.shape[1:])  # (N, K-1, ...) off the line
    spent, rows = torch.zeros_like(question.rows), question.rows
    f = line.scores(q, rows)
    lam = line.rigidity(f)
    energy = line.energy(q, f, lam)
    left, bar = rows[lam > 0], progress(search, "geodesic")
    try:
        for _ in range(search):
            if len(left) == 0:
                break
            spent[left] += pieces - 1
            moved = line.newton(q[left], f[left], lam[left], left)
            fell = _go(line, q, f, energy, lam, moved, left)
            left = left[fell > SETTLED]
            bar.update(1)
    finally:
        bar.close()
    knots = torch.cat([start[:, None], line.knots(q, rows), end[:, None]], dim=1)
    return Polyline(knots.movedim(1, 0), torch.full_like(spent, pieces), spent)


def _go(
    line: "_Line", q: Tensor, f: Tensor, energy: Tensor, lam: Tensor, moved: Tensor, rows: Tensor
) -> Tensor:
    """Go to `moved`, or half as far and so on until the energy is less; change q, f and energy.

    Return by which share of itself the energy of each row fell, (P,).
    """
    fell, share = torch.zeros_like(energy[rows]), 1.0
    waiting = torch.arange(len(rows), device=rows.device)
    for _ in range(HALVINGS):
        here = rows[waiting]
        tried = q[here] + share * (moved[waiting] - q[here])
        f_tried = line.scores(tried, here)
        e = line.energy(tried, f_tried, lam[here])
        good = e < energy[here]
        fell[waiting[good]] = (1 - e / energy[here])[good]
        for known, new in ((q, tried), (f, f_tried), (energy, e)):
            known[here[good]] = new[good]
        waiting, share = waiting[~good], share / 2
        if len(waiting) == 0:
            break
    return fell


class _Line:
    """The straight line with K - 1 inner knots, and its energy if they move by q (P, K-1, ...)."""

    def __init__(
        self, question: Question, start: Tensor, end: Tensor, pieces: int, stiffness: float
    ) -> None:
        self.question, self.start, self.end = question, start, end
        self.pieces, self.stiffness = pieces, stiffness
        self.ends = question.scores(start, question.rows), question.scores_at_x
        self.dtype = sum_dtype(end.device)
        self.t = torch.arange(1, pieces, device=end.device).to(self.dtype) / pieces  # (K-1,)
        # the inverse of the second difference: how far a pull at knot j moves knot k
        t, s = self.t[:, None], self.t
        self.green = pieces * (torch.minimum(t, s) - t * s)

    def knots(self, q: Tensor, rows: Tensor) -> Tensor:
        straight = torch.lerp(
            self.start[rows, None], self.end[rows, None], column(self.t, self.end)[None]
        )
        return straight + q

    def scores(self, q: Tensor, rows: Tensor) -> Tensor:
        """Return F at all knots, (P, K+1)."""
        inner = self.knots(q, rows).flatten(0, 1)
        f = self.question.scores(inner, rows.repeat_interleave(self.pieces - 1))
        first, last = (f_end[rows, None] for f_end in self.ends)
        return torch.cat([first, f.view(len(rows), -1), last], dim=1).to(self.dtype)

    def rigidity(self, f: Tensor) -> Tensor:
        """Return lambda (N,); 0 where F does not change on the straight line, or x = x'."""
        distance = (self.end - self.start).flatten(1).to(self.dtype).square().sum(1)
        change = self.pieces * f.diff(dim=1).square().sum(1)
        return torch.where(distance > 0, self.stiffness**2 * change / distance, 0 * distance)

    def energy(self, q: Tensor, f: Tensor, lam: Tensor) -> Tensor:
        """Return what bending changes of the energy, and F's own part: (P,)."""
        away = torch.cat([q[:, :1], q.diff(dim=1), -q[:, -1:]], dim=1)  # (P, K, ...)
        bend = away.to(self.dtype).square().flatten(1).sum(1)
        return self.pieces / 2 * (f.diff(dim=1).square().sum(1) + lam * bend)

    def newton(self, q: Tensor, f: Tensor, lam: Tensor, rows: Tensor) -> Tensor:
        r"""Return the q of least energy if F were linear around each knot (Gauss and Newton).

        With G the inverse second difference and g_k the gradient at knot k, the pulls u solve

            sum_j G_kj (lambda + g_k . g_j) u_j = F_k - g_k . q_k - (F on a straight line)_k

        and move the knots to q_k = -sum_j G_kj g_j u_j.
        """
        feel, each = slope(self.question), rows.repeat_interleave(self.pieces - 1)
        g = feel(self.knots(q, rows).flatten(0, 1), each).view_as(q).flatten(2).to(self.dtype)
        off = q.flatten(2).to(self.dtype)  # (P, K-1, d)
        even = f[:, :1] + self.t * (f[:, -1:] - f[:, :1])
        matrix = self.green * (lam[:, None, None] + g @ g.mT)
        u = torch.linalg.solve(matrix, f[:, 1:-1] - (g * off).sum(2) - even)  # (P, K-1)
        return -(self.green @ (u[:, :, None] * g)).to(q.dtype).view_as(q)
