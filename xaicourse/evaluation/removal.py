"""Removal, step by step: what all metrics share that take features away and read the score.

`Removal` holds every choice, `Removal.curve` asks the model, and a metric is one number a curve.
The drop that is averaged over all steps, for example, is

    curve = Removal(imputer=imputer, **settings).curve(model, x, attribution, target)
    drop = curve.scores[:, :1] - curve.scores  # (N, T + 1)
    return curve.result("pixel_flipping", curve.mean(drop), area="mean drop")
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask, sum_dtype
from xaicourse.core.path import rows_of
from xaicourse.core.progress import progress
from xaicourse.evaluation.imputers import (
    Imputer,
    background_of,
    draws_of,
    filled,
    make_imputer,
)
from xaicourse.evaluation.order import check_attribution, removal_rank, tie_fraction
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS, MetricExample
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.units import Units, read_units

__all__ = [
    "ORDERS",
    "Asked",
    "Removal",
    "RemovalCurve",
    "additive_example",
    "better",
    "correct",
]

Direction = Literal["lower", "higher"]

MOST_STEPS = 224  # without `steps`: a side of a photo
OWN_STEPS = 100  # without `steps`, where each row has units of its own
ORDERS = ("morf", "lerf")  # most relevant first, least relevant first


def correct(outputs: Tensor) -> Tensor:
    """Return 1 at the predicted class and 0 elsewhere: ``output="accuracy"``."""
    return torch.nn.functional.one_hot(outputs.argmax(dim=1), outputs.shape[1]).to(outputs.dtype)


@dataclass(frozen=True)
class Removal:
    """All choices of a removal metric, as its caller made them."""

    imputer: Any
    output: Any
    channels: str
    sign: str
    unit: Any
    steps: int | None
    seed: int
    batch_size: int | None
    order: str = "morf"
    restore: bool = False  # begin with nothing but the imputer's values, and put units back
    mean: bool = False  # a unit is worth its mean, not its sum
    grid: tuple[float, ...] = ()  # shares at which the score is read, without `steps`

    def curve(
        self, model: Callable[..., Any], x: Tensor, attribution: Tensor, target: Any
    ) -> "RemovalCurve":
        """Return F after each step; NaN for a map with NaN, which ranks nothing."""
        return self.ask(model, x, attribution, target).curve(self.order)

    def ask(
        self, model: Callable[..., Any], x: Tensor, attribution: Tensor, target: Any
    ) -> "Asked":
        """Check everything, and fix what is asked: for metrics that need several curves."""
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {self.order!r}")
        output = correct if self.output == "accuracy" else self.output
        question = ask(model, x, target, output, self.batch_size)
        check_attribution(attribution, x)
        units = read_units(self.unit, question.x)
        found = units.pool(attribution, self.channels, self.sign, self.mean)  # (N, U)
        counts = self.counts(units).to(x.device)
        return Asked(self, question, make_imputer(self.imputer, question.x), units, found, counts)

    def counts(self, units: Units) -> Tensor:
        """Return how many units are gone (or back) at each point of the curve, (N, T + 1)."""
        most, fewest = int(units.counts.max()), int(units.counts.min())
        if self.steps is not None:
            steps = check_positive_int(self.steps, "steps")
            if steps > fewest:
                raise ValueError(
                    f"steps={steps} is more than the {fewest} units that can be removed"
                )
        else:
            steps = OWN_STEPS if units.per_row else min(most, MOST_STEPS)
        shares = torch.arange(steps + 1, dtype=torch.float64) / steps
        if self.grid and self.steps is None:
            shares = torch.tensor([0.0, *self.grid, 1.0], dtype=torch.float64)
        own = units.counts.cpu()[:, None]
        counts = (shares * own).round().long()  # ends are exact
        return counts if units.per_row else counts[:, _new(counts)[0]]


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of a model: in which order units go, and what stands in for them."""

    removal: Removal
    question: Question
    fill: Imputer
    units: Units
    found: Tensor  # (N, U): what the map says of each unit
    counts: Tensor  # (N, T + 1)

    def curve(
        self,
        order: str = "morf",
        visit: Callable[[Tensor, Tensor], None] | None = None,
        always: Tensor | None = None,
    ) -> "RemovalCurve":
        """Return F after each step, averaged over the draws of what stands in.

        `visit` is called as ``visit(positions, inputs)`` with what the model is given, of N
        (T + 1) in all; `always`, (U,) booleans, are units that are never removed.
        """
        found, counts, units = self.found, self.counts, self.units
        absent = torch.isneginf(found)
        worth = found.nan_to_num(0.0) if order == "morf" else -found.nan_to_num(0.0)
        rank = removal_rank(worth.masked_fill(absent, -torch.inf), self.removal.seed)  # (N, U)
        scores = [self.scores(fill, rank, visit, always) for fill in draws_of(self.fill)]
        ranked = ~found.isnan().any(dim=1, keepdim=True)
        own = counts / units.counts[:, None].to(sum_dtype(counts.device))  # (N, T + 1)
        steps = counts.shape[1] - 1
        even = torch.arange(steps + 1, dtype=own.dtype, device=own.device) / steps
        return RemovalCurve(
            scores=torch.stack(scores).mean(dim=0).masked_fill(~ranked, torch.nan),
            own_shares=own,
            shares=even if units.per_row else own[0],
            tie_fraction=tie_fraction(found),
            protocol=self.protocol(order, steps),
        )

    def inner_curve(self, order: str, other: "RemovalCurve") -> "RemovalCurve":
        """Return the curve of another order, whose ends are those of a curve that is there."""
        if self.counts.shape[1] == 2:
            return other
        inner = replace(self, counts=self.counts[:, 1:-1]).curve(order)
        ends = other.scores[:, :1], other.scores[:, -1:]
        return replace(other, scores=torch.cat([ends[0], inner.scores, ends[1]], dim=1))

    def scores(
        self,
        fill: Imputer,
        rank: Tensor,
        visit: Callable[[Tensor, Tensor], None] | None,
        always: Tensor | None,
    ) -> Tensor:
        """Return F after each count of removed (or restored) units, (N, T + 1)."""
        x, restore = self.question.x, self.removal.restore
        new = _new(self.counts)  # where nothing more is gone the model is not asked again
        row, point = new.nonzero(as_tuple=True)
        count = self.counts[row, point]
        behind = background_of(fill, x)  # once an image
        bar = progress(len(row), "removal curve")

        def imputed(position: Tensor) -> Tensor:
            here = row[position]
            reached = rows_of(rank, here) < count[position, None]  # (P, U)
            kept = reached if restore else ~reached
            keep = self.units.spread(kept if always is None else kept | always, here)
            photo = rows_of(x, here)  # (P, ...)
            bar.update(len(position))
            if behind is None:
                found = filled(fill, photo, keep.to(x.dtype))
            else:
                found = torch.where(keep, photo, rows_of(behind, here))
            if visit is not None:
                visit(position, found)
            return found

        try:
            scores = self.question.scores(imputed, row)
        finally:
            bar.close()
        latest = new.flatten().cumsum(dim=0) - 1
        return scores.to(sum_dtype(x.device))[latest].view(new.shape)

    def protocol(self, order: str, steps: int) -> Protocol:
        """Put the choices on record."""
        removal, images = self.removal, self.question.x.dim() == 4
        return Protocol(
            output=removal.output if isinstance(removal.output, str) else name_of(removal.output),
            target=repr(self.question.target),
            channels=removal.channels if images or self.units.name == "token" else "none",
            sign=removal.sign,
            unit=self.units.name,
            imputer=name_of(self.fill),
            ties=f"random key, seed {removal.seed}",
            steps=steps,
            own=() if order == "morf" else (("order", order),),
        )


