"""Tangent explorer: go away from an input, and see how far the gradient's promise is kept."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.core.gradients import Question, ask, gradients
from xaicourse.course.lessons.l01_saliency import trace as line
from xaicourse.course.lessons.l01_saliency.trace import STEPS, TangentTrace, trace_tangent
from xaicourse.evaluation.likeness import cosine
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PALE
from xaicourse.widgets.controls import Choice, LogSlider, Place, is_image
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import InputPanel
from xaicourse.widgets.plates import Bars, Curve, Map, Photo, Plate, tiled_map
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = ["TangentExplorer", "TangentTrace", "TangentView", "trace_tangent"]

UP, DOWN, BRIGHTER = "up its slope", "down its slope", "all brighter"
PATCH, PIXEL, RANDOM = "one patch brighter", "one pixel brighter", "random up and down"
COARSE = 6  # every sixth step makes the first answer
MOST_TRACES = 32  # kept in memory
MOST_FEATURES = 8  # of a vector: each gets a direction of its own
MOST_TILES = 56  # a finer map cannot be read on the screen
SAYS = "the input at this step", "the gradient at this step"
Ends = tuple[int, int, int, int]  # top, bottom, left and right of a part of an image


@documented
class TangentView:
    """What the panel shows: one point on a line away from the input."""

    trace: Annotated[TangentTrace, "F and its tangent along the whole line."]
    settings: Settings
    step: Annotated[float, "How far the point is from the input, in units."]
    point: Annotated[Tensor, "(1, ...): The point."]
    score: Annotated[float, "F there."]
    slopes: Annotated[Tensor, "(1, ...): The gradient there, with signs."]
    unit_name: Annotated[str, "'grey level' for an image, 'unit' for anything else."]
    score_name: Annotated[str, "What F is, for example 'logit of tabby'."]
    frame: Annotated[Ends | None, "What moves, if that is a part of an image."]
    coarse: Annotated[bool, "A better answer is on its way."]

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
        return cosine(self.slopes, self.trace.values)


class TangentExplorer(InputPanel):
    """Explore how far a gradient's promise is kept: direction, step, logit or probability.

    A step of 1 moves every number that a direction moves by one unit: one grey level, 1/255, of
    an image, and 1 for anything else. Up and down the slope follow the sign of the gradient of the
    first `output`, so that logit and probability are compared on the same line.

    Parameters
    ----------
    model, x, target, batch_size
        As for `xc.gradient`; x holds one input, an image in [0, 1] or a vector. A move of a control
        is heard between two chunks.
    directions : dict of str to Tensor, optional
        Name -> direction, shaped as x, beside those that are always there.
    output, step : str, float
        The scale and the step, in units, that are set at first.
    labels : sequence of str, optional
        Names of the classes, used in words for the score.
    side : int
        An image has side x side patches.

    Raises
    ------
    ValueError, TypeError
        As for `xc.gradient`; x with more than one row, or smaller than `side`.

    Examples
    --------
    >>> import xaicourse as xc
    >>> panel = xc.widgets.TangentExplorer(xc.zoo.toy(), xc.zoo.toy_input(), step=1.0)
    >>> panel.set(direction="x2 up")
    >>> panel.result.promised, panel.result.actual
    (-3.0, -3.0)
    """

    title = "tangent explorer, the promise of a gradient and the truth"
    size = (10.0, 3.45)
    direction = Choice("directions")
    step = LogSlider(float(STEPS[0]), float(STEPS[-1]), step=0.05)
    output = Choice(["logit", "probability"])
    down, across = Place("patch, down"), Place("patch, across")

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        target: Any = None,
        *,
        directions: Mapping[str, Tensor] | None = None,
        output: str = "logit",
        step: float = 0.1,
        labels: Sequence[str] | None = None,
        side: int = 8,
        batch_size: int | None = None,
    ) -> None:
        first = self.look_at(model, x, target, output, labels, batch_size)
        if is_image(x) and min(x.shape[2:]) < side:
            raise ValueError(f"side is {side}, but x has {tuple(x.shape[2:])} pixels")
        self.side, self.unit = side, line.GREY_LEVEL if is_image(x) else 1.0
        self.directions = all_directions(x, gradients(first)[0].sign())
        clash = [name for name in directions or {} if name in self.directions]
        if clash:
            raise ValueError(f"directions has the name {clash[0]!r}, which the panel uses itself")
        self.directions |= directions or {}
        self.memory = Memory(MOST_TRACES)
        super().__init__({"step": step, "output": output})

    def compute(self, settings: Mapping[str, Any]) -> Generator[TangentView | None, None, None]:
        """Yield the view with a few points of the line, then with all; lines are kept."""
        name, output, frame = settings["direction"], settings["output"], self._frame(settings)
        direction = self.directions[name] if frame is None else self._part_of_image(frame)
        question = self.memory.once(output, self._ask, self.x, output)
        point = question.x + self.unit * settings["step"] * direction.to(question.x)
        slopes, score = gradients(self._ask(point, output))
        yield None
        view = partial(
            TangentView,
            settings=dict(settings),
            step=float(settings["step"]),
            point=point.cpu(),
            score=float(score),
            slopes=slopes.cpu(),
            unit_name="grey level" if is_image(self.x) else "unit",
            score_name=self.score_name(output),
            frame=frame,
        )
        key = (name, output, frame)
        if key not in self.memory:
            some = yield from line.walk(question, direction, STEPS[::COARSE], self.unit)
            yield view(trace=some, coarse=True)
        whole = line.walk(question, direction, STEPS, self.unit)
        yield view(trace=(yield from self.memory.walk(key, whole)), coarse=False)

    def _ask(self, point: Tensor, output: str) -> Question:
        return ask(self.model, point, self.target, output, self.batch_size)

    def _frame(self, settings: Mapping[str, Any]) -> Ends | None:
        """Return top, bottom, left and right end of a patch or pixel; None for other directions."""
        if settings["direction"] not in (PATCH, PIXEL):
            return None
        ends = []
        for name, length in zip(("down", "across"), self.x.shape[2:], strict=True):
            start, stop = ((settings[name] - k) * length // self.side for k in (1, 0))
            middle = (start + stop) // 2
            ends += [start, stop] if settings["direction"] == PATCH else [middle, middle + 1]
        return ends[0], ends[1], ends[2], ends[3]

    def _part_of_image(self, frame: Ends) -> Tensor:
        """Return the direction that moves the pixels inside a frame, (1, C, H, W)."""
        top, bottom, left, right = frame
        direction = torch.zeros_like(self.directions[UP])
        direction[..., top:bottom, left:right] = 1.0
        return direction

    def plates(self, result: TangentView) -> Iterator[Plate]:
        left, right = (photo_plates if is_image(self.x) else feature_plates)(result)
        yield left
        yield from along_the_line(result)
        yield right

    def words(self, result: TangentView) -> Iterator[str]:
        yield f"step {number(result.step)} {units(result)}"
        yield f"promised {number(result.promised)}, true {number(result.actual)}"
        yield f"promise kept within 10 % {kept_text(result.trace)}"
        yield f"cosine with the gradient at the input {result.likeness:.2f}"

    def intro(self, result: TangentView) -> str:
        return (
            f"Tangent explorer, {result.score_name}, direction: {result.settings['direction']}, "
            f"step {result.step:.2g} {result.unit_name}s."
        )


def all_directions(x: Tensor, uphill: Tensor) -> dict[str, Tensor]:
    """Return name -> direction, shaped as x; patch and pixel are put in their place later."""
    both = {UP: uphill, DOWN: -uphill}
    if is_image(x):
        coins = torch.randint(0, 2, x.shape, generator=torch.Generator().manual_seed(0))
        ones = torch.ones_like(uphill)
        return {
            **both, PATCH: ones, PIXEL: ones, BRIGHTER: ones, RANDOM: (2 * coins - 1).to(uphill)
        }  # fmt: skip
    count = x[0].numel()
    units = torch.eye(count).to(uphill) if count <= MOST_FEATURES else []
    for k, unit in enumerate(units, start=1):
        both |= {f"x{k} up": unit.view_as(x), f"x{k} down": -unit.view_as(x)}
    return both


def units(view: TangentView) -> str:
    """Return the name of a step's unit, behind its number."""
    return f"{view.unit_name}{'' if view.step == 1 else 's'}"


