"""One look for all figures: colours that colour-blind readers can tell apart, plain axes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xaicourse.plot.picture import DPI

P = ParamSpec("P")
R = TypeVar("R")

ONE_AT_A_TIME = threading.RLock()

SIGNED = "RdBu_r"  # red: raises the score, white: zero, blue: lowers it
UNSIGNED = "cividis"
BLUE, ORANGE, INK, GREY, PALE = "#0072B2", "#D55E00", "#1a1a1a", "#767676", "#d9d9d9"
PARTS = [
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#7F7F7F",
    "#F0E442",
]

STYLE = {
    "figure.dpi": DPI,
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function in the course's style, whatever the reader's own settings are.

    Matplotlib's settings belong to the whole process, so only one thread draws at a time.
    """

    @wraps(draw)
    def with_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with ONE_AT_A_TIME, matplotlib.style.context(["default", STYLE]):
            return draw(*args, **kwargs)

    return with_style


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure (inches) that pyplot does not know of, so nothing leaks."""
    return Figure(figsize=(width, height), layout="constrained")


def bare(axes: Axes) -> None:
    """Take ticks and frame away: an image needs none."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
