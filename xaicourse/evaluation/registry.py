"""The registry of metrics, by kind, with the example on which the contract tests try each."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from xaicourse.core.registry import LESSON_OF, say_lesson
from xaicourse.core.shared import OF_METRICS, complete
from xaicourse.evaluation.result import MetricResult

__all__ = ["METRICS", "Metric", "MetricExample", "MetricKind", "MetricRecord", "metric"]


class MetricKind(StrEnum):
    """What a metric looks at, and so which contract it is held to.

    All are called alike, ``metric(model, x, attribution, target=None, *, ...)``.
    """

    MAP = "map"  # the map alone
    MASK = "mask"  # the map and a ground-truth mask, given as `mask`
    CURVE = "curve"  # model and map: something is removed and the score is read
    EXPLAIN = "explain"  # a method, given as `method` and run again: stability, randomisation
    DATA = "data"  # a whole data set, so that its values are not one an image: retraining


@dataclass(frozen=True)
class MetricExample:
    """The smallest model, input and map on which a metric can be tried.

    The map is the right one, so that a worse one must get a worse value. Settings that are
    tensors have one entry for each row of x.
    """

    model: Callable[..., Any]
    x: Tensor
    attribution: Tensor
    target: Any
    settings: Mapping[str, Any] = field(default_factory=dict)


class Metric(Protocol):
    """The call that all metrics share: ``metric(model, x, attribution, target=None, *, ...)``."""

    __name__: str
    record: "MetricRecord"

    def __call__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        attribution: Tensor,
        target: Any = ...,
        **settings: Any,
    ) -> MetricResult: ...


@dataclass(frozen=True)
class MetricRecord:
    """What the course knows of a metric."""

    name: str
    title: str
    metric: Metric
    year: int
    paper: str
    kind: MetricKind
    direction: Literal["lower", "higher"]
    rank_only: bool  # a positive factor on the map changes nothing
    example: Callable[[], MetricExample]

    @property
    def lesson(self) -> str:
        """The number of the lesson that introduces it, "" until the course has said so."""
        return LESSON_OF.get(self.name, "")


METRICS: dict[str, MetricRecord] = {}


def metric(
    *,
    title: str,
    year: int,
    paper: str,
    kind: str,
    direction: Literal["lower", "higher"],
    rank_only: bool,
    example: Callable[[], MetricExample],
) -> Callable[[Callable[..., MetricResult]], Metric]:
    """Register a metric. Its result is made of plain tensors whatever the caller's mode is.

    What it shares with other metrics is spelled out by `complete`.
    """

    def register(body: Callable[..., MetricResult]) -> Metric:
        whole = complete(body, OF_METRICS)

        @functools.wraps(whole)
        def measured(*args: Any, **settings: Any) -> MetricResult:
            with torch.inference_mode(False), torch.no_grad():
                return whole(*args, **settings)

        record = MetricRecord(
            name=body.__name__,
            title=title,
            metric=measured,  # type: ignore[arg-type]
            year=year,
            paper=paper,
            kind=MetricKind(kind),
            direction=direction,
            rank_only=rank_only,
            example=example,
        )
        if record.name in METRICS and METRICS[record.name].metric.__module__ != body.__module__:
            raise ValueError(f"a metric called {record.name} is registered already")
        METRICS[record.name] = record
        say_lesson(measured)
        measured.record = record  # type: ignore[attr-defined]
        return measured  # type: ignore[return-value]

    return register
