"""The registry of metrics, by kind, with the example on which the contract tests try each."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from torch import Tensor

from xaicourse.evaluation.result import MetricResult

__all__ = ["METRICS", "MetricExample", "MetricKind", "MetricRecord", "metric"]


class MetricKind(StrEnum):
    """What a metric is given, and so which contract it is held to."""

    MAP = "map"  # the map alone
    MASK = "mask"  # a map and a ground-truth mask
    CURVE = "curve"  # model and map: something is removed and the score is read
    EXPLAIN = "explain"  # a method, which is run again: stability, randomisation
    DATA = "data"  # a whole data set: retraining


@dataclass(frozen=True)
class MetricExample:
    """The smallest model, input and map on which a metric can be tried."""

    model: Callable[..., Any]
    x: Tensor
    attribution: Tensor
    target: Any
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MetricRecord:
    """What the course knows of a metric."""

    name: str
    title: str
    metric: Callable[..., MetricResult]
    year: int
    paper: str
    lesson: str
    kind: MetricKind
    direction: Literal["lower", "higher"]
    rank_only: bool  # a positive factor on the map changes nothing
    example: Callable[[], MetricExample]


METRICS: dict[str, MetricRecord] = {}


def metric(
    *,
    title: str,
    year: int,
    paper: str,
    lesson: str,
    kind: str,
    direction: Literal["lower", "higher"],
    rank_only: bool,
    example: Callable[[], MetricExample],
) -> Callable[[Callable[..., MetricResult]], Callable[..., MetricResult]]:
    """Register a metric."""

    def register(body: Callable[..., MetricResult]) -> Callable[..., MetricResult]:
        @functools.wraps(body)
        def measured(*args: Any, **settings: Any) -> MetricResult:
            return body(*args, **settings)

        METRICS[body.__name__] = MetricRecord(
            name=body.__name__,
            title=title,
            metric=measured,
            year=year,
            paper=paper,
            lesson=lesson,
            kind=MetricKind(kind),
            direction=direction,
            rank_only=rank_only,
            example=example,
        )
        return measured

    return register
