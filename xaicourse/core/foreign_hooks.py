"""Hooks of other code that change gradients, so that a map is no longer that of the model.

What a library leaves behind after an error (a ReLU's output with ``register_hook(clamp)``, a full
backward hook) would spoil every method in silence. Hooks on tensors are watched as they are set
and as they run: one that only looks on is let be, one that changes a gradient is refused by name.
Hooks on modules cannot be watched without touching the module: they are named in a warning.
"""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

from xaicourse.core.operations import UnsupportedOperationError

__all__ = ["ForeignHookError", "ModuleHooks", "watched"]


class ForeignHookError(ValueError):
    """A hook that is none of ours changes a gradient."""


def watched(tensor: Tensor, hook: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    """Return a hook that is being set on a tensor, so that it raises if it changes the gradient."""
    own = str(getattr(hook, "__module__", "")).split(".")[0] == __name__.split(".")[0]
    if own or tensor.grad_fn is None:  # a weight's: no gradient with respect to x
        return hook
    made_by = tensor.grad_fn.name()
    shape = tuple(tensor.shape)

    def checked(grad: Tensor) -> Any:
        version, new = grad._version, hook(grad)
        changed = new is not None and new is not grad and not torch.equal(new, grad)
        if changed or grad._version != version:
            raise ForeignHookError(
                f"a hook changes the gradient inside the model: {_described(hook)}, set by "
                f"register_hook on a tensor of shape {shape} (made by {made_by}) while the model "
                "runs, often in a forward hook that another library or an earlier error left "
                "behind. The map would not be the model's: remove it (handle.remove(), or clear "
                "module._forward_hooks), or explain a fresh copy of the model"
            )
        return new

    return checked


class ModuleHooks:
    """The hooks on a model's modules, which change nothing but gradients.

    They are noticed once, by whoever takes gradients or lets another question take them.
    """

    def __init__(self, modules: Iterable[Any]) -> None:
        self.modules: Iterable[Any] | None = modules

    def notice(self, method: str | None = None) -> None:
        """Warn of them, or refuse them under the rules of a method."""
        if self.modules is not None:
            _notice(self.modules, method)
        self.modules = None


def _notice(modules: Iterable[Any], method: str | None) -> None:
    """Warn of hooks on modules that run in the backward pass; refuse them under a method's rules.

    `method` is the name of a method with rules of its own, whose audit cannot see past the hook.
    """
    found: list[tuple[str, Any]] = [
        ("every module", hook)
        for hooks in (torch_module._global_backward_hooks, torch_module._global_backward_pre_hooks)
        for hook in hooks.values()
    ]
    for module in modules:
        if isinstance(module, nn.Module) and (module._backward_hooks or module._backward_pre_hooks):
            hooks = [*module._backward_hooks.values(), *module._backward_pre_hooks.values()]
            found += [(repr(module).partition("\n")[0], hook) for hook in hooks]
    if not found:
        return
    where, hook = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    says = (
        f"{where} has a backward hook, {_described(hook)}{more}, which can change gradients inside "
        "the model"
    )
    remedy = "remove it (handle.remove()), or explain a fresh copy of the model"
    if method is not None:
        raise UnsupportedOperationError(f"{says}, and {method} cannot see past it; {remedy}")
    warnings.warn(
        f"{says}: the map is then not the model's. If it does, {remedy}; if it only looks on, all "
        "is well",
        stacklevel=5,
    )


def _described(hook: Any) -> str:
    """Return a hook's name and where it was written."""
    hook = getattr(hook, "func", hook)  # of a functools.partial
    name = getattr(hook, "__qualname__", type(hook).__name__)
    code = getattr(hook, "__code__", None)
    place = f", {code.co_filename}:{code.co_firstlineno}" if code is not None else ""
    return f"{name} ({getattr(hook, '__module__', '')}{place})"
