"""One table of bad input to metrics: each is answered with one clear error (design, section 9).

A message names the argument, what was given and what would be right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.contract.metric_checks import USES_THE_MODEL, has, map_changed, run
from xaicourse.evaluation.registry import MetricRecord


@dataclass(frozen=True)
class Bad:
    """A change to a good example, and what the error must say."""

    says: str
    error: type[Exception] = ValueError
    change: Callable[[Any], Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    needs: str = ""  # a parameter that the metric must have
    asks_the_model: bool = False  # only for metrics that ask the caller's model

    def check(self, record: MetricRecord) -> None:
        """Raise AssertionError unless the metric refuses, and says so."""
        if self.needs and not has(record, self.needs):
            return
        if self.asks_the_model and record.kind not in USES_THE_MODEL:
            return
        example = record.example()
        example = self.change(example) if self.change else example
        with pytest.raises(self.error, match=f"(?s){self.says}"):
            run(record, example, **self.settings)


def map_is(change: Callable[[Tensor], Any]) -> Callable[[Any], Any]:
    return lambda example: map_changed(example, change)


def x_is(change: Callable[[Tensor], Any]) -> Callable[[Any], Any]:
    return lambda example: replace(example, x=change(example.x))


def model_is(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda example: replace(example, model=change(example))


def mask_is(change: Callable[[Tensor], Any]) -> Callable[[Any], Any]:
    def changed(example: Any) -> Any:
        if "mask" not in example.settings:
            return example
        return replace(
            example, settings={**example.settings, "mask": change(example.settings["mask"])}
        )

    return changed


def fails_on_purpose(model: Any, x: Tensor, target: Any) -> Tensor:
    raise ArithmeticError("the method failed on purpose")


def train_is(train: Any) -> Callable[[Any], Any]:
    return lambda example: replace(example, train=train)


def method_is(method: Any) -> Callable[[Any], Any]:
    return lambda example: replace(example, method=method)


def data_is(change: Callable[..., Any]) -> Callable[[Any], Any]:
    """Change (training, testing), each (x, labels)."""
    return lambda example: replace(example, data=change(*example.data))


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
    "mask is a list": Bad(
        "mask must be a tensor, got list", TypeError, mask_is(Tensor.tolist), needs="mask"
    ),
    "mask of another shape": Bad(
        "mask has shape.*but x has", change=mask_is(lambda m: m[..., 1:]), needs="mask"
    ),
    "mask with NaN": Bad(
        "mask holds NaN", change=mask_is(lambda m: torch.where(m, torch.nan, 0.0)), needs="mask"
    ),
    # the method
    "method is a number": Bad(
        "method must be the name.*got 3", TypeError, method_is(3), needs="method"
    ),
    "method is a map": Bad(
        "method must be.*tensor", TypeError, method_is(torch.ones(2, 6)), needs="method"
    ),
    "method is None": Bad("method must be", TypeError, method_is(None), needs="method"),
    "unknown method": Bad(
        "there is no method 'gradiant'.*gradient", change=method_is("gradiant"), needs="method"
    ),
    "method raises": Bad(
        "on purpose", ArithmeticError, method_is(fails_on_purpose), needs="method"
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
        "target 9999 is out of range",
        change=lambda e: replace(e, target=9999, model=lambda x: 2 * x.flatten(1)),
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
    # training, data and method
    "train is no function": Bad(
        "train must be a function .*got str", TypeError, train_is("net"), needs="train"
    ),
    "train returns nothing": Bad(
        "train must return the trained model, got NoneType",
        TypeError,
        train_is(lambda x, labels, seed: None),
        needs="train",
    ),
    "trained model with one output": Bad(
        "one score a class",
        change=train_is(lambda x, labels, seed: lambda rows: rows.flatten(1).sum(1)),
        needs="train",
    ),
    "data is no pair": Bad(
        "data must be a pair .*got tuple of 3",
        TypeError,
        data_is(lambda a, b: (a, b, b)),
        needs="data",
    ),
    "data is one tensor": Bad(
        "data must be a pair .*got Tensor", TypeError, data_is(lambda a, b: b[0]), needs="data"
    ),
    "data without labels": Bad(
        r"data\[0\] must be \(x, labels\), got Tensor",
        TypeError,
        data_is(lambda a, b: (a[0], b[0])),
        needs="data",
    ),
    "data of another shape": Bad(
        "only the number may differ",
        change=data_is(lambda a, b: (a, (b[0][:, :-1], b[1]))),
        needs="data",
    ),
    "data has no rows": Bad(
        r"data\[1\] x has shape",
        change=data_is(lambda a, b: (a, (b[0][:0], b[1][:0]))),
        needs="data",
    ),
    "data has NaN": Bad(
        r"data\[0\] x holds 1 NaN",
        change=data_is(lambda a, b: ((with_one_nan(a[0]), a[1]), b)),
        needs="data",
    ),
    "data of integers": Bad(
        r"data\[0\] x has dtype torch.uint8",
        TypeError,
        data_is(lambda a, b: ((a[0].byte(), a[1]), b)),
        needs="data",
    ),
    "labels of fewer rows": Bad(
        r"data\[1\] labels have shape",
        change=data_is(lambda a, b: (a, (b[0], b[1][1:]))),
        needs="data",
    ),
    "labels are real": Bad(
        r"data\[1\] labels must be a tensor of whole numbers, got torch.float",
        TypeError,
        data_is(lambda a, b: (a, (b[0], b[1].float()))),
        needs="data",
    ),
    "explained model is no function": Bad(
        "model must be callable, got str", TypeError, settings={"model": "net"}, needs="trainings"
    ),
    "no fractions": Bad("fractions must rise", settings={"fractions": ()}, needs="fractions"),
    "fractions fall": Bad(
        "fractions must rise.*0.5, 0.1", settings={"fractions": (0.5, 0.1)}, needs="fractions"
    ),
    "fractions in percent": Bad(
        "at most 1.*50", settings={"fractions": (10, 50)}, needs="fractions"
    ),
    "fractions is one number": Bad(
        "fractions must be numbers", TypeError, settings={"fractions": 0.5}, needs="fractions"
    ),
    "no trainings": Bad(
        "trainings must be at least 1", settings={"trainings": 0}, needs="trainings"
    ),
    "unknown control": Bad(
        "controls must be of random, sobel, got 'edge'",
        settings={"controls": ["edge"]},
        needs="controls",
    ),
    "unknown labels to explain": Bad(
        "target must be one of predicted, label, got 'true'",
        settings={"target": "true"},
        needs="train",
    ),
    "keep is a folder": Bad("keep='/' cannot be used", settings={"keep": "/"}, needs="keep"),
    "keep is a number": Bad("keep must be the path", TypeError, settings={"keep": 3}, needs="keep"),
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
    "unknown order": Bad(
        "order must be one of.*'first'", settings={"order": "first"}, needs="order"
    ),
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
