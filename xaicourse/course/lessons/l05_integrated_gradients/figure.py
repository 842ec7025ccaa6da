"""The figure of the path explorer: where we are, how the score got here, what was collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.course.lessons.l05_integrated_gradients.trace import PathTrace
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.scale import as_photo, shared_limits, tile_sums
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PALE, SIGNED, bare, styled

WIDTH, HEIGHT = 10.0, 3.65  # inches
SIDE = 2.7  # of a picture
MOST_TILES = 64  # a finer map cannot be read on the screen
MOST_FEATURES = 40


@dataclass(frozen=True, eq=False)
class PathView:
    """One moment on the path: what the panel shows.

    Parameters
    ----------
    trace : PathTrace
        The whole path.
    settings : dict
        The settings that were asked for.
    alpha : float
        The place on the path, 0 at the baseline and 1 at x.
    point : Tensor (1, ...)
        The input at alpha.
    collected : Tensor (H, W) or of the shape of x
        The map collected from the baseline up to alpha.
    limit : float
        End of the colour scale, fixed by the whole map, so it does not move with alpha.
    score : float
        F at alpha (between nodes: on a straight line).
    sum_so_far : float
        Sum of the collected map.
    steps : int
        Nodes of the trace that is shown; fewer than asked for in a first, coarse answer.
    coarse : bool
        A better answer is on its way.
    score_name : str
        What F is, for example "logit of tabby".
    """

    trace: PathTrace
    settings: Mapping[str, Any]
    alpha: float
    point: Tensor
    collected: Tensor
    limit: float
    score: float
    sum_so_far: float
    steps: int
    coarse: bool
    score_name: str

    @property
    def rise(self) -> float:
        """F(x) - F(baseline)."""
        return self.trace.rise

    @property
    def gap(self) -> float:
        """Sum of the whole map minus the rise, in units of F."""
        return self.trace.gap

    @property
    def map_error(self) -> float:
        """Estimated relative error of the whole map; another question than the gap."""
        return self.trace.map_error


@styled
def draw_path_view(view: PathView) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    if view.trace.sums.ndim == 3:
        draw_photo(axes(figure, 0.1, 0.6, SIDE, SIDE), view)
        draw_collected(figure, view)
    else:
        draw_features(axes(figure, 0.5, 0.6, 2.1, SIDE), view)
        draw_shares(axes(figure, 7.1, 0.6, 2.5, SIDE), view)
    draw_score(axes(figure, 3.6, 1.87, 2.6, 1.43), view)
    draw_norm(axes(figure, 3.6, 1.07, 2.6, 0.68), view)
    draw_sum(axes(figure, 3.6, 0.1, 2.6, 0.4), view)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place that is given in inches."""
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def draw_photo(axis: Axes, view: PathView) -> None:
    """Draw the photo as it is at alpha."""
    axis.imshow(as_photo(view.point.clamp(0, 1)), interpolation="antialiased")
    axis.set_title(f"input at α = {view.alpha:.2f}")
    bare(axis)


def draw_collected(figure: Figure, view: PathView) -> None:
    """Draw the map collected so far, on the scale of the whole map, with its colour bar."""
    axis = axes(figure, 6.5, 0.6, SIDE, SIDE)
    height, width = view.collected.shape
    tile = tile_size(height, width)
    limit = shared_limits([tile_sums(view.trace.sums[-1].numpy(), tile)], 99.0)[1]
    tiles = tile_sums(view.collected.numpy(), tile)
    shown = axis.imshow(tiles, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
    axis.set_title("map collected so far")
    bare(axis)
    bar = figure.colorbar(shown, cax=axes(figure, 9.3, 0.75, 0.1, 2.4), extend="both")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)
    text = "sum over channels" + (f" and {tile} × {tile} pixels" if tile > 1 else "")
    axis.set_xlabel(f"{text};\ncolours clipped at percentile 99 of the whole map", fontsize=7)


def tile_size(height: int, width: int) -> int:
    """Return the smallest tile that leaves at most MOST_TILES tiles to a side."""
    for tile in range(1, max(height, width) + 1):
        if height % tile == 0 and width % tile == 0 and max(height, width) // tile <= MOST_TILES:
            return tile
    return 1


