"""Pictures whose class is decided by one small patch, so that the right answer of a map is known.

Each picture is a cloudy grey texture with four marks of 5 x 5 pixels at random places. One mark,
the planted one, decides the class. The other three are distractors: as bright, as large, and drawn
in the same way whatever the class is. A map of a model that has learnt the task should lie in the
mask.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names

PLANTED_CLASSES = ("plus", "cross", "T", "L")

SIDE = 32  # of a picture
CELL = 8  # marks lie in different cells of a 4 x 4 grid, so they never touch each other's patch
PATCH = 5
DISTRACTORS = 3

# Nine bright pixels each; the first four are the classes, the last three the distractors.
_MARKS = (
    "..#.. ..#.. ##### ..#.. ..#..",  # plus
    "#...# .#.#. ..#.. .#.#. #...#",  # cross
    "##### ..#.. ..#.. ..#.. ..#..",  # T
    "#.... #.... #.... #.... #####",  # L
    "..... .###. .###. .###. .....",  # block
    "#.#.# ..... #.#.# ..... #.#.#",  # dots
    "##### ..... ..... ..... .####",  # bars
)


class PlantedImages(NamedTuple):
    """Pictures, their classes, and masks that show what decides the class.

    Parameters
    ----------
    x : Tensor (N, 1, 32, 32)
        Values in [0, 1].
    labels : Tensor (N,)
        Class numbers, int64.
    masks : Tensor (N, 1, 32, 32)
        Booleans: True on the planted patch.
    """

    x: Tensor
    labels: Tensor
    masks: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def planted(
    n: int = 500, seed: int = 0, *, device: str | torch.device | None = None
) -> PlantedImages:
    """Make pictures whose class is decided by a planted patch, with masks that show where it is.

    Parameters
    ----------
    n : int
        How many. ``planted(10, seed)`` are the first ten of ``planted(500, seed)``.
    seed : int
        The same seed gives the same pictures, on every device; no global random state is used.
    device : str or torch.device, optional
        Where to put the tensors; the CPU unless told otherwise.

    Returns
    -------
    PlantedImages
        x (N, 1, 32, 32), float32 in [0, 1]; labels (N,), int64, in the order of
        ``xc.datasets.PLANTED_CLASSES``; masks (N, 1, 32, 32), True on the 5 x 5 pixels of the
        planted patch. Its dark pixels count as well: they make the T no plus.

    Raises
    ------
    ValueError, TypeError
        If n is not a whole number above 0, or the seed is not whole.

    Examples
    --------
    >>> import xaicourse as xc
    >>> x, labels, masks = xc.datasets.planted(100, seed=1)
    >>> masks[0].sum()
    tensor(25)
    """
    check_number_and_seed(n, seed)
    place = device or "cpu"
    x, labels, masks = plant(n, seed)
    return PlantedImages(x.to(place), labels.to(place), masks.to(place))


def check_number_and_seed(n: int, seed: int) -> None:
    """Raise unless n is a whole number of at least 1 and the seed a whole number."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n: expected a whole number of at least 1, got {n!r}.")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed: expected a whole number, got {seed!r}.")


def plant(n: int, seed: int, free_rows: int = 0) -> PlantedImages:
    """Make the pictures on the CPU; no mark reaches into the lowest `free_rows`, at most 3."""
    # One row of random numbers a picture, so that a picture does not depend on how many there are.
    marks = 1 + DISTRACTORS
    counts = [SIDE // 4 * SIDE // 4, SIDE * SIDE, (SIDE // CELL) ** 2, 2 * marks, marks, marks]
    draws = torch.rand(n, sum(counts), generator=torch.Generator().manual_seed(seed))
    clouds, grain, cells, shifts, brightness, kinds = draws.split(counts, dim=1)

    x = _background(clouds, grain)  # (N, 32, 32)
    masks = torch.zeros(n, SIDE, SIDE, dtype=torch.bool)
    labels = (kinds[:, 0] * len(PLANTED_CLASSES)).long()  # (N,)
    others = len(PLANTED_CLASSES) + (kinds[:, 1:] * DISTRACTORS).long()  # (N, 3)
    shapes = _shapes()[torch.cat([labels[:, None], others], dim=1)]  # (N, 4, 5, 5)
    top, left = _corners(cells, shifts.view(n, marks, 2))  # (N, 4) each
    top = top.clamp_max(SIDE - PATCH - free_rows)

    picture = torch.arange(n)[:, None, None]
    inside = torch.arange(PATCH)
    for mark in range(marks):
        rows = top[:, mark, None, None] + inside[:, None]  # (N, 5, 1)
        columns = left[:, mark, None, None] + inside  # (N, 1, 5)
        light = 0.6 + 0.4 * brightness[:, mark, None, None]
        # where the mark is dark the texture stays, so no frame gives the patch away
        x[picture, rows, columns] = torch.where(shapes[:, mark], light, x[picture, rows, columns])
        if mark == 0:
            masks[picture, rows, columns] = True
    return PlantedImages(x[:, None], labels, masks[:, None])


def _background(clouds: Tensor, grain: Tensor) -> Tensor:
    """Return textures (N, 32, 32) in [0, 0.45]: soft clouds and fine grain."""
    coarse = clouds.view(-1, 1, SIDE // 4, SIDE // 4)
    soft = F.interpolate(coarse, size=(SIDE, SIDE), mode="bilinear")[:, 0]
    return 0.35 * soft + 0.1 * grain.view(-1, SIDE, SIDE)


def _corners(cells: Tensor, shifts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the upper left corner of each mark: a cell of its own, and a shift of 0 to 3 in it."""
    cell = cells.argsort(dim=1, stable=True)[:, : 1 + DISTRACTORS]  # (N, 4), all different
    shift = (shifts * (CELL - PATCH + 1)).long()  # (N, 4, 2)
    per_row = SIDE // CELL
    return cell // per_row * CELL + shift[..., 0], cell % per_row * CELL + shift[..., 1]


def _shapes() -> Tensor:
    """Return the marks as booleans (7, 5, 5), True where bright."""
    lines = [[[pixel == "#" for pixel in line] for line in mark.split()] for mark in _MARKS]
    return torch.tensor(lines)
