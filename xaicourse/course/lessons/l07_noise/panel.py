"""Noise panel: choose the noise and the number of copies, and see what of the average is signal."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import ipywidgets
from torch import Tensor

from xaicourse.core.gradients import Question, ask
from xaicourse.core.target import PerRow
from xaicourse.course.lessons.l07_noise.figure import NoiseView, draw_noise_view
from xaicourse.course.lessons.l07_noise.trace import (
    AVERAGES,
    SIGNED,
    NoiseTrace,
    certain_by_chance,
    repeated_by_chance,
    trace_noise,
    walk,
)
from xaicourse.plot.printing import two_digits
from xaicourse.widgets.controls import LABEL, choice, is_image
from xaicourse.widgets.panel import Panel

__all__ = ["NoisePanel", "NoiseTrace", "NoiseView", "trace_noise"]

MOST_NUMBERS = 10_000  # of x: every map is kept
FEWEST, MOST = 1, 9  # powers of 2: n runs from 2 to 512
COARSE = 16  # copies of the first answer
CHUNK = 64  # points in one chunk of a small net
MOST_TRACES = 16  # kept in memory, about 3 MB each for 28 x 28 pixels
LOW, HIGH = -2.5, 0.5  # powers of 10: sigma runs from 0.003 to 3


class NoisePanel(Panel):
    """Explore the average of maps over noisy copies: sigma, n, what is averaged, which method.

    The noise is that of `xc.smoothgrad` with ``seed=0``; a larger n adds copies to those that
    are there. For images sigma is a share of the range of x, for vectors it is in units of x.

    Parameters
    ----------
    model, x, target, output, batch_size
        As for `xc.smoothgrad`; x holds one input of at most 10,000 numbers.
    methods : dict of str to name or callable, optional
        Name -> method inside, as for `xc.smoothgrad`.
    sigma : float
        The noise's standard deviation that is set at first.
    samples : int
        The number of noisy copies that is set at first.
    labels : sequence of str, optional
        Names of the classes, used in words for the score.

    Raises
    ------
    ValueError, TypeError
        As for `xc.smoothgrad`; x with more than one row, or more than 10,000 numbers.

    Examples
    --------
    >>> import xaicourse as xc
    >>> panel = xc.widgets.NoisePanel(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.01, samples=8)
    >>> panel.result.average.mean.tolist()
    [1.0, -3.0]
    """

    title = "noise panel, an average over noisy copies and its error"

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = None,
        *,
        methods: Mapping[str, Any] | None = None,
        sigma: float = 0.1,
        samples: int = 64,
        output: str = "logit",
        labels: Sequence[str] | None = None,
        batch_size: int = CHUNK,
    ) -> None:
        self.model, self.x, self.labels, self.batch_size = model, x, labels, batch_size
        self.question: Question = ask(model, x, target, output, batch_size)
        if len(x) != 1:
            raise ValueError(f"x has {len(x)} rows; noise is added to one input, pass x[0:1]")
        if x.numel() > MOST_NUMBERS:
            raise ValueError(
                f"x has {x.numel()} numbers; this panel keeps every map, so x may have at most "
                f"{MOST_NUMBERS}. Use a small net, or xc.smoothgrad(..., return_details=True)"
            )
        self.methods = dict(
            methods or {"gradient": "gradient", "gradient x input": "input_x_gradient"}
        )
        self._traces: OrderedDict[tuple[Any, ...], NoiseTrace] = OrderedDict()
        names = list(self.methods)
        controls: dict[str, ipywidgets.Widget] = {
            "sigma": sigma_slider(sigma),
            "samples": samples_slider(samples),
            "average": choice("average", list(AVERAGES), SIGNED),
            "method": choice("method", names, names[0]),
        }
        super().__init__(controls)

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> Generator[NoiseView | None, None, None]:
        """Yield the view of a few copies, then of all; maps are kept."""
        key = settings["method"], settings["sigma"]
        n = round(settings["samples"])
        if key not in self._traces or len(self._traces[key].maps) < n:
            if n > COARSE:
                yield self._view((yield from self._walk(settings, COARSE)), settings, coarse=True)
            self._traces[key] = yield from self._walk(settings, n)
        self._traces.move_to_end(key)
        while len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)  # the one not used for longest
        yield self._view(self._traces[key].first(n), settings, coarse=False)

    def _walk(self, settings: Mapping[str, Any], n: int) -> Generator[None, None, NoiseTrace]:
        """Return the trace of n copies; yield None between chunks."""
        method = self.methods[settings["method"]]
        relative = is_image(self.x)
        return walk(self.question, method, float(settings["sigma"]), relative, n, seed=0)

    def _view(self, trace: NoiseTrace, settings: Mapping[str, Any], coarse: bool) -> NoiseView:
        kept = trace.kept
        return NoiseView(
            trace=trace,
            settings=dict(settings),
            average=trace.average(settings["average"]),
            how=settings["average"],
            kept_share=None if kept is None else float(kept.double().mean()),
            score_name=f"{self.question.output}{self._class_name()}",
            coarse=coarse,
        )

    def _class_name(self) -> str:
        """Return " of <class>", or nothing for a model with one output."""
        target = self.question.target
        index = getattr(target, "index", None)
        if isinstance(target, PerRow):
            index = target.classes[:1]
        if not isinstance(index, tuple) or len(index) != 1:
            return ""
        name = self.labels[index[0]] if self.labels is not None else f"class {index[0]}"
        return f" of {name}"

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: NoiseView) -> bytes:
        """Return the PNG: a noisy copy, the average, its standard error, the certain part."""
        return draw_noise_view(result)

    def describe(self, result: NoiseView) -> str:
        """Return the numbers in one line, each with what pure noise would get."""
        average, n = result.average, len(result.trace.maps)
        parts = [f"sigma {two_digits(result.settings['sigma'])[0]}, n = {n}"]
        if result.how == SIGNED:
            chance = f"(pure noise: {100 * certain_by_chance(n):.0f} %)"
            parts.append(f"sign certain at {100 * average.certain_share:.0f} % {chance}")
            parts.append(f"signal share {average.signal_share:.2f} (pure noise: 0)")
        else:
            chance = f"(pure noise: {repeated_by_chance(n, result.how):.2f})"
            parts.append("no signs, so none can be certain")
            parts.append(f"repeats itself {average.signal_share:.2f} {chance}")
        if result.kept_share is not None:
            parts.append(f"copies that keep their class {100 * result.kept_share:.0f} %")
        if result.coarse:
            parts.append("refining")
        return "  ·  ".join(parts)

    def alt(self, result: NoiseView) -> str:
        """Return what the picture shows."""
        start = (
            f"Noise panel, {result.score_name}, {result.settings['method']}, average "
            f"{result.how}, sigma {result.settings['sigma']:.2g}, {len(result.trace.maps)} copies. "
        )
        if result.trace.copy.ndim != 4:
            return f"{start}One bar for each input with two standard errors to both sides."
        return (
            f"{start}From left to right: one noisy copy, the average map, its standard error on "
            "the same scale, and the part of the average that is more than two standard errors "
            "away from zero."
        )


def sigma_slider(value: float) -> ipywidgets.FloatLogSlider:
    """Return a logarithmic slider that reports while it is dragged."""
    if not 10**LOW <= value <= 10**HIGH:
        raise ValueError(f"sigma must be from {10**LOW:.2g} to {10**HIGH:.2g} here, got {value!r}")
    return ipywidgets.FloatLogSlider(
        value, base=10, min=LOW, max=HIGH, step=0.1, readout_format=".2g", description="sigma",
        style=LABEL, layout={"width": "280px"},
    )  # fmt: skip


def samples_slider(value: int) -> ipywidgets.FloatLogSlider:
    """Return a slider over 2, 4, 8, ..., 512."""
    if not 2**FEWEST <= value <= 2**MOST:
        raise ValueError(f"samples must be from {2**FEWEST} to {2**MOST} here, got {value!r}")
    return ipywidgets.FloatLogSlider(
        value, base=2, min=FEWEST, max=MOST, step=1, readout_format=".0f",
        description="n, copies", style=LABEL, layout={"width": "280px"},
    )  # fmt: skip
