"""Remove what the map calls important from all data, train anew, and read the accuracy.

`Retraining` holds every choice. Its `curves` are what ROAR, KAR and DiffROAR have in common:

    curves = Retraining(**asked).curves(train, data, method)
    return curves.result("roar")
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.progress import progress
from xaicourse.evaluation import controls
from xaicourse.evaluation.imputers import Imputer, filled, make_imputer
from xaicourse.evaluation.kept import Kept
from xaicourse.evaluation.learning import Labelled, Learner, Net, check_data, explained
from xaicourse.evaluation.order import check_attribution, importance, spread, tie_fraction
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS, DataExample
from xaicourse.evaluation.removal import name_of
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.seeds import seeded

__all__ = ["Retraining", "RetrainingCurves", "factorial_example"]

# Maps that know nothing of a model. All that orders a map of zeros is the random key.
CONTROLS = {"random": torch.zeros_like, "sobel": controls.edges}
TRAINING_MEAN = "mean of the training data"


@dataclass(frozen=True)
class Retraining:
    """All choices of a metric that trains anew, as its caller made them."""

    fractions: Sequence[float]
    imputer: Any
    target: str
    channels: str
    sign: str
    unit: int
    trainings: int
    seed: int
    controls: Sequence[str]
    model: Any
    keep: Any
    batch_size: int | None

    def curves(
        self, train: Callable[..., Any], data: Any, method: Any, least_first: bool = False
    ) -> "RetrainingCurves":
        """Return the accuracy after each removal, for the method's maps and for the controls'."""
        parts = check_data(data)
        shares, seeds = self.shares(), self.seeds()
        fill, name = filler(self.imputer, parts[0].x)
        learner = Learner(train, Kept(self.keep), self.batch_size)
        net = Net(learner, parts[0], self.seed, self.model)
        made = explained(net, parts, method, self.target)
        found = {"method": self.units(made, parts)} | {
            control: self.units([CONTROLS[control](part.x) for part in parts], parts)
            for control in self.known(parts[0].x)
        }  # each (N, U) for training and for testing
        bar = progress(len(found) * len(seeds) * len(shares), "trainings")
        accuracy = dict[str, list[list[float]]]()
        try:
            for maps, units in found.items():
                accuracy[maps] = [[] for _ in seeds]
                for curve, seed in zip(accuracy[maps], seeds, strict=True):
                    for pair in without(parts, units, shares, seed, fill, self.unit, least_first):
                        curve.append(learner.accuracy(*pair, seed) if pair else torch.nan)
                        bar.update(1)
        finally:
            bar.close()

        def tensor(values: Any) -> Tensor:
            x = parts[0].x
            return torch.tensor(values, dtype=torch.float64).to(sum_dtype(x.device)).to(x.device)

        return RetrainingCurves(
            accuracy={maps: tensor(curves) for maps, curves in accuracy.items()},  # (S, T + 1)
            shares=tensor(shares),
            ties={maps: tie_fraction(units[0]).mean() for maps, units in found.items()},
            protocol=self.protocol(parts, train, name),
        )

    def shares(self) -> list[float]:
        """Return the shares that are removed, with 0 before them."""
        given = self.fractions
        if not isinstance(given, Iterable) or not all(isinstance(share, Real) for share in given):
            raise TypeError(f"fractions must be numbers such as (0.1, 0.5, 0.9), got {given!r}")
        shares = [0.0, *map(float, given)]
        if len(shares) == 1 or any(a >= b for a, b in pairwise(shares)) or shares[-1] > 1:
            raise ValueError(f"fractions must rise, from above 0 to at most 1; got {given!r}")
        return shares

    def seeds(self) -> list[int]:
        """Return the seed of each training."""
        seeded(self.seed)  # refuses what is none
        return [self.seed + k for k in range(check_positive_int(self.trainings, "trainings"))]

    def known(self, x: Tensor) -> list[str]:
        """Return the controls that x can have: edges are of images."""
        given = [self.controls] if isinstance(self.controls, str) else self.controls
        if not isinstance(given, Iterable):
            raise TypeError(f"controls must be names of {', '.join(CONTROLS)}, got {given!r}")
        names = list(given)
        unknown = [name for name in names if name not in CONTROLS]
        if unknown:
            raise ValueError(f"controls must be of {', '.join(CONTROLS)}, got {unknown[0]!r}")
        return [name for name in names if name != "sobel" or x.dim() == 4]

    def units(self, maps: Sequence[Tensor], parts: Sequence[Labelled]) -> list[Tensor]:
        """Return one number a unit, (N, U), of maps for training and for testing."""
        unit = check_positive_int(self.unit, "unit")
        for attribution, part in zip(maps, parts, strict=True):
            check_attribution(attribution, part.x)
        return [importance(attribution, self.channels, self.sign, unit) for attribution in maps]

    def protocol(self, parts: Sequence[Labelled], train: Any, imputer: str) -> Protocol:
        """Put the choices on record."""
        return Protocol(
            output="share of right classes",
            target=self.target,
            channels=self.channels if parts[0].x.dim() == 4 else "none",
            sign=self.sign,
            unit=int(self.unit),
            imputer=imputer,
            ties=f"random key a row, seed {self.seed}",
            steps=len(self.fractions),
            area=f"mean over the removed share, 0 to {max(self.fractions):g}, by trapezoids",
            aggregation="none: one value a training",
            own=(
                ("train", name_of(train)),
                ("trainings", self.trainings),
                ("fractions", tuple(map(float, self.fractions))),
                ("rows", tuple(len(part.x) for part in parts)),
            ),
        )


def without(
    parts: Sequence[Labelled], units: Sequence[Tensor], shares: Sequence[float], seed: int,
    fill: Imputer, unit: int, least_first: bool,
) -> Iterator[tuple[Labelled, Labelled] | None]:  # fmt: skip
    """Yield the data for training and for testing without each share of their units.

    Equal values are ordered by a random key that each row has of its own, so that a map that says
    nothing removes other units from each image. The least important first is the same order from
    its end. A map with NaN ranks nothing: None.
    """
    draw = seeded(seed)
    ranks = [rank_by_row(scores, draw) for scores in units]
    ranked = all(bool(torch.isfinite(scores).all()) for scores in units)
    total = units[0].shape[1]
    for share in shares:
        count = round(share * total)
        stays = [rank < total - count if least_first else rank >= count for rank in ranks]
        kept = (
            filled(fill, part.x, spread(stay, part.x, unit).to(part.x.dtype))
            for part, stay in zip(parts, stays, strict=True)
        )
        left = [replace(part, x=x) for part, x in zip(parts, kept, strict=True)] if ranked else None
        yield (left[0], left[1]) if left else None


def rank_by_row(scores: Tensor, draw: torch.Generator) -> Tensor:
    """Return the place of each unit in the order of removal, (N, U): 0 goes first."""
    shuffle = torch.rand(scores.shape, generator=draw, dtype=torch.float64).argsort(dim=1)
    shuffle = shuffle.to(scores.device)
    order = (-scores.nan_to_num(0.0)).gather(1, shuffle).argsort(dim=1, stable=True)
    order = shuffle.gather(1, order)  # (N, U): the unit that goes k-th
    places = torch.arange(scores.shape[1], device=scores.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places)


def filler(imputer: Any, x: Tensor) -> tuple[Imputer, str]:
    """Return what fills the gaps, and what it is called: the mean is that of the training data."""
    if not (isinstance(imputer, str) and imputer == "mean"):
        fill = make_imputer(imputer, x)
        return fill, name_of(fill)
    over = [0, *range(2, x.dim())]  # one mean a channel, or a column
    mean = x.to(sum_dtype(x.device)).mean(dim=over, keepdim=True).to(x.dtype)
    return lambda rows, keep: torch.where(keep.bool(), rows, mean), TRAINING_MEAN


@dataclass(frozen=True, eq=False)
class RetrainingCurves:
    """The accuracy of each training after each removal: of the method's maps and the controls'."""

    accuracy: dict[str, Tensor]  # each (S, T + 1)
    shares: Tensor  # (T + 1,), from 0
    ties: dict[str, Tensor]
    protocol: Protocol

    def minus(self, other: "RetrainingCurves") -> "RetrainingCurves":
        """Return the differences of the accuracies."""
        pairs = {maps: curve - other.accuracy[maps] for maps, curve in self.accuracy.items()}
        return replace(self, accuracy=pairs)

    def area(self, curve: Tensor) -> Tensor:
        """Return the mean of each curve over the removed share, by trapezoids, (S,)."""
        means = (curve[:, 1:] + curve[:, :-1]) / 2  # (S, T)
        return (means * self.shares.diff()).sum(dim=1) / self.shares[-1]

    def result(self, metric: str) -> MetricResult:
        """Return one value a training, with the controls' results among the details."""
        found = {
            maps: MetricResult(
                name=metric,
                values=self.area(curve),
                direction=METRICS[metric].direction,
                curve=curve,
                shares=self.shares,
                tie_fraction=self.ties[maps].expand(len(curve)).clone(),
                protocol=self.protocol,
            )
            for maps, curve in self.accuracy.items()
        }
        return replace(found.pop("method"), details=found)


def nearest_mean(x: Tensor, labels: Tensor, seed: int) -> Callable[[Tensor], Tensor]:
    """Return the model that compares x with the mean of each class: exact, without steps."""
    means = torch.stack([x[labels == k].flatten(1).mean(0) for k in range(int(labels.max()) + 1)])
    return lambda rows: rows.flatten(1) @ means.T - means.square().sum(1) / 2


def factorial_example() -> DataExample:
    """Return all 32 rows of five signs, of which the first is the class: accuracies are known."""
    grid = torch.tensor([1.0, -1.0], dtype=torch.float64)
    x = torch.cartesian_prod(*[grid] * 5)  # (32, 5)
    labels = (x[:, 0] > 0).long()
    falling = torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0], dtype=torch.float64)

    def right(model: Any, x: Tensor, target: Any) -> Tensor:
        return falling.to(x.dtype).to(x.device).expand_as(x).clone()

    def wrong(model: Any, x: Tensor, target: Any) -> Tensor:
        return -right(model, x, target)

    settings = {"fractions": (0.2, 0.6), "trainings": 2}
    return DataExample(nearest_mean, ((x, labels), (x, labels)), right, wrong, settings)
