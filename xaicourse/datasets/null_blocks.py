"""Pictures beside a block that says nothing, so that it is known where a map may not point.

After BlockMNIST of Shah, Jain & Netrapalli, "Do Input Gradients Highlight Discriminative Features?"
(2021), arXiv:2102.12781, made from the pictures that ship with the course. Each input is two
blocks, one above the other: a picture, which has the class, and the null block, a square with both
diagonals that is the same everywhere. Which of them is on top is drawn anew for each input.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.fashion import fashion_mnist
from xaicourse.datasets.small_digits import digits

SOURCES = {"fashion_mnist": fashion_mnist, "digits": digits}


class BlockImages(NamedTuple):
    """Pictures above or below a null block, their classes, and masks of where the picture stands.

    Parameters
    ----------
    x : Tensor (N, 1, 2 H, H)
        Values in [0, 1].
    labels : Tensor (N,)
        Class numbers, int64.
    masks : Tensor (N, 1, 2 H, H)
        Booleans: True on the block with the picture; ``~masks`` is the null block.
    """

    x: Tensor
    labels: Tensor
    masks: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def null_blocks(
    source: str = "fashion_mnist",
    n: int | None = None,
    seed: int = 0,
    *,
    above: bool | None = None,
    device: str | torch.device | None = None,
) -> BlockImages:
    """Make pictures with a null block above or below, whose place is drawn for each.

    Parameters
    ----------
    source : str
        ``"fashion_mnist"`` (2,000 pictures, 28 x 28) or ``"digits"`` (1,797, 8 x 8): both ship
        with the course.
    n : int, optional
        Only the first n; their places do not depend on n.
    seed : int
        Of the places: the same seed gives the same ones, on every device.
    above : bool, optional
        Put every picture above the null block, or every one below, instead of drawing its place.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    BlockImages
        x (N, 1, 2 H, H), float32 in [0, 1]; labels (N,), int64; masks (N, 1, 2 H, H), True where
        the picture stands.

    Raises
    ------
    ValueError, TypeError
        If there is no such source or there are not n pictures, or the seed is not whole.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x, labels, masks = xc.datasets.null_blocks("digits", n=4)
    >>> x.shape, masks[0].sum()
    (torch.Size([4, 1, 16, 8]), tensor(64))
    """
    if source not in SOURCES:
        raise ValueError(f"source: expected one of {', '.join(SOURCES)}, got {source!r}.")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed: expected a whole number, got {seed!r}.")
    pictures, labels = SOURCES[source](n=n)  # (N, 1, H, H)
    draws = torch.rand(len(labels), generator=torch.Generator().manual_seed(seed))
    on_top = draws < 0.5 if above is None else torch.full(labels.shape, above)  # (N,)
    null = null_block(pictures.shape[-1]).expand_as(pictures)
    top = on_top[:, None, None, None]
    x = torch.cat([torch.where(top, pictures, null), torch.where(top, null, pictures)], dim=2)
    masks = torch.cat([top, ~top], dim=2).repeat_interleave(pictures.shape[-1], dim=2)
    place = device or "cpu"
    masks = masks.expand(x.shape).clone()
    return BlockImages(x.to(place), labels.to(place), masks.to(place))


def null_block(side: int) -> Tensor:
    """Return a frame with both diagonals, (side, side), 1 on its lines and 0 between them."""
    block = torch.eye(side) + torch.eye(side).flip(1)
    block[[0, -1]] = 1
    block[:, [0, -1]] = 1
    return block.clamp_max(1)
