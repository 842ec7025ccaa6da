"""The figure of the attribution explorer: photo, map, and the logits before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from xaicourse.plot.picture import DPI, render
from xaicourse.plot.scale import as_photo
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PALE, SIGNED, UNSIGNED, bare, styled

WIDTH, HEIGHT = 9.4, 3.2  # inches
SIDE = 2.55  # of a picture


@dataclass(frozen=True, eq=False)
class AttributionView:
    """What the attribution panel shows.

    Parameters
    ----------
    settings : dict
        The settings that were asked for.
    photo : Tensor (1, 3, H, W)
        The photo with its grey patches.
    values : array (h, w)
        The map of the intact photo: signed, or absolute values.
    limit : float
        End of the colour scale.
    score, score_before : float
        Logit of the class with the grey patches, and of the intact photo.
    scores, scores_before : dict
        The same for each class of the panel.
    share_done : float
        Below 1 while the occlusion map is still filling up.
    """

    settings: Mapping[str, Any]
    photo: Tensor
    values: np.ndarray
    limit: float
    score: float
    score_before: float
    scores: Mapping[str, float]
    scores_before: Mapping[str, float]
    share_done: float

    @property
    def change(self) -> float:
        """Logit with the grey patches minus logit of the intact photo."""
        return self.score - self.score_before


@styled
def draw_attribution_view(view: AttributionView, side: int) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    draw_photo(axes(figure, 0.3, 0.3, SIDE, SIDE), view, side)
    draw_map(figure, axes(figure, 3.05, 0.3, SIDE, SIDE), view, side)
    draw_logits(axes(figure, 7.35, 0.35, 1.8, SIDE - 0.15), view)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place that is given in inches."""
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def draw_photo(axis: Axes, view: AttributionView, side: int) -> None:
    """Draw the photo with its grey patches, and the numbers of lines and columns."""
    photo = as_photo(view.photo)
    axis.imshow(photo, extent=(0, side, side, 0), interpolation="antialiased", aspect="auto")
    ticks = np.arange(side) + 0.5
    axis.set_xticks(ticks, [str(k + 1) for k in range(side)])
    axis.set_yticks(ticks, [str(k + 1) for k in range(side)])
    axis.tick_params(length=0, labelsize=6.5, labeltop=False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set_title(f"photo: {view.settings['photo']}")


def draw_map(figure: Figure, axis: Axes, view: AttributionView, side: int) -> None:
    """Draw the map with its colour bar and frames around the grey patches."""
    signed = view.settings["display"] == "signed"
    shown = axis.imshow(
        view.values, cmap=SIGNED if signed else UNSIGNED, vmin=-view.limit if signed else 0.0,
        vmax=view.limit, extent=(0, side, side, 0), interpolation="nearest", aspect="auto",
    )  # fmt: skip
    for line, column in view.settings["patches"]:
        axis.add_patch(Rectangle((column, line), 1, 1, fill=False, ec=INK, lw=1.6))
    axis.set_title(f"{view.settings['method']}: {view.settings['class']}")
    axis.set_xlabel(units(view, side), fontsize=7)
    bare(axis)
    clipped = float(np.abs(view.values).max()) > view.limit
    extend = "neither" if not clipped else "both" if signed else "max"
    bar = figure.colorbar(shown, cax=axes(figure, 5.7, 0.45, 0.1, SIDE - 0.3), extend=extend)
    bar.outline.set_visible(False)
    if view.settings["scale"] == "own":
        ends = [-view.limit, 0, view.limit] if signed else [0, view.limit]
        names = ["- own\nlimit", "0", "own\nlimit"] if signed else ["0", "own\nlimit"]
        bar.set_ticks(ends, labels=names)
    bar.ax.tick_params(labelsize=7)


def units(view: AttributionView, side: int) -> str:
    """Say what a colour stands for."""
    if view.values.shape == (side, side):
        return "logit minus logit with this patch grey"
    tile = view.photo.shape[-1] // view.values.shape[1]
    size = "" if view.settings["display"] == "signed" else " of absolute values"
    tiles = f" and {tile} × {tile} pixels" if tile > 1 else ""
    return f"sum{size} over channels{tiles};\ncolours clipped at percentile 99"


def draw_logits(axis: Axes, view: AttributionView) -> None:
    """Draw a bar for each class: pale before, coloured after."""
    names = list(view.scores)
    before = np.array([view.scores_before[name] for name in names])
    after = np.array([view.scores[name] for name in names])
    places = np.arange(len(names))
    chosen = view.settings["class"]
    axis.barh(places, before, color=PALE, height=0.72, label="photo as it is")
    colours = [ORANGE if name == chosen else BLUE for name in names]
    axis.barh(places, after, color=colours, height=0.36)
    for place, name, value, start in zip(places, names, after, before, strict=True):
        weight = "bold" if name == chosen else "normal"
        end = float(max(value, start, 0))
        text = f" {value:.1f}"
        axis.text(end, float(place), text, va="center", fontsize=8, weight=weight)
    axis.set_yticks(places, [name.replace(" ", "\n", 1) for name in names])
    axis.invert_yaxis()
    axis.axvline(0, color=GREY, lw=0.8)
    reach = max(1e-9, float(np.abs([before, after]).max()))
    low = min(0.0, float(min(before.min(), after.min())))
    axis.set_xlim(1.15 * low, 1.3 * reach)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    axis.set_title("logits\n(pale: photo as it is)", fontsize=8.5)
