"""A passed answer in a form that the next cells can use: its results are of the reference's kind.

The checker takes NumPy arrays, lists, half precision and results that still hang on a graph. The
cells after a check were written for what the reference gives, so `usable` turns one into the other.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from xaicourse.course.grading.task import Task

__all__ = ["as_handed_in", "usable"]

HALF = (torch.float16, torch.bfloat16)


class Kind(NamedTuple):
    """What the reference gives: one result, and what all its results have in common."""

    result: Any
    as_argument: int | None = None  # the place of the argument whose shape it always has
    axes: int | None = None  # how many, if always the same
    own_dtype: torch.dtype | None = None  # if it is not that of the arguments
    attached: bool = False


def usable(task: Task, answer: Any) -> Any:
    """Return a passed answer so that it gives what the reference gives.

    A function is wrapped; an answer that is of the right kind already comes back as it is.
    """
    reference = vars(task)["reference"]  # asking the task for it would count as using it
    if callable(reference):
        return _wrapped(task, answer) if callable(answer) else answer
    try:
        return _like(answer, reference)
    except Exception:  # an odd answer is handed back as it is
        return answer


def as_handed_in(answer: Any) -> Any:
    """Return the student's own function, if this is what `usable` made of one."""
    if type(answer) is FunctionType and answer.__code__ is _CODE:
        return answer.__dict__["__wrapped__"]
    return answer


# ---------------------------------------------------------------- functions


