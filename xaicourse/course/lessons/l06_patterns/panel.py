"""Pattern panel: turn the distractor and see where the weights go, and where the pattern stays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ipywidgets
import torch

from xaicourse.course.lessons.l06_patterns.figure import PatternView, draw_pattern_view
from xaicourse.course.lessons.l06_patterns.toy import SIGNAL, PatternToy, pattern_toy, signal_shapes
from xaicourse.widgets.panel import Panel

__all__ = ["PatternPanel", "PatternToy", "PatternView", "pattern_toy", "signal_shapes"]


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

    def __init__(self, *, angle: int = 45, strength: float = 2.0) -> None:
        wide = {"continuous_update": True, "layout": {"width": "300px"}}
        super().__init__(
            {
                "angle": ipywidgets.IntSlider(
                    angle, 0, 180, 5, description="angle", readout_format="d", **wide
                ),
                "strength": ipywidgets.FloatSlider(
                    strength, min=0.0, max=4.0, step=0.1, description="strength",
                    readout_format=".1f", **wide,
                ),
            }
        )  # fmt: skip

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> PatternView:
        """Return both toys for an angle and a strength."""
        turn = math.radians(settings["angle"])
        signal = torch.tensor(SIGNAL, dtype=torch.float64)
        across = torch.stack([-signal[1], signal[0]])
        d = math.cos(turn) * signal + math.sin(turn) * across
        plus, stripes = (shape.flatten() for shape in signal_shapes())
        beside = stripes - (stripes @ plus) * plus
        beside = beside / beside.norm()
        turned = math.cos(turn) * plus + math.sin(turn) * beside
        strength = settings["strength"]
        return PatternView(
            dict(settings), pattern_toy(signal, d, strength), pattern_toy(plus, turned, strength)
        )

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: PatternView) -> bytes:
        """Return the PNG: the cloud with its arrows, then an input, the weights, the pattern."""
        return draw_pattern_view(result)

    def describe(self, result: PatternView) -> str:
        """Return the angles in one line."""
        two, settings = result.two, result.settings
        parts = [
            f"distractor at {settings['angle']}°, strength {settings['strength']:.1f}",
            f"weights {two.angle(two.w):.0f}° away from the signal",
            f"pattern {two.angle(two.a):.0f}° away",
        ]
        return "  ·  ".join(parts)

    def alt(self, result: PatternView) -> str:
        """Return what the picture shows."""
        return (
            "Pattern explorer. Left: a cloud of inputs with two pixels, coloured by y, and arrows "
            "for signal, distractor, weights and pattern. Right: an input picture, the weights "
            f"and the pattern as maps. {self.describe(result)}."
        )
