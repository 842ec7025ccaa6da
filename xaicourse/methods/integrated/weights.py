"""Weights along a path, by name: what `weight=` takes."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.measures import Measure, measure
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.path_weights import (
    Crossing,
    ImportantDirection,
    OverPath,
    SlopeWeight,
    Weight,
)

__all__ = [
    "ALONG",
    "SHAPES",
    "PathWeight",
    "check_share",
    "make_cumulated",
    "make_measure",
    "make_weight",
]

PathWeight = str | Weight | Callable[[Tensor], Any] | None

# w(alpha) up to a factor, which is chosen so that its integral is 1
SHAPES: dict[str, Callable[[Tensor], Tensor]] = {
    "uniform": torch.ones_like,
    "linear": lambda a: a,
    "falling": lambda a: 1 - a,
    "falling_square": lambda a: (1 - a).square(),
    "square": torch.square,
    "root": torch.sqrt,
    "log": torch.log1p,
    "exponential": lambda a: (a - 1).exp(),
    "beta": lambda a: a * (1 - a),
}

# weights that look at F or at its gradient
ALONG: dict[str, Weight] = {
    "none": Weight(),
    "left": Crossing(0.9),
    "right": Crossing(0.9, after=True),
    "decision": SlopeWeight(),
    "important_direction": ImportantDirection(),
}


def make_measure(shape: Any, name: str) -> Measure:
    """Return a weight or density on [0, 1] from its name, or from a function of alpha."""
    if isinstance(shape, str):
        if shape not in SHAPES:
            raise ValueError(
                f"{name} {shape!r} is unknown; {did_you_mean(shape, SHAPES)}; or give a function "
                "of alpha"
            )
        return _named(shape)
    if not callable(shape):
        raise TypeError(
            f"{name} must be one of {', '.join(SHAPES)} or a function of alpha, got "
            f"{type(shape).__name__}"
        )
    return measure(shape, name)


def make_cumulated(density: Any) -> OverPath:
    """Return the weight that a density of baselines on the path gives: its cumulated mass."""
    if isinstance(density, str) and density in SHAPES:
        return _named_cumulated(density)
    return _cumulated(make_measure(density, "density"))


def _cumulated(density: Measure) -> OverPath:
    made = measure(density.cumulated, "density")
    return OverPath(made, size=made.total)


@cache
def _named_cumulated(density: str) -> OverPath:
    return _cumulated(_named(density))


@cache
def _named(shape: str) -> Measure:
    return measure(SHAPES[shape], shape)


def make_weight(weight: PathWeight) -> Weight:
    """Return what `weight=` of `path_attribution` means."""
    if weight is None:
        return ALONG["none"]
    if isinstance(weight, Weight):
        return weight
    if isinstance(weight, str) and weight in ALONG:
        return ALONG[weight]
    if isinstance(weight, str) and weight not in SHAPES:
        raise ValueError(
            f"weight {weight!r} is unknown; {did_you_mean(weight, [*ALONG, *SHAPES])}; or give a "
            "function of alpha"
        )
    return OverPath(make_measure(weight, "weight"))


def check_share(share: Any) -> float:
    """Return a share of the rise, a number between 0 and 1."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise ValueError(f"share must be a number between 0 and 1, such as 0.9, got {share!r}")
    return float(share)
