"""Go straight away from an input, and compare the score with what the gradient promised."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.core.gradients import Question, ask, gradients
from xaicourse.core.near_names import suggest_names
from xaicourse.widgets.documented import documented
from xaicourse.widgets.given import check_one
from xaicourse.widgets.work import finish

GREY_LEVEL = 1 / 255  # an image file stores 256 brightnesses: 0, 1/255, ..., 1
STEPS = torch.logspace(-2, 1, 19, dtype=torch.float64)  # 0.01 to 10, six for each factor of 10
KEPT = 0.1  # a promise is kept while the truth is within 10 % of it
ROUNDING = 32  # times the smallest difference that the model's numbers can show


@documented
class TangentTrace:
    """The score on a straight line away from one input, beside its tangent; all on the CPU."""

    steps: Annotated[Tensor, "(S,): How far, in units, each point is from the input; rising."]
    scores: Annotated[Tensor, "(S,): F at these points."]
    score: Annotated[float, "F at the input."]
    slope: Annotated[float, "dF/d(step) at the input: what one unit promises."]
    values: Annotated[Tensor, "(1, ...): The gradient at the input, with signs."]
    rounding: Annotated[float, "Changes of F below this are rounding noise."]

    @property
    def actual(self) -> Tensor:
        """F at each step minus F at the input, (S,)."""
        return self.scores - self.score

    @property
    def promised(self) -> Tensor:
        """What the tangent says that this change is, (S,)."""
        return self.slope * self.steps

    @property
    def kept(self) -> float:
        """The largest step up to which the truth is within 10 % of the promise; 0 if there is none.

        A change that is rounding noise neither keeps nor breaks a promise.
        """
        error = (self.actual - self.promised).abs()
        good = error <= KEPT * self.promised.abs() + self.rounding
        broken = (~good & (self.steps > 0)).nonzero()
        last = int(broken[0]) if len(broken) else len(self.steps)
        return float(self.steps[last - 1]) if last else 0.0


@suggest_names
def trace_tangent(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    direction: Tensor,
    steps: Sequence[float] | Tensor = STEPS,
    unit: float = GREY_LEVEL,
    output: Any = "logit",
    batch_size: int | None = None,
) -> TangentTrace:
    """Walk from x along a direction and return the score beside the gradient's promise.

    Parameters
    ----------
    model, x, target, output, batch_size
        As for `xc.gradient`; x holds one input.
    direction : Tensor (1, ...)
        Where to go, shaped as x. With entries of size 1, a step of 1 moves them by one unit.
    steps : Tensor or sequence of float (S,)
        How far, in units; rising.
    unit : float
        Length of one unit, in x's own numbers; 1/255 is one grey level of an image.

    Returns
    -------
    TangentTrace
        On the CPU.

    Raises
    ------
    ValueError, TypeError
        As for `xc.gradient`; x with more than one row, a direction of another shape, steps that
        do not rise.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> second = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    >>> trace = xc.widgets.trace_tangent(xc.zoo.toy(), xc.zoo.toy_input(), direction=second,
    ...                                  steps=[1.0, 2.0], unit=1.0)
    >>> trace.promised.tolist(), trace.actual.tolist(), trace.kept
    ([-3.0, -6.0], [-3.0, 0.0], 1.0)
    """
    return finish(walk(ask(model, x, target, output, batch_size), direction, steps, unit))


def walk(
    question: Question, direction: Tensor, steps: Sequence[float] | Tensor, unit: float
) -> Generator[None, None, TangentTrace]:
    """Do the work of `trace_tangent` chunk by chunk: yield after each, return the trace."""
    x, there = question.x, tuple(direction.shape)
    check_one(x, "a line starts at one input")
    if there != x.shape:
        raise ValueError(f"direction must have the shape of x, {tuple(x.shape)}, got {there}")
    distances = torch.as_tensor(steps, dtype=torch.float64)  # (S,)
    if distances.ndim != 1 or not len(distances) or bool((distances.diff() <= 0).any()):
        raise ValueError(f"steps must be a rising row of numbers, got {steps!r}")
    direction, scores = direction.to(x), []
    grad, score = gradients(question)
    yield
    for some in distances.split(question.batch_size):
        points = torch.cat([x + (unit * step) * direction for step in some.tolist()])
        scores.append(question.scores(points, question.rows.expand(len(points))).cpu().double())
        yield
    return TangentTrace(
        steps=distances,
        scores=torch.cat(scores),
        score=float(score),
        slope=unit * float((grad.double() * direction.double()).sum()),
        values=grad.cpu(),
        rounding=ROUNDING * torch.finfo(x.dtype).eps * max(1.0, abs(float(score))),
    )
