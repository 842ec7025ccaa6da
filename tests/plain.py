"""What the contract's checks need and pytest usually gives: they run without pytest, too."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor


def relative_error(got, expected) -> float:
    """Return |got - expected| / |expected|, over all entries (absolute where expected is 0)."""
    got, expected = (
        torch.as_tensor(t.detach().cpu() if isinstance(t, Tensor) else t, dtype=torch.float64)
        for t in (got, expected)
    )
    assert got.shape == expected.shape, f"{tuple(got.shape)} instead of {tuple(expected.shape)}"
    size = float(expected.norm())
    return float((got - expected).norm()) / (size if size > 0 else 1.0)


@contextmanager
def refused(kind: type[Exception], word: str = "") -> Iterator[None]:
    """Ask for an error of that kind with that word in its message."""
    said = None
    try:
        yield
    except kind as error:
        said = str(error)
    assert said is not None, f"no {kind.__name__} was raised"
    assert re.search(word, said), f"{word!r} is not said: {said}"


def near(got: Any, expected: Any) -> bool:
    """Tell whether two numbers, or the numbers of two tuples, agree to six digits."""
    one, two = (torch.as_tensor(t, dtype=torch.float64) for t in (got, expected))
    return one.shape == two.shape and relative_error(one, two) <= 1e-6
