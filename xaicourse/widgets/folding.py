"""A panel's picture, cut where it may wrap: side by side, or below one another on a small page.

The browser shows every piece as large as it is stored, so the words in it stay readable. A cut
lies between two plates, where no column of pixels holds anything.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import ipywidgets
import numpy as np
from PIL import Image
from traitlets import Unicode

from xaicourse.plot.picture import DPI, SCREEN_DPI
from xaicourse.widgets.page import PICTURE
from xaicourse.widgets.plates import Box, Plate

GRID = 5  # pixels: a multiple is a whole number of pixels on the screen, too
EDGE = 4  # white pixels that stay at both ends
ONE_CELL = "1 / 1 / 2 / 2"  # of a grid: what lies there lies on one another


class Piece(NamedTuple):
    """Some columns of a picture: a PNG, and its width in pixels."""

    png: bytes
    width: int


class NamedImage(ipywidgets.Image):
    """An image whose tooltip works: it becomes the name that a screen reader says.

    In ipywidgets 8.1 the browser looks at a widget's description before it shows a tooltip, and
    stops with an error at an image, which has none.
    """

    description = Unicode("").tag(sync=True)


class FoldingPicture(ipywidgets.Box):
    """The pieces of one PNG, in a row that wraps.

    Parameters
    ----------
    cover : (widget, (left, bottom, width, height)), optional
        What lies on the first piece, and its place in inches.
    size : (float, float)
        Width and height of the PNG in inches.

    Attributes
    ----------
    value : bytes
        The whole PNG.
    alt : str
        What it shows.
    """

    def __init__(
        self, cover: tuple[ipywidgets.DOMWidget, Box] | None, size: tuple[float, float]
    ) -> None:
        self.value, self.alt = b"", ""
        self._images: list[NamedImage] = []
        self._cover = None if cover is None else laid(*cover, size[1])
        look = {"flex_flow": "row wrap", "align_items": "flex-start", "width": "fit-content"}
        super().__init__(layout=look)
        self.add_class(PICTURE)

    def show(self, png: bytes, alt: str, gaps: Iterable[tuple[float, float]] = ()) -> None:
        """Show a PNG, cut in the gaps: pairs (left, right) in inches."""
        self.value, self.alt = png, alt
        pieces = cut(png, gaps, trim_left=self._cover is None)
        if len(pieces) != len(self._images):
            self._make_images(len(pieces))
        for number, (image, piece) in enumerate(zip(self._images, pieces, strict=True)):
            image.width = str(round(piece.width * SCREEN_DPI / DPI))
            image.value = piece.png
            image.tooltip = alt if number == 0 else f"part {number + 1} of the same picture"

    def _make_images(self, count: int) -> None:
        """Put `count` images in the row."""
        old, look = self._images, {"margin": "0", "max_width": "100%", "flex": "0 0 auto"}
        self._images = [NamedImage(format="png", layout=look) for _ in range(count)]
        first: ipywidgets.DOMWidget = self._images[0]
        if self._cover is not None:
            first.layout.grid_area = ONE_CELL
            first.layout.max_width = "none"
            layout = {"margin": "0", "flex": "0 0 auto", "align_items": "flex-start"}
            first = ipywidgets.GridBox([first, self._cover], layout=layout)
        self.children = (first, *self._images[1:])
        for image in old:
            image.close()


def laid(widget: ipywidgets.DOMWidget, at: Box, height: float) -> ipywidgets.DOMWidget:
    """Give a widget its place, in inches, on the first piece of a picture of this height."""
    left, bottom, wide, high = (SCREEN_DPI * length for length in at)
    top = SCREEN_DPI * height - bottom - high
    widget.layout.margin = f"{top:.1f}px 0 0 {left:.1f}px"
    widget.layout.width, widget.layout.height = f"{wide:.1f}px", f"{high:.1f}px"
    widget.layout.grid_area = ONE_CELL
    return widget


def gaps_between(plates: Iterable[Plate]) -> list[tuple[float, float]]:
    """Return (left, right), in inches, of the space between plates that stand side by side."""
    gaps, reached = [], math.inf
    for left, right in sorted(width_of(plate) for plate in plates):
        if left > reached:
            gaps.append((reached, left))
        reached = right if reached == math.inf else max(reached, right)
    return gaps


def width_of(plate: Plate) -> tuple[float, float]:
    """Return where a plate begins and ends from left to right, its colour bar counted in."""
    boxes = [box for box in (plate.at, getattr(plate, "bar_at", None)) if box is not None]
    return min(box[0] for box in boxes), max(box[0] + box[2] for box in boxes)


def cut(png: bytes, gaps: Iterable[tuple[float, float]], *, trim_left: bool = True) -> list[Piece]:
    """Return the pieces of a PNG, without the white at its ends."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    empty = (np.asarray(image) == 255).all(axis=(0, 2))  # (W,)
    found = (widest_middle(empty, round(DPI * a), round(DPI * b)) for a, b in gaps)
    drawn = np.flatnonzero(~empty)
    first, last = (drawn[0], drawn[-1]) if len(drawn) else (0, image.width)
    start = max(0, int(first) - EDGE) if trim_left else 0
    end = min(image.width, int(last) + 1 + EDGE)
    places = [start, *(place for place in found if place is not None), end]
    return [piece(image, left, right) for left, right in itertools.pairwise(places)]


def widest_middle(empty: Sequence[bool] | np.ndarray, left: int, right: int) -> int | None:
    """Return the middle of the widest run of empty columns, on the grid; None without a run."""
    best: tuple[int, int] = (0, 0)  # length, start
    start = left
    for column in range(left, right + 1):
        if column == right or not empty[column]:
            best = max(best, (column - start, start))
            start = column + 1
    length, start = best
    middle = GRID * round((start + length / 2) / GRID)
    return middle if length > GRID and start < middle < start + length else None


def piece(image: Image.Image, left: int, right: int) -> Piece:
    """Return some columns of an image; made at every move: fast, not small."""
    buffer = io.BytesIO()
    image.crop((left, 0, right, image.height)).save(buffer, "png", compress_level=1)
    return Piece(buffer.getvalue(), right - left)
