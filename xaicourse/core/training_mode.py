"""Refusing a model in training mode: its answer depends on chance or on the rest of the batch.

``module.training`` is blind to functional code and to closures, so the first forward pass is
watched instead: which operations run, and with which arguments.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from xaicourse.core.checks import is_unbatched
from xaicourse.core.foreign_hooks import watched
from xaicourse.core.inputs import Adapter

__all__ = [
    "TrainingModeError",
    "TrainingModeProbe",
    "batch_statistics",
    "refuse_training_modules",
]


class TrainingModeError(ValueError):
    """The model is in training mode, so its output depends on chance or on the batch."""


class _Switch(NamedTuple):
    """Where an operation's arguments say that it is training: (position, names, default)."""

    training: tuple[int, tuple[str, ...], bool]
    share: tuple[int, str, float] | None = None  # of dropped values; 0 is harmless


_HALF = (1, "p", 0.5)
_SWITCHES: dict[Callable[..., Any], _Switch] = {
    functional.batch_norm: _Switch((5, ("training",), False)),
    torch.batch_norm: _Switch((5, ("training",), False)),
    functional.dropout: _Switch((2, ("training",), True), _HALF),
    functional.dropout1d: _Switch((2, ("training",), True), _HALF),
    functional.dropout2d: _Switch((2, ("training",), True), _HALF),
    functional.dropout3d: _Switch((2, ("training",), True), _HALF),
    functional.alpha_dropout: _Switch((2, ("training",), False), _HALF),
    functional.feature_alpha_dropout: _Switch((2, ("training",), False), _HALF),
    torch.dropout: _Switch((2, ("train",), False), _HALF),
    torch.alpha_dropout: _Switch((2, ("train",), False), _HALF),
    torch.feature_dropout: _Switch((2, ("train",), False), _HALF),
    functional.rrelu: _Switch((3, ("training",), False)),
    torch.rrelu: _Switch((3, ("training",), False)),
    functional.multi_head_attention_forward: _Switch(
        (13, ("training",), True), (10, "dropout_p", 0.0)
    ),
}
_SIXTEEN_BITS = (torch.float16, torch.bfloat16)
_SQUASHING = {
    torch.sigmoid, Tensor.sigmoid, Tensor.sigmoid_, torch.sigmoid_, functional.sigmoid,
    functional.hardsigmoid, torch.special.expit, torch.softmax, Tensor.softmax, functional.softmax,
}  # fmt: skip
_RECURRENT = (torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu)
_OTHER_SWITCHES = {
    functional.scaled_dot_product_attention, functional.instance_norm, *_RECURRENT
}  # fmt: skip


class TrainingModeProbe(TorchFunctionMode):
    """Raise when the model calls batch-norm with batch statistics, or dropout that drops.

    Hooks that it sets on its tensors are watched, too (foreign_hooks.py); and that x, of so many
    axes, is no single image.
    """

    def __init__(self, axes: int) -> None:
        super().__init__()
        self.axes = axes
        self.hooks_set = 0
        self.low_precision = False  # whether a number of 16 bits was met: autocast, say
        self.own_statistics = False  # whether a batch norm without running statistics was met
        self._squashed: tuple[Tensor, str] | None = None

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.register_hook:
            self.hooks_set += 1
            return func(args[0], watched(args[0], *args[1:], **kwargs))
        if func in _SWITCHES or func in _OTHER_SWITCHES:
            if _is_training(func, args, kwargs):
                if not _has_no_statistics(func, args, kwargs):
                    raise _error(getattr(func, "__name__", str(func)))
                self.own_statistics = True
        elif is_unbatched(func, args, kwargs, self.axes):
            raise ValueError(f"{func.__name__} got a single example without a batch axis")
        result = func(*args, **kwargs)
        if isinstance(result, Tensor):
            with torch._C.DisableTorchFunction():
                self.low_precision |= result.dtype in _SIXTEEN_BITS
            if func in _SQUASHING:
                self._squashed = (result, func.__name__)
        return result

    def squashed_by(self, outputs: Any) -> str | None:
        """Return the sigmoid or softmax that the outputs are the result of, or a view of."""
        if self._squashed is None or not isinstance(outputs, Tensor):
            return None
        result, name = self._squashed
        same = result is outputs or (result._base if result._is_view() else result) is outputs._base
        return name if same else None


