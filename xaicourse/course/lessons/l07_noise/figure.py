"""The figure of the noise panel: a noisy copy, the average, its standard error, what is certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.course.lessons.l07_noise.trace import CERTAIN, NoiseAverage, NoiseTrace
from xaicourse.course.lessons.l07_noise.trace import SIGNED as WITH_SIGNS
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.scale import as_photo, shared_limits
from xaicourse.plot.style import BLUE, GREY, INK, PALE, SIGNED, UNSIGNED, bare, styled

WIDTH, HEIGHT = 10.0, 2.75  # inches
SIDE, STEP = 2.05, 2.2  # of a picture, and from one picture to the next


@dataclass(frozen=True, eq=False)
class NoiseView:
    """What the panel shows.

    Parameters
    ----------
    trace : NoiseTrace
        The maps of the noisy copies.
    settings : dict
        The settings that were asked for.
    average : NoiseAverage
        Mean and standard error; `certain_share` and `signal_share` judge it.
    how : str
        What is averaged: "with signs", "sizes first" or "squares".
    kept_share : float or None
        The share of the noisy copies whose best class is still that of x.
    score_name : str
        What F is, for example "logit of ankle boot".
    coarse : bool
        A better answer is on its way.
    """

    trace: NoiseTrace
    settings: Mapping[str, Any]
    average: NoiseAverage
    how: str
    kept_share: float | None
    score_name: str
    coarse: bool


@styled
def draw_noise_view(view: NoiseView) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    if view.trace.copy.ndim == 4:
        draw_pictures(figure, view)
    else:
        draw_bars(figure.add_axes((0.1, 0.2, 0.8, 0.65)), view)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def draw_pictures(figure: Figure, view: NoiseView) -> None:
    """Draw four pictures; average, error and the certain part have one colour scale."""
    axes = [
        figure.add_axes(((0.1 + k * STEP) / WIDTH, 0.3 / HEIGHT, SIDE / WIDTH, SIDE / HEIGHT))
        for k in range(4)
    ]
    for axis in axes:
        bare(axis)
    axes[0].imshow(as_photo(view.trace.copy.clamp(0, 1)), interpolation="nearest")
    axes[0].set_title("a noisy copy, cut to [0, 1]")
    mean, error = (summed(part) for part in (view.average.mean, view.average.error))
    limit = shared_limits([mean], 99.0)[1]
    signed = view.how == WITH_SIGNS
    colours = {
        "cmap": SIGNED if signed else UNSIGNED,
        "vmin": -limit if signed else 0.0,
        "vmax": limit,
        "interpolation": "nearest",
    }
    shown = axes[1].imshow(mean, **colours)
    axes[1].set_title(f"average of {len(view.trace.maps)} maps")
    axes[2].imshow(error, **colours)
    axes[2].set_title("its standard error")
    axes[3].set_facecolor(PALE)
    certain = np.abs(mean) > CERTAIN * error
    axes[3].imshow(np.where(certain, mean, np.nan), **colours)
    axes[3].set_title("sign certain (rest grey)" if signed else "above 2 standard errors")
    bar = figure.colorbar(
        shown, cax=figure.add_axes((8.95 / WIDTH, 0.35 / HEIGHT, 0.1 / WIDTH, 1.95 / HEIGHT)),
        extend="both" if signed else "max",
    )  # fmt: skip
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)
    bar.set_label(unit(view), fontsize=8)


def unit(view: NoiseView) -> str:
    """Return what the numbers of the picture are."""
    return f"{view.settings['method']}, {view.how}"


def summed(values: Tensor) -> np.ndarray:
    """Return one number a pixel of a one-channel map (1, H, W)."""
    return values[0].numpy()


def draw_bars(axis: Axes, view: NoiseView) -> None:
    """Draw one bar for each feature, with two standard errors to both sides."""
    mean, error = (part.flatten().numpy() for part in (view.average.mean, view.average.error))
    places = np.arange(len(mean))
    axis.bar(places, mean, width=0.5, color=BLUE)
    axis.errorbar(places, mean, yerr=CERTAIN * error, fmt="none", ecolor=INK, capsize=6)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.set_xticks(places, [f"x{k + 1}" for k in places])
    axis.set_ylabel(unit(view))
    axis.set_title(f"average of {len(view.trace.maps)} maps, with two standard errors")
