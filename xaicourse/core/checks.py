"""Checks of arguments: one clear error each.

A message names the argument, what was given and what would be right.
"""

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = [
    "all_finite",
    "check_axes",
    "check_batch",
    "check_bounds",
    "check_choice",
    "check_flags",
    "check_images",
    "check_input",
    "check_model",
    "check_positive_int",
    "check_range",
    "check_seed",
    "check_takes",
    "check_unit_range",
    "default_batch_size",
    "describe",
    "image_instead",
    "is_unbatched",
    "named",
    "plain_numbers",
    "what_fits",
]

# A chunk holds this many input numbers unless the caller says otherwise: five 224 x 224 photos on
# a CPU, where larger activations leave the allocator's heap and every page is fetched anew (1.4
# times slower at ten); four where thirty people share it; ten elsewhere.
PHOTO = 3 * 224 * 224
MOST_ROWS = 1024

OF_IDS = (
    "the embedding's output: rest, a = xaicourse.at_layer(model, embedding_layer, {}), then "
    "explain rest at a"
)


def check_input(x: Any, name: str = "x") -> None:
    """Raise unless `x` is a finite, floating point tensor with a batch axis and rows in it."""
    check_batch(x, name)
    if not x.is_floating_point():
        raise TypeError(
            f"{name} has dtype {x.dtype}, but a gradient needs floating point numbers; for "
            + _instead_of_integers(x, name)
        )
    if x.element_size() == 1:
        raise TypeError(
            f"{name} has dtype {x.dtype}, in which torch cannot even add up; pass {name}.float()"
        )
    if x.dim() == 1:
        raise ValueError(
            f"{name} has shape {tuple(x.shape)}, but a batch (N, ...) is needed; for a single "
            f"example pass {name}[None], for {len(x)} examples of one number {name}[:, None]"
        )
    if not all_finite(x):
        bad = int((~torch.isfinite(x)).sum())
        raise ValueError(f"{name} holds {bad} NaN or infinite value(s); all must be finite")


def check_images(x: Any, name: str = "x") -> None:
    """Raise unless `x` is a batch of images (N, C, H, W)."""
    check_input(x, name)
    if x.dim() != 4:
        raise ValueError(
            f"{name} has shape {tuple(x.shape)}, but images (N, C, H, W) are needed"
            + image_instead(x, name)
        )


def image_instead(x: Tensor, name: str = "x") -> str:
    """Return how what is no batch of images becomes one, by its form."""
    if x.dim() == 3:
        return f"; for a single one (C, H, W) pass {name}[None]"
    if x.dim() == 2:
        return (
            "; if xaicourse.pack joined several inputs, pass the images alone and hand over the "
            "others by xaicourse.bind(model, name=tensor)"
        )
    return ""


def check_axes(x: Any, axes: int, form: str) -> None:
    """Raise unless x has as many axes as `form` says, such as "sentences (N, L, D)"."""
    if isinstance(x, Tensor) and x.dim() != axes:
        one = "; for a single one pass x[None]" if x.dim() == axes - 1 else ""
        raise ValueError(f"x has shape {tuple(x.shape)}, but {form} are needed{one}")


def check_batch(x: Any, name: str = "x") -> None:
    """Raise unless `x` is a tensor, of any numbers, with a batch axis and rows in it."""
    several = x.values() if isinstance(x, Mapping) else x if isinstance(x, list | tuple) else ()
    if several and all(isinstance(tensor, Tensor) for tensor in several):
        raise TypeError(
            f"{name} is a {type(x).__name__} of {len(x)} tensor(s), but one tensor (N, ...) is "
            "explained. To explain all of them together use packed, x = xaicourse.pack(model, "
            "tensors); to explain one, bind the others: xaicourse.bind(model, name=tensor); if "
            "they are the rows of one batch, torch.stack(tensors) joins them"
        )
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} must be a torch tensor of shape (N, ...), got {type(x).__name__}; "
            f"torch.as_tensor({name}) makes one"
        )
    if x.is_meta:
        raise ValueError(
            f"{name} is on the meta device, where tensors have a shape but no numbers; make it on "
            f"a real device, such as torch.rand({name}.shape)"
        )
    if x.layout is not torch.strided or x.is_nested:
        how = "to_padded_tensor(0.0)" if x.is_nested else "to_dense()"
        raise TypeError(
            f"{name} is a {'nested' if x.is_nested else 'sparse'} tensor, but a dense one (N, ...) "
            f"is needed; {name}.{how} makes one"
        )
    if x.dim() == 0 or x.numel() == 0:
        raise ValueError(
            f"{name} has shape {tuple(x.shape)}, but a batch (N, ...) with at least one row and "
            "one number a row is needed"
        )


