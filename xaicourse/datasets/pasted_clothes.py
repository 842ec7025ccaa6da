"""Clothes pasted on textures: one picture, two questions, and a region that answers one of them.

After BAM of Yang and Kim, "Benchmarking Attribution Methods with Relative Feature Importance"
(2019), arXiv:1907.09701, in small: the object is a piece of clothing of 14 x 14 pixels, the scene a
texture of 32 x 32. A net that names the object must look at the object's region, and one that names
the scene has no need to.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.fashion import FASHION_MNIST_CLASSES, LabelledImages, fashion_mnist
from xaicourse.datasets.planted_patches import check_number_and_seed

BAM_OBJECTS = ("trousers", "dress", "sandal", "bag", "ankle boot")
BAM_SCENES = ("rows", "columns", "slopes", "checks", "clouds")

SIDE = 32  # of a picture
OBJECT = 14  # a picture of clothes, halved
SILHOUETTE = 0.15  # grey value above which a pixel is clothing and hides the scene


class PastedImages(NamedTuple):
    """Pictures of objects in scenes, both labels, the object's region and the scene alone.

    Parameters
    ----------
    x : Tensor (N, 1, 32, 32)
        Values in [0, 1].
    objects, scenes : Tensor (N,)
        Class numbers, int64.
    masks : Tensor (N, 1, 32, 32)
        Booleans: True on the object's silhouette.
    empty : Tensor (N, 1, 32, 32)
        The same scenes before the object was pasted.
    """

    x: Tensor
    objects: Tensor
    scenes: Tensor
    masks: Tensor
    empty: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def mini_bam(
    n: int = 500,
    seed: int = 0,
    *,
    split: str = "test",
    device: str | torch.device | None = None,
) -> PastedImages:
    """Make pictures of clothes on textures, drawn independently, with the object's region.

    Parameters
    ----------
    n : int
        How many. ``mini_bam(10, seed)`` are the first ten of ``mini_bam(500, seed)``.
    seed : int
        The same seed gives the same pictures, on every device; no global random state is used.
    split : str
        Of Fashion-MNIST, where the clothes come from: "test" ships with the course, "train" and
        "full_test" read the original files.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    PastedImages
        x (N, 1, 32, 32), float32 in [0, 1]; objects and scenes (N,), int64, in the order of
        ``xc.datasets.BAM_OBJECTS`` and ``xc.datasets.BAM_SCENES``; masks (N, 1, 32, 32), True on
        the object; empty (N, 1, 32, 32), the scenes alone.

    Raises
    ------
    ValueError, TypeError
        If n is not a whole number above 0, the seed is not whole, or there is no such split.
    FileNotFoundError
        If the original files of another split are not there.

    Examples
    --------
    >>> import xaicourse as xc
    >>> made = xc.datasets.mini_bam(100)
    >>> bool((made.x == made.empty)[~made.masks].all())
    True
    """
    check_number_and_seed(n, seed)
    clothes = chosen_clothes(split)  # (M, 1, 14, 14), (M,)
    counts = [3, 5, SIDE // 4 * SIDE // 4, SIDE * SIDE]
    draws = torch.rand(n, sum(counts), generator=torch.Generator().manual_seed(seed))
    picks, waves, coarse, grain = draws.split(counts, dim=1)

    which = (picks[:, 0] * len(clothes.labels)).long()
    top, left = (picks[:, 1:] * (SIDE - OBJECT + 1)).long().unbind(1)
    scenes = (waves[:, 0] * len(BAM_SCENES)).long()
    empty = textures(scenes, waves[:, 1:], coarse, grain)  # (N, 32, 32)

    garments = clothes.x[which, 0]  # (N, 14, 14)
    picture = torch.arange(n)[:, None, None]
    rows = top[:, None, None] + torch.arange(OBJECT)[:, None]  # (N, 14, 1)
    columns = left[:, None, None] + torch.arange(OBJECT)  # (N, 1, 14)
    masks = torch.zeros(n, SIDE, SIDE, dtype=torch.bool)
    masks[picture, rows, columns] = garments > SILHOUETTE
    x = empty.clone()
    x[picture, rows, columns] = garments
    x = torch.where(masks, x, empty)
    place = device or "cpu"
    made = (x[:, None], clothes.labels[which], scenes, masks[:, None], empty[:, None])
    return PastedImages(*(part.to(place) for part in made))


def chosen_clothes(split: str) -> LabelledImages:
    """Return the pictures of the five kinds of clothes, halved, (M, 1, 14, 14), and 0 to 4."""
    x, labels = fashion_mnist(split)
    kinds = torch.tensor([FASHION_MNIST_CLASSES.index(name) for name in BAM_OBJECTS])
    found = labels[:, None] == kinds  # (all, 5)
    taken = found.any(1)
    return LabelledImages(F.avg_pool2d(x[taken], 2), found[taken].long().argmax(1))


def textures(scenes: Tensor, waves: Tensor, coarse: Tensor, grain: Tensor) -> Tensor:
    """Return a texture (N, 32, 32) in [0, 0.7] for each scene, from uniform draws.

    A texture is a pattern between 0 and 1 along rows, columns, both or a slope, of a drawn width,
    phase and strength, with fine grain upon it.
    """
    width, phase, other, strength = waves[:, :, None, None].unbind(1)  # (N, 1, 1) each
    down = torch.arange(SIDE)[:, None].float()  # (32, 1)
    right = torch.arange(SIDE).float()
    turn = 2 * math.pi / (4 + 4 * width)  # a wave is 4 to 8 pixels long
    across = [
        torch.sin(turn * down + 2 * math.pi * phase) + 0 * right,
        torch.sin(turn * right + 2 * math.pi * phase) + 0 * down,
        torch.sin(turn * (down + right) / math.sqrt(2) + 2 * math.pi * phase),
        torch.sin(turn * down + 2 * math.pi * phase)
        * torch.sin(turn * right + 2 * math.pi * other),
    ]
    small = coarse.view(-1, 1, SIDE // 4, SIDE // 4)
    clouds = F.interpolate(small, size=(SIDE, SIDE), mode="bilinear")[:, 0]
    patterns = torch.stack([0.5 + 0.5 * wave for wave in across] + [clouds], dim=1)
    pattern = patterns[torch.arange(len(scenes)), scenes]  # (N, 32, 32)
    return (0.3 + 0.3 * strength) * pattern + 0.1 * grain.view(-1, SIDE, SIDE)
