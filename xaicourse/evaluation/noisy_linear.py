"""ROAD's imputer (2022): removed pixels become weighted means of their neighbours, all at once."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.near_names import suggest_names
from xaicourse.evaluation.seeds import seeded

__all__ = ["NoisyLinear", "linear_fill"]

WEIGHTS = ((1 / 12, 1 / 6, 1 / 12), (1 / 6, 0.0, 1 / 6), (1 / 12, 1 / 6, 1 / 12))
SMALLEST = 4  # pixels: a smaller image is started from its mean
DAMPING = 0.8  # of a step of Jacobi's
AT_ONCE = 3 * 224 * 224  # pixels: the channels of a photo
MOST = 200  # steps of the solver


@suggest_names
@dataclass(frozen=True)
class NoisyLinear:
    r"""Every removed pixel becomes the weighted mean of its eight neighbours, plus noise.

    .. math::
        u_i = \frac{\sum_{j \in N(i)} w_{ij}\, u_j}{\sum_{j \in N(i)} w_{ij}} + \sigma \epsilon_i,
        \qquad w = \tfrac16 \text{ beside}, \tfrac1{12} \text{ across}

    A neighbour that is removed, too, is unknown as well: all are solved together (without the
    noise, which is added at the end). Where everything is removed the mean of the channel stands.

    Parameters
    ----------
    noise : float
        :math:`\sigma`, in units of x; the paper's is 0.01.
    seed : int
        Of the noise, the same field for every image.
    tol : float
        How small the residual of the equations must be, relative to their right side; as it is,
        a photo's error is a fraction of the noise.
    """

    noise: float = 0.01
    seed: int = 0
    tol: float = 3e-3

    def __call__(self, x: Tensor, keep: Tensor) -> Tensor:
        if x.dim() != 4:
            raise ValueError(
                f"imputer NoisyLinear is for images (N, C, H, W), x has shape {tuple(x.shape)}"
            )
        kept = keep.bool().expand_as(x)
        filled = linear_fill(x, kept, self.tol)
        if self.noise:
            draw = torch.randn(x.shape[1:], generator=seeded(self.seed), dtype=torch.float64)
            filled = filled + self.noise * draw.to(x.dtype).to(x.device)
        return torch.where(kept, x, filled)


def linear_fill(x: Tensor, kept: Tensor, tol: float) -> Tensor:
    """Return x (P, C, H, W) with what is not kept solved for; `kept` is of x's shape."""
    height, width = x.shape[2:]
    systems = x.reshape(-1, 1, height, width), kept.reshape(-1, 1, height, width)
    if x.device.type == "cpu":  # few at once, so that they stay in the cache
        many = max(1, AT_ONCE // (height * width))
        parts = zip(*(t.split(many) for t in systems), strict=True)
        return torch.cat([filled_in(u, known, tol) for u, known in parts]).view_as(x)
    return filled_in(*systems, tol).view_as(x)


def filled_in(u: Tensor, known: Tensor, tol: float) -> Tensor:
    """Return the solution of each system (B, 1, H, W); its mean where nothing is known."""
    if bool(known.all()):
        return u
    empty = ~known.flatten(1).any(dim=1).view(-1, 1, 1, 1)
    filled = solved(u, known, start_of(u, known), tol)
    return torch.where(empty, u.mean(dim=(2, 3), keepdim=True), filled)


def around(u: Tensor) -> Tensor:
    """Return the weighted sum over the eight neighbours of each pixel, outside is 0."""
    kernel = torch.tensor(WEIGHTS, dtype=torch.float64).to(u.dtype).to(u.device)
    return F.conv2d(u, kernel[None, None], padding=1)


def start_of(u: Tensor, known: Tensor) -> Tensor:
    """Return u where it is known, else what is known nearby: of an image of half the size."""
    weight = known.to(u.dtype)
    if min(u.shape[2:]) <= SMALLEST:
        count = weight.sum(dim=(2, 3), keepdim=True).clamp_min(1)
        mean = (u * weight).sum(dim=(2, 3), keepdim=True) / count
        return torch.where(known, u, mean)
    share = F.avg_pool2d(weight, 2, ceil_mode=True)
    half = F.avg_pool2d(u * weight, 2, ceil_mode=True) / share.where(share > 0, 1)
    coarse = start_of(half, share > 0)
    return torch.where(known, u, F.interpolate(coarse, size=u.shape[2:], mode="bilinear"))


@dataclass(frozen=True, eq=False)
class Grid:
    """The equations for the pixels that are gone, and the same for images of half the size."""

    gone: Tensor  # (B, 1, H, W), 1 where a pixel is unknown
    degree: Tensor  # (1, 1, H, W), the weights of the neighbours that are there
    half: "Grid | None"

    @classmethod
    def of(cls, gone: Tensor) -> "Grid":
        """Return the equations of an image, and of its halves down to few pixels."""
        half = None
        if min(gone.shape[2:]) > SMALLEST:  # where all four pixels are gone
            half = cls.of(1 - F.max_pool2d(1 - gone, 2, ceil_mode=True))
        return cls(gone, around(torch.ones_like(gone[:1])), half)

    def left(self, v: Tensor) -> Tensor:
        """Return the left side of the equations."""
        return self.gone * (self.degree * v - around(v))

    def roughly(self, r: Tensor) -> Tensor:
        """Return about what solves the equations with right side r: one V-cycle of multigrid."""
        v = DAMPING * r / self.degree
        if self.half is not None:
            rest = F.avg_pool2d(r - self.left(v), 2, ceil_mode=True)
            coarse = self.half.roughly(4 * self.half.gone * rest)  # pixels twice as far apart
            size = v.shape[2:]
            v = v + self.gone * F.interpolate(coarse, size=size, mode="bilinear")
        return v + DAMPING * (r - self.left(v)) / self.degree


def solved(u: Tensor, known: Tensor, start: Tensor, tol: float) -> Tensor:
    r"""Solve :math:`\sum_j w_{ij} (u_i - u_j) = 0` for the pixels that are not known.

    By conjugate gradients with a V-cycle as their preconditioner, each system (row) with its own
    steps; one that is solved stands still.
    """
    grid = Grid.of((~known).to(u.dtype))
    b = grid.gone * around(torch.where(known, u, 0))
    v = grid.gone * start
    r = b - grid.left(v)
    z = grid.roughly(r)
    p, rz = z, dot(r, z)
    limit = tol**2 * dot(b, b)
    for _ in range(MOST):
        going = (dot(r, r) > limit) & (rz > 0)
        if not bool(going.any()):
            break
        Ap = grid.left(p)
        alpha = torch.where(going, rz / dot(p, Ap).where(going, 1), 0)
        v = v + alpha * p
        before, r = r, r - alpha * Ap
        z = grid.roughly(r)
        beta = dot(z, r - before) / rz.where(going, 1)
        p, rz = z + beta * p, dot(r, z)
    return torch.where(known, u, v)


def dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=(1, 2, 3), keepdim=True)
