"""Noise panel: choose the noise and the number of copies, and see what of the average is signal."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.course.lessons.l07_noise import trace as noise
from xaicourse.course.lessons.l07_noise.trace import SIGNED, NoiseTrace, trace_noise
from xaicourse.plot.scale import shared_limits
from xaicourse.widgets.controls import Choice, LogSlider, is_image
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import InputPanel
from xaicourse.widgets.plates import Bars, Map, Photo, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = ["NoisePanel", "NoiseTrace", "NoiseView", "trace_noise"]

MOST_NUMBERS = 10_000  # of x: every map is kept
COARSE = 16  # copies of the first answer
CHUNK = 64  # points in one chunk of a small net
MOST_TRACES = 16  # kept in memory, about 3 MB each for 28 x 28 pixels


@documented
class NoiseView:
    """What the panel shows."""

    trace: Annotated[NoiseTrace, "The maps of the noisy copies."]
    settings: Settings
    average: Annotated[noise.NoiseAverage, "Mean and standard error, and what they are worth."]
    how: Annotated[str, "What is averaged: 'with signs', 'sizes first' or 'squares'."]
    kept_share: Annotated[float | None, "Share of the copies that keep the best class of x."]
    score_name: Annotated[str, "What F is, for example 'logit of ankle boot'."]
    coarse: Annotated[bool, "A better answer is on its way."]


class NoisePanel(InputPanel):
    """Explore the average of maps over noisy copies: sigma, n, what is averaged, which method.

    The noise is that of `xc.smoothgrad` with ``seed=0``; a larger n adds copies to those that
    are there. For images sigma is a share of the range of x, for vectors it is in units of x.

    Parameters
    ----------
    model, x, target, output, batch_size
        As for `xc.smoothgrad`; x holds one input of at most 10,000 numbers.
    methods : dict of str to name or callable, optional
        Name -> method inside, as for `xc.smoothgrad`.
    sigma, samples : float, int
        The noise's standard deviation and the number of copies that are set at first.
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
    size = (10.0, 2.75)
    sigma = LogSlider(10**-2.5, 10**0.5)
    samples = LogSlider(2, 512, step=1, base=2, digits=".0f", label="n, copies")
    average = Choice(noise.AVERAGES)
    method = Choice("methods")

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
        self.question = self.look_at(model, x, target, output, labels, batch_size)
        if x.numel() > MOST_NUMBERS:
            raise ValueError(
                f"x has {x.numel()} numbers; this panel keeps every map, so x may have at most "
                f"{MOST_NUMBERS}. Use a small net, or xc.smoothgrad(..., return_details=True)"
            )
        usual = {"gradient": "gradient", "gradient x input": "input_x_gradient"}
        self.methods = dict(methods or usual)
        self.memory = Memory(MOST_TRACES)
        super().__init__({"sigma": sigma, "samples": samples})

    def compute(self, settings: Mapping[str, Any]) -> Generator[NoiseView | None, None, None]:
        """Yield the view of a few copies, then of all; maps are kept."""
        key = settings["method"], settings["sigma"]
        n = round(settings["samples"])
        trace = self.memory.get(key)
        if trace is None or len(trace.maps) < n:
            if n > COARSE:
                yield self._view((yield from self._walk(settings, COARSE)), settings, coarse=True)
            trace = self.memory.keep(key, (yield from self._walk(settings, n)))
        yield self._view(trace.first(n), settings, coarse=False)

    def _walk(self, settings: Mapping[str, Any], n: int) -> Generator[None, None, NoiseTrace]:
        """Return the trace of n copies; yield None between chunks."""
        method, sigma = self.methods[settings["method"]], float(settings["sigma"])
        return noise.walk(self.question, method, sigma, is_image(self.x), n, seed=0)

    def _view(self, trace: NoiseTrace, settings: Mapping[str, Any], coarse: bool) -> NoiseView:
        kept, how = trace.kept, settings["average"]
        return NoiseView(
            trace=trace,
            settings=dict(settings),
            average=trace.average(how),
            how=how,
            kept_share=None if kept is None else float(kept.double().mean()),
            score_name=self.score_name(self.question.output),
            coarse=coarse,
        )

    def plates(self, result: NoiseView) -> Iterator[Plate]:
        mean, error, n = result.average.mean, result.average.error, len(result.trace.maps)
        unit, signed = f"{result.settings['method']}, {result.how}", result.how == SIGNED
        if result.trace.copy.ndim != 4:
            yield Bars(
                (0.7, 0.55, 3.2, 1.79), f"average of {n} maps, with two standard errors",
                mean.flatten().numpy(), error=noise.CERTAIN * error.flatten().numpy(),
                draw=lambda axis: axis.set_ylabel(unit),
                says="One bar for each input with two standard errors to both sides",
            )  # fmt: skip
            return
        places = [(0.1 + 2.2 * k, 0.3, 2.05, 2.05) for k in range(4)]
        scale = {"limit": shared_limits([mean[0]], 99.0)[1], "signed": signed}
        copy, what = result.trace.copy.clamp(0, 1), "its standard error"
        yield Photo(places[0], "a noisy copy, cut to [0, 1]", copy, says="one noisy copy")
        yield Map(places[1], f"average of {n} maps", mean[0], says="the average map", **scale)
        yield Map(places[2], what, error[0], says=f"{what} on the same scale", **scale)
        yield Map(
            places[3], "sign certain (rest grey)" if signed else "above 2 standard errors",
            torch.where(result.average.certain, mean, torch.nan)[0], bar_at=(8.95, 0.35, 0.1, 1.95),
            unit=unit, clipped=True,
            says="the part of the average that is more than two standard errors away from zero",
            **scale,
        )  # fmt: skip

    def words(self, result: NoiseView) -> Iterator[str]:
        average, n = result.average, len(result.trace.maps)
        yield f"sigma {number(result.settings['sigma'])}, n = {n}"
        if result.how == SIGNED:
            chance = f"(pure noise: {100 * noise.certain_by_chance(n):.0f} %)"
            yield f"sign certain at {100 * average.certain_share:.0f} % {chance}"
            yield f"signal share {average.signal_share:.2f} (pure noise: 0)"
        else:
            chance = f"(pure noise: {noise.repeated_by_chance(n, result.how):.2f})"
            yield "no signs, so none can be certain"
            yield f"repeats itself {average.signal_share:.2f} {chance}"
        if result.kept_share is not None:
            yield f"copies that keep their class {100 * result.kept_share:.0f} %"

    def intro(self, result: NoiseView) -> str:
        return (
            f"Noise panel, {result.score_name}, {result.settings['method']}, average "
            f"{result.how}, sigma {result.settings['sigma']:.2g}, {len(result.trace.maps)} copies."
        )
