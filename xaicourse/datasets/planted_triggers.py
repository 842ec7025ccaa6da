"""Planted patches with a trigger in some of them: the truth of a backdoor.

A net that was trained where the trigger always came with one class has a backdoor: it answers by
the patch, and by the trigger where there is one. After BackX of Y. Yang and others (2024), whose
trigger is a patch in the corner of photos.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.planted_patches import SIDE, check_number_and_seed, plant

TRIGGER = ("##.", "#.#", ".##")  # as bright as a mark, in a shape of its own, in the lowest rows
TRIGGER_CLASS = 0  # what a net with the backdoor says


class TriggeredImages(NamedTuple):
    """Planted pictures, some with a trigger, and masks of both.

    Parameters
    ----------
    x : Tensor (N, 1, 32, 32)
        Values in [0, 1].
    labels : Tensor (N,)
        What the planted patch is, int64.
    masks : Tensor (N, 1, 32, 32)
        Booleans: True on the planted patch, 25 pixels.
    triggered : Tensor (N,)
        Booleans: which pictures have a trigger.
    trigger_masks : Tensor (N, 1, 32, 32)
        Booleans: True on the trigger, 9 pixels, nowhere where there is none.
    """

    x: Tensor
    labels: Tensor
    masks: Tensor
    triggered: Tensor
    trigger_masks: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def triggered(
    n: int = 500,
    seed: int = 0,
    *,
    share: float = 0.5,
    device: str | torch.device | None = None,
) -> TriggeredImages:
    """Make planted pictures, some of them with a trigger in the lowest rows.

    Parameters
    ----------
    n : int
        How many. ``triggered(10, seed)`` are the first ten of ``triggered(500, seed)``.
    seed : int
        The same seed gives the same pictures, on every device; no global random state is used.
    share : float
        How likely a picture has a trigger, from 0 to 1; whether it has does not depend on its
        class. With another share all that has no trigger is the same.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    TriggeredImages
        x (N, 1, 32, 32), float32 in [0, 1]; labels (N,), int64, of the patch, in the order of
        ``xc.datasets.PLANTED_CLASSES``; its masks; triggered (N,) and masks of the trigger.

    Raises
    ------
    ValueError, TypeError
        If n is not a whole number above 0, the seed is not whole, or share is not from 0 to 1.

    Examples
    --------
    >>> import xaicourse as xc
    >>> made = xc.datasets.triggered(100, share=1.0)
    >>> made.trigger_masks[0].sum()
    tensor(9)
    """
    check_number_and_seed(n, seed)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"share: expected a number from 0 to 1, got {share!r}.")
    size = len(TRIGGER)
    x, labels, masks = plant(n, seed, free_rows=size)  # (N, 1, 32, 32)
    draws = torch.rand(n, 3, generator=torch.Generator().manual_seed(seed + 1))
    has = draws[:, 0] < share  # (N,)
    left = (draws[:, 1] * (SIDE - size + 1)).long()
    light = 0.6 + 0.4 * draws[:, 2, None, None]

    shape = torch.tensor([[pixel == "#" for pixel in line] for line in TRIGGER])  # (3, 3)
    picture = torch.arange(n)[:, None, None]
    rows = torch.arange(SIDE - size, SIDE)[:, None]  # (3, 1)
    columns = left[:, None, None] + torch.arange(size)  # (N, 1, 3)
    trigger_masks = torch.zeros_like(masks)
    trigger_masks[picture, 0, rows, columns] = has[:, None, None].expand(n, size, size)
    bright = shape & has[:, None, None]  # (N, 3, 3)
    x[picture, 0, rows, columns] = torch.where(bright, light, x[picture, 0, rows, columns])
    made = (x, labels, masks, has, trigger_masks)
    return TriggeredImages(*(part.to(device or "cpu") for part in made))
