"""Recognising an answer that draws its alphas at random: right on average, slow to get there."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from xaicourse.course.grading.compare import distance
from xaicourse.course.grading.path import Path, Probe

__all__ = ["integrates_at_random"]

SAME = 1e-3


def integrates_at_random(
    ask: Callable[[Probe], Tensor], probes: Sequence[Probe], path: type[Path]
) -> bool:
    """Say whether the answer is (x - x') times the plain mean of gradients at random alphas.

    The points at which the answer called the model are recorded. They must lie on the path, be
    spread evenly but not regularly, and their mean must reproduce the answer.
    """
    return all(_at_random(ask, probe, path(probe)) for probe in probes)


def _at_random(ask: Callable[[Probe], Tensor], probe: Probe, path: Path) -> bool:
    probe.model.recorded = []
    try:
        got = ask(probe)
    finally:
        recorded, probe.model.recorded = probe.model.recorded, None
    if not recorded:
        return False
    alphas = _alphas(torch.cat(recorded), path)  # one list of alphas a row
    if alphas is None or not all(_look_random(row) for row in alphas):
        return False
    honest = torch.stack([_mean_slope(path, row, place) for place, row in enumerate(alphas)])
    return distance(got, path.delta * honest) <= SAME  # (N, ...)


def _alphas(points: Tensor, path: Path) -> list[Tensor] | None:
    """Return the alphas of each row's points; None if a point lies on no path."""
    flat, start, delta = points.flatten(1), path.baseline.flatten(1), path.delta.flatten(1)
    offset = flat[:, None] - start[None]  # (P, N, D)
    alphas = (offset * delta).sum(-1) / (delta**2).sum(-1)  # (P, N)
    off_path = (offset - alphas[..., None] * delta).norm(dim=-1)  # (P, N)
    nearest, row = off_path.min(dim=1)
    if float(nearest.max()) > 1e-4 * float(delta.norm()):
        return None
    inside = (alphas.abs() > 1e-6) & ((1 - alphas).abs() > 1e-6)  # leave out calls at the ends
    return [alphas[(row == r) & inside[:, r], r] for r in range(len(path.x))]


def _look_random(alphas: Tensor) -> bool:
    """Uniform on [0, 1] by the largest gap of the distribution, with irregular distances."""
    n = len(alphas)
    if n < 50 or float(alphas.min()) < -1e-4 or float(alphas.max()) > 1 + 1e-4:
        return False
    ordered = alphas.sort().values
    even = (torch.arange(n) + 0.5) / n
    if float((ordered - even).abs().max()) > 2.0 / n**0.5:  # Kolmogorov-Smirnov, p about 1e-3
        return False
    return float(ordered.diff().std() / ordered.diff().mean()) > 0.2


def _mean_slope(path: Path, alphas: Tensor, row: int) -> Tensor:
    """Return the plain mean of one row's gradients at these alphas."""
    points = path.baseline + alphas.reshape(-1, *[1] * path.x.ndim) * path.delta  # (A, N, ...)
    return path.gradient(points)[:, row].mean(0)