def _wrapped(task: Task, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with usable results. Its name, help and source stay the student's."""

    def answer(*args: Any, **settings: Any) -> Any:
        value = function(*args, **settings)  # what it raises is the student's to see
        try:
            return _usable_result(task, value, [*args, *settings.values()])
        except Exception:
            return value

    has_notes = isinstance(function, FunctionType)  # of a module they would be its weights
    functools.update_wrapper(answer, function, updated=("__dict__",) if has_notes else ())
    return answer


# All wrappers share one piece of code, by which they are known again.
_CODE = next(c for c in _wrapped.__code__.co_consts if getattr(c, "co_name", "") == "answer")


def _usable_result(task: Task, value: Any, given: Sequence[Any]) -> Any:
    """Return one result in the kind of the reference's."""
    kind = _kind(task.id, task)
    if not isinstance(kind.result, Tensor):
        return _like(value, kind.result)
    floats = next((t for t in _tensors(given) if t.is_floating_point()), None)
    tensor = _as_tensor(value)
    dtype = kind.own_dtype or (floats.dtype if floats is not None else tensor.dtype)
    if dtype in HALF:
        dtype = torch.get_default_dtype()
    tensor = _cast(tensor, dtype).to(floats.device if floats is not None else tensor.device)
    if not kind.attached and not any(t.requires_grad for t in _tensors(given)):
        tensor = tensor.detach()  # nobody can ask for its slopes
    if tensor.is_inference():
        tensor = tensor.clone()
    return _shaped(tensor, kind, given)


def _as_tensor(value: Any) -> Tensor:
    """Return tensors (of any subclass), arrays, numbers and lists of them as one plain tensor."""
    if isinstance(value, Tensor):
        return value.to_dense() if value.layout != torch.strided else value.as_subclass(Tensor)
    if isinstance(value, (list, tuple)):
        parts = [_as_tensor(part) for part in value]
        most = functools.reduce(torch.promote_types, (part.dtype for part in parts))
        return torch.stack([part.to(parts[0].device, most) for part in parts])
    array = np.array(value)  # a copy: a frozen or reversed array is fine, too
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a tensor of this dtype; a whole number, or a yes, may come as 0.9999999."""
    if tensor.is_floating_point() and not dtype.is_floating_point:
        return tensor > 0.5 if dtype == torch.bool else tensor.round().to(dtype)
    return tensor.to(dtype)


def _shaped(tensor: Tensor, kind: Kind, given: Sequence[Any]) -> Tensor:
    """Put axes of length 1 where the reference has them; no number changes its place."""
    if kind.as_argument is not None and kind.as_argument < len(given):
        shape = getattr(given[kind.as_argument], "shape", None)
        if shape is not None and [n for n in shape if n != 1] == [
            n for n in tensor.shape if n != 1
        ]:
            return tensor.reshape(shape)
    while kind.axes is not None and tensor.ndim > kind.axes and 1 in tensor.shape:
        tensor = tensor.squeeze(tuple(tensor.shape).index(1))
    while kind.axes is not None and tensor.ndim < kind.axes:
        tensor = tensor.unsqueeze(0)
    return tensor


def _tensors(values: Any) -> Iterator[Tensor]:
    """Yield the tensors among arguments, also those in lists and dictionaries."""
    for value in values.values() if isinstance(values, Mapping) else values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple, dict)):
            yield from _tensors(value)


# ---------------------------------------------------------------- what the reference gives

_kinds: dict[str, Kind] = {}


def _kind(name: str, task: Task) -> Kind:
    """Return what a task's reference gives in the calls by which the task is graded."""
    if name not in _kinds:
        with torch.random.fork_rng(devices=[]):  # the notebook's own draws stay what they are
            _kinds[name] = _seen(vars(task)["reference"], list(_calls(task)))
    return _kinds[name]


def _calls(task: Task) -> Iterator[dict[str, Any]]:
    """Yield the arguments of calls: those of the task, or those of its grader's cases or probes."""
    yield from (dict(arguments) for arguments in task.calls)
    if not task.calls:
        for name in ("cases", "core", "shapes"):
            yield from (case.arguments() for case in getattr(task.grade, name, ()))


def _seen(reference: Callable[..., Any], calls: Sequence[dict[str, Any]]) -> Kind:
    """Call the reference and note what its results have in common."""
    seen = [(list(arguments.values()), reference(**arguments)) for arguments in calls]
    seen = [(given, result) for given, result in seen if result is not None]
    if not seen or not all(isinstance(result, Tensor) for _, result in seen):
        return Kind(seen[0][1] if seen else None)
    places = [
        place
        for place in range(len(seen[0][0]))
        if all(getattr(given[place], "shape", None) == result.shape for given, result in seen)
    ]
    axes = {result.ndim for _, result in seen}
    given, result = seen[0]
    floats = next((t.dtype for t in _tensors(given) if t.is_floating_point()), None)
    return Kind(
        result,
        as_argument=places[0] if places else None,
        axes=axes.pop() if len(axes) == 1 else None,
        own_dtype=None if result.dtype == floats else result.dtype,
        attached=any(result.requires_grad for _, result in seen),
    )


# ---------------------------------------------------------------- data


def _like(value: Any, right: Any) -> Any:
    """Return a value in the kind of a right one: numbers, words, sequences, dictionaries."""
    if isinstance(right, Tensor):
        if type(value) is Tensor and value.dtype == right.dtype and not value.requires_grad:
            return value
        return _cast(_as_tensor(value).detach(), right.dtype)
    if isinstance(right, (bool, str)):
        return _word(value, right) if isinstance(right, str) else bool(value)
    if isinstance(right, (int, float)):
        return _number(value, right)
    if isinstance(right, Mapping):
        return _dictionary(value, right)
    if isinstance(right, (list, tuple)):
        return _sequence(value, right)
    if isinstance(value, np.generic):
        return value.item()
    return value


def _number(value: Any, right: float) -> Any:
    number = value if type(value) in (int, float) else float(value)
    whole = isinstance(right, int) and type(number) is float and number.is_integer()
    return int(number) if whole else number


def _word(value: Any, right: str) -> Any:
    """Return the reference's spelling of the same word, which may be cut short."""
    same = value.strip(" .").lower() if isinstance(value, str) else ""
    return right if same and right.lower().startswith(same) else value


def _dictionary(value: Any, right: Mapping[Any, Any]) -> Any:
    """Return a dictionary with the names that the reference has."""
    if isinstance(value, (list, tuple)) and len(value) == len(right):
        value = dict(zip(right, value, strict=True))
    names = {str(name).strip().lower(): name for name in right}
    found: dict[Any, Any] = {}
    for name, part in dict(value).items():
        known = name if name in right else names.get(str(name).strip().lower(), name)
        found[known] = _like(part, right[known]) if known in right else part
    unchanged = list(found) == list(value) and all(found[name] is value[name] for name in found)
    return value if unchanged else found


def _sequence(value: Any, right: Sequence[Any]) -> Any:
    """Return a list or a tuple, as the reference has it, of parts of its kinds."""
    make: Any = type(right)
    is_flat = all(isinstance(part, (int, float)) for part in right)
    if is_flat and isinstance(value, (list, tuple)) and len(value) == 1 < len(right):
        value = value[0]  # [[1, 2]]
    if isinstance(value, (Tensor, np.ndarray)):
        value = make(value.flatten().tolist() if is_flat else value)
    if not isinstance(value, (list, tuple)) or not right:
        return value
    kinds = right if len(right) == len(value) else [right[0]] * len(value)
    parts = [_like(part, kind) for part, kind in zip(value, kinds, strict=True)]
    if type(value) is make and all(a is b for a, b in zip(parts, value, strict=True)):
        return value
    return make(parts)
