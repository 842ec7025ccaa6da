"""Tangent explorer: go away from an input, and see how far the gradient's promise is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from xaicourse.core.checks import default_batch_size
from xaicourse.core.gradients import Question, ask
from xaicourse.core.target import PerRow
from xaicourse.course.lessons.l01_saliency.figure import TangentView, draw_tangent_view
from xaicourse.course.lessons.l01_saliency.trace import (
    GREY_LEVEL,
    STEPS,
    TangentTrace,
    gradient_at,
    trace_tangent,
    walk,
)
from xaicourse.plot.printing import two_digits
from xaicourse.widgets.controls import LABEL, choice, is_image
from xaicourse.widgets.panel import Panel

__all__ = ["TangentExplorer", "TangentTrace", "TangentView", "trace_tangent"]

UP, DOWN, BRIGHTER = "up its slope", "down its slope", "all brighter"
PATCH, PIXEL, RANDOM = "one patch brighter", "one pixel brighter", "random up and down"
COARSE = 6  # every sixth step makes the first answer
MOST_TRACES = 32  # kept in memory
MOST_FEATURES = 8  # of a vector: each gets a direction of its own


class TangentExplorer(Panel):
    """Explore how far a gradient's promise is kept: direction, step, logit or probability.

    A step of 1 moves every number that a direction moves by one unit: one grey level, 1/255, of
    an image, and 1 for anything else. Up and down the slope follow the sign of the gradient of the
    first `output`, so that logit and probability are compared on the same line.

    Parameters
    ----------
    model, x, target
        As for `xc.gradient`; x holds one input, an image in [0, 1] or a vector.
    directions : dict of str to Tensor, optional
        Name -> direction, shaped as x, beside those that are always there.
    output : str
        The scale that is set at first.
    step : float
        The step that is set at first, in units.
    labels : sequence of str, optional
        Names of the classes, used in words for the score.
    side : int
        An image has side x side patches.
    batch_size : int, optional
        Points in one chunk; a move of a control is heard between two chunks.

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
        if batch_size is None:
            batch_size = max(1, default_batch_size(x, None) // 2)
        self.model, self.x, self.labels, self.side = model, x, labels, side
        self.batch_size = batch_size
        first = ask(model, x, target, output, batch_size)
        if len(first.x) != 1:
            raise ValueError(f"x has {len(x)} rows; a line starts at one input, pass x[0:1]")
        self.target = first.target
        self.uphill = gradient_at(first, first.x)[0].sign()
        self.directions = dict(directions or {})
        self._questions: dict[str, Question] = {output: first}
        self._traces: OrderedDict[tuple[Any, ...], TangentTrace] = OrderedDict()
        controls: dict[str, ipywidgets.Widget] = {
            "direction": choice("direction", self._names(), UP),
            "step": step_slider(step),
            "output": choice("output", ["logit", "probability"], output),
        }
        if is_image(x):
            if any(length < side for length in x.shape[2:]):
                raise ValueError(f"side is {side}, but x has {tuple(x.shape[2:])} pixels")
            controls["down"] = place_slider("patch, down", side)
            controls["across"] = place_slider("patch, across", side)
        super().__init__(controls)

    # -- where to go ---------------------------------------------------------------------------

    def _names(self) -> list[str]:
        """Return the names of all directions."""
        if is_image(self.x):
            own = [UP, DOWN, PATCH, PIXEL, BRIGHTER, RANDOM]
        else:
            count = self.x[0].numel()
            features = range(1, count + 1) if count <= MOST_FEATURES else range(0)
            own = [UP, DOWN, *(f"x{k} {way}" for k in features for way in ("up", "down"))]
        clash = [name for name in self.directions if name in own]
        if clash:
            raise ValueError(f"directions has the name {clash[0]!r}, which the panel uses itself")
        return [*own, *self.directions]

    def _direction(self, settings: Mapping[str, Any]) -> Tensor:
        """Return the direction of the settings, shaped as x; all entries are -1, 0 or 1."""
        name = settings["direction"]
        if name in self.directions:
            return self.directions[name]
        if name in (UP, DOWN):
            return self.uphill if name == UP else -self.uphill
        if name == BRIGHTER:
            return torch.ones_like(self.uphill)
        if name == RANDOM:
            coins = torch.randint(0, 2, self.x.shape, generator=torch.Generator().manual_seed(0))
            return (2 * coins - 1).to(self.uphill)
        direction = torch.zeros_like(self.uphill)
        if name not in (PATCH, PIXEL):  # "x2 down"
            number, way = name[1:].split()
            direction.view(-1)[int(number) - 1] = 1.0 if way == "up" else -1.0
            return direction
        down, across = (
            slice((k - 1) * length // self.side, k * length // self.side)
            for k, length in zip(self._place(settings), self.x.shape[2:], strict=True)
        )
        if name == PIXEL:  # in the middle of the patch
            down, across = (
                slice(m, m + 1) for m in ((s.start + s.stop) // 2 for s in (down, across))
            )
        direction[..., down, across] = 1.0
        return direction

    def _place(self, settings: Mapping[str, Any]) -> tuple[int, ...]:
        """Return line and column of the patch, from 1, where the direction has one."""
        moved = settings["direction"] in (PATCH, PIXEL)
        return (settings["down"], settings["across"]) if moved else ()

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> Generator[TangentView | None, None, None]:
        """Yield the view with a few points of the line, then with all; lines are kept."""
        direction = self._direction(settings)
        unit = GREY_LEVEL if is_image(self.x) else 1.0
        question = self._question(settings["output"])
        point = question.x + unit * settings["step"] * direction.to(question.x)
        slopes, score = gradient_at(self._question(settings["output"], point), point)
        yield None
        key = (settings["direction"], settings["output"], *self._place(settings))

        def view(trace: TangentTrace, coarse: bool) -> TangentView:
            return TangentView(
                trace=trace,
                settings=dict(settings),
                step=float(settings["step"]),
                point=point.cpu(),
                score=score,
                slopes=slopes.cpu(),
                unit_name="grey level" if is_image(self.x) else "unit",
                score_name=f"{settings['output']}{self._class_name()}",
                frame=frame_of(direction) if self._place(settings) else None,
                coarse=coarse,
            )

        if key not in self._traces:
            trace = yield from walk(question, direction, STEPS[::COARSE], unit)
            yield view(trace, coarse=True)
            self._traces[key] = yield from walk(question, direction, STEPS, unit)
        self._traces.move_to_end(key)
        while len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)  # the one not used for longest
        yield view(self._traces[key], coarse=False)

    def _question(self, output: str, point: Tensor | None = None) -> Question:
        """Return what is asked of the model at the input, or at another point."""
        if point is not None:
            return ask(self.model, point, self.target, output, self.batch_size)
        if output not in self._questions:
            self._questions[output] = ask(self.model, self.x, self.target, output, self.batch_size)
        return self._questions[output]

    def _class_name(self) -> str:
        """Return " of <class>", or nothing for a model with one output."""
        index = getattr(self.target, "index", None)
        if isinstance(self.target, PerRow):
            index = self.target.classes[:1]
        if not isinstance(index, tuple) or len(index) != 1:
            return ""
        name = self.labels[index[0]] if self.labels is not None else f"class {index[0]}"
        return f" of {name}"

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: TangentView) -> bytes:
        """Return the PNG: input, promise and truth along the line, gradient at the point."""
        return draw_tangent_view(result)

    def describe(self, result: TangentView) -> str:
        """Return the numbers in one line."""
        plural = "" if result.step == 1 else "s"
        parts = [
            f"step {two_digits(result.step)[0]} {result.unit_name}{plural}",
            f"promised {two_digits(result.promised)[0]}, true {two_digits(result.actual)[0]}",
            f"promise kept within 10 % {kept_text(result)}",
            f"cosine with the gradient at the input {result.likeness:.2f}",
        ]
        if result.coarse:
            parts.append("refining")
        return "  ·  ".join(parts)

    def alt(self, result: TangentView) -> str:
        """Return what the picture shows."""
        return (
            f"Tangent explorer, {result.score_name}, direction: {result.settings['direction']}, "
            f"step {result.step:.2g} {result.unit_name}s. Left: the input at this step. Middle: "
            "the change of the score over the step, the change that the gradient promises, and "
            "their quotient. Right: the gradient at this step."
        )


def frame_of(direction: Tensor) -> tuple[int, int, int, int]:
    """Return where the pixels lie that a direction (1, C, H, W) moves: top, bottom, left, right."""
    moved = direction[0].abs().sum(0) > 0  # (H, W)
    down, across = moved.any(1).nonzero().flatten(), moved.any(0).nonzero().flatten()
    return int(down[0]), int(down[-1]) + 1, int(across[0]), int(across[-1]) + 1


def kept_text(view: TangentView) -> str:
    """Say up to which step the promise is kept."""
    steps, kept = view.trace.steps, view.trace.kept
    if kept == 0:
        return f"nowhere from {two_digits(float(steps[0]))[0]} on"
    if kept == float(steps[-1]):
        return f"up to {two_digits(kept)[0]}, the whole line"
    return f"up to {two_digits(kept)[0]}"


def step_slider(value: float) -> ipywidgets.FloatLogSlider:
    """Return a logarithmic slider from 0.01 to 10 that reports while it is dragged."""
    low, high = float(STEPS[0]), float(STEPS[-1])
    if not low <= value <= high:
        raise ValueError(f"step must be from {low:g} to {high:g} here, got {value!r}")
    return ipywidgets.FloatLogSlider(
        value, base=10, min=-2, max=1, step=0.05, readout_format=".2g", description="step",
        style=LABEL, layout={"width": "280px"},
    )  # fmt: skip


def place_slider(name: str, side: int) -> ipywidgets.IntSlider:
    """Return a slider for the line or column of a patch, counted from 1."""
    return ipywidgets.IntSlider(
        (side + 1) // 2, min=1, max=side, description=name, style=LABEL, layout={"width": "270px"}
    )
