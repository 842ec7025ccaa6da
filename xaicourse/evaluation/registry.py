"""The registry of metrics, by kind, with the example on which the contract tests try each."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from xaicourse.core.registry import LESSON_OF, say_lesson
from xaicourse.core.shared import complete
from xaicourse.core.shared_of_metrics import OF_MAP_METRICS, OF_METRICS
from xaicourse.evaluation.asked import OF_EXPLAINING_METRICS
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.shared_by_trainings import OF_DATA_METRICS

__all__ = [
    "METRICS",
    "DataExample",
    "Metric",
    "MetricExample",
    "MetricKind",
    "MetricRecord",
    "metric",
]


class MetricKind(StrEnum):
    """What a metric looks at, and so which contract it is held to.

    All are called alike, ``metric(model, x, attribution, target=None, *, ...)``; where no model is
    asked, None stands for the model and may stand for x, and where the map is made again a method
    stands for the map. Those of a data set are called ``metric(train, data, method, *, ...)``.
    """

    MAP = "map"  # the map alone: no model is asked
    MASK = "mask"  # the map and a ground-truth mask, given as `mask`: no model is asked either
    CURVE = "curve"  # model and map: something is removed and the score is read
    EXPLAIN = "explain"  # a method, given in place of the map and run again: stability, sanity
    DATA = "data"  # a data set on which nets are trained: its values may be one a training


@dataclass(frozen=True)
class MetricExample:
    """The smallest model, input and map on which a metric can be tried.

    The map is the right one, so that `worse` must get a worse value, without it the inverted map.
    Settings that are tensors have one entry for each row of x. Of a metric that explains again the
    example has a method, no map, and one that must get a worse value.
    """

    model: Callable[..., Any]
    x: Tensor
    attribution: Any  # None where a method makes it
    target: Any
    settings: Mapping[str, Any] = field(default_factory=dict)
    worse: Tensor | None = None  # for a metric that does not see a map's sign
    method: Any = None
    worse_method: Any = None

    @property
    def third(self) -> Any:
        """What is given in the third place: the map, or the method that makes it."""
        return self.attribution if self.method is None else self.method


@dataclass(frozen=True)
class DataExample:
    """The smallest data set and training on which a metric of kind `data` can be tried.

    `method` must get a better value than `worse`.
    """

    train: Callable[..., Any]
    data: tuple[Any, Any]  # training and testing, each (x, labels)
    method: Any
    worse: Any
    settings: Mapping[str, Any] = field(default_factory=dict)


class Metric(Protocol):
    """The call that all metrics share: ``metric(model, x, attribution, target=None, *, ...)``."""

    __name__: str
    record: "MetricRecord"

    def __call__(
        self,
        model: Callable[..., Any] | None,
        x: Tensor | None,
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
    example: Callable[[], Any]  # a MetricExample; of kind `data` a DataExample

    @property
    def lesson(self) -> str:
        """The number of the lesson that introduces it, "" until the course has said so."""
        return LESSON_OF.get(self.name, "")


METRICS: dict[str, MetricRecord] = {}
SHARED = {  # the words and defaults of their parameters
    MetricKind.MAP: OF_MAP_METRICS,
    MetricKind.MASK: OF_MAP_METRICS,
    MetricKind.EXPLAIN: OF_EXPLAINING_METRICS,
    MetricKind.DATA: OF_DATA_METRICS,
}


def metric(
    *,
    title: str,
    year: int,
    paper: str,
    kind: str,
    direction: Literal["lower", "higher"],
    rank_only: bool,
    example: Callable[[], Any],
) -> Callable[[Callable[..., MetricResult]], Metric]:
    """Register a metric. Its result is made of plain tensors whatever the caller's mode is.

    What it shares with other metrics is spelled out by `complete`.
    """

    def register(body: Callable[..., MetricResult]) -> Metric:
        whole = complete(body, SHARED.get(MetricKind(kind), OF_METRICS))

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
