"""Sets of units that are removed together, and how far the score falls: model against map.

A removal curve goes where the map says; here the map has no say in what is removed, and must then
explain by how much the score fell. `Removal.ask` fixes what is asked, as for a curve.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.path import rows_of
from xaicourse.core.progress import progress
from xaicourse.evaluation.imputers import Imputer, background_of, draws_of, filled
from xaicourse.evaluation.order import tie_fraction
from xaicourse.evaluation.ranks import midranks
from xaicourse.evaluation.registry import METRICS, MetricExample
from xaicourse.evaluation.removal import Asked, Removal, additive_example
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.seeds import seeded

__all__ = [
    "CORRELATIONS",
    "Gone",
    "Sets",
    "ask_sets",
    "pearson",
    "random_subsets",
    "single_units",
    "spearman",
    "subsets_example",
    "sum_example",
    "sums_over",
]

Gone = Callable[[Tensor, Tensor], Tensor]  # (rows, sets), both (P,) -> which units go, (P, U)


@dataclass(frozen=True, eq=False)
class Sets:
    """What is asked of model and map about sets of units."""

    asked: Asked

    @property
    def found(self) -> Tensor:
        """What the map says of each unit, (N, U)."""
        return self.asked.found

    @property
    def f_x(self) -> Tensor:
        """F(x), (N,)."""
        return self.asked.question.scores_at_x.to(self.found.dtype)

    def drops(self, gone: Gone, sets: int) -> Tensor:
        """Return F(x) - F(x without a set), (R, N, S), for each draw of what stands in."""
        f_x = self.f_x[:, None]  # first of all: what is wrong with x is said of x
        fills = draws_of(self.asked.fill)
        return f_x - torch.stack([self.scores(fill, gone, sets) for fill in fills])

    def scores(self, fill: Imputer, gone: Gone, sets: int) -> Tensor:
        """Return F(x without a set), (N, S)."""
        x, units = self.asked.question.x, self.asked.units
        row = torch.arange(len(x), device=x.device).repeat_interleave(sets)
        behind = background_of(fill, x)  # once an image
        bar = progress(len(row), "sets of units")

        def without(position: Tensor) -> Tensor:
            here, photo = row[position], rows_of(x, row[position])
            keep = units.spread(~gone(here, position % sets), here)
            bar.update(len(position))
            if behind is None:
                return filled(fill, photo, keep.to(x.dtype))
            return torch.where(keep, photo, rows_of(behind, here))

        try:
            scores = self.asked.question.scores(without, row)
        finally:
            bar.close()
        return scores.to(self.found.dtype).view(len(x), sets)

    def rounding(self, drops: Tensor) -> Tensor:
        """Return what a drop, (..., N, S), may owe to rounding alone, (N, 1)."""
        largest = drops.abs().amax(dim=-1).maximum(self.f_x.abs())
        eps = torch.finfo(self.asked.question.model_dtype).eps
        return 4 * eps * largest.view(-1, len(self.f_x)).amax(dim=0)[:, None]

    def result(
        self, metric: str, values: Tensor, area: str, steps: int = 0, **own: Any
    ) -> MetricResult:
        """Return one value an image as a result; a map with NaN has none.

        With `steps` the map has ordered its units, and ties were in it.
        """
        readable = ~self.found.isnan().any(dim=1)
        protocol = replace(self.asked.protocol("morf", steps), area=area, own=tuple(own.items()))
        return MetricResult(
            name=metric,
            values=values.to(sum_dtype(values.device)).masked_fill(~readable, torch.nan),
            direction=METRICS[metric].direction,
            tie_fraction=tie_fraction(self.found) if steps else None,
            protocol=protocol if steps else replace(protocol, ties="none"),
        )


def ask_sets(
    removal: Removal, model: Callable[..., Any], x: Tensor, attribution: Tensor, target: Any
) -> Sets:
    """Check everything, and fix what is asked."""
    asked = removal.ask(model, x, attribution, target)
    if asked.units.per_row:
        raise ValueError(
            f"unit={asked.units.name!r} gives each row units of its own, but all rows share the "
            "sets that are removed; give the side of patches, or labels (H, W) for all"
        )
    return Sets(asked)


def sum_example() -> MetricExample:
    """Return the additive model, of which the exact map foretells every fall."""
    return additive_example()


def subsets_example() -> MetricExample:
    """Return the same with few sets."""
    made = sum_example()
    return replace(made, settings={**made.settings, "samples": 16})


# ---- which units go ------------------------------------------------------------------------------


def random_subsets(units: int, size: int, samples: int, seed: int, device: Any) -> Tensor:
    """Return random sets of `size` units, (S, U) booleans: the same for every row and device."""
    samples, generator = check_positive_int(samples, "samples"), seeded(seed)
    sets = torch.zeros(samples, units, dtype=torch.bool)
    for one in sets:
        one[torch.randperm(units, generator=generator)[:size]] = True
    return sets.to(device)


def single_units(units: int, device: Any) -> Gone:
    """Return the sets of one unit each."""
    unit = torch.arange(units, device=device)
    return lambda row, k: unit == k[:, None]


def sums_over(found: Tensor, sets: Tensor) -> Tensor:
    """Return the sum of a map, (N, U), over each set, (S, U): (N, S), a few sets at a time."""
    parts = sets.split(64)
    return torch.cat([found @ part.to(found.dtype).T for part in parts], dim=1)


# ---- how well they agree -------------------------------------------------------------------------


def pearson(a: Tensor, b: Tensor, rounding: Tensor | float = 0.0) -> Tensor:
    """Return the correlation of two rows of numbers, (N,); NaN where one of them is constant.

    `rounding` is what differences within b may owe to rounding, (N, 1).
    """
    a, b = centred(a, 0.0), centred(b, rounding)
    r = (a * b).sum(dim=1) / (a.norm(dim=1) * b.norm(dim=1))
    return r.clamp(-1, 1)


def centred(t: Tensor, rounding: Tensor | float) -> Tensor:
    """Return rows less their mean, (N, S); NaN for a row that varies by rounding only."""
    own = 16 * torch.finfo(t.dtype).eps * t.abs().amax(dim=1, keepdim=True)
    t = t - t.mean(dim=1, keepdim=True)
    return t.masked_fill(t.abs().amax(dim=1, keepdim=True) <= own + rounding, torch.nan)


def spearman(a: Tensor, b: Tensor, rounding: Tensor | float = 0.0) -> Tensor:
    """Return the correlation of the ranks, (N,), equal values sharing theirs."""
    constant = pearson(a, b, rounding).isnan()
    return pearson(midranks(a), midranks(b)).masked_fill(constant, torch.nan)


CORRELATIONS = {"pearson": pearson, "spearman": spearman}
