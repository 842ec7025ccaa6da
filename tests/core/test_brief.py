"""What is displayed of a record fits on a screen, and no line is longer than a notebook's."""

import inspect
from dataclasses import dataclass, is_dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.brief import WIDTH, brief

pytestmark = pytest.mark.fault("P12")

X = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
HOMES = (xc, xc.evaluation, xc.people, xc.robustness, xc.datasets, xc.zoo)
INPUTS = ("Donor", "Given")  # imputers that are given a tensor: they say how many and which


def records() -> list[Any]:
    """Return the public classes that hold tensors and are no modules."""
    found = [
        thing
        for home in HOMES
        for name in home.__all__
        if inspect.isclass(thing := getattr(home, name)) and not issubclass(thing, nn.Module)
        if is_dataclass(thing) or issubclass(thing, tuple)
    ]
    holds = lambda thing: any("Tensor" in str(h) for h in inspect.get_annotations(thing).values())  # noqa: E731
    return [thing for thing in found if holds(thing) and thing.__name__ not in INPUTS]


@pytest.mark.parametrize("record", records())
def test_no_public_record_displays_its_tensors(record):
    assert "__repr__" in vars(record)
    assert inspect.getsourcefile(record.__repr__) == inspect.getsourcefile(record)


@pytest.mark.parametrize(
    "made",
    [
        lambda net: xc.integrated_gradients(net, X, 3, steps=8, return_details=True),
        lambda net: xc.smoothgrad(net, X, 3, samples=4, return_details=True),
        lambda net: xc.evaluation.deletion(net, X, X, 3, steps=8),
        lambda net: xc.evaluation.max_sensitivity(net, X, "gradient", 3, samples=2),
        lambda net: xc.robustness.attack_model(net, X, 3, steps=2),
        lambda net: xc.robustness.attack_map(net, X, 3, steps=2, beta=20),
        lambda net: xc.datasets.fashion_mnist("test", 10),
        lambda net: xc.datasets.tetrominoes(2),
    ],
    ids=["map", "noise", "metric", "stability", "attack", "attack on a map", "clothes", "shapes"],
)
def test_what_is_displayed_fits_on_a_screen(made):
    lines = repr(made(xc.zoo.load("fashion_cnn"))).splitlines()
    assert len(lines) <= 16
    assert max(map(len, lines)) <= WIDTH
    assert "tensor(" not in " ".join(lines)


@dataclass
class Record:
    few: Tensor
    many: Tensor
    flags: Tensor
    none: None
    parts: dict[str, int]
    empty: dict[str, int]
    words: str


def test_numbers_are_said_where_they_are_few():
    many = torch.zeros(3, 4, dtype=torch.float64)
    given = torch.tensor([1.23456, 2]), many, torch.tensor([True, False]), None
    assert brief(Record(*given, {"a": 1, "b": 2}, {}, "so " * 200)).split("\n")[:6] == [
        "Record",
        "  few: float32 1.235, 2",
        "  many: float64 (3, 4)",
        "  flags: bool True, False",
        "  parts: a, b",
        "  words: " + ("'so " + "so " * 25).strip(),
    ]
    assert repr(xc.evaluation.confidence_interval(torch.rand(9))).startswith("Interval(mean=")
