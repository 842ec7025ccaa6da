"""What every metric returns: one value an image, never an average that hides something."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.evaluation.interval import Interval, Kind, confidence_interval
from xaicourse.evaluation.protocol import Protocol

__all__ = ["MetricResult"]


@dataclass(frozen=True, eq=False)
class MetricResult:
    """The values of a metric with all that is needed to read them.

    Parameters
    ----------
    name : str
        The metric.
    values : Tensor (N,)
        One value an image, float64 where the device has it; NaN where there is none. Where nets
        are trained: one value a training.
    direction : str
        ``"lower"`` or ``"higher"``: which values are better.
    protocol : Protocol
        The choices that were made.
    curve : Tensor (N, T + 1), optional
        The score after each step.
    shares : Tensor (T + 1,), optional
        The share of features that is removed (or restored) at each point of the curve.
    tie_fraction : Tensor (N,), optional
        The share of features whose value another feature has too.
    chance : Tensor (N,), optional
        What a map that knows nothing is expected to get on each image, in units of `values`.
    details : mapping
        What else was measured, by name: tensors (N,), needed to read each image's value, such as by
        how much the model's output changed where the map did; where nets are trained, the results
        of controls and the nets' accuracies.
    """

    name: str
    values: Tensor
    direction: Literal["lower", "higher"]
    protocol: Protocol
    curve: Tensor | None = None
    shares: Tensor | None = None
    tie_fraction: Tensor | None = None
    chance: Tensor | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return brief(self)

    @property
    def above_chance(self) -> Tensor:
        """Return (values - chance) / (1 - chance), (N,): 0 knows nothing, 1 is the best value."""
        if self.chance is None:
            raise ValueError(f"{self.name} has no level of chance that is known beforehand")
        return (self.values - self.chance) / (1 - self.chance)

    @property
    def valid(self) -> Tensor:
        """Where there is a value, (N,) booleans. NaN is counted here, never averaged away."""
        return torch.isfinite(self.values)

    def mean(self) -> float:
        """Return the mean over the valid images."""
        self._need_values()
        return float(self.values[self.valid].mean())

    def interval(self, level: float = 0.95, kind: Kind | None = None) -> Interval:
        """Return the mean over the valid images with its interval: see `confidence_interval`."""
        self._need_values()
        return confidence_interval(self.values[self.valid], level=level, kind=kind)

    def minus(self, other: "MetricResult", level: float = 0.95, kind: Kind = "student") -> Interval:
        """Return the mean difference to another method's values on the same images, paired."""
        if self.name != other.name or self.protocol != other.protocol:
            raise ValueError(
                f"only values of one metric and one protocol can be compared; got {self.name} with "
                f"{self.protocol} and {other.name} with {other.protocol}"
            )
        if self.values.shape != other.values.shape:
            raise ValueError(
                f"paired values need the same images, got {len(self.values)} and "
                f"{len(other.values)}"
            )
        both = self.valid & other.valid
        if not bool(both.any()):
            raise ValueError("no image has a value in both results")
        return confidence_interval((self.values - other.values)[both], level=level, kind=kind)

    def _need_values(self) -> None:
        if not bool(self.valid.any()):
            raise ValueError(f"{self.name}: none of the {len(self.values)} image(s) has a value")