def _is_training(func: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> bool:
    if func in _SWITCHES:
        (position, names, default), share = _SWITCHES[func]
        training = _argument(args, kwargs, position, names, default)
        drops = share is None or _argument(args, kwargs, share[0], (share[1],), share[2]) != 0
        return bool(training) and drops
    if func is functional.scaled_dot_product_attention:
        return _argument(args, kwargs, 4, ("dropout_p",), 0.0) != 0
    if func is functional.instance_norm:  # uses a row's own statistics, but stores running ones
        uses_input = _argument(args, kwargs, 5, ("use_input_stats",), True)
        return bool(uses_input) and _argument(args, kwargs, 1, ("running_mean",), None) is not None
    if func in _RECURRENT:  # (..., dropout: float, train: bool, ...)
        place = next((i for i, a in enumerate(args) if isinstance(a, float)), None)
        return place is not None and args[place] != 0 and bool(args[place + 1])
    return False


def _has_no_statistics(func: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> bool:
    """Tell whether a call is a batch norm that changes nothing in the model.

    NFNet and BiT standardise their weights so. Whether it is applied to what follows from x, the
    rows tell: they depend on each other then (row_guard.py).
    """
    place = {functional.batch_norm: 1, torch.batch_norm: 3}.get(func)
    return place is not None and _argument(args, kwargs, place, ("running_mean",), None) is None


def batch_statistics() -> TrainingModeError:
    """Return the error for a model whose rows depend on each other through a batch norm."""
    return TrainingModeError(
        "model is in training mode, or has a batch norm without running statistics: it normalises "
        "a row by the rows beside it, so that no row has an explanation of its own. Call "
        "model.eval(); where that is done, use track_running_stats=True and train on, or a norm "
        "over one row, such as nn.GroupNorm or nn.LayerNorm"
    )


def _argument(
    args: tuple, kwargs: dict, position: int, names: tuple[str, ...], default: Any
) -> Any:
    if len(args) > position:
        return args[position]
    return next((kwargs[name] for name in names if name in kwargs), default)


def refuse_training_modules(model: Any) -> list[Any]:
    """Raise for what must not even be called once, or what the probe cannot see into.

    Returns the modules of the model, or the model itself.

    A batch-norm module in training mode counts its calls before it computes; scripted and traced
    modules run outside Python.
    """
    while isinstance(model, Adapter):
        model = model.model
    modules = modules_of(model) if isinstance(model, nn.Module) else [model]
    for module in modules:
        scripted = isinstance(module, torch.jit.ScriptModule)
        if getattr(module, "training", False):
            name = getattr(module, "original_name", type(module).__name__)
            if isinstance(module, nn.modules.batchnorm._BatchNorm) or (
                scripted and ("BatchNorm" in name or "Dropout" in name)
            ):
                raise _error(name)
        if scripted or isinstance(module, torch.jit.ScriptFunction):
            _refuse_training_graph(module)
    return modules


def modules_of(model: nn.Module) -> list[nn.Module]:
    """Return a module and all inside, each once: ``model.modules()``, ten times faster."""
    found: dict[nn.Module, None] = {}
    stack = [model]
    while stack:
        module = stack.pop()
        if module is not None and module not in found:
            found[module] = None
            stack.extend(reversed(module._modules.values()))  # type: ignore[arg-type]
    return list(found)


def _refuse_training_graph(scripted: Any) -> None:
    """Raise where tracing has frozen training=True into the graph; eval() no longer helps."""
    graph = getattr(scripted, "inlined_graph", None)
    if graph is None:  # a container without a forward of its own
        return
    for operation, position in (("aten::dropout", 2), ("aten::batch_norm", 5)):
        for node in graph.findAllNodes(operation):
            if list(node.inputs())[position].toIValue():
                raise _error(operation, "trace the model again after model.eval()")


def _error(name: str, remedy: str = "call model.eval() first") -> TrainingModeError:
    return TrainingModeError(
        f"model is in training mode ({name} uses batch statistics or drops at random), so one "
        f"row's explanation would depend on chance or on the other rows; {remedy}"
    )
