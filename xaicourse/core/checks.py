"""Checks of arguments: one clear error each.

A message names the argument, what was given and what would be right.
"""

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

__all__ = ["TrainingModeError", "check_input", "check_positive_int", "default_batch_size"]

# A chunk holds this many input numbers unless the caller says otherwise: ten 224 x 224 photos.
CHUNK_NUMBERS = 10 * 3 * 224 * 224
MOST_ROWS = 1024


class TrainingModeError(ValueError):
    """The model is in training mode, so its output depends on chance or on the batch."""


def check_input(x: Any, name: str = "x") -> None:
    """Raise unless `x` is a finite, floating point tensor with a batch axis and rows in it."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} must be a torch tensor of shape (N, ...), got {type(x).__name__}; "
            f"torch.as_tensor({name}) makes one"
        )
    if not x.is_floating_point():
        raise TypeError(
            f"{name} has dtype {x.dtype}, but a gradient needs floating point numbers; for an "
            f"image in 0..255 pass {name}.float() / 255"
        )
    if x.dim() == 0 or x.numel() == 0:
        raise ValueError(
            f"{name} has shape {tuple(x.shape)}, but a batch (N, ...) with at least one row and "
            "one number a row is needed"
        )
    finite = torch.isfinite(x)
    if not bool(finite.all()):
        bad = int((~finite).sum())
        raise ValueError(f"{name} holds {bad} NaN or infinite value(s); all must be finite")


def check_positive_int(value: Any, name: str) -> int:
    """Return `value` as an int of at least 1, or raise."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value


def default_batch_size(x: Tensor, batch_size: int | None) -> int:
    """Return how many rows go through the model at once.

    The caller's `batch_size`, else the environment's ``XAICOURSE_BATCH_SIZE``, else as many rows
    as make ten photos of 224 x 224 (five where ``XAICOURSE_LAB`` is set: thirty people share a
    machine). It changes time and memory, never the result.
    """
    if batch_size is not None:
        return check_positive_int(batch_size, "batch_size")
    from_environment = os.environ.get("XAICOURSE_BATCH_SIZE")
    if from_environment:
        if not from_environment.isdecimal():
            raise ValueError(
                "XAICOURSE_BATCH_SIZE must be a whole number of at least 1, "
                f"got {from_environment!r}"
            )
        return check_positive_int(int(from_environment), "XAICOURSE_BATCH_SIZE")
    numbers = CHUNK_NUMBERS // 2 if os.environ.get("XAICOURSE_LAB") else CHUNK_NUMBERS
    return max(1, min(MOST_ROWS, numbers // x[0].numel()))


# ---- training mode ----------------------------------------------------------------------------
# `module.training` is blind to functional code, so the first forward pass is watched instead.
# Each entry: function -> (position of its "training" argument, its default).
_TRAINING_ARGUMENT: dict[Callable[..., Any], tuple[int, bool]] = {
    functional.batch_norm: (5, False),
    torch.batch_norm: (5, False),
    functional.dropout: (2, True),
    functional.dropout1d: (2, True),
    functional.dropout2d: (2, True),
    functional.dropout3d: (2, True),
    functional.alpha_dropout: (2, False),
    functional.feature_alpha_dropout: (2, False),
    functional.rrelu: (3, False),
    torch.dropout: (2, False),
}
_BATCH_NORM = (functional.batch_norm, torch.batch_norm)


class TrainingModeProbe(TorchFunctionMode):
    """Raise when the model calls batch-norm with batch statistics, or dropout that drops."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        if func in _TRAINING_ARGUMENT:
            position, default = _TRAINING_ARGUMENT[func]
            given = args[position] if len(args) > position else default
            training = kwargs.get("training", kwargs.get("train", given))
            drops = func in _BATCH_NORM or _dropout_probability(func, args, kwargs) != 0
            if training and drops:
                raise _training_mode(name)
        if func is functional.scaled_dot_product_attention:
            share = args[4] if len(args) > 4 else kwargs.get("dropout_p", 0.0)
            if share:
                raise _training_mode(f"{name} with dropout_p={share}")
        return func(*args, **kwargs)


def _dropout_probability(func: Callable[..., Any], args: tuple, kwargs: dict) -> float:
    if func is functional.rrelu:
        return 1.0
    return args[1] if len(args) > 1 else kwargs.get("p", 0.5)


def check_scripted_modules(model: Any) -> None:
    """Raise for a scripted or traced module in training mode, which the probe cannot see into."""
    if not isinstance(model, torch.jit.ScriptModule):
        return
    for module in model.modules():
        name = getattr(module, "original_name", type(module).__name__)
        if module.training and ("BatchNorm" in name or "Dropout" in name):
            raise _training_mode(name)


def _training_mode(name: str) -> TrainingModeError:
    return TrainingModeError(
        f"model is in training mode ({name} uses batch statistics or drops at random), so one "
        "row's explanation would depend on chance or on the other rows; call model.eval() first"
    )


def describe(model: Any) -> str:
    """Return a short name for a model in messages."""
    return (
        type(model).__name__
        if isinstance(model, nn.Module)
        else getattr(model, "__name__", type(model).__name__)
    )
