"""Removal, step by step: what all metrics share that take features away and read the score.

`Removal` holds every choice, `Removal.curve` asks the model, and a metric is one number a curve.
The drop that is averaged over all steps, for example, is

    curve = Removal(imputer=imputer, **settings).curve(model, x, attribution, target)
    drop = curve.scores[:, :1] - curve.scores  # (N, T + 1)
    return curve.result("pixel_flipping", drop.mean(dim=1), area="mean drop")
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask, sum_dtype
from xaicourse.core.path import rows_of
from xaicourse.core.progress import progress
from xaicourse.evaluation.imputers import Imputer, background_of, make_imputer
from xaicourse.evaluation.order import (
    check_attribution,
    importance,
    removal_rank,
    spread,
    tie_fraction,
)
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS, MetricExample
from xaicourse.evaluation.result import MetricResult

__all__ = ["Removal", "RemovalCurve", "additive_example"]

MOST_STEPS = 224  # without `steps`: a side of a photo


@dataclass(frozen=True)
class Removal:
    """All choices of a removal metric, as its caller made them."""

    imputer: Any
    output: Any
    channels: str
    sign: str
    unit: int
    steps: int | None
    seed: int
    batch_size: int | None
    restore: bool = False  # begin with nothing but the imputer's values, and put units back

    def curve(
        self, model: Callable[..., Any], x: Tensor, attribution: Tensor, target: Any
    ) -> "RemovalCurve":
        """Return F after each step; NaN for a map with NaN, which ranks nothing."""
        question = ask(model, x, target, self.output, self.batch_size)
        check_attribution(attribution, x)
        unit = check_positive_int(self.unit, "unit")
        found = importance(attribution, self.channels, self.sign, unit)  # (N, U)
        counts = self.counts(found.shape[1]).to(x.device)
        fill = make_imputer(self.imputer)
        rank = removal_rank(found.nan_to_num(0.0), self.seed)  # (N, U)
        scores = self.scores(question, fill, rank, counts)
        ranked = torch.isfinite(found).all(dim=1, keepdim=True)
        return RemovalCurve(
            scores=scores.masked_fill(~ranked, torch.nan),
            shares=counts.to(scores.dtype) / found.shape[1],
            tie_fraction=tie_fraction(found),
            protocol=self.protocol(question, fill, len(counts) - 1),
        )

    def counts(self, units: int) -> Tensor:
        """Return how many units are gone (or back) at each point of the curve, (T + 1,)."""
        if self.steps is None:
            steps = min(units, MOST_STEPS)
        else:
            steps = check_positive_int(self.steps, "steps")
        if steps > units:
            raise ValueError(f"steps={steps} is more than the {units} units that can be removed")
        parts = torch.arange(steps + 1, dtype=torch.float64) * units / steps  # ends are exact
        return parts.round().long()

    def scores(self, question: Question, fill: Imputer, rank: Tensor, counts: Tensor) -> Tensor:
        """Return F after each count of removed (or restored) units, (N, T + 1)."""
        x, points = question.x, len(counts)
        row = torch.arange(len(x), device=x.device).repeat_interleave(points)
        count = counts.repeat(len(x))
        behind = background_of(fill, x)  # once an image
        bar = progress(len(row), "removal curve")

        def imputed(position: Tensor) -> Tensor:
            here = row[position]
            reached = rows_of(rank, here) < count[position, None]  # (P, U)
            keep = spread(reached if self.restore else ~reached, x, self.unit)
            photo = rows_of(x, here)  # (P, ...)
            bar.update(len(position))
            if behind is None:
                return fill(photo, keep.to(x.dtype))
            return torch.where(keep, photo, rows_of(behind, here))

        try:
            scores = question.scores(imputed, row)
        finally:
            bar.close()
        return scores.to(sum_dtype(x.device)).view(len(x), points)

    def protocol(self, question: Question, fill: Imputer, steps: int) -> Protocol:
        """Put the choices on record."""
        return Protocol(
            output=self.output if isinstance(self.output, str) else name_of(self.output),
            target=repr(question.target),
            channels=self.channels if question.x.dim() == 4 else "none",
            sign=self.sign,
            unit=int(self.unit),
            imputer=name_of(fill),
            ties=f"random key, seed {self.seed}",
            steps=steps,
        )


@dataclass(frozen=True, eq=False)
class RemovalCurve:
    """The score after each step, and what is needed to read it."""

    scores: Tensor  # (N, T + 1)
    shares: Tensor  # (T + 1,), from 0 to 1
    tie_fraction: Tensor  # (N,)
    protocol: Protocol

    def area(self) -> Tensor:
        """Return the area under each curve over the share, by trapezoids, (N,)."""
        means = (self.scores[:, 1:] + self.scores[:, :-1]) / 2  # (N, T)
        return (means * self.shares.diff()).sum(dim=1)

    def result(self, metric: str, values: Tensor, area: str = Protocol.area) -> MetricResult:
        """Return one value an image, (N,), as the result of a registered metric.

        `area` says, for the record, how the curve became that value.
        """
        return MetricResult(
            name=metric,
            values=values,
            direction=METRICS[metric].direction,
            curve=self.scores,
            shares=self.shares,
            tie_fraction=self.tie_fraction,
            protocol=replace(self.protocol, area=area),
        )


def name_of(function: Any) -> str:
    """Return how a function is called on record: an object of settings by its repr."""
    if hasattr(function, "__dataclass_fields__"):
        return repr(function)
    return getattr(function, "__name__", None) or f"a {type(function).__name__}"


def additive_example() -> MetricExample:
    """Return an additive model, on which every area is known: 4 + 3 + 2 + 1."""
    weight = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    x = torch.tensor([[1.0, 1, 1, 1], [1, -1, 2, 0.5]], dtype=torch.float64)
    settings = {"output": "logit", "imputer": 0.0}
    return MetricExample(lambda x: x @ weight.to(x), x, weight * x, None, settings)
