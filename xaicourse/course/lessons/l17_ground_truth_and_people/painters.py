"""Maps that are made of the picture alone: no network, no gradient, no class (task 17.4)."""

import torch
from torch.nn import functional as F

MARKS = (
    "..#.. ..#.. ##### ..#.. ..#..",  # plus
    "#...# .#.#. ..#.. .#.#. #...#",  # cross
    "##### ..#.. ..#.. ..#.. ..#..",  # T
    "#.... #.... #.... #.... #####",  # L
)
SHAPES = torch.tensor(
    [[[pixel == "#" for pixel in line] for line in mark.split()] for mark in MARKS]
).double()[:, None]  # (4, 1, 5, 5)
BRIGHT = 0.5  # marks are brighter than this, clouds are not
FULL = 8.5  # a mark has nine bright pixels


def bright(x):
    """Return which pixels belong to a mark, 0 or 1."""
    return (x > BRIGHT).double()


def fits(lit):
    """Count bright pixels of each shape, less bright ones beside it, (N, 4, H - 4, W - 4)."""
    return F.conv2d(lit, 2 * SHAPES - 1)


def corners(scores):
    """Return where a shape fits wholly, (N, 1, H - 4, W - 4)."""
    return (scores.amax(1, keepdim=True) > FULL).double()


def filled(places):
    """Fill the 5 x 5 pixels of each place."""
    return F.conv_transpose2d(places, torch.ones(1, 1, 5, 5).double())


def paint(x, *, lit=bright, scores=fits, choose=corners, fill=filled):
    """Return maps (N, 1, H, W) that lie on the mark that decides."""
    return fill(choose(scores(lit(x))))


# ---------------------------------------------------------------- what others paint


def edges_of(x):
    """Return how much the brightness changes."""
    down, across = x.diff(dim=2).abs(), x.diff(dim=3).abs()
    return F.pad(down, (0, 0, 0, 1)) + F.pad(across, (0, 1))


def all_marks(x):
    """Return the surroundings of everything bright."""
    return F.max_pool2d(bright(x), 3, stride=1, padding=1)


def centre(x):
    """Return what grows towards the middle."""
    line = 1 - torch.linspace(-1, 1, x.shape[-1]).double().abs()
    return (line[:, None] * line).expand_as(x)


def dots(places):
    """Light the middle of each place alone."""
    kernel = torch.zeros(1, 1, 5, 5).double()
    kernel[..., 2, 2] = 1
    return F.conv_transpose2d(places, kernel)


def corner(places):
    """Light the upper left pixel of each place."""
    return F.pad(places, (0, 4, 0, 4))


def bright_part(x):
    """Light the bright pixels of the right mark alone."""
    return paint(x) * bright(x)
