"""A private copy of a model with other weights: the caller's module is never touched.

A swap of the weights inside the caller's module, even for the time of one call, is seen by every
other thread that runs it. So the tree of modules is copied, without its tensors, and the copies
hold the other weights. What a module keeps of others beside its children (lists, bound methods) is
led to the copies, too. `UsesOriginal` watches a forward pass for weights of the caller's that are
still used; then `deep_copy` leads more kinds of objects to the copies, and what even that cannot
reach (a closure, say) is refused by name.
"""

import copy
import functools
import types
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from xaicourse.core.checks import describe

__all__ = ["UsesOriginal", "deep_copy", "refusal", "shallow_copy", "storage_of"]

# what nn.Module itself keeps in __dict__
_TABLES = ("_parameters", "_buffers", "_modules")
# what may hold modules, and what holds nothing: most of what a module keeps is empty or plain
_CONTAINERS = (dict, OrderedDict, list, tuple, set)
_PLAIN = (bool, int, float, str)


def shallow_copy(model: nn.Module, weights: Mapping[Tensor, Tensor]) -> nn.Module:
    """Return the same tree of modules with other weights, parameter -> tensor.

    Buffers are copied, so that a model that writes to them writes to its own.
    """
    return _Copies(weights).of(model)


def deep_copy(model: nn.Module, weights: Mapping[Tensor, Tensor]) -> nn.Module:
    """Return a deep copy of a model with other weights: slower, but it reaches further."""
    # deepcopy looks a thing up here before it copies it
    instead: dict[int, Any] = {id(old): _parameter(new) for old, new in weights.items()}
    try:
        return copy.deepcopy(model, instead)
    except Exception as error:
        raise ValueError(
            f"model {describe(model)} holds its own layers in a place where a copy with other "
            f"weights does not reach them, and copy.deepcopy(model) fails: {error}; register the "
            "layers as submodules (nn.ModuleList in place of a list)"
        ) from error


def _parameter(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight, requires_grad=False)


class _Copies:
    """Copies modules, each once, and leads what they hold to the copies."""

    def __init__(self, weights: Mapping[Tensor, Tensor]) -> None:
        self.instead: dict[int, Any] = {id(old): _parameter(new) for old, new in weights.items()}

    def of(self, module: Any) -> Any:
        """Return the copy of a module; a shared one, or a circle, meets the same copy again."""
        if id(module) in self.instead:
            return self.instead[id(module)]
        if type(module).__name__ == "OptimizedModule":  # compiled: the module it was made of
            return self.of(module._orig_mod)
        copied = object.__new__(type(module))
        self.instead[id(module)] = copied
        inside = dict(module.__dict__)
        inside["_compiled_call_impl"] = None  # of the caller's own layers
        for buffer in module._buffers.values():
            if isinstance(buffer, Tensor) and id(buffer) not in self.instead:
                self.instead[id(buffer)] = buffer.detach().clone()
        copied.__dict__.update({name: self.led(value) for name, value in inside.items()})
        for name in _TABLES:  # tables of its own, even where nothing in them changed
            if inside[name] is copied.__dict__[name]:
                copied.__dict__[name] = type(inside[name])(inside[name])
        return copied

    def led(self, value: Any) -> Any:
        """Return what takes the place of a value that a module holds; most things are their own."""
        if id(value) in self.instead:
            return self.instead[id(value)]
        if value is None or type(value) in _PLAIN or (type(value) in _CONTAINERS and not value):
            return value
        if isinstance(value, nn.Module):
            return self.of(value)
        if isinstance(value, types.MethodType):
            owner = self.led(value.__self__)
            same = owner is value.__self__
            return value if same else types.MethodType(value.__func__, owner)
        if type(value) is functools.partial:
            return self._led_partial(value)
        if type(value) in _CONTAINERS:
            self.instead[id(value)] = value  # where it holds itself
            self.instead[id(value)] = self._led_container(value)
        return self.instead.get(id(value), value)

    def _led_container(self, value: Any) -> Any:
        """Return the same container if nothing in it changes, else one with what it changes to."""
        old = list(value.values() if isinstance(value, dict) else value)
        new = [self.led(item) for item in old]
        if all(a is b for a, b in zip(new, old, strict=True)):
            return value
        return type(value)(zip(value, new, strict=True) if isinstance(value, dict) else new)

    def _led_partial(self, value: functools.partial) -> functools.partial:
        parts = (value.func, value.args, value.keywords)
        func, args, named = (self.led(part) for part in parts)
        if all(new is old for new, old in zip((func, args, named), parts, strict=True)):
            return value
        return functools.partial(func, *args, **named)


class UsesOriginal(TorchFunctionMode):
    """Notes the first operation that uses one of the caller's own weights, or a piece of it."""

    def __init__(self, weights: Mapping[Tensor, str]) -> None:
        super().__init__()
        self._places = {storage_of(W): name for W, name in weights.items() if W.numel() > 0}
        self.found: tuple[str, str] | None = None  # name of the weight, of the operation

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.found is None:
            for leaf in tree_leaves((args, kwargs)):
                name = self._places.get(storage_of(leaf)) if isinstance(leaf, Tensor) else None
                if name is not None:
                    self.found = (name, getattr(func, "__name__", str(func)))
        return func(*args, **kwargs)


def storage_of(tensor: Tensor) -> Any:
    """Return where a tensor's numbers lie, the same for each view of them; None is nowhere."""
    with torch._C.DisableTorchFunction():
        try:
            return tensor.device, tensor.untyped_storage().data_ptr()
        except (RuntimeError, NotImplementedError):  # sparse tensors and wrappers have none
            return id(tensor)


def refusal(model: nn.Module, found: tuple[str, str] | None) -> ValueError:
    """Return the error for a model of which even a deep copy uses a weight of the caller's."""
    name, operation = found or ("", "")
    return ValueError(
        f"the weight {name!r} of model {describe(model)} is used (in {operation}()) from a place "
        "where a copy of the model with other weights does not reach it: a closure, a global "
        "variable or another object that holds the layer; let the forward() of the module use "
        "self.layer only"
    )
