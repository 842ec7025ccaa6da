"""What a result was made from, as one number: it changes when the data or the code does."""

import inspect
import sys
from dataclasses import fields, is_dataclass
from functools import partial
from hashlib import sha256
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["fingerprint"]

Plain = int | float | str | bytes | bool | None | torch.dtype | torch.device | torch.Size


def fingerprint(*parts: Any) -> str:
    """Return a number in hex of tensors, functions, models, settings and what they hold.

    A function counts with its source, and with the values outside it that it reads; what a library
    has made counts by its name.
    """
    seen = sha256()
    for part in parts:
        _add(seen, part, ())
    return seen.hexdigest()


def _add(seen: Any, part: Any, around: tuple[Any, ...]) -> None:
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
    else:
        for inner in _inside(part):
            _add(seen, inner, (*around, part))


def _inside(part: Any) -> list[Any]:
    """Return what a part is made of, or refuse what cannot be told from its like."""
    if isinstance(part, list | tuple):
        return list(part)
    if isinstance(part, dict):
        return [each for item in part.items() for each in item]
    if isinstance(part, partial):
        return [part.func, part.args, part.keywords]
    if isinstance(part, MethodType):
        return [part.__func__, part.__self__]
    if isinstance(part, FunctionType):
        return _of_function(part)
    if inspect.isclass(part):
        return _of_class(part)
    if isinstance(part, nn.Module):
        return [type(part), repr(part), dict(part.state_dict())]
    if is_dataclass(part):
        return [type(part), *(getattr(part, field.name) for field in fields(part))]
    if inspect.isbuiltin(part) or inspect.ismodule(part):
        return [part.__name__]
    raise TypeError(
        "keep needs to know what each result is made from, and cannot look into a "
        f"{type(part).__name__}; give functions, specs, dataclasses, tensors and plain values, or "
        "leave keep out"
    )


def _of_function(function: FunctionType) -> list[Any]:
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
            f"keep needs the source of {function.__name__} to notice a change, and there is none; "
            "write it into a file or a notebook, or leave keep out"
        ) from None
    return [*known, source, dict(sorted({**outside.globals, **outside.nonlocals}.items()))]


def _of_class(made: type) -> list[Any]:
    if _from_library(made.__module__):
        return [made.__module__, made.__qualname__]
    own = {
        name: each
        for name, each in vars(made).items()
        if isinstance(each, FunctionType) and not (is_dataclass(made) and _generated(each))
    }
    return [made.__qualname__, list(made.__bases__), own]


def _generated(function: FunctionType) -> bool:
    """Tell whether a function has no source of its own, as what `dataclass` adds to a class."""
    return inspect.unwrap(function).__code__.co_filename == "<string>"


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