def _instead_of_integers(x: Tensor, name: str) -> str:
    """Return what to do with x, of whole numbers, by its form."""
    if x.dtype in (torch.int16, torch.int32, torch.int64) and x.dim() <= 2:
        return (
            f"token ids explain {OF_IDS.format(name)}; for other whole numbers pass {name}.float()"
        )
    return f"an image in 0..255 pass {name}.float() / 255"


def check_model(model: Any) -> None:
    """Raise unless `model` is something that can be called on x."""
    if isinstance(model, type):
        raise TypeError(
            f"model is the class {model.__name__}, not a model; make one: {model.__name__}(...)"
        )
    if isinstance(model, Mapping):
        raise TypeError(
            f"model must be callable, got {type(model).__name__}; if it holds a model's weights, "
            "build the model and call model.load_state_dict(weights)"
        )
    if not callable(model):
        raise TypeError(f"model must be callable, got {type(model).__name__}")


def what_fits(model: Any, x: Tensor, rows: int) -> str:
    """Return what x must be like where a model has failed on it; `rows` are explained in all."""
    weights = next(iter(model.parameters()), None) if isinstance(model, nn.Module) else None
    if weights is not None and weights.is_meta:
        return (
            "the model's weights are on the meta device and have no numbers; load them, such as "
            "by model.load_state_dict(weights, assign=True)"
        )
    if weights is not None and weights.is_floating_point():
        form = weights.dtype, weights.device
        if form != (x.dtype, x.device):
            return (
                f"the model's weights are {form[0]} on {form[1]}; pass "
                f"x.to({str(form[1])!r}, {form[0]})"
            )
    return (
        "x must be a batch (N, ...) on the model's device and of its dtype; for a single example "
        "pass x[None]" + _ids(model, x) + _number_of_rows(len(x), rows)
    )


def _ids(model: Any, x: Tensor) -> str:
    """Return what to do if x holds token ids that were made floating point numbers."""
    modules = model.modules() if isinstance(model, nn.Module) else ()
    if x.dim() > 2 or not any(isinstance(m, nn.Embedding | nn.EmbeddingBag) for m in modules):
        return ""
    return "; if x holds token ids, leave them whole numbers and explain " + OF_IDS.format("x")


def _number_of_rows(given: int, n: int) -> str:
    """Return what to do if a model failed because it takes one number of rows only."""
    if given == n:
        return ""
    return (
        ". Methods send rows in chunks of any size: another tensor with an entry for each row goes "
        "with them by xaicourse.bind(model, name=tensor); a whole graph of nodes is one row, "
        "x[None]. A model that takes k rows and no other "
        "number needs batch_size=k and a wrapper that fills up: lambda z: "
        "model(z[torch.arange(k) % len(z)])[: len(z)]"
    )


def all_finite(t: Tensor) -> bool:
    """Tell whether no number of a tensor is NaN or infinite.

    Their sum tells it, ten times faster than a look at each, unless the sum itself overflows.
    """
    return bool(torch.isfinite(t.detach().sum())) or bool(torch.isfinite(t.detach()).all())


def check_bounds(bounds: Any, x: Tensor) -> tuple[float, float] | None:
    """Return the range of valid inputs, which must hold x; None where there is none."""
    if bounds is None:
        return None
    try:
        low, high = (float(end) for end in bounds)
    except (TypeError, ValueError):
        raise TypeError(
            "bounds must be the lowest and the highest number that an input may have, such as "
            f"(0.0, 1.0), or None, got {bounds!r}"
        ) from None
    if not low < high or float(x.min()) < low or float(x.max()) > high:
        raise ValueError(
            f"bounds must hold x, which goes from {float(x.min()):.3g} to {float(x.max()):.3g}, "
            f"got {bounds!r}"
        )
    return low, high


