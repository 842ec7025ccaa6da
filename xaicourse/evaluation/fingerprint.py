"""What a result was made from, as one number: it changes when the data or the code does."""

import inspect
import logging
import os
import sys
from enum import Enum
from functools import cached_property, partial
from hashlib import sha256
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn

__all__ = ["fingerprint"]

Plain = (
    int | float | complex | str | bytes | bool | None | range | slice
    | torch.dtype | torch.device | torch.Size
)  # fmt: skip
OF_MODULES = frozenset(vars(nn.Module()))  # what each module has, its weights and hooks among it
OF_CLASSES = (int, float, str, bytes, list, tuple, dict, Tensor, nn.Module)
HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


def fingerprint(*parts: Any, of: str = "keep") -> str:
    """Return a number in hex of tensors, functions, models, settings and what they hold.

    A function counts with its source, and with the values outside it that it reads; an object with
    its class and its attributes; what a library has made counts by its name. `of` names, in
    messages, the argument that the parts are of, or that asks for this number.
    """
    seen = sha256()
    for part in parts:
        _add(seen, part, (), of)
    return seen.hexdigest()


def _add(seen: Any, part: Any, around: tuple[Any, ...], of: str) -> None:
    """Add one part, and those that it is made of; `around` are the parts that it is in."""
    seen.update(f"<{type(part).__qualname__}>".encode())
    if any(part is outer for outer in around):
        return  # such as a function that calls itself
    if isinstance(part, Plain):
        seen.update(repr(part).encode())
    elif isinstance(part, Tensor):
        seen.update(repr((part.shape, part.dtype, part.device.type)).encode())
        content = part.detach().cpu().contiguous().flatten()
        seen.update(content.view(torch.uint8).numpy().tobytes())
    elif isinstance(part, np.ndarray | np.generic) and not part.dtype.hasobject:
        seen.update(repr((part.shape, part.dtype)).encode() + part.tobytes())
    else:
        for inner in _inside(part, of):
            _add(seen, inner, (*around, part), of)


def _inside(part: Any, of: str) -> list[Any]:
    """Return what a part is made of, or refuse what cannot be told from its like."""
    if isinstance(part, list | tuple):
        return list(part)
    if isinstance(part, set | frozenset):
        return sorted(fingerprint(each, of=of) for each in part)
    if isinstance(part, dict):
        return [each for item in part.items() for each in item]
    if isinstance(part, partial):
        return [part.func, part.args, part.keywords]
    if isinstance(part, MethodType):
        return [part.__func__, part.__self__]
    if isinstance(part, FunctionType):
        return _of_function(part, of)
    if isinstance(part, CodeType):
        return [part.co_code, part.co_consts, part.co_names]
    if inspect.isclass(part):
        return _of_class(part)
    if isinstance(part, nn.Module):
        return _of_module(part, of)
    if isinstance(part, Enum):
        return [type(part), part.name]
    if isinstance(part, os.PathLike):
        return [os.fspath(part)]
    if isinstance(part, logging.Logger):
        return [part.name]
    if inspect.isbuiltin(part) or inspect.ismodule(part):
        return [part.__name__]
    if hasattr(part, "__wrapped__"):  # functools.cache
        return [part.__wrapped__]
    if type(part) is not object and _is_written_in_python(type(part)):
        return [type(part), _attributes(part)]
    raise TypeError(
        f"{of} needs to know what each result is made from, and cannot look into a "
        f"{type(part).__name__}; give functions, specs, dataclasses, tensors and plain values"
        + _or_without(of)
    )


def _or_without(of: str) -> str:
    return ", or leave keep out" if of == "keep" else ""


# ---- objects -------------------------------------------------------------------------------------


def _is_written_in_python(made: type) -> bool:
    """Tell whether all that an object holds stands in its attributes, since no C is behind it."""
    heap = 1 << 9  # Py_TPFLAGS_HEAPTYPE
    return all(each is object or each.__flags__ & heap for each in made.__mro__) and not any(
        each.__module__ in ("_thread", "weakref", "_io", "threading") for each in made.__mro__
    )


