"""How a model is built: what is kept of an earlier call counts only while that stays the same.

Compared are its modules, their forward functions, their hooks and plain attributes, tensors of
whole numbers and switches, and what their functions read from around them (the values of globals
and of closures). Weights are left out: they change numbers only.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import partial
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any
from weakref import ref

import numpy as np
import torch
from torch import Tensor, nn

from xaicourse.core.inputs import Adapter

__all__ = ["form_of"]

DEEPEST = 4  # attributes of attributes, as in a configuration
MOST_NUMBERS = 64  # of an array that is compared by its numbers
ELSEWHERE = {"_parameters", "_modules", "_forward_hooks_with_kwargs"}  # modules are walked
PLAIN = {type(None), bool, int, float, str, bytes}
CONTAINERS = {dict, OrderedDict, set, list, tuple}
WHOLE = {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}


def form_of(model: Any) -> list:
    """Return how a model is built: equal for one that was not changed in between."""
    while isinstance(model, Adapter):
        model = model.model
    seen: set[int] = set()
    return _modules(model, seen) if isinstance(model, nn.Module) else [_value(model, seen, 0)]


def _modules(model: nn.Module, seen: set[int]) -> list:
    found: list[Any] = []
    for name, module in model.named_modules(remove_duplicate=False):
        found += [name, _Same(module)]
        if id(module) not in seen:
            seen.add(id(module))
            found.append(_items(vars(module), seen, 0))
        for kind in type(module).__mro__:
            if kind is nn.Module:
                break
            if id(kind) not in seen:
                seen.add(id(kind))
                found.append(_items(vars(kind), seen, 0))
    return found


class _Same:
    """An object, equal to nothing but itself, and not kept alive."""

    def __init__(self, value: Any) -> None:
        self.ref = ref(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.ref() is other.ref() and self.ref() is not None

    __hash__ = None  # type: ignore[assignment]


def _items(values: Mapping[str, Any], seen: set[int], depth: int) -> list:
    found: list[Any] = []
    for key, value in values.items():
        kind = type(value)
        if kind in PLAIN:
            found += [key, kind, value]
        elif kind in CONTAINERS and not value:
            continue  # most of them: there are no hooks
        elif key == "_buffers" and isinstance(value, Mapping):
            found += [_numbers(b) for b in value.values() if b is not None and b.dtype in WHOLE]
        elif isinstance(value, Mapping) and isinstance(key, str) and key.endswith("_hooks"):
            foreign = [_value(hook, seen, depth) for hook in value.values() if _foreign(hook)]
            found += [key, *foreign] if foreign else []  # as if ours were not there
        elif key not in ELSEWHERE:
            found += [key, kind, _value(value, seen, depth)]
    return found


def _value(value: Any, seen: set[int], depth: int) -> Any:
    """Return what an attribute is to be compared by."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, FunctionType | MethodType | partial) and depth < DEEPEST:
        return _function(value, seen, depth)
    if isinstance(value, tuple | list | set | frozenset) and depth < DEEPEST:
        return [_value(v, seen, depth + 1) for v in value]
    if isinstance(value, Mapping) and depth < DEEPEST:
        return _items(value, seen, depth + 1)
    if isinstance(value, np.ndarray) and value.size <= MOST_NUMBERS:
        return value.tolist()
    plain = not isinstance(value, nn.Module | Tensor) and not callable(value)
    if plain and hasattr(value, "__dict__") and depth < DEEPEST and id(value) not in seen:
        seen.add(id(value))  # a configuration, which many modules may share
        return _items(vars(value), seen, depth + 1)
    try:
        return _Same(value)
    except TypeError:
        return type(value)


def _function(function: Any, seen: set[int], depth: int) -> list:
    """Return a function, and what it reads from around it."""
    if isinstance(function, MethodType):
        owner = function.__self__
        if isinstance(owner, nn.Module) and id(owner) not in seen:
            return [_value(function.__func__, seen, depth), _modules(owner, seen)]
        return [_value(function.__func__, seen, depth), id(owner)]
    if isinstance(function, partial):
        return [_value(v, seen, depth + 1) for v in (function.func, *function.args)]
    if id(function) in seen or str(function.__module__).startswith(("torch.", "xaicourse.")):
        return [_Same(function)]
    seen.add(id(function))
    around: list[Any] = [_Same(function)]
    for value in _read_by(function):
        if isinstance(value, nn.Module) and id(value) not in seen:
            around.append(_modules(value, seen))
        elif _is_small(value):
            around.append(_value(value, seen, depth + 1))
    return around


def _read_by(function: FunctionType) -> Iterator[Any]:
    """Yield the values of the globals and of the closure that a function names."""
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield function.__globals__[name]
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def _is_small(value: Any) -> bool:
    """Tell whether a value may be a setting: no list that grows, no table."""
    if isinstance(value, np.ndarray):
        return value.size <= MOST_NUMBERS
    if isinstance(value, dict | list | set | tuple):
        return len(value) <= MOST_NUMBERS
    return type(value) in PLAIN or isinstance(value, SimpleNamespace)


def _foreign(hook: Any) -> bool:
    return not str(getattr(hook, "__module__", "")).startswith("xaicourse.")


def _numbers(tensor: Tensor) -> tuple:
    """Return what tells that a tensor was written into, without waiting for its device."""
    return _Same(tensor), tensor._version