def check_unit_range(x: Tensor, name: str, instead: str = "a tensor") -> None:
    """Raise unless x lies in [0, 1], as what is named after a colour needs: black is 0, white 1."""
    low, high = float(x.min()), float(x.max())
    if low < -1e-6 or high > 1 + 1e-6:
        images = "the images unnormalised (normalisation belongs into the model) or "
        raise ValueError(
            f"{name} is for {'images' if x.dim() > 3 else 'values'} in [0, 1], x goes from "
            f"{low:.3g} to {high:.3g}; give {images if x.dim() > 3 else ''}{instead}"
        )


def check_range(x: Tensor, low: float, high: float) -> None:
    """Raise unless x lies in the range of valid inputs that a caller gave as low= and high=."""
    if not low < high:
        raise ValueError(f"low must be below high, got low={low}, high={high}")
    slack = 1e-6 * (high - low)
    if float(x.min()) < low - slack or float(x.max()) > high + slack:
        raise ValueError(
            f"x goes from {float(x.min()):.3g} to {float(x.max()):.3g}, out of the range from "
            f"{low:g} to {high:g}; give the range of valid inputs as low= and high="
        )


def check_positive_int(value: Any, name: str) -> int:
    """Return `value` as an int of at least 1, or raise."""
    if isinstance(value, bool) or not isinstance(value, Integral):  # NumPy's integers are too
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return int(value)


def check_seed(value: Any) -> int:
    """Return a seed as an int, or raise."""
    if isinstance(value, bool) or not isinstance(value, Integral):  # NumPy's integers are too
        raise TypeError(f"seed must be a whole number, got {value!r}")
    seed = int(value)
    if not -(2**63) <= seed < 2**63:
        raise ValueError(f"seed must fit into 64 bits, got {seed}")
    return seed


def check_choice(value: Any, known: Iterable[str], name: str) -> None:
    """Raise unless `value` is one of the known words."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def check_flags(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise if a setting that is on or off got anything else: each text would switch it on."""
    for name, value in given.items():
        if isinstance(defaults.get(name), bool) and not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False, got {value!r}")


def plain_numbers(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with Python's numbers in place of NumPy's, such as np.float32(0.1)."""
    return {n: v.item() if isinstance(v, np.generic) else v for n, v in given.items()}


def default_batch_size(x: Tensor, batch_size: int | None) -> int:
    """Return how many rows go through the model at once.

    The caller's `batch_size`, else the environment's ``XAICOURSE_BATCH_SIZE``, else as many rows
    as make five photos of 224 x 224 on a CPU (four where ``XAICOURSE_LAB`` is set: thirty people
    share a machine) and ten on other devices. It changes time and memory, never the result.
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
    photos = 10
    if x.device.type == "cpu":
        photos = 4 if os.environ.get("XAICOURSE_LAB") else 5
    return max(1, min(MOST_ROWS, photos * PHOTO // x[0].numel()))


def check_takes(function: Callable[..., Any], name: str, wanted: tuple[str, ...]) -> None:
    """Raise unless a function that the caller gave as `name` can be called with `wanted`."""
    if isinstance(function, type):
        raise TypeError(
            f"{name} is the class {function.__name__}; make one: {function.__name__}(...)"
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C
        return
    try:
        signature.bind(*wanted)
    except TypeError:
        called = getattr(function, "__name__", type(function).__name__)
        called = "a lambda" if called == "<lambda>" else called
        raise TypeError(
            f"{name} must be a function ({', '.join(wanted)}), got {called} that takes {signature}"
        ) from None


_UNBATCHED = {torch.conv1d: 2, torch.conv2d: 3, torch.conv3d: 4}  # axes without a batch


def is_unbatched(func: Callable[..., Any], args: tuple, kwargs: dict[str, Any], axes: int) -> bool:
    """Tell whether a single image (C, H, W), of so many axes, goes in as if it were C rows.

    Torch's convolutions take it, and a model with as many outputs as channels would even
    return "one output a row".
    """
    if _UNBATCHED.get(func) != axes:
        return False
    with torch._C.DisableTorchFunction():  # this is no call of the model
        return (args[0] if args else kwargs["input"]).dim() == axes


def named(given: Any) -> str:
    """Return what was given for a message, without the numbers of a tensor."""
    return f"a tensor {tuple(given.shape)}" if isinstance(given, Tensor) else repr(given)


def describe(model: Any) -> str:
    """Return a short name for a model in messages."""
    return (
        type(model).__name__
        if isinstance(model, nn.Module)
        else getattr(model, "__name__", type(model).__name__)
    )
