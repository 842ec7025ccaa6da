"""Pattern panel: turn the distractor and see where the weights go, and where the pattern stays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import torch
from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.course.lessons.l06_patterns import toy
from xaicourse.course.lessons.l06_patterns.toy import PatternToy, pattern_toy, signal_shapes
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PARTS
from xaicourse.widgets.controls import Slider, WholeSlider
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Map, Plate

__all__ = ["PatternPanel", "PatternToy", "PatternView", "pattern_toy", "signal_shapes"]

REACH = 4.0  # of the axes of the cloud
PALEST, DARKEST = -6.0, 5.0  # beyond every y: no dot is white, and none as dark as an arrow


@documented
class PatternView:
    """What the panel shows: the toy with two pixels, and the same story in a picture."""

    settings: Settings
    two: Annotated[PatternToy, "The toy with two pixels, D = 2."]
    picture: Annotated[PatternToy, "The toy of a plus among stripes."]


class PatternPanel(Panel):
    """Explore weights and pattern of a linear model: angle and strength of the distractor.

    The angle is that between signal and distractor. In the picture the distractor is turned from
    the signal (a plus) to stripes in the same way.

    Parameters
    ----------
    angle : int
        Degrees between signal and distractor at first, 0 to 180.
    strength : float
        Standard deviation of the distractor at first, 0 to 4; that of the signal is 1.

    Examples
    --------
    >>> import xaicourse as xc
    >>> panel = xc.widgets.PatternPanel()
    >>> panel.set(angle=30, strength=3.0)
    >>> panel.result.two.angle(panel.result.two.a) < panel.result.two.angle(panel.result.two.w)
    True
    """

    title = "pattern explorer, signal and distractor"
    angle = WholeSlider(0, 180, 5)
    strength = Slider(0.0, 4.0, 0.1, ".1f")

    def __init__(self, *, angle: int = 45, strength: float = 2.0) -> None:
        super().__init__({"angle": angle, "strength": strength})

    def compute(self, settings: Mapping[str, Any]) -> PatternView:
        turn, strength = math.radians(settings["angle"]), settings["strength"]
        signal = torch.tensor(toy.SIGNAL, dtype=torch.float64)
        across = torch.stack([-signal[1], signal[0]])
        plus, stripes = (shape.flatten() for shape in signal_shapes())
        beside = stripes - (stripes @ plus) * plus
        d = math.cos(turn) * signal + math.sin(turn) * across
        turned = math.cos(turn) * plus + math.sin(turn) * beside / beside.norm()
        return PatternView(
            dict(settings), pattern_toy(signal, d, strength), pattern_toy(plus, turned, strength)
        )

    def plates(self, result: PatternView) -> Iterator[Plate]:
        yield Plate(
            (0.55, 0.8, 2.2, 2.1), "inputs (darker: larger y)",
            says="a cloud of inputs with two pixels, coloured by y, and arrows for signal, "
            "distractor, weights and pattern",
            draw=lambda axis: draw_cloud(axis, result),
        )  # fmt: skip
        plus = result.picture
        much = plus.data[int(plus.z.argmax())]  # an input with much signal
        maps = {"one input": much, "weights w": plus.w, "pattern a": plus.a}
        for k, (title, values) in enumerate(maps.items()):
            limit = float(values.abs().max())
            yield Map(
                (3.3 + k * 2.2, 0.8, 2.0, 2.0), title, values.view(toy.SIDE, toy.SIDE), limit,
                below=f"colours up to ±{limit:.2g}", points=7.5,
                says="" if k else "an input picture, the weights and the pattern as maps",
            )  # fmt: skip

    def words(self, result: PatternView) -> Iterator[str]:
        two, settings = result.two, result.settings
        yield f"distractor at {settings['angle']}°, strength {settings['strength']:.1f}"
        yield f"weights {two.angle(two.w):.0f}° away from the signal"
        yield f"pattern {two.angle(two.a):.0f}° away"

    def alt(self, result: PatternView) -> str:
        return f"{super().alt(result)} {self.describe(result)}."


def draw_cloud(axis: Axes, view: PatternView) -> None:
    """Draw the inputs with two pixels, and the arrows: only their directions have a meaning."""
    two = view.two
    axis.scatter(*two.data.T, c=two.z, cmap="Greys", s=7, vmin=PALEST, vmax=DARKEST, zorder=2)
    draw_arrow(axis, 3.2 * two.s, PARTS[2], "signal", width=5.0)
    if view.settings["strength"]:
        draw_arrow(axis, 2.4 * two.d, INK, "distractor", width=2.6)
    draw_arrow(axis, 2.7 * two.w / two.w.norm(), BLUE, "weights w", width=3.0)
    draw_arrow(axis, 2.1 * two.a / two.a.norm(), ORANGE, "pattern a", width=1.4)
    axis.axhline(0, color=GREY, lw=0.5, zorder=0)
    axis.axvline(0, color=GREY, lw=0.5, zorder=0)
    axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xlabel="pixel 1")
    axis.set_ylabel("pixel 2", labelpad=0)
    figure: Any = axis.figure
    figure.legend(
        *axis.get_legend_handles_labels(), loc="lower left", ncols=2, fontsize=8,
        bbox_to_anchor=(0.05, 0.0), handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip


def draw_arrow(axis: Axes, end: Tensor, colour: str, name: str, width: float) -> None:
    """Draw an arrow from the origin, with its name in the legend."""
    look = {"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", (float(end[0]), float(end[1])), (0, 0), zorder=3, arrowprops=look)
    axis.plot([], [], color=colour, lw=2, label=name)
