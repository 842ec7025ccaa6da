"""The figure of the pattern explorer: a cloud with four arrows, an input, weights, pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.course.lessons.l06_patterns.toy import SIDE as PIXELS
from xaicourse.course.lessons.l06_patterns.toy import PatternToy
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PARTS, SIGNED, bare, styled

WIDTH, HEIGHT = 10.0, 3.2  # inches
SIDE = 2.0  # of a picture
REACH = 4.0  # of the axes of the cloud
PALEST, DARKEST = -6.0, 5.0  # beyond every y: no dot is white, and none as dark as an arrow


@dataclass(frozen=True, eq=False)
class PatternView:
    """What the panel shows: the toy with two pixels, and the same story in a picture.

    Parameters
    ----------
    settings : mapping
        The angle (degrees) and the strength that were chosen.
    two : PatternToy
        The toy with two pixels, D = 2.
    picture : PatternToy
        The toy whose signal is a plus and whose distractor is stripes.
    """

    settings: Mapping[str, Any]
    two: PatternToy
    picture: PatternToy


@styled
def draw_pattern_view(view: PatternView) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    cloud = axes(figure, 0.55, 0.7, 2.3, 2.2)
    draw_cloud(cloud, view)
    figure.legend(
        *cloud.get_legend_handles_labels(), loc="lower left", ncols=4, fontsize=8,
        bbox_to_anchor=(0.3 / WIDTH, 0.0), handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    toy = view.picture
    row = int(toy.z.argmax())  # an input with much signal
    titles = ("one input", "weights w", "pattern a")
    for k, (title, values) in enumerate(zip(titles, (toy.data[row], toy.w, toy.a), strict=True)):
        axis = axes(figure, 3.3 + k * 2.2, 0.8, SIDE, SIDE)
        picture = values.view(PIXELS, PIXELS).numpy()
        limit = float(values.abs().max())
        axis.imshow(picture, cmap=SIGNED, vmin=-limit, vmax=limit, interpolation="nearest")
        axis.set_title(title)
        axis.set_xlabel(f"colours up to ±{limit:.2g}", fontsize=7.5)
        bare(axis)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place that is given in inches."""
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def draw_cloud(axis: Axes, view: PatternView) -> None:
    """Draw the inputs with two pixels, and the arrows: only their directions have a meaning."""
    two = view.two
    axis.scatter(
        two.data[:, 0],
        two.data[:, 1],
        c=two.z,
        cmap="Greys",
        s=7,
        vmin=PALEST,
        vmax=DARKEST,
        zorder=2,
    )
    axis.set_title("inputs (darker: larger y)")
    arrow(axis, 3.2 * two.s, PARTS[2], "signal", width=5.0)
    strength = float(view.settings["strength"])
    if strength:
        arrow(axis, 2.4 * two.d, INK, "distractor", width=2.6)
    arrow(axis, 2.7 * two.w / two.w.norm(), BLUE, "weights w", width=3.0)
    arrow(axis, 2.1 * two.a / two.a.norm(), ORANGE, "pattern a", width=1.4)
    axis.axhline(0, color=GREY, lw=0.5, zorder=0)
    axis.axvline(0, color=GREY, lw=0.5, zorder=0)
    axis.set_xlim(-REACH, REACH)
    axis.set_ylim(-REACH, REACH)
    axis.set_aspect("equal")
    axis.set_xlabel("pixel 1", color=INK)
    axis.set_ylabel("pixel 2", color=INK, labelpad=0)


def arrow(axis: Axes, end: Tensor, colour: str, name: str, width: float) -> None:
    """Draw an arrow from the origin, with its name in the legend."""
    x, y = end.tolist()
    axis.annotate(
        "", (x, y), (0, 0), zorder=3,
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
    axis.plot([], [], color=colour, lw=2, label=name)