def photo_plates(view: TangentView) -> tuple[Photo, Map]:
    """Return the photo at the point, and the gradient there on the scale of that at the input."""
    top, bottom, left, right = view.frame or (0, 0, 0, 0)
    return Photo(
        (0.1, 0.55, 2.5, 2.5), f"photo, {view.step:.2g} {units(view)} away",
        view.point.clamp(0, 1),  # what leaves [0, 1] is drawn as black or white
        frames=[(left, top, right - left, bottom - top)] if view.frame else [], says=SAYS[0],
    ), tiled_map(
        (6.55, 0.55, 2.5, 2.5), "gradient here", view.slopes, MOST_TILES, scale=view.trace.values,
        clipped_at=" colours of the map\nat the photo, clipped at percentile 99",
        bar_at=(9.15, 0.7, 0.1, 2.2), says=SAYS[1],
    )  # fmt: skip


def feature_plates(view: TangentView) -> tuple[Bars, Bars]:
    """Return a bar a feature: the point, and the gradient there beside that at the input."""
    look: dict[str, Any] = {"title_points": 8.5, "thick": (0.8, 0.45), "across": True}
    rows = view.point, view.slopes, view.trace.values
    point, here, before = (row.flatten().numpy() for row in rows)
    title = "gradient here\n(pale: at the input)"
    left = Bars((0.55, 0.6, 2.0, 2.5), "input here", point, says=SAYS[0], **look)
    return left, Bars((7.05, 0.6, 2.3, 2.5), title, here, pale=before, says=SAYS[1], **look)


