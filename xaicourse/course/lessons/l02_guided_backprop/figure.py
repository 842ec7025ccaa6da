"""The figure of the randomisation panel: photo, original map, map of the ruined net, cosines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.course.lessons.l02_guided_backprop.trace import Likeness
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.scale import as_photo, shared_limits, tile_sums
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, SIGNED, bare, styled

WIDTH, HEIGHT = 11.0, 3.5  # inches
SIDE = 2.35  # of a picture
MOST_TILES = 112  # a finer map cannot be read on the screen


@dataclass(frozen=True, eq=False)
class RandomiseView:
    """What the randomisation panel shows.

    Parameters
    ----------
    settings : dict
        The settings that were asked for.
    photo : Tensor (1, C, H, W)
        The photo.
    before, after : Tensor (H, W)
        Map of the original and of the changed network, summed over channels.
    likeness : Likeness
        Their cosines, with controls.
    visited : dict
        Number of layers -> likeness, for this method and class, as far as the reader has been.
    layers, most : int
        How many layers are drawn anew, and how many there are.
    """

    settings: Mapping[str, Any]
    photo: Tensor
    before: Tensor
    after: Tensor
    likeness: Likeness
    visited: Mapping[int, Likeness]
    layers: int
    most: int


@styled
def draw_randomise_view(view: RandomiseView) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    photo = axes(figure, 0.15, 0.5, SIDE, SIDE)
    photo.imshow(as_photo(view.photo), interpolation="antialiased")
    photo.set_title("photo")
    bare(photo)
    maps = f"{view.settings['method']} for {view.settings['class']}"
    figure.text(5.08 / WIDTH, 3.28 / HEIGHT, maps, ha="center", fontsize=9)  # over both maps
    draw_map(axes(figure, 2.65, 0.5, SIDE, SIDE), view.before, "original network")
    drawn = "all layers" if view.layers == view.most else f"top {view.layers} layers"
    drawn = "top layer" if view.layers == 1 else drawn
    title = "original network" if view.layers == 0 else f"{drawn} drawn anew"
    draw_map(axes(figure, 5.15, 0.5, SIDE, SIDE), view.after, title)
    draw_cosines(axes(figure, 8.2, 0.85, 2.6, SIDE - 0.35), view)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place that is given in inches."""
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def draw_map(axis: Axes, pixels: Tensor, title: str) -> None:
    """Draw a map (H, W) on a scale of its own: here patterns are compared, not sizes."""
    values = tiles(pixels)
    limit = shared_limits([values], 99.0)[1]
    axis.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
    axis.set_title(title)
    axis.set_xlabel("own scale, clipped at percentile 99", fontsize=7)
    bare(axis)


def tiles(pixels: Tensor) -> np.ndarray:
    """Return a map (H, W), added up over small squares where it is fine."""
    height, width = pixels.shape
    tile = next(
        (
            t
            for t in range(1, height + 1)
            if height % t == 0 and width % t == 0 and max(height, width) // t <= MOST_TILES
        ),
        1,
    )
    return tile_sums(pixels.double().numpy(), tile)


def draw_cosines(axis: Axes, view: RandomiseView) -> None:
    """Draw the cosine with the original at each number of layers that was visited."""
    places = sorted(view.visited)
    found = [view.visited[place] for place in places]
    axis.axhline(0, color=GREY, lw=0.8)
    axis.axvline(view.layers, color=INK, lw=0.8)
    for name, mark, size, fill, color, values in (
        ("absolute, shuffled", "x", 4, GREY, GREY, [one.absolute_control for one in found]),
        ("absolute", "s", 6.5, "none", ORANGE, [one.absolute for one in found]),
        ("with signs", "o", 3.5, BLUE, BLUE, [one.signed for one in found]),
    ):
        axis.plot(places, values, "-", color=color, lw=0.8, alpha=0.5)  # only guides the eye
        axis.plot(places, values, mark, color=color, mfc=fill, ms=size, label=name)
    axis.set_ylim(-0.4, 1.08)
    axis.set_xlim(-0.5, view.most + 0.5)
    axis.set_xlabel("layers drawn anew, from the top", fontsize=8)
    axis.set_title("cosine with the original", fontsize=9)
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.23), fontsize=7, ncols=3,
                handletextpad=0.2, columnspacing=1.0, frameon=False)  # fmt: skip
    axis.tick_params(labelsize=7.5)
