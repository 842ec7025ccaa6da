"""What a model reads off its activations without a gradient, and whether its output depends on it.

``x * (x > 0)`` is a ReLU, but of its mask no trace is left in the autograd graph; nor of the place
of a maximum, of ``float(x.mean())``, of an ``if``. Reading is no fault: a hook may keep
``output.detach()``, a model may assert that x is finite. So a tensor without gradient that was
computed from an activation is *cut off*, and refused where it meets an activation again. What
became a number of Python's is tried: the model runs again with another number, and must not care.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from xaicourse.core.known import kind_of
from xaicourse.core.operations import UnsupportedOperationError

__all__ = ["CutOff", "Reading", "becomes_numbers", "depends_on"]

AT_MOST = 16  # numbers that are tried; a model that reads more decides by them


@dataclass
class CutOff:
    """The tensors without gradient that were computed from activations."""

    _errors: WeakTensorKeyDictionary = field(default_factory=WeakTensorKeyDictionary)

    def error(self, t: Any) -> UnsupportedOperationError | None:
        """Return why a tensor must not meet an activation, None where it may."""
        if not len(self._errors) or not isinstance(t, Tensor):
            return None
        for place in (t, t._base):
            if place is not None and place in self._errors:
                error, had_gradient = self._errors[place]
                if place.requires_grad == had_gradient:  # else an operation in the graph made it
                    return error
        return None

    def first(self, leaves: list[Any]) -> UnsupportedOperationError | None:
        """Return the error of the first of some values that is cut off."""
        if not len(self._errors):
            return None
        return next((e for e in map(self.error, leaves) if e is not None), None)

    def add(self, t: Tensor, error: UnsupportedOperationError) -> None:
        """Note a tensor, and what it is a part of."""
        for place in (t, t._base):
            if place is not None:
                self._errors[place] = (error, place.requires_grad)


# ---- numbers of Python's -------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """One call that made numbers of an activation."""

    place: int  # among all such calls of the forward pass
    error: UnsupportedOperationError


def becomes_numbers(func: Any, result: Any) -> bool:
    """Tell whether a call made numbers of what a tensor holds: item(), tolist(), if x > 0."""
    if isinstance(result, Tensor) or result is None or kind_of(func) in ("question", "attribute"):
        return False
    leaves = tree_leaves(result)
    return any(isinstance(v, bool | int | float | complex) or _is_array(v) for v in leaves)


def depends_on(readings: list[Reading], run: Callable[[], Any]) -> Reading | None:
    """Return the first reading that the outputs of `run`, a forward pass, depend on, or None."""
    if len(readings) > AT_MOST:
        return readings[0]
    usual = _outputs(run, None, 0)
    if not usual:  # outputs that we cannot look into
        return readings[0] if readings else None
    for reading in readings:
        found = [_outputs(run, reading.place, way) for way in range(3)]
        if any(isinstance(f, list) and not _equal(f, usual) for f in found):
            return reading
        if all(f is None for f in found):  # no answer but this one: it may be an index
            return reading
    return None


def _outputs(run: Callable[[], Any], place: int | None, way: int) -> list[Tensor] | str | None:
    """Return the outputs with another number read; "checked" where the model refuses it itself."""
    mode = _Otherwise(place, way)
    try:
        with torch.no_grad(), mode:
            outputs = run()
    except Exception as error:
        # a decision between two ways has no third: where the other ends, this one is no mask
        return "checked" if mode.was_bool or isinstance(error, AssertionError) else None
    leaves = [leaf for leaf in tree_leaves(outputs) if isinstance(leaf, Tensor)]
    return [leaf for leaf in leaves if leaf.is_floating_point()]


def _equal(a: list[Tensor], b: Any) -> bool:
    if not isinstance(b, list) or [t.shape for t in a] != [t.shape for t in b]:
        return False
    return all(torch.equal(s.nan_to_num(), t.nan_to_num()) for s, t in zip(a, b, strict=True))


class _Otherwise(TorchFunctionMode):
    """Lets the number that is read at one place be another."""

    def __init__(self, place: int | None, way: int) -> None:
        super().__init__()
        self.place, self.way = place, way
        self.count = 0
        self.was_bool = False

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if becomes_numbers(func, result):
            if self.count == self.place:
                self.was_bool = isinstance(result, bool)
                result = tree_map(lambda v: _another(v, self.way), result)
            self.count += 1
        return result


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy"


def _another(value: Any, way: int) -> Any:
    """Return another value: the other truth; for a number one below, one far off, or 0."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return (value + 1, value - 1, 0 if value else 2)[way]
    if isinstance(value, float | complex):
        value = 0.0 if isinstance(value, float) and not math.isfinite(value) else value
        return (-1.0 - value, 1e3 * (1 + abs(value)), 0.5 * value + 0.1)[way]
    if _is_array(value):
        if value.dtype == bool:
            return ~value
        return ((-1 - value), (2 * value + 1), 0 * value + 1)[way].astype(value.dtype)
    return value
