"""Explaining again: what all metrics share that are given a method in place of a map.

    again = explaining(model, x, method, target, output, batch_size)
    map_here, map_there = again.map(), again.map(x + shift)  # (N, D), for one and the same class
    return again.result("distance", (map_there - map_here).norm(dim=1))

What a method gives is checked each time, and what is the caller's stays as it is: the method works
on copies of x.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_takes, named
from xaicourse.core.gradients import Question, ask, sum_dtype
from xaicourse.core.target_kinds import Index, PerRow, Single
from xaicourse.evaluation.order import check_attribution
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS
from xaicourse.evaluation.removal import name_of
from xaicourse.evaluation.result import MetricResult
from xaicourse.methods.denoising.nested import Inner, explained, read_method
from xaicourse.methods.spec import Spec

__all__ = ["Explaining", "explaining"]


@dataclass(frozen=True, eq=False)
class Explaining:
    """A method, the model and the rows that it is asked about, and the class, fixed at x."""

    model: Callable[..., Any]
    question: Question
    method: Inner | Callable[..., Tensor]

    def map(self, x: Tensor | None = None, model: Any = None, target: Any = None) -> Tensor:
        """Return the map at x as rows of numbers, (N, D), or at other points of x's shape.

        `model` is another one that takes the same inputs; `target` another class.
        """
        points = self.question.x if x is None else x
        points = points.detach().to(self.question.model_dtype, copy=True)
        model = self.model if model is None else model
        with torch.enable_grad():  # a function of the caller's may differentiate by hand
            found = self._explain(model, points, target)
        try:
            check_attribution(found, self.question.x)
        except (TypeError, ValueError) as error:
            raise type(error)(f"method gives no map of x: {error}") from error
        return found.detach().to(sum_dtype(found.device)).flatten(1)

    def by(self, method: Any, name: str = "method") -> "Explaining":
        """Return the same with another method; `name` is what the caller calls it."""
        return replace(self, method=readable(method, name))

    def _explain(self, model: Any, points: Tensor, target: Any) -> Any:
        if not isinstance(self.method, Inner):  # a function is given a class as people write it
            target = self.question.target if target is None else target
            return self.method(model, points, as_written(target, points.device))
        what = explained(self.question)
        return self.method.record.method(
            model, points, what.target if target is None else target,
            output=what.output, batch_size=self.question.batch_size, **self.method.settings,
        )  # fmt: skip

    def result(
        self, metric: str, values: Tensor, *, sign: str = "none", steps: int = 0,
        area: str = "none", own: tuple[tuple[str, Any], ...] = (), **parts: Any,
    ) -> MetricResult:  # fmt: skip
        """Return one value an image, (N,), as the result of a registered metric.

        The method is not put on record: it is what is compared, as the map is elsewhere.
        """
        output = self.question.output
        protocol = Protocol(
            output=output if isinstance(output, str) else name_of(output),
            target=repr(self.question.target),
            channels="none",
            sign=sign,
            unit=1,
            imputer="none",
            ties="none",
            steps=steps,
            area=area,
            own=own,
        )
        return MetricResult(metric, values, METRICS[metric].direction, protocol, **parts)


def explaining(
    model: Callable[..., Any], x: Tensor, method: Any, target: Any, output: Any,
    batch_size: int | None,
) -> Explaining:  # fmt: skip
    """Check model, x, method and target, and fix the class at x by one forward pass."""
    question = ask(model, x, target, output, batch_size)
    _ = question.scores_at_x  # so that the model is known to answer before it is changed
    return Explaining(model, question, readable(method))


def readable(method: Any, name: str = "method") -> Inner | Callable[..., Tensor]:
    """Return a registered method with its settings, or a function of the caller's as it is."""
    bare = getattr(method, "func", method)  # of functools.partial
    if isinstance(method, str | Spec) or hasattr(bare, "record"):
        return read_method(method)
    if callable(method):
        check_takes(method, "method", ("model", "x", "target"))
        return method  # type: ignore[return-value]
    raise TypeError(
        f"{name} must be the name of a registered method, an xaicourse.spec or a function (model, "
        f"x, target) that returns a map, got {named(method)}"
    )


def as_written(target: Any, device: torch.device) -> Any:
    """Return a target as people write it: None, a class, or a class for each row."""
    if isinstance(target, Single):
        return None
    if isinstance(target, Index) and len(target.index) == 1:
        return target.index[0]
    if isinstance(target, PerRow):
        return torch.tensor(target.classes, device=device)
    return target
