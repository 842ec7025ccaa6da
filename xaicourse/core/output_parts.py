"""The tensors in a model's outputs, whatever they are in.

A model may answer with a tensor, a dict, a tuple, a dataclass, a namespace, or objects of its own
inside each other. What is looked at (the audit) and what is put in their place (a rule's first
step) must not depend on that.
"""

import copy
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from xaicourse.core.operations import UnsupportedOperationError

__all__ = [
    "escapes",
    "first_rows",
    "has_list",
    "map_tensors",
    "refuse_list_of_rows",
    "tensors_in",
]

# objects that are no containers of results
_CLOSED = (
    str, bytes, int, float, complex, type(None), type, nn.Module, types.ModuleType,
    types.FunctionType, types.BuiltinFunctionType, types.MethodType,
)  # fmt: skip


def tensors_in(outputs: Any) -> list[Tensor]:
    """Return all tensors in a model's outputs, each once, in a fixed order."""
    found: dict[int, Tensor] = {}

    def note(tensor: Tensor) -> Tensor:
        found[id(tensor)] = tensor
        return tensor

    map_tensors(note, outputs)
    return list(found.values())


def map_tensors(function: Callable[[Tensor], Tensor], outputs: Any) -> Any:
    """Return the outputs in the same form with function(tensor) in place of each tensor.

    What holds a tensor that changes is copied; the model's own objects stay as they are.
    """
    return _Mapped(function).of(outputs)


class _Mapped:
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function
        self.done: dict[int, Any] = {}  # by id; a thing in two places, or a circle, is met again
        self.kept: list[Any] = []  # alive, so that no id is used twice

    def of(self, value: Any) -> Any:
        if isinstance(value, _CLOSED):
            return value
        if id(value) in self.done:
            return self.done[id(value)]
        self.kept.append(value)
        self.done[id(value)] = value
        new = self.function(value) if isinstance(value, Tensor) else self._rebuilt(value)
        self.done[id(value)] = new
        return new

    def _rebuilt(self, value: Any) -> Any:
        """Return an object with its parts mapped, itself where none of them changes."""
        if isinstance(value, tuple):
            parts = [self.of(part) for part in value]
            if _same(parts, value):
                return value
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        new = value
        if isinstance(value, Mapping):
            new = self._filled(new, [(key, value[key]) for key in value])
        elif isinstance(value, list):
            new = self._filled(new, list(enumerate(value)))
        for name, part in _attributes(value):
            mapped = self.of(part)
            if mapped is not part:
                new = copy.copy(value) if new is value else new
                object.__setattr__(new, name, mapped)  # also where it is frozen
        return new

    def _filled(self, value: Any, items: list[tuple[Any, Any]]) -> Any:
        mapped = [(key, self.of(part)) for key, part in items]
        if _same([part for _, part in mapped], [part for _, part in items]):
            return value
        try:
            new = copy.copy(value)
            for key, part in mapped:
                new[key] = part
        except TypeError:  # a view of a dict, say, which can neither be copied nor written to
            new = dict(mapped) if isinstance(value, Mapping) else [part for _, part in mapped]
        return new


def _same(new: list[Any], old: Any) -> bool:
    return all(a is b for a, b in zip(new, old, strict=True))


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Return the attributes that an object holds itself, in __dict__ or in slots."""
    held = getattr(value, "__dict__", None)
    if isinstance(held, dict):
        yield from list(held.items())
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield name, getattr(value, name)


def refuse_list_of_rows(outputs: Any, rows: int, ask: Callable[[int], Any]) -> None:
    """Raise if the outputs are a list with an entry for each row, as detectors return them.

    A list of two tensors may be that, of two rows, or two outputs of all rows: ``ask(k)`` returns
    the outputs of k rows.
    """
    if not isinstance(outputs, list | tuple) or len(outputs) != rows:
        return
    try:
        if len(ask(rows + 1)) != rows + 1:
            return
    except Exception:  # it takes no other number of rows
        if any(len(tensor) == rows for tensor in tensors_in(outputs) if tensor.dim()):
            return
    raise UnsupportedOperationError(
        "this method starts at the model's outputs and needs them in one tensor, but the model "
        f"returns a {type(outputs).__name__} with an entry for each row; let it return what is "
        "explained: lambda x: torch.stack([o['scores'] for o in model(x)])"
    )


def escapes(score: Tensor, start: Any, ends: set[Any]) -> bool:
    """Tell whether a way from a score back to x's node `start` passes none of the nodes `ends`.

    `ends` are the autograd nodes of the outputs that were found. Another way means that the score
    was read from something that is not among them.
    """
    seen: set[Any] = set(ends)
    stack = [score.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        if node is start:
            return True
        seen.add(node)
        stack.extend(following for following, _ in node.next_functions)
    return False


# ---- outputs for twice the rows ------------------------------------------------------------------


def has_list(outputs: Any, length: int) -> bool:
    """Tell whether outputs are a list of that length, or a dict with one."""
    values = outputs.values() if type(outputs) is dict else [outputs]
    return any(isinstance(v, list | tuple) and len(v) == length for v in values)


def first_rows(both: Any, alone: Any, n: int) -> Any:
    """Return what outputs for 2 n rows say of the first n.

    `alone` are the outputs for these alone, or None: they tell whether 2 n things in a list are
    one for each row, or as many outputs that each hold all rows.
    """
    if type(both) is dict:
        return {k: first_rows(v, None if alone is None else alone[k], n) for k, v in both.items()}
    if isinstance(both, list | tuple) and alone is not None and len(alone) == n != len(both):
        return both[:n]
    return map_tensors(lambda t: t[:n] if t.dim() > 0 and len(t) == 2 * n else t, both)
