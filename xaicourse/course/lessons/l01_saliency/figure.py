"""The figure of the tangent explorer: the new input, promise against truth, the new gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from xaicourse.course.lessons.l01_saliency.trace import KEPT, TangentTrace
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.scale import as_photo, shared_limits, tile_sums
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PALE, SIGNED, bare, styled

WIDTH, HEIGHT = 10.0, 3.45  # inches
SIDE = 2.5  # of a picture
MOST_TILES = 56  # a finer map cannot be read on the screen


@dataclass(frozen=True, eq=False)
class TangentView:
    """What the panel shows: one point on a line away from the input.

    Parameters
    ----------
    trace : TangentTrace
        F and its tangent along the whole line.
    settings : dict
        The settings that were asked for.
    step : float
        How far the point is from the input, in units.
    point : Tensor (1, ...)
        The point.
    score : float
        F there.
    slopes : Tensor (1, ...)
        The gradient there, with signs.
    unit_name : str
        "grey level" for an image, "unit" for anything else.
    score_name : str
        What F is, for example "logit of tabby".
    frame : (int, int, int, int) or None
        Top, bottom, left and right end of the pixels that move, if that is a part of an image.
    coarse : bool
        A better answer is on its way.
    """

    trace: TangentTrace
    settings: Mapping[str, Any]
    step: float
    point: Tensor
    score: float
    slopes: Tensor
    unit_name: str
    score_name: str
    frame: tuple[int, int, int, int] | None
    coarse: bool

    @property
    def actual(self) -> float:
        """F at the point minus F at the input."""
        return self.score - self.trace.score

    @property
    def promised(self) -> float:
        """What the gradient at the input says that this change is."""
        return self.trace.slope * self.step

    @property
    def likeness(self) -> float:
        """Cosine between the gradient at the point and the gradient at the input."""
        pair = (self.slopes.double().flatten(), self.trace.values.double().flatten())
        return float(torch.nn.functional.cosine_similarity(*pair, dim=0))


@styled
def draw_tangent_view(view: TangentView) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    if view.point.ndim == 4:
        draw_photo(axes(figure, 0.1, 0.55, SIDE, SIDE), view)
        draw_map(figure, axes(figure, 6.55, 0.55, SIDE, SIDE), view)
    else:
        draw_bars(axes(figure, 0.55, 0.6, 2.0, SIDE), view.point[0], None, "input here")
        draw_bars(
            axes(figure, 7.05, 0.6, 2.3, SIDE), view.slopes[0], view.trace.values[0],
            "gradient here\n(pale: at the input)",
        )  # fmt: skip
    draw_changes(axes(figure, 3.4, 1.6, 2.8, 1.45), view)
    draw_share(axes(figure, 3.4, 0.55, 2.8, 0.85), view)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place that is given in inches."""
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def draw_photo(axis: Axes, view: TangentView) -> None:
    """Draw the photo at the new point; what leaves [0, 1] is drawn as black or white."""
    axis.imshow(as_photo(view.point.clamp(0, 1)), interpolation="antialiased")
    axis.set_title(f"photo, {view.step:.2g} {view.unit_name}{'' if view.step == 1 else 's'} away")
    if view.frame is not None:
        top, bottom, left, right = view.frame
        corner, width, height = (left - 0.5, top - 0.5), right - left, bottom - top
        axis.add_patch(Rectangle(corner, width, height, fill=False, ec="white", lw=2.6))
        axis.add_patch(Rectangle(corner, width, height, fill=False, ec=INK, lw=1.2))
    bare(axis)


