"""Planted patches with a tag below them that may give the class away: a net can cheat.

Each picture is one of `planted`, with nothing planted in its lowest three rows, the strip. There
stands a tag of 3 x 6 pixels, in one of four looks and at any place from left to right. Where the
look goes with the class, a net can be right without a glance at the patch; where it is drawn by
itself, it cannot.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.planted_patches import (
    PLANTED_CLASSES,
    SIDE,
    check_number_and_seed,
    plant,
)

TAG_LOOKS = ("bars", "checks", "block", "slope")
TAG_CHOICES = ("class", "random")

STRIP = 3  # rows, the lowest of the picture
TAG = 6  # columns

# Nine bright pixels each, so that brightness tells nothing.
_TAGS = (
    "#.#.#. #.#.#. #.#.#.",  # bars
    "#.#.#. .#.#.# #.#.#.",  # checks
    ".###.. .###.. .###..",  # block
    "###... .###.. ..###.",  # slope
)


class TaggedImages(NamedTuple):
    """Pictures with a planted patch and a tag, and masks of both.

    Parameters
    ----------
    x : Tensor (N, 1, 32, 32)
        Values in [0, 1].
    labels : Tensor (N,)
        Class numbers, int64: what the planted patch is.
    masks : Tensor (N, 1, 32, 32)
        Booleans: True on the planted patch, 25 pixels.
    tags : Tensor (N,)
        Which look the tag has, int64: k goes with class k.
    tag_masks : Tensor (N, 1, 32, 32)
        Booleans: True on the tag, 18 pixels.
    strip_masks : Tensor (N, 1, 32, 32)
        Booleans: True on the strip that the tag stands in, 96 pixels.
    """

    x: Tensor
    labels: Tensor
    masks: Tensor
    tags: Tensor
    tag_masks: Tensor
    strip_masks: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def tagged(
    n: int = 500,
    seed: int = 0,
    *,
    tags: str = "class",
    device: str | torch.device | None = None,
) -> TaggedImages:
    """Make planted pictures with a tag in a strip below, whose look may tell the class.

    Parameters
    ----------
    n : int
        How many. ``tagged(10, seed)`` are the first ten of ``tagged(500, seed)``.
    seed : int
        The same seed gives the same pictures, on every device; no global random state is used.
    tags : str
        ``"class"``: the look of the tag tells the class. ``"random"``: the same pictures, with
        a look that is drawn for each.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    TaggedImages
        x (N, 1, 32, 32), float32 in [0, 1]; labels (N,), int64, in the order of
        ``xc.datasets.PLANTED_CLASSES``; masks of the patch; tags (N,), int64, in the order of
        ``xc.datasets.TAG_LOOKS``; masks of the tag and of its strip.

    Raises
    ------
    ValueError, TypeError
        If n is not a whole number above 0, the seed is not whole, or there are no such tags.

    Examples
    --------
    >>> import xaicourse as xc
    >>> made = xc.datasets.tagged(100, seed=1)
    >>> made.masks[0].sum(), made.tag_masks[0].sum(), made.strip_masks[0].sum()
    (tensor(25), tensor(18), tensor(96))
    >>> bool((made.tags == made.labels).all())
    True
    """
    check_number_and_seed(n, seed)
    if tags not in TAG_CHOICES:
        raise ValueError(f"tags: expected one of {', '.join(TAG_CHOICES)}, got {tags!r}.")
    x, labels, masks = plant(n, seed, free_rows=STRIP)  # (N, 1, 32, 32)
    draws = torch.rand(n, 3, generator=torch.Generator().manual_seed(seed + 1))
    drawn = (draws[:, 0] * len(TAG_LOOKS)).long()
    looks = labels.clone() if tags == "class" else drawn  # (N,)
    left = (draws[:, 1] * (SIDE - TAG + 1)).long()
    light = 0.6 + 0.4 * draws[:, 2, None, None]

    shapes = _tag_shapes()[looks]  # (N, 3, 6)
    picture = torch.arange(n)[:, None, None]
    rows = torch.arange(SIDE - STRIP, SIDE)[:, None]  # (3, 1)
    columns = left[:, None, None] + torch.arange(TAG)  # (N, 1, 6)
    x[picture, 0, rows, columns] = torch.where(shapes, light, x[picture, 0, rows, columns])
    tag_masks, strip_masks = torch.zeros_like(masks), torch.zeros_like(masks)
    tag_masks[picture, 0, rows, columns] = True
    strip_masks[:, :, -STRIP:] = True
    made = (x, labels, masks, looks, tag_masks, strip_masks)
    return TaggedImages(*(part.to(device or "cpu") for part in made))


def _tag_shapes() -> Tensor:
    """Return the looks as booleans (4, 3, 6), True where bright."""
    assert len(_TAGS) == len(PLANTED_CLASSES)
    return torch.tensor([[[p == "#" for p in line] for line in tag.split()] for tag in _TAGS])