def along_the_line(view: TangentView) -> Iterator[Curve]:
    """Yield promise and truth, and truth / promise, over a logarithmic axis of steps."""
    trace, step = view.trace, view.step
    actual, fine = trace.actual.numpy(), np.geomspace(STEPS[0], STEPS[-1], 200)
    low, high = min(0.0, float(actual.min())), max(0.0, float(actual.max()))
    margin = 0.3 * max(high - low, 10 * trace.rounding)
    promise = {"color": ORANGE, "ls": (0, (5, 2)), "label": "promise"}
    lines = [
        (fine, trace.slope * fine, promise),
        (trace.steps, actual, {"color": BLUE, "lw": 2, "label": "truth"}),
        ([step], [view.actual], {"marker": "o", "color": INK, "ms": 5, "zorder": 5}),
    ]
    axes = {"xscale": "log", "xlim": (float(STEPS[0]), float(STEPS[-1]))}
    yield Curve(
        (3.4, 1.6, 2.8, 1.45), view.score_name, lines, left="change of F", above=True, draw=finish,
        axes={"ylim": (low - margin, high + margin), **axes}, here=step, mark=1.0,
        legend={"loc": "best", "fontsize": 7.5},
        says="the change of the score over the step, the change that the gradient promises, and "
        "their quotient",
    )  # fmt: skip
    shown = trace.promised.abs() > trace.rounding
    share = (trace.actual / trace.promised)[shown]
    yield Curve(
        (3.4, 0.55, 2.8, 0.85), "", [(trace.steps[shown], share, {"color": BLUE, "lw": 2})],
        left="truth /\npromise", axes={"ylim": (-0.5, 1.5), "yticks": [0, 1], **axes},
        here=step, mark=1.0,
        draw=lambda axis: finish_share(axis, f"step in {view.unit_name}s (logarithmic)"),
    )  # fmt: skip


def finish(axis: Axes) -> None:
    """Leave only what is needed to read steps of any size."""
    axis.axhline(0, color=GREY, lw=0.8)
    axis.minorticks_off()
    axis.tick_params(labelsize=7.5)


def finish_share(axis: Axes, below: str) -> None:
    """Shade where the promise counts as kept."""
    finish(axis)
    axis.axhspan(1 - line.KEPT, 1 + line.KEPT, color=PALE, lw=0, zorder=0)
    axis.set_xlabel(below, fontsize=8, labelpad=1)


def kept_text(trace: TangentTrace) -> str:
    """Say up to which step the promise is kept."""
    first, last = float(trace.steps[0]), float(trace.steps[-1])
    if trace.kept == 0:
        return f"nowhere from {number(first)} on"
    return f"up to {number(trace.kept)}{', the whole line' if trace.kept == last else ''}"
