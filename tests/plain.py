"""What the contract's checks need and pytest usually gives: they run without pytest, too."""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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


def near(got: float | Sequence[float], expected: float | Sequence[float]) -> bool:
    """Tell whether numbers agree to six digits."""
    pairs = [(got, expected)] if isinstance(got, float) else zip(got, expected, strict=True)
    return all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-12) for a, b in pairs)
