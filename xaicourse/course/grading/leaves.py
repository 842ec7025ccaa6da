"""What a call leaves behind on the modules and tensors that it was given."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.course.grading.verdict import Settled

__all__ = ["Modules", "asks_for_gradients", "filled_in_training"]

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def asks_for_gradients(now: Any, before: Any) -> bool:
    """Say whether a tensor, or one in a list, asks for gradients since `before`, or holds one."""
    if isinstance(now, Tensor) and isinstance(before, Tensor):
        switched_on = now.requires_grad and not before.requires_grad
        return now.is_leaf and (switched_on or (now.grad is not None and before.grad is None))
    if isinstance(now, Mapping) and isinstance(before, Mapping):
        return any(asks_for_gradients(now[key], before[key]) for key in before if key in now)
    if isinstance(now, (list, tuple)) and isinstance(before, (list, tuple)):
        return any(map(asks_for_gradients, now, before))
    return False


class Modules:
    """All modules among some arguments, as they are before a call."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._before = [
            (name, module, _State(module))
            for name, value in arguments.items()
            for module in _modules_in(value)
        ]
        self._lists = [
            (name, value, list(value)) for name, value in arguments.items() if type(value) is list
        ]

    def ask_for_gradients(self) -> bool:
        """Let all weights ask for gradients, as in training; say whether there are any."""
        weights = [weight for _, module, _ in self._before for weight in module.parameters()]
        for weight in weights:
            weight.requires_grad_()
        return bool(weights)

    def restore(self) -> tuple[str, str] | None:
        """Put all modules back; return what was left behind, and in which argument, if anything.

        The next call then meets no trace of this one.
        """
        found = None
        for name, now, before in self._lists:
            if any(
                isinstance(b, nn.Module) and n is not b for n, b in zip(now, before, strict=False)
            ):
                found = found or ("changes_model", name)
        for name, module, state in self._before:
            left = state.differs(module)
            if left:
                state.restore(module)
                found = found or (left, name)
            state.forget_notes(module)
        return found


class _State:
    """One module's own state, its children left out."""

    def __init__(self, module: nn.Module) -> None:
        self.training = module.training
        self.attributes = set(vars(module))
        self.hooks = {name: dict(getattr(module, name)) for name in HOOKS}
        self.numbers = {name: (kept, kept.detach().clone()) for name, kept in _numbers(module)}
        self.asks = {name: kept.requires_grad for name, kept in _numbers(module)}
        self.filled = {name for name, kept in self.numbers.items() if kept[0].grad is not None}

    def differs(self, module: nn.Module) -> str | None:
        """Return the name of what is not as it was."""
        now = dict(_numbers(module))
        if now.keys() != self.numbers.keys():
            return "changes_model"
        if not all(_same(now[name], value) for name, (_, value) in self.numbers.items()):
            return "changes_model"
        if any(now[name].requires_grad != asks for name, asks in self.asks.items()):
            return "changes_model"
        if any(dict(getattr(module, name)) != hooks for name, hooks in self.hooks.items()):
            return "leaves_hooks"
        if any(now[name].grad is not None for name in now.keys() - self.filled):
            return "fills_weights"
        return "leaves_mode" if module.training != self.training else None

    def restore(self, module: nn.Module) -> None:
        """Put hooks, mode and numbers back."""
        module.training = self.training
        for name, hooks in self.hooks.items():
            getattr(module, name).clear()
            getattr(module, name).update(hooks)
        for name, (kept, value) in self.numbers.items():
            home: dict[str, Any] = (
                module._parameters if isinstance(kept, nn.Parameter) else module._buffers
            )
            home[name] = kept
            kept.data = value.clone()
            kept.requires_grad_(self.asks[name])
            if name not in self.filled:
                kept.grad = None

    def forget_notes(self, module: nn.Module) -> None:
        """Delete attributes that are new, such as a note of the gate."""
        for name in set(vars(module)) - self.attributes:
            delattr(module, name)


def filled_in_training(
    arguments: dict[str, Any], ask: Callable[[dict[str, Any]], Any]
) -> tuple[str, str] | None:
    """Say whose weights have a .grad after a call in which they ask for gradients."""
    before = Modules(arguments)
    if not before.ask_for_gradients():
        return None
    training = Modules(arguments)
    try:
        ask(arguments)
    except Settled:  # it was right where they do not ask
        return None
    finally:
        left = training.restore()
        before.restore()
    return left if left and left[0] == "fills_weights" else None


def _modules_in(value: Any) -> Iterator[nn.Module]:
    if isinstance(value, nn.Module):
        yield from value.modules()
    elif type(value) in (list, tuple):
        for part in value:
            yield from _modules_in(part)


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b)


def _numbers(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters(recurse=False)
    yield from module.named_buffers(recurse=False)
