"""A data manifold: codes z, pictures g(z), and the paths between two codes.

A manifold is any object with ``encode(x)`` and ``decode(z)``: an autoencoder, or two functions.
"""

from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from xaicourse.core.checks import all_finite
from xaicourse.core.path import column, rows_of

__all__ = ["Chart", "DecodedPath", "Manifold", "geodesic"]


class Manifold(Protocol):
    """What `manifold=` takes."""

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes (N, d) of inputs (N, ...)."""
        ...

    def decode(self, z: Tensor) -> Tensor:
        """Return the points g(z) of the manifold, (N, ...) or (N, D), for codes (N, d)."""
        ...


class Chart:
    """A manifold in the shape of x, with its answers checked; None is the whole space."""

    def __init__(self, manifold: Any, x: Tensor) -> None:
        for name in ("encode", "decode"):
            if manifold is not None and not callable(getattr(manifold, name, None)):
                raise TypeError(
                    "manifold must have encode(x) and decode(z), as xc.zoo.fashion_autoencoder() "
                    f"has, or be None; {type(manifold).__name__} has no {name}"
                )
        if getattr(manifold, "training", False):
            raise ValueError("manifold is in training mode; call manifold.eval() first")
        self.manifold, self.shape = cast(Manifold, manifold), x.shape[1:]

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes (N, d) of inputs (N, ...)."""
        with torch.no_grad():
            z = x.flatten(1) if self.manifold is None else self.manifold.encode(x)
        if not isinstance(z, Tensor) or z.dim() != 2 or len(z) != len(x) or not z.shape[1]:
            raise ValueError(
                f"manifold.encode must give codes (N, d), here ({len(x)}, d), but it gives "
                f"{tuple(z.shape) if isinstance(z, Tensor) else type(z).__name__}"
            )
        if not all_finite(z):
            raise ValueError("manifold.encode gives NaN or infinite codes for x or its baseline")
        return z.detach().to(x.dtype)

    def decode(self, z: Tensor) -> Tensor:
        """Return g(z), (P, ...) in the shape of x, for codes (P, d)."""
        points = z if self.manifold is None else self.manifold.decode(z)
        if not isinstance(points, Tensor) or points.numel() != len(z) * self.shape.numel():
            raise ValueError(
                f"manifold.decode must give points like x, {tuple(self.shape)} a row, but it gives "
                f"{tuple(points.shape) if isinstance(points, Tensor) else type(points).__name__} "
                f"for {len(z)} code(s)"
            )
        return points.reshape(len(z), *self.shape).to(z.dtype)


@dataclass(frozen=True, eq=False)
class DecodedPath:
    r"""gamma(alpha) = g(z(alpha)), with z straight from each knot to the next.

    With a `bridge` that share of [0, 1] is, at each end, the straight way between the true end and
    what the manifold has in its place.
    """

    chart: Chart
    knots: Tensor  # (N, T + 1, d)
    start: Tensor  # (N, ...)
    end: Tensor
    bridge: float = 0.0

    @classmethod
    def on_manifold(cls, chart: Chart, knots: Tensor) -> "DecodedPath":
        """Return the path from g of the first knot to g of the last."""
        with torch.no_grad():
            first, last = chart.decode(knots[:, 0]), chart.decode(knots[:, -1])
        return cls(chart, knots, first, last)

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        pieces, a = self.knots.shape[1] - 1, self.bridge
        t = ((alpha - a) / (1 - 2 * a)).clamp(0, 1) * pieces
        k = t.long().clamp(max=pieces - 1)
        z = torch.lerp(self.knots[row, k], self.knots[row, k + 1], (t - k)[:, None].to(self.knots))
        with torch.no_grad():
            point = self.chart.decode(z)
        if a > 0:
            for true, part in ((self.start, alpha / a), (self.end, (1 - alpha) / a)):
                point = torch.lerp(rows_of(true, row), point, column(part.clamp(max=1), point))
        return point

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        return self.point(right, row) - self.point(left, row)


def geodesic(chart: Chart, start: Tensor, end: Tensor, pieces: int, iterations: int) -> Tensor:
    r"""Return the knots (N, T + 1, d) of the shortest way from code `start` to `end`, each (N, d).

    The shortest way has the least energy of all that take the same time,

    .. math:: E = \frac{T}{2} \sum_i \|g(z_{i+1}) - g(z_i)\|^2,

    and it is found from the straight line by steps :math:`z \leftarrow z - \eta L^{-1} \nabla E`,
    where L takes second differences along the path: for a flat manifold one step is enough.
    """
    share = torch.linspace(0, 1, pieces + 1, dtype=start.dtype).to(start.device)
    z = torch.lerp(start[:, None], end[:, None], share[None, :, None])
    if pieces == 1:
        return z
    inverse = _inverse_of_second_differences(pieces).to(z.dtype).to(z.device)
    energy, grad = energy_and_gradient(chart, z)
    latent = pieces / 2 * z.diff(dim=1).square().flatten(1).sum(1)
    rate = torch.where(energy > 0, latent / energy.clamp_min(1e-30), torch.zeros_like(energy))
    noise = 1e3 * torch.finfo(z.dtype).eps
    for _ in range(iterations):
        direction = torch.einsum("ij,njd->nid", inverse, grad)
        promised = rate * (grad * direction).flatten(1).sum(1)
        moved = z.clone()
        moved[:, 1:-1] -= rate[:, None, None] * direction
        less, next_grad = energy_and_gradient(chart, moved)
        kept = (energy - less) / promised.clamp_min(1e-30)  # 1/2 at the best rate of a parabola
        blind = promised <= noise * energy  # no longer to be seen in E; the gradient still counts
        accept = blind | (kept > 0.1)
        z = torch.where(accept[:, None, None], moved, z)
        grad = torch.where(accept[:, None, None], next_grad, grad)
        energy = torch.where(accept, less, energy)
        rate = rate * torch.where(blind, 1.0, torch.where(kept > 0.7, 1.5, 1.0))
        rate = rate * torch.where(~blind & (kept < 0.3), 0.5, 1.0).to(rate)
    return z


def energy_and_gradient(chart: Chart, z: Tensor) -> tuple[Tensor, Tensor]:
    """Return the energy (N,) of paths with knots z (N, T + 1, d), and its slope (N, T - 1, d)."""
    pieces = z.shape[1] - 1
    with torch.enable_grad():
        inner = z[:, 1:-1].detach().requires_grad_(True)
        whole = torch.cat([z[:, :1], inner, z[:, -1:]], dim=1)
        points = chart.decode(whole.flatten(0, 1)).reshape(len(z), pieces + 1, -1)
        energy = pieces / 2 * points.diff(dim=1).square().sum((1, 2))
        (grad,) = torch.autograd.grad(energy.sum(), inner)
    return energy.detach(), grad


def _inverse_of_second_differences(pieces: int) -> Tensor:
    """Return the inverse of T (-1, 2, -1), the second differences inside a path: (T-1, T-1)."""
    i = torch.arange(1, pieces, dtype=torch.float64)
    return torch.minimum(i[:, None], i) * (pieces - torch.maximum(i[:, None], i)) / pieces**2
