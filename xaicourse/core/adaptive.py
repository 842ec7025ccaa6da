r"""The adaptive path integral: nodes where the path bends, an error estimate, and no gap.

1. **Probe.** Seventeen forward passes along the path (a forward costs less than half a gradient
   and needs no memory) show where F bends.
2. **Mesh.** The path is cut into n cells, short where F bends; one gradient in the middle of each.
3. **Estimate.** The even and the odd cells are two half-rules. For the rough gradients of ReLU
   nets their disagreement tells the error of the whole map, which falls like 1/n; so it also
   tells how many more cells are needed. They are laid as a second mesh, and the two sums are
   averaged with weights n^2, the inverse of their error variances.
4. **Correct.** F(x) - F(x') is known exactly from two forward passes, so the sum of the slopes has
   a known value. As in any regression estimate with a control variate, the weights w_k are moved
   as little as possible (in the w-weighted norm) until the slopes s_k add up to it:

   .. math:: w'_k = w_k \Big(1 - \mathrm{gap}\,\frac{s_k}{\sum_j w_j s_j^2}\Big)

   This is done only where it moves the map by less than its estimated error. Completeness then
   holds exactly, and so it says nothing more: the map error does.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from xaicourse.core.gradients import Question, sum_dtype
from xaicourse.core.path import Factor, Nodes, Path, PathSum, path_integral

__all__ = ["DEFAULT_TOLERANCE", "AdaptiveSum", "adaptive_integral", "mesh"]

DEFAULT_TOLERANCE = 0.05
PROBES = 16  # intervals between the forward passes, (j / 16)^2: most nets bend near the baseline
FLOOR = 0.15  # this share of the cells is laid evenly, whatever the probes say
FIRST_CELLS = 2.4  # cells of the first mesh, times the tolerance: 48 for 5 %
MOST_ROUNDS = 6


@dataclass(frozen=True, eq=False)
class AdaptiveSum:
    """What `adaptive_integral` found."""

    total: PathSum  # the corrected sum, its error estimate, and slopes at all nodes
    alpha: Tensor  # (N, S) nodes of all rounds, NaN where a row has none
    weight: Tensor  # (N, S) the weights that were really used, correction included
    raw_gap: Tensor  # (N,) the completeness gap before the correction
    f_start: Tensor  # (N,) F at the path's start, known from the probes
    f_end: Tensor  # (N,) and at its end


@dataclass(frozen=True, eq=False)
class _Round:
    nodes: Nodes
    total: PathSum
    cells: Tensor  # (N,) how many cells each row got


class Weighing(Protocol):
    """What a weight along the path answers: see `xaicourse.core.path_weights`."""

    def begin(self, nodes: Nodes, f_start: Tensor, f_end: Tensor) -> Factor | None: ...


def adaptive_integral(
    question: Question,
    path: Path,
    tol: float | None = None,
    most: int = 1000,
    weight: Weighing | None = None,
    stacklevel: int = 5,
) -> AdaptiveSum:
    """Integrate along a path until the map's estimated relative error is at most `tol`.

    Parameters
    ----------
    question : Question
        What is explained.
    path : Path
        The path; each row gets a mesh of its own, whatever the others need.
    tol : float, optional
        Wanted relative error of the map, in (0, 1); 0.05 without it.
    most : int
        The most gradients that a row may cost.
    weight : Weighing, optional
        Weighs the nodes. What a weighted sum should be is not known, so nothing is corrected.
    stacklevel : int
        How many calls up the caller is, to whom a warning is addressed.

    Returns
    -------
    AdaptiveSum

    Warns
    -----
    UserWarning
        If `most` gradients were not enough; the estimate that was reached is on record.
    """
    tol = DEFAULT_TOLERANCE if tol is None else _check_tolerance(tol)
    grid = (torch.arange(PROBES + 1, dtype=torch.float64) / PROBES) ** 2
    probes = _probe(question, path, grid)  # (N, 17)
    ends = probes[:, 0], probes[:, -1]
    there = [f.to(sum_dtype(path.end.device)).to(path.end.device) for f in ends]
    mass = _bending(probes, grid)  # (N, 17), from 0 to 1

    first = min(most, max(8, math.ceil(FIRST_CELLS / tol)))
    cells = torch.full((len(probes),), first)
    rounds: list[_Round] = []
    while True:
        nodes = mesh(mass, grid, cells)
        factor = None if weight is None else weight.begin(nodes, *there)
        total = path_integral(
            question, path, nodes, moment=True, description="adaptive path", factor=factor
        )
        rounds.append(_Round(nodes, total, cells))
        merged = _merge(rounds, *(f.to(total.values) for f in ends))
        spent = torch.stack([r.cells for r in rounds]).sum(0)
        cells = _more_cells(merged, rounds, tol, most - spent)
        if not bool((cells > 0).any()) or len(rounds) == MOST_ROUNDS:
            break
    missed = int((merged.total.map_error > tol).sum())
    if missed:
        worst = float(merged.total.map_error.max())
        warnings.warn(
            f"{missed} of {len(probes)} row(s) did not reach tol={tol:g} within steps={most} "
            f"gradients: the estimated map error is {worst:.2g}; allow more steps",
            stacklevel=stacklevel,
        )
    return merged


def _check_tolerance(tol: float) -> float:
    if isinstance(tol, bool) or not isinstance(tol, int | float) or not 0 < tol < 1:
        raise ValueError(f"tol must be a number between 0 and 1, such as 0.05, got {tol!r}")
    return float(tol)


def _probe(question: Question, path: Path, grid: Tensor) -> Tensor:
    """Return F on the probe grid, (N, 17), in float64 on the CPU where decisions are made."""
    n_rows, n_probes = len(path.end), len(grid)
    row = torch.arange(n_rows).repeat_interleave(n_probes).to(path.end.device)
    alpha = grid.repeat(n_rows).to(path.end.dtype).to(path.end.device)
    scores = question.scores(lambda p: path.point(alpha[p], row[p]), row)
    probes = scores.cpu().double().view(n_rows, n_probes)
    if not bool(torch.isfinite(probes).all()):
        i, j = (int(k) for k in (~torch.isfinite(probes)).nonzero()[0])
        raise ValueError(f"F of row {i} is NaN or infinite at alpha = {float(grid[j]):.4g}")
    return probes


def _bending(probes: Tensor, grid: Tensor) -> Tensor:
    """Return how the cells are to be spread: cumulative mass at the probes, from 0 to 1.

    For a rough integrand the best density of cells goes with the cube root of its local
    variance; the bends |F''| between the probes stand in for it.
    """
    width = grid.diff()
    slope = probes.diff(dim=1) / width  # (N, 16)
    jump = slope.diff(dim=1).abs()  # (N, 15), between neighbouring intervals
    rounding = 1e-12 * probes.abs().amax(dim=1, keepdim=True) / width[1:]
    jump = torch.where(jump > rounding, jump, 0 * jump)  # the cube root would make much of it
    jump = torch.cat([jump[:, :1], (jump[:, 1:] + jump[:, :-1]) / 2, jump[:, -1:]], dim=1)
    bend = (jump / width) ** (1 / 3)
    bent = bend * width
    total = bent.sum(dim=1, keepdim=True)
    share = torch.where(total > 0, bent / total.clamp_min(1e-300), width)
    mass = (1 - FLOOR) * share + FLOOR * width
    return torch.cat([torch.zeros_like(mass[:, :1]), mass.cumsum(dim=1)], dim=1)


def mesh(mass: Tensor, grid: Tensor, cells: Tensor) -> Nodes:
    """Cut [0, 1] into `cells` cells of equal mass for each row, with the node in the middle."""
    most = int(cells.max())
    left = torch.zeros(len(cells), most, dtype=torch.float64)
    right = left.clone()
    for i, n in enumerate(cells.tolist()):
        if n == 0:
            continue
        wanted = torch.arange(n + 1, dtype=torch.float64) / n
        edges = _interpolate(wanted, mass[i] / mass[i, -1], grid)
        left[i, :n], right[i, :n] = edges[:-1], edges[1:]
    return Nodes(alpha=(left + right) / 2, left=left, right=right)


def _interpolate(x: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """Return the piecewise linear function through (xs, ys) at x."""
    k = torch.searchsorted(xs, x, right=True).clamp(1, len(xs) - 1)
    share = ((x - xs[k - 1]) / (xs[k] - xs[k - 1])).clamp(0, 1)
    return ys[k - 1] + share * (ys[k] - ys[k - 1])


def _merge(rounds: list[_Round], f_start: Tensor, f_end: Tensor) -> AdaptiveSum:
    """Average the rounds with weights n^2, then close the gap where that is safe."""
    values = rounds[0].total.values
    trust = torch.stack([r.cells.double() ** 2 for r in rounds])  # (R, N)
    trust = (trust / trust.sum(dim=0)).to(values)

    def average(parts: list[Tensor]) -> Tensor:
        shape = (-1, *[1] * (parts[0].dim() - 1))
        return sum(t.view(shape) * p for t, p in zip(trust, parts, strict=True))  # type: ignore[return-value]

    plain = average([r.total.values for r in rounds])
    moment = average([_moment(r.total) for r in rounds])
    squares = moment.flatten(1).sum(dim=1)  # sum_k w_k s_k^2
    gap = plain.flatten(1).sum(dim=1) - (f_end - f_start)
    size = plain.flatten(1).norm(dim=1).clamp_min(1e-300)
    errors = [t * r.total.map_error.nan_to_num(0.0) for t, r in zip(trust, rounds, strict=True)]
    error = torch.stack(errors).square().sum(dim=0).sqrt()

    factor = gap / squares.clamp_min(1e-300)
    move = factor.abs() * moment.flatten(1).norm(dim=1) / size
    plainly = rounds[0].total.factors is None
    safe = (squares > 0) & (move <= error.clamp_min(1e-12)) & plainly
    factor = torch.where(safe, factor, torch.zeros_like(factor))
    corrected = plain - factor.view(-1, *[1] * (plain.dim() - 1)) * moment

    slopes = torch.cat([r.total.slopes for r in rounds], dim=1)
    weight = torch.cat(
        [t[:, None] * r.nodes.weight.to(values) for t, r in zip(trust, rounds, strict=True)], dim=1
    )
    alpha = torch.cat(
        [r.nodes.alpha.masked_fill(r.nodes.weight == 0, torch.nan) for r in rounds], 1
    )
    total = PathSum(
        values=corrected,
        map_error=torch.where(safe | (gap == 0) | (not plainly), error, error.maximum(move)),
        node_scores=torch.cat([r.total.node_scores for r in rounds], dim=1),
        slopes=slopes,
        gradients=sum(r.total.gradients for r in rounds),  # type: ignore[arg-type]
        factors=None if plainly else torch.cat([_factors(r.total) for r in rounds], dim=1),
    )
    used = weight * (1 - factor[:, None] * slopes.nan_to_num(0.0))
    return AdaptiveSum(total, alpha, used, raw_gap=gap, f_start=f_start, f_end=f_end)


def _more_cells(merged: AdaptiveSum, rounds: list[_Round], tol: float, left: Tensor) -> Tensor:
    """Return how many more cells each row needs: error^2 ~ c^2 / sum n^2, so solve for n."""
    error = merged.total.map_error.cpu().double()
    have = torch.stack([r.cells.double() ** 2 for r in rounds]).sum(dim=0)
    need = have * (error / tol) ** 2 - have
    more = (1.1 * need.clamp_min(0).sqrt()).ceil().long()
    more = torch.where(more > 0, more.clamp_min(8), more)
    return torch.minimum(more, left.clamp_min(0))


def _moment(total: PathSum) -> Tensor:
    assert total.moment is not None
    return total.moment


def _factors(total: PathSum) -> Tensor:
    assert total.factors is not None
    return total.factors