def draw_map(figure: Figure, axis: Axes, view: TangentView) -> None:
    """Draw the gradient at the new point, on the colour scale of the map at the input."""
    here, before = (tiles(values) for values in (view.slopes, view.trace.values))
    limit = shared_limits([before], 99.0)[1]
    shown = axis.imshow(here, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
    axis.set_title("gradient here")
    tile = view.point.shape[-1] // here.shape[1]
    text = "sum over channels" + (f" and {tile} × {tile} pixels" if tile > 1 else "")
    axis.set_xlabel(
        f"{text}; colours of the map\nat the photo, clipped at percentile 99", fontsize=7
    )
    bare(axis)
    bar = figure.colorbar(shown, cax=axes(figure, 9.15, 0.7, 0.1, 2.2), extend="both")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)


def tiles(values: Tensor) -> np.ndarray:
    """Return a gradient (1, C, H, W), summed over channels and small squares."""
    height, width = values.shape[-2:]
    tile = (
        next(
            t
            for t in range(1, height + 1)
            if height % t == 0 and width % t == 0 and max(height, width) // t <= MOST_TILES
        )
        if height == width
        else 1
    )
    return tile_sums(values[0].double().sum(0).numpy(), tile)


def draw_bars(axis: Axes, values: Tensor, before: Tensor | None, title: str) -> None:
    """Draw one bar a feature, with a pale one behind it where there is something to compare."""
    names = [f"x{k + 1}" for k in range(values.numel())]
    places = np.arange(len(names))
    if before is not None:
        axis.barh(places, before.flatten().numpy(), color=PALE, height=0.8)
    axis.barh(places, values.flatten().numpy(), color=BLUE, height=0.45)
    axis.set_yticks(places, names)
    axis.invert_yaxis()
    axis.axvline(0, color=GREY, lw=0.8)
    axis.set_title(title, fontsize=8.5)


def draw_changes(axis: Axes, view: TangentView) -> None:
    """Draw the change of F and what the tangent promises, over a logarithmic axis of steps."""
    trace = view.trace
    steps, actual = trace.steps.numpy(), trace.actual.numpy()
    fine = np.geomspace(steps[0], steps[-1], 200)
    axis.plot(fine, trace.slope * fine, color=ORANGE, ls=(0, (5, 2)), label="promise")
    axis.plot(steps, actual, color=BLUE, lw=2, label="truth")
    axis.plot([view.step], [view.actual], "o", color=INK, ms=5, zorder=5)
    low, high = min(0.0, float(actual.min())), max(0.0, float(actual.max()))
    margin = 0.3 * max(high - low, 10 * trace.rounding)
    axis.set_ylim(low - margin, high + margin)
    axis.axhline(0, color=GREY, lw=0.8)
    mark_steps(axis, view)
    axis.tick_params(labelbottom=False)
    axis.set_ylabel("change of F", fontsize=8)
    axis.set_title(view.score_name)
    axis.legend(loc="best", fontsize=7.5)


def draw_share(axis: Axes, view: TangentView) -> None:
    """Draw truth / promise: 1 where the promise is kept."""
    trace = view.trace
    shown = (trace.promised.abs() > trace.rounding).numpy()
    axis.axhspan(1 - KEPT, 1 + KEPT, color=PALE, lw=0, zorder=0)
    if shown.any():
        share = (trace.actual / trace.promised).numpy()
        axis.plot(trace.steps.numpy()[shown], share[shown], color=BLUE, lw=2)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.set_ylim(-0.5, 1.5)
    axis.set_yticks([0, 1])
    mark_steps(axis, view)
    axis.set_ylabel("truth /\npromise", fontsize=8)
    axis.set_xlabel(f"step in {view.unit_name}s (logarithmic)", fontsize=8, labelpad=1)


def mark_steps(axis: Axes, view: TangentView) -> None:
    """Give both axes the same steps, with lines at one unit and at the present step."""
    axis.set_xscale("log")
    axis.set_xlim(float(view.trace.steps[0]), float(view.trace.steps[-1]))
    axis.axvline(1.0, color=GREY, lw=0.8, ls=(0, (4, 3)))
    axis.axvline(view.step, color=INK, lw=0.8)
    axis.minorticks_off()
    axis.tick_params(labelsize=7.5)
