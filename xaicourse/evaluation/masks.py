"""Ground-truth masks: where the truth lies in an image."""

import torch
from torch import Tensor

__all__ = ["check_mask", "read_mask"]


def check_mask(mask: Tensor, x: Tensor) -> Tensor:
    """Return a mask as `read_mask` does, or raise where a row has no foreground."""
    inside = read_mask(mask, x)
    empty = ~inside.flatten(1).any(dim=1)
    if bool(empty.any()):
        row = int(empty.nonzero()[0])
        raise ValueError(f"mask has no foreground in row {row}, so there is no truth to point at")
    return inside


def read_mask(mask: Tensor, x: Tensor) -> Tensor:
    """Return a mask as booleans, one a row of x, or raise: (N, ...) or (N, 1, H, W) for images.

    Foreground is what is not 0; a row may have none. A mask (H, W) is the same for all images.
    """
    if not isinstance(mask, Tensor):
        raise TypeError(f"mask must be a tensor, got {type(mask).__name__}")
    one_map = (len(x), 1, *x.shape[2:]) if x.dim() == 4 else tuple(x.shape)
    shared = x.dim() == 4 and mask.shape == x.shape[2:]
    if mask.shape not in (x.shape, one_map) and not shared:
        raise ValueError(
            f"mask has shape {tuple(mask.shape)}, but x has {tuple(x.shape)}; give x's shape, or "
            "for images (N, 1, H, W), or (H, W) for one mask that holds for all"
        )
    if mask.device != x.device:
        raise ValueError(f"mask is on {mask.device}, x is on {x.device}")
    if not bool(torch.isfinite(mask).all()):
        raise ValueError("mask holds NaN or infinite values; give 0 and 1, or booleans")
    return (mask != 0).expand(one_map) if shared else mask != 0