def _new(counts: Tensor) -> Tensor:
    """Return where more units are gone than at the point before, (N, T + 1)."""
    return torch.cat([torch.ones_like(counts[:, :1]), counts.diff(dim=1)], dim=1) > 0


@dataclass(frozen=True, eq=False)
class RemovalCurve:
    """The score after each step, and what is needed to read it."""

    scores: Tensor  # (N, T + 1)
    own_shares: Tensor  # (N, T + 1), from 0 to 1, of each row's own units
    shares: Tensor  # (T + 1,), the same unless each row has units of its own
    tie_fraction: Tensor  # (N,)
    protocol: Protocol

    def area(self, scores: Tensor | None = None) -> Tensor:
        """Return the area under each curve over the share, by trapezoids, (N,)."""
        scores = self.scores if scores is None else scores
        means = (scores[:, 1:] + scores[:, :-1]) / 2  # (N, T)
        return (means * self.own_shares.diff(dim=1)).sum(dim=1)

    def mean(self, scores: Tensor) -> Tensor:
        """Return the mean over the points of each curve, both ends included, (N,)."""
        new = _new(self.own_shares)
        return (scores * new).sum(dim=1) / new.sum(dim=1)

    def of(self, scores: Tensor, shares: Tensor | None = None) -> "RemovalCurve":
        """Return the curve of something else, such as the share of the score that is left."""
        return replace(self, scores=scores, shares=self.shares if shares is None else shares)

    def result(
        self,
        metric: str,
        values: Tensor,
        area: str = Protocol.area,
        direction: Direction | None = None,
        own: tuple[tuple[str, Any], ...] = (),
    ) -> MetricResult:
        """Return one value an image, (N,), as the result of a registered metric.

        `area` says, for the record, how the curve became that value, and `own` what only this
        metric chooses.
        """
        return MetricResult(
            name=metric,
            values=values,
            direction=direction or METRICS[metric].direction,
            curve=self.scores,
            shares=self.shares,
            tie_fraction=self.tie_fraction,
            protocol=replace(self.protocol, area=area, own=self.protocol.own + own),
        )


def better(most_first: Direction, asked: Mapping[str, Any]) -> Direction:
    """Return which values are better: the opposite where the least relevant goes first."""
    other: Direction = "lower" if most_first == "higher" else "higher"
    return other if asked["order"] == "lerf" else most_first


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
