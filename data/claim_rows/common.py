"""What the rows share: the pictures, the maps, and how a number is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

import xaicourse as xc
from xaicourse.methods.spec import Spec

Method = Callable[[Any, Tensor, Tensor], Tensor]
Tables = dict[str, list[dict[str, Any]]]
TRAINING = 1500
STEPS, SAMPLES = 16, 16  # of Integrated Gradients, of SmoothGrad


@dataclass(frozen=True)
class Row:
    """A claim in words, and what measures and judges it."""

    title: str
    says: str
    papers: tuple[str, ...]
    lesson: int
    experiment: str
    measure: Callable[[Path | None], Tables]
    judge: Callable[[Mapping[str, Any]], list[dict[str, Any]]]
    beside: Callable[[Mapping[str, Any]], list[str]] = lambda tables: []


def condition(says: str, came: bool, **numbers: float) -> dict[str, Any]:
    """Return what must be seen, whether it was, and the numbers that decide."""
    return {"says": says, "came": bool(came), "numbers": numbers}


def interval(values: Any, shares: bool = False) -> dict[str, Any]:
    """Return a mean with its interval, 95 %, as it is stored; what has no value is not counted.

    Wilson's interval is for values that are 0 or 1 by nature (`shares`), Student's for all others.
    """
    there = torch.as_tensor(values, dtype=torch.float64).flatten()
    there = there[torch.isfinite(there)]
    if len(there) == 0:
        return {"mean": None, "low": None, "high": None, "n": 0}
    kind = "wilson" if shares else "student"
    found = xc.evaluation.confidence_interval(there, kind=kind)
    ends = [rounded(end) for end in found[:3]]
    return dict(zip(("mean", "low", "high"), ends, strict=True)) | {"n": found.images}


def rounded(value: Any) -> Any:
    """Return a number with three digits, whatever holds it."""
    if isinstance(value, float):
        return float(f"{value:.3g}")
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return value


def find(table: Sequence[Mapping[str, Any]], **at: Any) -> Mapping[str, Any]:
    """Return the line of a table that has these values."""
    return next(line for line in table if all(line[key] == value for key, value in at.items()))


# ---- pictures ------------------------------------------------------------------------------------


@cache
def clothes() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return pictures of clothes with labels: 1,500 for training and 500 for testing."""
    images = xc.datasets.fashion_mnist()
    training, testing = slice(None, TRAINING), slice(TRAINING, None)
    return (
        (images.x[training], images.labels[training]),
        (images.x[testing], images.labels[testing]),
    )


@cache
def net(name: str) -> Any:
    """Return a net of the zoo."""
    return xc.zoo.load(name, device="cpu")


# ---- maps: functions, so that what they hold is part of the key under which a result is kept -----


def gradient_size(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the size of the gradient."""
    return xc.gradient(model, x, target).abs()


def ig_black(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the size of IG from black."""
    return xc.integrated_gradients(model, x, target, baseline=0.0, steps=STEPS).abs()


def ig_grey(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the size of IG from grey."""
    return xc.integrated_gradients(model, x, target, baseline=0.5, steps=STEPS).abs()


def guided(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the size of guided backprop."""
    return xc.guided_backprop(model, x, target).abs()


def smoothgrad(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the size of the mean gradient of noisy copies."""
    return xc.smoothgrad(model, x, target, samples=SAMPLES).abs()


def smoothgrad_squared(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared gradient of noisy copies."""
    return xc.smoothgrad_squared(model, x, target, samples=SAMPLES)


def vargrad(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the variance of the gradient over noisy copies."""
    return xc.vargrad(model, x, target, samples=SAMPLES)


def blurred(method: Method) -> Method:
    """Return the method with its maps blurred, by a Gaussian of 2 pixels."""

    def smooth(model: Any, x: Tensor, target: Tensor) -> Tensor:
        return gaussian_blur(method(model, x, target), [9, 9], [2.0, 2.0])

    return smooth


def of_another_class(method: Method) -> Method:
    """Return the method asked for a class that is drawn, and is not the one that is meant."""

    def other(model: Any, x: Tensor, target: Tensor) -> Tensor:
        draw = torch.Generator().manual_seed(0)
        step = torch.randint(1, 10, (len(x),), generator=draw)
        return method(model, x, (target + step) % 10)

    return other


def mean_of_clothes() -> float:
    """Return the mean of the pictures for training: the grey that is 0 once it is normalised."""
    return float(clothes()[0][0].mean())


def explained(method: Any, model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the maps of a spec or of a function."""
    if not isinstance(method, Spec):
        return method(model, x, target)
    return xc.METHODS[method.name].method(model, x, target, **dict(method.settings))


def ground_truth(part: str) -> dict[str, Any]:
    """Return what data/measure_ground_truth.py has measured, of three starts each."""
    file = Path(__file__).parents[1] / "ground_truth.json"
    return json.loads(file.read_text(encoding="utf-8"))[part]


def starts(values: Sequence[float], name: str = "start") -> dict[str, float]:
    """Return the numbers of the three starts, each under its name."""
    return {f"{name} {k}": value for k, value in enumerate(values)}
