"""Groups of numbers that are one feature: what a matrix of features times features is made for."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["MOST", "Groups", "make_groups"]

MOST = 64  # features of their own; more are joined, for a matrix has so many squared
PATCHES = 4  # along each side of an image whose pixels are joined
LARGEST = 1024  # groups, unless the caller lists them one by one


class Groups:
    """Which feature each number of a row belongs to: numbers 0 to G - 1."""

    def __init__(self, labels: Tensor) -> None:
        self.labels = labels  # of one row of x: (...)
        self.count = int(labels.max()) + 1

    def sums(self, values: Tensor) -> Tensor:
        """Return the sum over each group, (P, G), of values (P, ...)."""
        out = values.new_zeros(len(values), self.count)
        return out.index_add_(1, self.labels.flatten(), values.flatten(1))

    def mask(self, group: int) -> Tensor:
        """Return which numbers of a row belong to a group, (...)."""
        return self.labels == group

    def spread(self, members: Tensor) -> Tensor:
        """Return which numbers belong to the groups that are in, (P, ...), for members (P, G)."""
        return members[:, self.labels.flatten()].view(len(members), *self.labels.shape)


def make_groups(groups: Any, x: Tensor) -> Groups:
    """Return the groups that `groups=` means for x (N, ...).

    None: each number is a feature of its own, if there are at most 64; images are cut into 4 x 4
    patches otherwise. A whole number is the side of square patches of images. A tensor holds the
    number of its group for each number of a row, or for each pixel.
    """
    shape, size = x.shape[1:], x[0].numel()
    if groups is None and size <= MOST:
        labels = torch.arange(size).view(shape)
    elif isinstance(groups, Tensor):
        labels = _checked(groups.detach(), shape)
    elif groups is None or (isinstance(groups, int) and not isinstance(groups, bool)):
        if x.dim() != 4:
            raise ValueError(
                f"groups={groups!r} cuts images (N, C, H, W) into patches, but x has shape "
                f"{tuple(x.shape)}; give a tensor {tuple(shape)} with the number of each entry's "
                f"group (every number of its own would be {size} features)"
            )
        labels = _patches(groups, shape)
    else:
        raise TypeError(
            "groups must be None, the side of square patches, or a tensor with the number of each "
            f"entry's group, got {type(groups).__name__}"
        )
    return Groups(labels.to(x.device))


def _patches(side: int | None, shape: torch.Size) -> Tensor:
    height, width = shape[1:]
    if side is None:
        sides = [-(-length // PATCHES) for length in (height, width)]
    elif side < 1:
        raise ValueError(f"groups must be a side of at least 1 pixel, got {side}")
    else:
        sides = [min(side, height), min(side, width)]
    down, across = (torch.arange(n) // s for n, s in zip((height, width), sides, strict=True))
    labels = down[:, None] * (int(across[-1]) + 1) + across
    if int(labels.max()) >= LARGEST:
        raise ValueError(
            f"groups={side} makes {int(labels.max()) + 1} patches, whose matrix is too large; "
            "choose a larger side"
        )
    return labels.expand(shape)


def _checked(labels: Tensor, shape: torch.Size) -> Tensor:
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise TypeError(f"groups must hold whole numbers, got {labels.dtype}")
    if labels.shape not in (shape, shape[1:]):
        raise ValueError(
            f"groups has shape {tuple(labels.shape)}, but must number the entries of one row, "
            f"{tuple(shape)}" + (f", or its pixels, {tuple(shape[1:])}" if len(shape) > 1 else "")
        )
    labels = labels.long().cpu().expand(shape)
    if int(labels.min()) != 0 or len(labels.unique()) != int(labels.max()) + 1:
        raise ValueError(
            "groups must number the groups 0, 1, 2 ... without a gap, got "
            f"{labels.unique().tolist()[:8]}"
        )
    return labels
