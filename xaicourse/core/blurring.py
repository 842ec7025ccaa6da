r"""Gaussian blurs of images, each with a width of its own.

Along each axis a blur is a matrix, :math:`L_\sigma(X) = B_\sigma^H X (B_\sigma^W)^\top`. So the
edge is one choice of which pixel stands for a place outside, and any width fits any image.
"""

import math

import torch
from torch import Tensor

__all__ = ["PADDINGS", "blur_matrix", "blurred"]

PADDINGS = ("reflect", "nearest", "zero")
REACH = 4.0  # times the widest sigma: one reach for all, so that the blur grows without jumps


def blurred(x: Tensor, sigma: Tensor, padding: str, widest: float) -> Tensor:
    """Return images (P, C, H, W), each blurred by its own sigma (P,), none above `widest`."""
    rows = blur_matrix(x.shape[2], sigma, padding, widest)[:, None]  # (P, 1, H, H)
    columns = blur_matrix(x.shape[3], sigma, padding, widest)[:, None]
    return rows.to(x.dtype) @ x @ columns.to(x.dtype).mT


def blur_matrix(n: int, sigma: Tensor, padding: str, widest: float) -> Tensor:
    r"""Return the matrices that blur n pixels in a row by each sigma (P,): (P, n, n).

    .. math:: B_{ij} = \sum_{m : \mathrm{fold}(i + m) = j} w_m, \qquad
              w_m \propto e^{-m^2 / 2 \sigma^2}, \quad \sum_m w_m = 1

    "reflect" goes on with the mirror image, its edge pixel doubled, and keeps the mean of the
    pixels; "nearest" repeats the edge pixel; "zero" has nothing outside, so that the edge darkens.
    """
    reach = int(REACH * widest + 0.5)
    m = torch.arange(-reach, reach + 1, device=sigma.device)
    wide = sigma[:, None].clamp_min(1e-6)  # of width 0 only w_0 is left
    w = torch.exp(-0.5 * (m / wide) ** 2)  # (P, 2 reach + 1)
    w = w / w.sum(dim=1, keepdim=True)

    place = torch.arange(n, device=sigma.device)[:, None] + m  # (n, 2 reach + 1)
    if padding == "reflect":
        j = place.remainder(2 * n)
        j = torch.where(j < n, j, 2 * n - 1 - j)
    else:
        j = place.clamp(0, n - 1)
    shares = w[:, None].expand(-1, n, -1)  # (P, n, 2 reach + 1)
    if padding == "zero":
        shares = shares.masked_fill((place < 0) | (place >= n), 0.0)
    matrix = w.new_zeros(len(sigma), n, n)
    return matrix.scatter_add(2, j.expand(len(sigma), -1, -1), shares)


def check_padding(padding: object) -> str:
    """Return the name of an edge, or raise."""
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {', '.join(PADDINGS)}, got {padding!r}")
    return str(padding)


def check_width(sigma: object, name: str) -> float:
    """Return a width in pixels, or raise."""
    if isinstance(sigma, bool) or not isinstance(sigma, int | float):
        raise TypeError(f"{name} must be a number of pixels, got {sigma!r}")
    if not 0 < sigma < math.inf:
        raise ValueError(f"{name} must be above 0 and finite, in pixels, got {sigma}")
    return float(sigma)
