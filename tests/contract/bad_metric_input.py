"""One table of bad input to metrics: each is answered with one clear error (design, section 9).

A message names the argument, what was given and what would be right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.contract.metric_checks import USES_THE_MODEL, has, run
from xaicourse.evaluation.registry import MetricExample, MetricRecord


@dataclass(frozen=True)
class Bad:
    """A change to a good example, and what the error must say."""

    says: str
    error: type[Exception] = ValueError
    change: Callable[[MetricExample], MetricExample] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    needs: str = "x"  # a parameter that the metric must have
    asks_the_model: bool = False  # only for metrics that ask the model

    def check(self, record: MetricRecord) -> None:
        """Raise AssertionError unless the metric refuses, and says so."""
        if not has(record, self.needs) or (self.asks_the_model and not _asks(record)):
            return
        example = record.example()
        example = self.change(example) if self.change else example
        with pytest.raises(self.error, match=f"(?s){self.says}"):
            run(record, example, **self.settings)


def _asks(record: MetricRecord) -> bool:
    return record.kind in USES_THE_MODEL


def map_is(change: Callable[[Tensor], Any]) -> Callable[[MetricExample], MetricExample]:
    return lambda example: replace(example, attribution=change(example.attribution))


def x_is(change: Callable[[Tensor], Any]) -> Callable[[MetricExample], MetricExample]:
    return lambda example: replace(example, x=change(example.x))


def model_is(change: Callable[[MetricExample], Any]) -> Callable[[MetricExample], MetricExample]:
    return lambda example: replace(example, model=change(example))


def mask_is(change: Callable[[Tensor], Any]) -> Callable[[MetricExample], MetricExample]:
    def changed(example: MetricExample) -> MetricExample:
        if "mask" not in example.settings:
            return example
        return replace(
            example, settings={**example.settings, "mask": change(example.settings["mask"])}
        )

    return changed


def first_row_empty(mask: Tensor) -> Tensor:
    mask = mask.clone()
    mask[0] = False
    return mask


def with_one_nan(x: Tensor) -> Tensor:
    x = x.clone()
    x.flatten()[1] = torch.nan
    return x


TABLE = {
    # the map
    "map is a list": Bad("attribution must be a tensor.*list", TypeError, map_is(Tensor.tolist)),
    "map is an array": Bad(
        "attribution must be a tensor.*ndarray", TypeError, map_is(Tensor.numpy)
    ),
    "map is None": Bad("attribution must be a tensor", TypeError, map_is(lambda a: None)),
    "map of integers": Bad("attribution has dtype torch.uint8", TypeError, map_is(Tensor.byte)),
    "map of booleans": Bad("attribution has dtype torch.bool", TypeError, map_is(lambda a: a > 0)),
    "map is complex": Bad(
        "attribution has dtype torch.complex", TypeError, map_is(lambda a: a + 0j)
    ),
    "map of fewer rows": Bad("attribution has shape.*but x has", change=map_is(lambda a: a[:1])),
    "map of fewer features": Bad(
        "attribution has shape.*but x has", change=map_is(lambda a: a[..., :-1])
    ),
    "map without a batch axis": Bad(
        "attribution has shape.*but x has", change=map_is(lambda a: a[0])
    ),
    # the mask
    "mask without foreground": Bad(
        "mask has no foreground in row 0", change=mask_is(first_row_empty), needs="mask"
    ),
    "mask is a list": Bad(
        "mask must be a tensor, got list", TypeError, mask_is(Tensor.tolist), needs="mask"
    ),
    "mask of another shape": Bad(
        "mask has shape.*but x has", change=mask_is(lambda m: m[..., 1:]), needs="mask"
    ),
    "mask with NaN": Bad(
        "mask holds NaN", change=mask_is(lambda m: torch.where(m, torch.nan, 0.0)), needs="mask"
    ),
    # x, target and model, as for methods
    "x is a list": Bad(
        "x must be a torch tensor", TypeError, x_is(Tensor.tolist), asks_the_model=True
    ),
    "x of integers": Bad(
        "x has dtype torch.uint8", TypeError, x_is(Tensor.byte), asks_the_model=True
    ),
    "x has no rows": Bad("x has shape", change=x_is(lambda x: x[:0]), asks_the_model=True),
    "x has NaN": Bad("x holds 1 NaN", change=x_is(with_one_nan), asks_the_model=True),
    "class too large": Bad(
        "target 99 is out of range",
        change=lambda e: replace(e, target=99, model=lambda x: x.flatten(1)),
        asks_the_model=True,
    ),
    "model is no function": Bad(
        "model must be callable, got str", TypeError, model_is(lambda e: "net"), asks_the_model=True
    ),
    "model raises": Bad(
        "model .* failed on x.*division by zero",
        change=model_is(lambda e: lambda x: 1 / 0),
        asks_the_model=True,
    ),
    "model averages the batch": Bad(
        "one output for each",
        change=model_is(lambda e: lambda x: e.model(x).mean(0, keepdim=True)),
        asks_the_model=True,
    ),
    "dropout in training": Bad(
        "training mode.*dropout",
        change=model_is(lambda e: lambda x: e.model(nn.functional.dropout(x, 0.5))),
        asks_the_model=True,
    ),
    # settings
    "unknown output": Bad(
        "output must be one of.*'logits'", settings={"output": "logits"}, needs="output"
    ),
    "batch_size 0": Bad(
        "batch_size must be at least 1", settings={"batch_size": 0}, needs="batch_size"
    ),
    "unknown imputer": Bad(
        "imputer 'green' is unknown", settings={"imputer": "green"}, needs="imputer"
    ),
    "imputer is None": Bad(
        "imputer must be", TypeError, settings={"imputer": None}, needs="imputer"
    ),
    "unknown channels": Bad(
        "channels must be one of.*'max'", settings={"channels": "max"}, needs="channels"
    ),
    "unknown sign": Bad("sign must be one of.*'plus'", settings={"sign": "plus"}, needs="sign"),
    "unit 0": Bad("unit must be at least 1", settings={"unit": 0}, needs="unit"),
    "unit 1.5": Bad("unit must be a whole", TypeError, settings={"unit": 1.5}, needs="unit"),
    "no steps": Bad("steps must be at least 1", settings={"steps": 0}, needs="steps"),
    "more steps than units": Bad(
        "steps=9999 is more than", settings={"steps": 9999}, needs="steps"
    ),
    "seed is no number": Bad("seed must be", TypeError, settings={"seed": "one"}, needs="seed"),
    "seed is a fraction": Bad("seed must be", TypeError, settings={"seed": 0.5}, needs="seed"),
    "unknown setting": Bad("step_count", TypeError, settings={"step_count": 3}),
}
