"""What the checker uses itself, as it was before an answer ran: modules, classes, their functions.

An answer that replaces a function of the grader, or `torch.Tensor.norm`, would judge itself.
"""

import builtins
import json
import math
import pickle
import sys
from types import FunctionType, ModuleType
from typing import Any

import torch
import torch.nn.functional as nnf

__all__ = ["Originals"]

# Where a replaced function would change a verdict. In torch.nn an answer may replace what it likes.
JUDGES = ("xaicourse.course", "xaicourse.core.registry")
PLAIN = (builtins, math, json, pickle, torch, torch.Tensor, torch.linalg)
ODD = {"__annotations__", "__annotations_cache__", "__doc__", "_"}
NOTHING = object()
TORCH = str(torch.__file__).removesuffix("__init__.py")


class Originals:
    """The names of some modules and classes, and what they mean."""

    def __init__(self) -> None:
        judges = [m for name, m in sys.modules.items() if name.startswith(JUDGES) and m]
        own = sys.modules["__main__"].__spec__
        judges += [sys.modules["__main__"]] if own and own.name.startswith(JUDGES) else []
        nets = [nnf, *_classes(torch.nn.modules), torch.autograd, torch.nn.Module]
        self._judging = [_Names(space) for m in judges for space in (m, *_classes(m))]
        self._judging += [_Names(space) for space in PLAIN]
        self._others = [_Names(space) for space in nets]

    def replaced(self) -> str | None:
        """Return the name of something that the checker uses and that is no longer the same."""
        for names in self._judging:
            found = names.replaced()
            if found is not None:
                return found
        return None

    def models_are_whole(self) -> bool:
        """Say whether what models use, but the checker does not, is the same."""
        return all(names.replaced() is None for names in self._others)

    def restore(self) -> None:
        """Put everything back."""
        for names in (*self._judging, *self._others):
            names.restore()


class _Names:
    """The names in one module or class. What a module has learnt since is no harm."""

    def __init__(self, space: Any) -> None:
        self.space, self.is_class = space, not isinstance(space, ModuleType)
        self.before = {n: value for n, value in space.__dict__.items() if n not in ODD}

    def replaced(self) -> str | None:
        # Uses no function that an answer could have replaced.
        now = self.space.__dict__
        for name, value in self.before.items():
            found = now.get(name, NOTHING)
            if found is not value and not _is_torchs_own(found, value):
                return f"{self.space.__name__}.{name}"
        if self.is_class:
            for name in now:
                if name not in self.before and name not in ODD:
                    return f"{self.space.__name__}.{name}"
        return None

    def restore(self) -> None:
        now = self.space.__dict__
        for name, value in self.before.items():
            if now.get(name, NOTHING) is not value:
                setattr(self.space, name, value)
        if self.is_class:
            for name in [name for name in now if name not in self.before and name not in ODD]:
                delattr(self.space, name)


def _is_torchs_own(found: Any, value: Any) -> bool:
    """Say whether torch wrapped a function itself: a part of it that is loaded later does so."""
    if type(found) is not FunctionType or found.__dict__.get("__wrapped__") is not value:
        return False
    return found.__code__.co_filename.startswith(TORCH)


def _classes(module: ModuleType) -> list[type]:
    """Return the classes that a module has made itself."""
    inside = [value for value in vars(module).values() if isinstance(value, type)]
    return [kind for kind in inside if kind.__module__.startswith(module.__name__)]
