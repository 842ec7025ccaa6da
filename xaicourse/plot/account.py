"""What is left of a score after each operation that shares it out, and what the biases kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from xaicourse.plot.lines import Numbers
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE

MOST_NAMES = 12  # more operations are only counted
SEEN = 1e-4  # of the longest bar


def draw_account(
    axis: Axes, left: Numbers, kept: Numbers, names: Sequence[str], below: str = ""
) -> None:
    """Draw what is left of F after each operation, (L + 1,), and what its biases kept, (L,)."""
    left, kept = np.asarray(left), np.asarray(kept)
    places, last = np.arange(len(left)), len(names)
    axis.bar(places, left, width=0.8, color=BLUE, label="left of the score")
    # a bias bar stands on the step from one bar to the next
    axis.bar(
        places[1:] - 0.5, kept, width=0.3, color=ORANGE, hatch="////", edgecolor="white",
        linewidth=0, label="kept by biases and epsilon", zorder=3,
    )  # fmt: skip
    axis.axhline(0, color=GREY, lw=0.8)
    axis.axhline(left[0], color=INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    if last <= MOST_NAMES:
        # an operation stands on its step, one line lower
        steps = {place + 0.5: f"\n{name}" for place, name in enumerate(names)}
        ticks = {0.0: "score", **steps, float(last): "map"}
        axis.set_xticks(list(ticks), list(ticks.values()))
        write_numbers(axis, left)
    else:
        axis.set_xticks([0, last], ["score", "map"])
        axis.set_xlabel(f"{last} operations, from the output to the input")
    if below:
        axis.set_xlabel(below)
    axis.margins(y=0.15)
    axis.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, ncols=2,
        handlelength=1.4, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


def write_numbers(axis: Axes, heights: np.ndarray) -> None:
    """Write each bar's number beyond its end."""
    heights = np.where(abs(heights) < SEEN * abs(heights).max(), 0.0, heights)  # no rounding
    for place, height in enumerate(heights):
        side = -1 if height < 0 else 1
        axis.annotate(
            f"{height:.2g}", (place, height), xytext=(0, 3 * side), textcoords="offset points",
            ha="center", va="top" if side < 0 else "bottom", fontsize=8, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip
