"""From an attribution to one number a pixel, and to ONE colour scale for several maps."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

REDUCTIONS = {
    "sum": "sum over channels",
    "abs_sum": "sum of |·| over channels",
    "max_abs": "largest |·| of the channels",
}


def reduce_channels(attribution: Tensor, reduce: str = "sum") -> np.ndarray:
    """Return one number a pixel, (H, W), from the attribution of one image.

    Parameters
    ----------
    attribution : Tensor (1, C, H, W), (C, H, W) or (H, W)
        On any device.
    reduce : str
        "sum" keeps the sign, so the map still adds up to the rise of the score.
        "abs_sum" and "max_abs" lose the sign.

    Returns
    -------
    array (H, W)
        float64, in units of the attribution.

    Raises
    ------
    ValueError, TypeError
        If the attribution is not of one image or not finite, or `reduce` is unknown.
    """
    if reduce not in REDUCTIONS:
        raise ValueError(f"reduce must be one of {', '.join(REDUCTIONS)}, got {reduce!r}")
    values = as_finite(attribution, "attribution").double()
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]  # (1, C, H, W) -> (C, H, W)
    if values.ndim == 2:
        values = values[None]  # (H, W) -> (1, H, W)
    if values.ndim != 3:
        raise ValueError(
            f"attribution must be one image, (1, C, H, W), (C, H, W) or (H, W), got "
            f"{tuple(attribution.shape)}; choose an image of a batch with attribution[0:1]"
        )
    if reduce == "sum":
        return values.sum(0).numpy()
    if reduce == "abs_sum":
        return values.abs().sum(0).numpy()
    return values.abs().amax(0).numpy()


def tile_sums(values: np.ndarray, tile: int) -> np.ndarray:
    """Add up squares of tile x tile pixels, (H, W) -> (H/tile, W/tile); the total stays the same.

    Single pixels of a gradient map are too fine to read on a screen.
    """
    height, width = values.shape
    if tile < 1 or height % tile or width % tile:
        raise ValueError(
            f"tile must divide the map's height {height} and width {width}, got {tile}"
        )
    squares = values.reshape(height // tile, tile, width // tile, tile)
    return squares.sum(axis=(1, 3))


def shared_limits(
    maps: Iterable[Tensor | np.ndarray], percentile: float = 100.0
) -> tuple[float, float]:
    """Return (-limit, limit), common to all maps, so that zero has the middle colour.

    The limit is the given percentile of the absolute values of the strongest map.
    Maps that are zero everywhere get (-1, 1).

    Parameters
    ----------
    maps : iterable of Tensor or array
        Maps of any shape, finite.
    percentile : float
        Above 0, at most 100: values beyond it are clipped.

    Returns
    -------
    (float, float)
        The two ends of the colour scale, in units of the maps.

    Raises
    ------
    ValueError, TypeError
        If there is no map, one is empty or not finite, or the percentile is out of range.
    """
    if not 0 < percentile <= 100:
        raise ValueError(f"percentile must be above 0 and at most 100, got {percentile}")
    sizes = [np.abs(as_finite(m, "maps").double().numpy()) for m in maps]
    if not sizes:
        raise ValueError("maps is empty; give at least one map")
    if any(size.size == 0 for size in sizes):
        raise ValueError("maps holds a map without any value")
    limit = max(float(np.percentile(size, percentile)) for size in sizes)
    if limit == 0:  # a sparse map: its percentile can be zero although the map is not
        limit = max(float(size.max()) for size in sizes)
    if limit == 0:
        limit = 1.0
    return -limit, limit


def as_photo(photo: Tensor) -> np.ndarray:
    """Return (H, W, 3) numbers in [0, 1] from one image tensor with values in [0, 1]."""
    values = as_finite(photo, "photo").float()
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]  # (1, C, H, W) -> (C, H, W)
    if values.ndim == 2:
        values = values[None]  # (H, W) -> (1, H, W)
    if values.ndim != 3 or values.shape[0] not in (1, 3):
        raise ValueError(
            "photo must be one image, (1, 3, H, W), (3, H, W) or (1, H, W), got "
            f"{tuple(photo.shape)}"
        )
    low, high = float(values.min()), float(values.max())
    if low < -1e-3 or high > 1 + 1e-3:
        raise ValueError(
            f"photo must have values in [0, 1], got [{low:.3g}, {high:.3g}]; "
            "divide a 0..255 image by 255, and undo a normalisation before drawing"
        )
    return values.clamp(0, 1).expand(3, -1, -1).permute(1, 2, 0).numpy()  # -> (H, W, 3)


def as_finite(values: Tensor | np.ndarray, name: str) -> Tensor:
    """Return the values as a detached tensor on the CPU, or say what is wrong with them."""
    if not isinstance(values, (Tensor, np.ndarray)):
        raise TypeError(f"{name} must be a tensor, got {type(values).__name__}")
    tensor = torch.as_tensor(values).detach().cpu()
    if tensor.is_complex():
        raise TypeError(
            f"{name} holds complex numbers; draw its size, {name}.abs(), or {name}.real"
        )
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"{name} holds NaN or infinite values; nothing can be drawn from them")
    return tensor
