"""Figures of relevance: bars from the output to the input, the bias bars, and the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.plot.picture import DPI, Picture, render
from xaicourse.plot.scale import as_photo, reduce_channels, shared_limits
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, SIGNED, bare, styled

if TYPE_CHECKING:
    from xaicourse.course.lessons.l03_relevance.trace import RelevanceTrace

WIDTH, HEIGHT = 10.0, 3.0  # inches
MOST_NAMES = 12  # more operations are only counted
SEEN = 1e-4  # of the longest bar


@dataclass(frozen=True, eq=False)
class RelevanceView:
    """What the panel shows.

    Parameters
    ----------
    trace : RelevanceTrace
        The map and the account of the pass.
    x : Tensor (1, ...)
        The input of the net, on the CPU.
    settings : dict
        The settings that were asked for.
    likeness : float or None
        The mean |cosine| of this map with those of the net's other classes, same rule; None for
        a net with one class.
    """

    trace: RelevanceTrace
    x: Tensor
    settings: Mapping[str, Any]
    likeness: float | None


@styled
def bars_picture(trace: RelevanceTrace, alt: str, title: str | None) -> Picture:
    """Return the bars of one trace as a picture."""
    figure = Figure(figsize=(8.2, 2.7))
    axis = figure.add_axes((0.08, 0.24, 0.9, 0.64))
    draw_bars(axis, trace)
    axis.set_title(f"rule {trace.rule}" if title is None else title, loc="left")
    return Picture(figure, alt)


def draw_bars(axis: Axes, trace: RelevanceTrace) -> None:
    """Draw what is left of F after each operation, and beside it what its biases kept."""
    left, kept = trace.left.numpy(), trace.absorbed.numpy()
    places = np.arange(len(left))
    axis.bar(places, left, width=0.8, color=BLUE, label="left of the score")
    # a bias bar stands on the step from one bar to the next
    axis.bar(
        places[1:] - 0.5, kept, width=0.3, color=ORANGE, hatch="////", edgecolor="white",
        linewidth=0, label="kept by biases and epsilon", zorder=3,
    )  # fmt: skip
    axis.axhline(0, color=GREY, lw=0.8)
    axis.axhline(trace.score, color=INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    if len(trace.names) <= MOST_NAMES:
        # an operation stands on its step, one line lower
        steps = [(place + 0.5, f"\n{name}") for place, name in enumerate(trace.names)]
        ticks = [(0, "score"), *steps, (len(steps), "map")]
        axis.set_xticks([place for place, _ in ticks], [name for _, name in ticks])
        shown = np.where(abs(left) < SEEN * abs(left).max(), 0.0, left)  # rounding is no bar
        for place, height in zip(places, shown, strict=True):
            side = -1 if height < 0 else 1  # beyond the bar's end
            axis.annotate(
                f"{height:.2g}", (place, height), xytext=(0, 3 * side),
                textcoords="offset points", ha="center", va="top" if side < 0 else "bottom",
                fontsize=8, zorder=4, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip
    else:
        axis.set_xticks([0, len(places) - 1], ["score", "map"])
        axis.set_xlabel(f"{len(trace.names)} operations, from the output to the input")
    axis.margins(y=0.15)
    axis.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, ncols=2,
        handlelength=1.4, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


@styled
def draw_relevance_view(view: RelevanceView) -> bytes:
    """Return the PNG of a view: the input, its map, and the bars."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    if view.x.ndim == 4:
        draw_pictures(figure, view)
        bars = figure.add_axes((0.575, 0.2, 0.415, 0.66))
    else:
        draw_features(figure.add_axes((0.06, 0.2, 0.3, 0.66)), view)
        bars = figure.add_axes((0.46, 0.2, 0.52, 0.66))
    draw_bars(bars, view.trace)
    bars.set_xlabel("from the output to the input")
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def draw_pictures(figure: Figure, view: RelevanceView) -> None:
    """Draw the photo and the signed map."""
    side = 2.25
    photo, shown = (
        figure.add_axes((left / WIDTH, 0.4 / HEIGHT, side / WIDTH, side / HEIGHT))
        for left in (0.05, 2.4)
    )
    for axis in (photo, shown):
        bare(axis)
    photo.imshow(as_photo(view.x), interpolation="nearest")
    photo.set_title("input")
    values = reduce_channels(view.trace.values, "sum")
    limit = shared_limits([values], 99.0)[1] or 1.0
    image = shown.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="antialiased")
    shown.set_title(f"map, sum {view.trace.total:.2g}")
    bar = figure.colorbar(
        image, cax=figure.add_axes((4.7 / WIDTH, 0.45 / HEIGHT, 0.08 / WIDTH, 2.1 / HEIGHT)),
        extend="both",
    )  # fmt: skip
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)


def draw_features(axis: Axes, view: RelevanceView) -> None:
    """Draw one bar for each feature."""
    values = view.trace.values.flatten().numpy()
    places = np.arange(len(values))
    axis.bar(places, values, width=0.5, color=BLUE)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.set_xticks(places, [f"x{k + 1}" for k in places])
    axis.set_title(f"map, sum {view.trace.total:.2g}")
