"""The figure of the layer explorer: photo, map at a layer, and what its regions hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.plot.images import draw_map
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.scale import as_photo
from xaicourse.plot.style import BLUE, GREY, PALE, bare, styled

WIDTH, HEIGHT = 10.0, 3.5  # inches
SIDE = 2.5  # of a picture
OVER = "over the photo"


@dataclass(frozen=True, eq=False)
class LayerView:
    """What the layer panel shows.

    Parameters
    ----------
    settings : dict
        The settings that were asked for.
    photo : Tensor (1, C, H, W)
        The photo.
    raw : Tensor (h, w)
        The map as it was made: one number a cell, negative values cut off if that is asked for.
    shown : Tensor (H, W)
        The same, enlarged.
    limit : float
        End of the colour scale.
    score : float
        The logit of the class.
    layer_text : str
        The layer and the number of its cells.
    shares, areas : dict of str to float
        Region -> share of the positive part of the enlarged map, share of the photo's area.
    """

    settings: Mapping[str, Any]
    photo: Tensor
    raw: Tensor
    shown: Tensor
    limit: float
    score: float
    layer_text: str
    shares: Mapping[str, float]
    areas: Mapping[str, float]

    @property
    def empty(self) -> bool:
        """Say whether every cell is 0."""
        return not bool(self.raw.any())

    @property
    def empty_positive(self) -> bool:
        """Say whether no cell is positive."""
        return not bool((self.raw > 0).any())


@styled
def draw_layer_view(view: LayerView) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    photo = axes(figure, 0.1, 0.45, SIDE, SIDE)
    photo.imshow(as_photo(view.photo), interpolation="antialiased")
    photo.set_title("photo")
    bare(photo)
    draw_layer_map(figure, axes(figure, 2.85, 0.45, SIDE, SIDE), view)
    if view.shares:
        draw_shares(axes(figure, 7.35, 0.75, 2.45, 1.9), view)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place that is given in inches."""
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def draw_layer_map(figure: Figure, axis: Axes, view: LayerView) -> None:
    """Draw the map with its colour bar; an empty map is said to be empty."""
    kind = "sum" if view.settings["values"] == "with sign" else "abs_sum"
    behind = as_photo(view.photo) if view.settings["display"] == OVER else None
    shown = draw_map(axis, view.shown.numpy(), view.limit, kind, behind)
    axis.set_title(f"{view.settings['class']}\n{view.layer_text}")
    if view.empty:
        axis.set_xlabel("empty: every cell is 0", fontsize=8)
    bar = figure.colorbar(shown, cax=axes(figure, 5.5, 0.6, 0.1, SIDE - 0.3))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)
    if view.settings["scale"] == "own":
        bar.set_ticks([0, view.limit], labels=["0", "own\nlimit"])
    else:
        bar.set_label("per cell; one scale for\nall classes at this layer", fontsize=7)


def draw_shares(axis: Axes, view: LayerView) -> None:
    """Draw which share of the positive part lies in each region, with the area as control."""
    names = list(view.shares)
    places = range(len(names))
    axis.barh(places, [view.areas[n] for n in names], color=PALE, height=0.85, label="area")
    shares = [0.0 if view.empty_positive else view.shares[n] for n in names]
    axis.barh(places, shares, color=BLUE, height=0.45, label="positive part of the map")
    axis.set_yticks(places, [n.replace(" ", "\n") for n in names])
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.set_xlabel("share")
    axis.axvline(0, color=GREY, lw=0.8)
    axis.legend(loc="lower left", bbox_to_anchor=(-0.1, 1.0), fontsize=7.5, ncols=2)
