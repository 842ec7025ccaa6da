"""Plates: what a panel's picture is made of. A plate knows its place, in inches, and its words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from xaicourse.plot.images import bar_ends, draw_map
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.scale import as_photo, reduce_channels, shared_limits, tile_sums
from xaicourse.plot.style import BLUE, GREY, INK, PALE, bare, styled

Box = tuple[float, float, float, float]  # left, bottom, width, height
Frame = tuple[float, float, float, float]  # left, top, width, height, in pixels of a map


@dataclass(frozen=True, eq=False)
class Plate:
    """One drawing of a picture.

    Parameters
    ----------
    at : (float, float, float, float)
        Left, bottom, width and height in inches.
    title : str
        Above it; "" for none.
    left, below : str
        Small words along the upright axis, and below the plate.
    points, title_points : float
        Size of the words below, and of the title.
    says : str
        What it shows, for a reader who cannot see it; "" where another plate says it.
    draw : callable, optional
        Draws into the axes: all that a plate of a room's own does, and what any other plate
        has beyond its kind.
    """

    at: Box
    title: str
    _: KW_ONLY
    title_points: float = 9.5
    left: str = ""
    below: str = ""
    points: float = 7.0
    says: str = ""
    draw: Callable[[Axes], Any] | None = None

    def draw_kind(self, axis: Axes) -> None:
        """Draw what all plates of this kind have."""

    def draw_on(self, figure: Figure) -> None:
        """Draw the plate at its place."""
        axis = axes_at(figure, self.at)
        self.draw_kind(axis)
        if self.title:
            axis.set_title(self.title, fontsize=self.title_points)
        if self.below:
            axis.set_xlabel(self.below, fontsize=self.points)
        if self.left:
            axis.set_ylabel(self.left, fontsize=8)
        if self.draw is not None:
            self.draw(axis)


def axes_at(figure: Any, box: Box) -> Axes:
    """Return new axes at a place that is given in inches."""
    width, height = figure.get_size_inches()
    left, bottom, wide, high = box
    return figure.add_axes((left / width, bottom / height, wide / width, high / height))


@styled
def figure_of(size: tuple[float, float], plates: Iterable[Plate]) -> Figure:
    """Return the figure (inches) with all plates."""
    figure = Figure(figsize=size)
    for plate in plates:
        plate.draw_on(figure)
    return figure


@styled
def png_of(size: tuple[float, float], plates: Iterable[Plate]) -> bytes:
    """Return the PNG of all plates; it is drawn at every move: fast, not small."""
    return render(figure_of(size, plates), DPI, compress_level=1)


@dataclass(frozen=True, eq=False)
class Photo(Plate):
    """A photo (1, C, H, W) with values in [0, 1]; frames mark places."""

    photo: Tensor
    _: KW_ONLY
    frames: Sequence[Frame] = ()

    def draw_kind(self, axis: Axes) -> None:
        axis.imshow(as_photo(self.photo), interpolation="antialiased")
        bare(axis)
        draw_frames(axis, self.frames)


@dataclass(frozen=True, eq=False)
class Map(Plate):
    """A map on a colour scale.

    Parameters
    ----------
    values : Tensor or array (H, W)
        NaN is drawn grey.
    limit : float
        End of the colour scale.
    signed : bool
        White in the middle for 0; otherwise the scale begins at 0.
    bar_at : (float, float, float, float), optional
        Place of the colour bar; None draws none.
    unit : str
        Label of the colour bar.
    ticks : dict of float to str, optional
        The numbers of the bar, in words.
    clipped : bool, optional
        Whether the scale is known to cut values off; by default that is looked up in `values`.
    behind : Tensor (1, C, H, W), optional
        A photo below the map.
    frames : sequence of (float, float, float, float)
        Left, top, width and height of frames.
    """

    values: Tensor | np.ndarray
    limit: float
    _: KW_ONLY
    signed: bool = True
    bar_at: Box | None = None
    unit: str = ""
    ticks: Mapping[float, str] | None = None
    clipped: bool | None = None
    behind: Tensor | None = None
    frames: Sequence[Frame] = ()

    def draw_kind(self, axis: Axes) -> None:
        values, kind = np.asarray(self.values), "sum" if self.signed else "abs_sum"
        axis.set_facecolor(PALE)
        behind = None if self.behind is None else as_photo(self.behind)
        shown = draw_map(axis, values, self.limit, kind, behind)
        draw_frames(axis, self.frames)
        if self.bar_at is not None:
            cut = self.clipped
            cut = float(np.nanmax(np.abs(values))) > self.limit if cut is None else cut
            self.draw_bar(axes_at(axis.figure, self.bar_at), shown, bar_ends(cut, kind))

    def draw_bar(self, axis: Axes, shown: ScalarMappable, ends: str) -> None:
        """Draw the colour bar."""
        bar = axis.figure.colorbar(shown, cax=axis, extend=ends)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=7)
        if self.ticks is not None:
            bar.set_ticks(list(self.ticks), labels=list(self.ticks.values()))
        bar.set_label(self.unit, fontsize=7)


@dataclass(frozen=True, eq=False)
class Bars(Plate):
    """A bar for each name, before a pale one that it is compared with.

    Parameters
    ----------
    values : sequence of float (N,)
        Their lengths.
    names : sequence of str (N,), optional
        By default x1, x2, ...
    pale : sequence of float (N,), optional
        The lengths of the pale bars.
    error : sequence of float (N,), optional
        Half the length of an error bar.
    colours : str or sequence of str
        One for all bars, or one for each.
    thick : (float, float)
        Thickness of the pale and of the coloured bars; 1 leaves no gap.
    across : bool
        Bars from left to right, the first one on top.
    legend : (str, str), optional
        What the pale and the coloured bars are.
    """

    values: Sequence[float] | np.ndarray
    _: KW_ONLY
    names: Sequence[str] = ()
    pale: Sequence[float] | np.ndarray | None = None
    error: Sequence[float] | np.ndarray | None = None
    colours: str | Sequence[str] = BLUE
    thick: tuple[float, float] = (0.8, 0.5)
    across: bool = False
    legend: tuple[str | None, str | None] | None = None

    def draw_kind(self, axis: Axes) -> None:
        places = np.arange(len(self.values))
        names = self.names or [f"x{k + 1}" for k in places]
        bar = axis.barh if self.across else axis.bar
        of_pale, of_bars = self.legend or (None, None)
        if self.pale is not None:
            bar(places, self.pale, self.thick[0], color=PALE, label=of_pale)
        bar(places, self.values, self.thick[1], color=self.colours, label=of_bars)
        if self.error is not None:
            axis.errorbar(
                places, self.values, yerr=self.error, fmt="none", ecolor=INK, capsize=6
            )  # fmt: skip
        (axis.axvline if self.across else axis.axhline)(0, color=GREY, lw=0.8)
        (axis.set_yticks if self.across else axis.set_xticks)(places, names)
        if self.across:
            axis.invert_yaxis()
        if self.legend:
            axis.legend(loc="best")


@dataclass(frozen=True, eq=False)
class Curve(Plate):
    """Lines over a common axis.

    Parameters
    ----------
    lines : sequence of (x, y, look)
        Two rows of numbers, and what Matplotlib's `plot` is told of the line.
    here, mark : float, optional
        Where the reader is: a thin upright line; a place worth a dashed one.
    legend : dict, optional
        What Matplotlib's legend is told; None draws none.
    above : bool
        The common axis is written below another plate.
    axes : dict
        What Matplotlib's ``Axes.set`` is told: xlim, ylim, yticks, ...
    """

    lines: Sequence[tuple[Any, Any, Mapping[str, Any]]]
    _: KW_ONLY
    here: float | None = None
    mark: float | None = None
    legend: Mapping[str, Any] | None = None
    above: bool = False
    axes: Mapping[str, Any] = field(default_factory=dict)

    def draw_kind(self, axis: Axes) -> None:
        for x, y, look in self.lines:
            axis.plot(x, y, **look)
        if self.here is not None:
            axis.axvline(self.here, color=INK, lw=0.8)
        if self.mark is not None:
            axis.axvline(
                self.mark, color=INK if self.here is None else GREY, lw=0.8, ls=(0, (4, 3))
            )
        axis.set(**self.axes)
        axis.tick_params(labelbottom=not self.above)
        if self.legend is not None:
            axis.legend(**self.legend)


def draw_frames(axis: Axes, frames: Sequence[Frame]) -> None:
    """Draw dark frames with a light edge, which are seen on any ground."""
    for left, top, width, height in frames:
        for colour, line in (("white", 2.6), (INK, 1.2)):
            corner = (left - 0.5, top - 0.5)  # pixel 0 lies from -0.5 to 0.5
            axis.add_patch(Rectangle(corner, width, height, fill=False, ec=colour, lw=line))


def tiled(values: Tensor | np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """Add up a map (H, W) over the smallest squares that leave at most `most` to a side.

    Returns the sums and the side of a square; finer maps cannot be read on a screen.
    """
    values = np.asarray(values, dtype=float)
    height, width = values.shape
    for tile in range(1, max(height, width) + 1):
        if height % tile == 0 and width % tile == 0 and max(height, width) // tile <= most:
            return tile_sums(values, tile), tile
    return values, 1


def tiled_map(
    at: Box, title: str, values: Tensor, most: int, *, scale: Tensor | None = None,
    clipped_at: str, **look: Any,
) -> Map:  # fmt: skip
    """Return the plate of a map of a photo that is too fine for a screen, added up over squares.

    Its colours end at percentile 99 of `scale`, which is `values` itself by default; `clipped_at`
    says so below.
    """
    shown, tile = tiled(reduce_channels(values), most)
    whole = shown if scale is None else tiled(reduce_channels(scale), most)[0]
    below = f"sum over channels{and_pixels(tile)};{clipped_at}"
    limit = shared_limits([whole], 99.0)[1]
    return Map(at, title, shown, limit, clipped=True, below=below, **look)


def and_pixels(tile: int) -> str:
    """Say that squares of pixels were added up, after "sum over channels"."""
    return f" and {tile} × {tile} pixels" if tile > 1 else ""