def draw_features(axis: Axes, view: PathView) -> None:
    """Draw the input at alpha as one bar a feature."""
    values = features(view.point[0])
    names = feature_names(len(values))
    axis.bar(names, features(view.trace.end[0]), color=PALE, label="input")
    axis.bar(names, values, color=BLUE, width=0.5, label="at α")
    axis.axhline(0, color=GREY, lw=0.8)
    axis.set_title(f"input at α = {view.alpha:.2f}")
    axis.legend(loc="best")


def draw_shares(axis: Axes, view: PathView) -> None:
    """Draw the attribution collected so far as one bar a feature, before the whole one."""
    whole, now = features(view.trace.sums[-1]), features(view.collected)
    names = feature_names(len(now))
    axis.bar(names, whole, color=PALE, label="whole")
    axis.bar(names, now, color=[ORANGE if v >= 0 else BLUE for v in now], width=0.5, label="so far")
    axis.axhline(0, color=GREY, lw=0.8)
    axis.set_title("attribution collected so far")
    axis.legend(loc="best")


def features(values: Tensor) -> np.ndarray:
    """Return the first features in one row."""
    return values.detach().cpu().double().flatten()[:MOST_FEATURES].numpy()


def feature_names(count: int) -> list[str]:
    """Return x1, x2, ..."""
    return [f"x{k + 1}" for k in range(count)]


def draw_score(axis: Axes, view: PathView) -> None:
    """Draw F along the path, and what the sum so far makes of it: they part by the gap."""
    trace = view.trace
    axis.plot(trace.curve[0], trace.curve[1], color=BLUE, label="F")
    if len(trace.alphas) <= 64:
        axis.plot(trace.alphas, trace.scores, ".", color=BLUE, ms=4)
    edges, sums = trace.node_edges.numpy(), trace.ends[0] + trace.totals
    upto = edges <= view.alpha
    axis.plot(edges, sums, color=ORANGE, lw=1, alpha=0.35)
    axis.plot(
        [*edges[upto], view.alpha], [*sums[upto], trace.ends[0] + view.sum_so_far],
        color=ORANGE, lw=1.8, label="F(baseline) + sum so far",
    )  # fmt: skip
    axis.plot([view.alpha], [view.score], "o", color=BLUE, ms=6, zorder=4)
    axis.axvline(view.alpha, color=INK, lw=0.8, ls=(0, (4, 3)))
    axis.set_xlim(-0.02, 1.02)
    axis.tick_params(labelbottom=False)
    axis.set_title(short(view.score_name))
    axis.legend(loc="best", fontsize=7, frameon=True, edgecolor="none", framealpha=0.8)


def draw_norm(axis: Axes, view: PathView) -> None:
    """Draw the length of the gradient at the nodes."""
    axis.plot(view.trace.alphas, view.trace.norms, "-", color=INK, lw=1.2, marker=".", ms=3)
    axis.axvline(view.alpha, color=INK, lw=0.8, ls=(0, (4, 3)))
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(0, 1.1 * float(view.trace.norms.max()) + 1e-12)
    axis.set_ylabel("gradient\nlength", fontsize=7.5)
    axis.set_xlabel("α  (0: baseline, 1: input)", labelpad=1)


def draw_sum(axis: Axes, view: PathView) -> None:
    """Draw the sum so far beside the rise that the whole sum should reach."""
    axis.barh(
        ["sum so far", "rise"], [view.sum_so_far, view.rise], color=[ORANGE, GREY], height=0.7
    )
    axis.invert_yaxis()
    reach = [view.rise, *view.trace.totals]
    axis.set_xlim(1.08 * min(reach) - 1e-9, 1.08 * max(reach) + 1e-9)
    axis.axvline(0, color=INK, lw=0.8)
    axis.set_xticks([])
    axis.tick_params(left=False)
    for spine in axis.spines.values():
        spine.set_visible(False)


def short(text: str, most: int = 40) -> str:
    """Return a title that fits."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
