"""What metrics share that ask no model: they read a map, alone or against a mask."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.evaluation.masks import read_mask
from xaicourse.evaluation.order import check_attribution, importance, tie_fraction
from xaicourse.evaluation.protocol import Protocol
from xaicourse.evaluation.registry import METRICS, MetricExample
from xaicourse.evaluation.result import MetricResult

__all__ = ["Located", "ReadMap", "locate", "located_example", "read_map"]


@dataclass(frozen=True, eq=False)
class ReadMap:
    """A map as one number a unit, and how it became that."""

    found: Tensor  # (N, U)
    grid: tuple[int, ...]  # of the units: (H, W) for images
    channels: str
    sign: str

    def result(self, metric: str, values: Tensor, ties: str = "none", **more: Any) -> MetricResult:
        """Return values (N,) as a result; a map with NaN has none. `more` has Protocol's `own`."""
        readable = torch.isfinite(self.found).all(dim=1)
        protocol = Protocol(
            output="none",
            target="none",
            channels=self.channels,
            sign=self.sign,
            unit=1,
            imputer="none",
            ties=ties,
            steps=0,
            area="none",
            own=tuple(more.pop("own", {}).items()),
        )
        return MetricResult(
            name=metric,
            values=values.to(self.found.dtype).masked_fill(~readable, torch.nan),
            direction=METRICS[metric].direction,
            protocol=protocol,
            **more,
        )


def read_map(attribution: Tensor, x: Tensor | None, channels: str, sign: str = "keep") -> ReadMap:
    """Check a map and join its channels; without x only the map itself is looked at."""
    check_attribution(attribution, attribution if x is None else x)
    found = importance(attribution, channels, sign, unit=1)
    images = attribution.dim() == 4
    grid = attribution.shape[2:] if images else attribution.shape[1:]
    return ReadMap(found, tuple(grid), channels if images else "none", sign)


@dataclass(frozen=True, eq=False)
class Located:
    """A map and where the truth lies in it."""

    map: ReadMap
    inside: Tensor  # (N, U) booleans

    @property
    def found(self) -> Tensor:
        """Return the map, (N, U)."""
        return self.map.found

    @property
    def share(self) -> Tensor:
        """Return which share of the units is inside, (N,): what blind pointing hits."""
        return self.inside.to(self.found.dtype).mean(dim=1)

    def mass(self) -> Tensor:
        """Return the share of a map without negative values that is inside, (N,)."""
        return (self.found * self.inside).sum(dim=1) / self.found.sum(dim=1)

    def result(self, metric: str, values: Tensor, chance: Tensor, **more: Any) -> MetricResult:
        """Return values (N,) as a result; a mask that is nowhere or everywhere gives none."""
        says_something = (self.share > 0) & (self.share < 1)
        return self.map.result(
            metric,
            values.masked_fill(~says_something, torch.nan),
            chance=chance.masked_fill(~says_something, torch.nan),
            tie_fraction=tie_fraction(self.found),
            **more,
        )


def locate(
    attribution: Tensor, x: Tensor | None, mask: Tensor, channels: str, sign: str = "keep"
) -> Located:
    """Check a map and a mask and lay them side by side; a pixel is inside if one channel is."""
    read = read_map(attribution, x, channels, sign)
    inside = read_mask(mask, attribution if x is None else x)
    if inside.dim() == 4:
        inside = inside.any(dim=1)
    return Located(read, inside.flatten(1))


def located_example() -> MetricExample:
    """Return two small photos whose maps are high inside their masks: a quarter of each photo."""
    inside = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    inside[0, :, :2, :2] = inside[1, :, 2:, 2:] = True
    waves = torch.cos(torch.arange(96, dtype=torch.float64)).view(2, 3, 4, 4)
    truth = torch.where(inside, 1.0, -0.5) + 0.1 * waves
    return MetricExample(lambda x: x.flatten(1), 0.5 + waves / 4, truth, 0, {"mask": inside})