def _attributes(part: Any) -> dict[str, Any]:
    """Return the attributes of an object by name, those in slots as well."""
    slots = [vars(each).get("__slots__", ()) for each in type(part).__mro__]
    names = [name for found in slots for name in ([found] if isinstance(found, str) else found)]
    in_slots = {name: getattr(part, name) for name in names if hasattr(part, name)}
    own = in_slots | dict(getattr(part, "__dict__", {}))
    return {name: own[name] for name in sorted(own) if name not in ("__dict__", "__weakref__")}


def _of_module(module: nn.Module, of: str) -> list[Any]:
    """Return weights, buffers, classes, hooks and attributes of a module and of those in it."""
    if isinstance(module, torch.jit.ScriptModule):
        return ["script", module.save_to_buffer()]
    if type(module).__name__ == "OptimizedModule":  # torch.compile
        return ["compiled", module._orig_mod]
    inner = dict(module.named_modules())
    return [
        repr(module),
        dict(module.named_parameters()),
        dict(module.named_buffers()),  # those that no state_dict holds, too
        *([type(each), _set_on(each, of)] for each in inner.values()),
        *([list(getattr(each, name).values()) for name in HOOKS] for each in inner.values()),
    ]


def _set_on(module: nn.Module, of: str) -> dict[str, Any]:
    """Return what was set on one module beside its weights; a library's by what can be told."""
    found = {name: value for name, value in vars(module).items() if name not in OF_MODULES}
    if isinstance(module, fx.GraphModule):
        return {"code": module.code}
    if not _from_library(type(module).__module__):
        return found
    told = {}
    for name, value in found.items():
        try:
            told[name] = fingerprint(value, of=of)
        except (TypeError, RecursionError):
            told[name] = type(value).__qualname__
    return told


# ---- code ----------------------------------------------------------------------------------------


def _of_function(function: FunctionType, of: str) -> list[Any]:
    if hasattr(function, "record"):  # a method of the course
        return [function.__qualname__]
    outside = inspect.getclosurevars(function)
    known = [function.__qualname__, function.__defaults__, function.__kwdefaults__]
    if _from_library(function.__module__):
        return [*known, dict(outside.nonlocals)]
    try:
        source = inspect.getsource(function)
    except OSError:
        raise TypeError(
            f"{of} needs the source of {function.__name__} to notice a change, and there is none; "
            f"write it into a file or a notebook{_or_without(of)}"
        ) from None
    if function.__name__ == "<lambda>":  # its line may hold two
        known.append(function.__code__)
    return [*known, source, dict(sorted({**outside.globals, **outside.nonlocals}.items()))]


def _of_class(made: type) -> list[Any]:
    if _from_library(made.__module__):
        return [made.__module__, made.__qualname__]
    own = {name: _unwrapped(each) for name, each in vars(made).items()}
    kept = {name: each for name, each in own.items() if _counts(name, each)}
    return [made.__qualname__, list(made.__bases__), kept]


def _counts(name: str, each: Any) -> bool:
    """Tell whether an attribute of a class counts: functions with a source, and plain values."""
    if isinstance(each, FunctionType):  # what `dataclass` adds has none
        return inspect.unwrap(each).__code__.co_filename != "<string>"
    return isinstance(each, OF_CLASSES) and not (name.startswith("__") and name.endswith("__"))


def _unwrapped(each: Any) -> Any:
    """Return the function of a static method, a class method or a property."""
    if isinstance(each, staticmethod | classmethod):
        return each.__func__
    if isinstance(each, property):
        return each.fget
    return each.func if isinstance(each, cached_property) else each


def _from_library(module: str | None) -> bool:
    """Tell whether a module is Python's own, ours, or one that was installed."""
    top = (module or "").partition(".")[0]
    file = getattr(sys.modules.get(module or ""), "__file__", None) or ""
    return (
        top in sys.stdlib_module_names
        or top == __name__.partition(".")[0]
        or "site-packages" in file
        or "dist-packages" in file
    ) and top != "__main__"
