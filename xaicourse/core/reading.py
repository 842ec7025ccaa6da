"""Reading a call: which operation it is, whatever its spelling.

core/known.py says what PyTorch calls the operations; here their arguments are read.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload, OpOverloadPacket
from torch.nn import functional as F
from torch.utils._pytree import tree_leaves

from xaicourse.core.known import (
    NUMBER_BY_NUMBER,
    RELU_FAMILY,
    SMOOTH,
    kind_of,
    name_of,
    overwrites_by_name,
    plain_name,
)
from xaicourse.core.leaves import taken_apart
from xaicourse.core.operations import (
    Activation,
    Affine,
    Join,
    Layer,
    MaxPool,
    Mixture,
    SmoothActivation,
    UnsupportedOperationError,
)

__all__ = [
    "as_function",
    "first_argument",
    "is_in_place",
    "is_one_by_one",
    "pad_in_a_circle",
    "read_activation",
    "read_affine",
    "read_join",
    "read_layer",
    "read_max_pool",
    "read_mixture",
    "read_padding",
    "read_smooth",
    "with_first_argument",
]

Follows = Callable[[Any], bool]


def _argument(args: tuple, kwargs: Mapping, place: int, name: str, default: Any) -> Any:
    return args[place] if len(args) > place else kwargs.get(name, default)


def first_argument(args: tuple, kwargs: Mapping[str, Any]) -> Any:
    """Return what a call is about, also where it is named: relu(input=x)."""
    return args[0] if args else kwargs.get("input", kwargs.get("self"))


def with_first_argument(args: tuple, kwargs: dict, value: Tensor) -> tuple[tuple, dict]:
    """Return a call's arguments with another first one."""
    if args:
        return (value, *args[1:]), kwargs
    return args, kwargs | {"input" if "input" in kwargs else "self": value}


# ---- activations ---------------------------------------------------------------------------------


def read_activation(func: Any, args: tuple, kwargs: Mapping[str, Any]) -> Activation | None:
    """Return which activation of the ReLU family a call is, or None if it is none."""
    if kind_of(func) not in RELU_FAMILY or isinstance(func, OpOverload | OpOverloadPacket):
        return None  # torch.ops calls are left to the audit
    name = name_of(func)
    if name == "relu":
        return Activation("relu")
    if name == "relu6":
        return Activation("relu6", high=6.0)
    if name == "leaky_relu":
        return Activation("leaky_relu", outside=_argument(args, kwargs, 1, "negative_slope", 0.01))
    if name == "threshold":
        level = _argument(args, kwargs, 1, "threshold", None)
        value = _argument(args, kwargs, 2, "value", None)
        return Activation("threshold") if level == 0 and value == 0 else None
    if name == "clamp_min":
        low = _as_number(_argument(args, kwargs, 1, "min", None))
        return Activation("clamp") if low == 0 else None
    if name == "hardtanh":
        low = _argument(args, kwargs, 1, "min_val", -1.0)
        high = _argument(args, kwargs, 2, "max_val", 1.0)
        return Activation("hardtanh", float(low), float(high)) if low == 0 else None
    low = _as_number(_argument(args, kwargs, 1, "min", None))
    high = _as_number(_argument(args, kwargs, 2, "max", None))
    if not isinstance(low, int | float) or low != 0 or isinstance(high, Tensor):
        return None
    return Activation("clamp", high=float("inf") if high is None else float(high))


def _as_number(value: Any) -> Any:
    """Return a bound that is a tensor of one number, torch.tensor(0.0), as that number."""
    one = isinstance(value, Tensor) and value.numel() == 1 and not value.requires_grad
    return value.item() if one else value


def read_smooth(func: Any, function: Callable[..., Tensor]) -> SmoothActivation | None:
    """Return which smooth rising activation a call is, or None if it is none."""
    return SmoothActivation(plain_name(func), function) if kind_of(func) in SMOOTH else None


def is_one_by_one(func: Any, args: tuple) -> bool:
    """Tell whether a call with one argument that follows from x bends it number by number."""
    kind = kind_of(func)
    if isinstance(func, OpOverload | OpOverloadPacket) or kind in ("negation", "norm"):
        return False
    if kind not in NUMBER_BY_NUMBER or name_of(func) == "prelu":
        return kind in NUMBER_BY_NUMBER
    shapes = [t.shape for t in args if isinstance(t, Tensor)]
    return len(shapes) < 2 or torch.broadcast_shapes(*shapes) == shapes[0]


# ---- what is done with a call --------------------------------------------------------------------


@cache
def _place_of_inplace(func: Any) -> int | None:
    """Return where a function of torch.nn.functional has its argument `inplace`."""
    try:
        return list(inspect.signature(func).parameters).index("inplace")
    except (TypeError, ValueError):  # written in C, or without one
        return None


def is_in_place(func: Any, args: tuple, kwargs: Mapping[str, Any]) -> bool:
    """Tell whether a call overwrites its first argument."""
    if overwrites_by_name(getattr(func, "__name__", "")):
        return name_of(func) != "requires_grad"  # whose number stays
    place = _place_of_inplace(func)
    return bool(place is not None and _argument(args, kwargs, place, "inplace", False)) or bool(
        kwargs.get("inplace", False)
    )


def as_function(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> tuple[tuple[Tensor, ...], Callable[..., Tensor]]:
    """Return the arguments that follow from x, and the call as a function of those alone."""
    leaves, build = taken_apart(args, dict(kwargs))
    places = [i for i, leaf in enumerate(leaves) if follows(leaf)]
    inputs = tuple(leaves[i] for i in places)
    others = [None if i in places else leaf for i, leaf in enumerate(leaves)]
    overwrites = is_in_place(func, args, kwargs)
    constants = [leaf for leaf in others if isinstance(leaf, Tensor) and not leaf.is_inference()]
    versions = [t._version for t in constants]

    def function(*values: Tensor) -> Tensor:
        if versions != [t._version for t in constants]:
            raise UnsupportedOperationError(
                f"model overwrites a constant of {plain_name(func)}() in place after the call, but "
                "its backward rule needs it; use a copy there"
            )
        filled = list(others)
        for i, value in zip(places, values, strict=True):
            filled[i] = value
        if overwrites:
            filled = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in filled]
        again, more = build(filled)
        return func(*again, **more)

    return inputs, function


_CONVOLUTIONS = {"conv1d": torch.conv1d, "conv2d": torch.conv2d, "conv3d": torch.conv3d}


# ---- layers and affine steps ---------------------------------------------------------------------


def read_layer(func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows) -> Layer | None:
    """Return the dense layer or convolution that a call is, or None."""
    name = name_of(func)
    if name == "linear" or name in _CONVOLUTIONS:
        return _read_module_like(name, args, kwargs, follows)
    if name in ("matmul", "mm") and len(args) == 2:
        bias, (x, matrix) = None, args
    elif name == "addmm" and len(args) == 3 and not kwargs:
        bias, x, matrix = args
    else:
        return _read_contraction(func, args, kwargs, follows)
    if not follows(x) or follows(matrix) or follows(bias) or matrix.dim() != 2:
        return _read_contraction(func, args, kwargs, follows)
    return Layer(
        plain_name(func), (x,), kind="linear", weight=matrix.t(), bias=bias, product=F.linear
    )


def _read_contraction(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Layer | None:
    """Read a sum of products of x and one constant tensor: bmm, einsum, tensordot, A @ x."""
    if kind_of(func) not in ("matrix product", "contraction"):
        return None
    tensors = [t for t in tree_leaves((args, dict(kwargs))) if isinstance(t, Tensor)]
    inputs = [t for t in tensors if follows(t)]
    if len(tensors) != 2 or len(inputs) != 1 or len(args) < 2:
        return None
    (constant,) = (t for t in tensors if t is not inputs[0])
    x_first = tensors[0] is inputs[0]
    _, both = as_function(func, args, kwargs, lambda t: isinstance(t, Tensor))
    return Layer(
        plain_name(func),
        (inputs[0],),
        kind="linear",
        weight=constant,
        bias=None,
        product=(lambda x, w: both(x, w)) if x_first else (lambda x, w: both(w, x)),
        merges=False,
    )


def _read_module_like(
    name: str, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Layer | None:
    """Read ``linear(x, weight, bias)`` and ``conv(x, weight, bias, stride, ...)``."""
    x = _argument(args, kwargs, 0, "input", None)
    weight = _argument(args, kwargs, 1, "weight", None)
    bias = _argument(args, kwargs, 2, "bias", None)
    if not follows(x) or follows(weight) or follows(bias) or weight.dim() < 2:
        return None
    if name == "linear":
        return Layer(name, (x,), kind="linear", weight=weight, bias=bias, product=F.linear)
    convolve = _CONVOLUTIONS[name]
    settings = dict(zip(("stride", "padding", "dilation", "groups"), args[3:], strict=False))
    settings |= {k: v for k, v in kwargs.items() if k not in ("input", "weight", "bias")}
    if bias is not None:
        bias = bias.view(-1, *[1] * (weight.dim() - 2))
    return Layer(
        name,
        (x,),
        kind="conv",
        weight=weight,
        bias=bias,
        product=lambda x, w: convolve(x, w, None, **settings),
    )


def read_affine(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Affine | None:
    """Return the elementwise affine map of one input that a call is, or None."""
    name, kind = plain_name(func), kind_of(func)
    if kind == "norm":
        return _read_batch_norm(func, args, kwargs, follows)
    if kind == "negation":
        minus = -torch.ones((), dtype=args[0].dtype).to(args[0].device)
        return Affine(name, (args[0],), scale=minus, shift=None)
    if kind not in ("sum", "product", "quotient"):
        return None
    first, second = first_argument(args, kwargs), _argument(args, kwargs, 1, "other", None)
    more = {k: v for k, v in kwargs.items() if k not in ("input", "self", "other", "alpha")}
    alpha = kwargs.get("alpha", 1)
    if len(args) > 2 or any(v is not None for v in more.values()):
        return None  # rounding_mode="floor": not read, and so refused
    if second is None or isinstance(alpha, Tensor):
        return None
    if follows(first) == follows(second) or (kind == "quotient" and follows(second)):
        return None
    x, c = (first, second) if follows(first) else (second, first)
    if isinstance(c, Tensor) and c.dim() > x.dim():
        return None  # broadcasts x
    with torch.no_grad():
        c = c.to(x, copy=True) if isinstance(c, Tensor) else torch.tensor(c, dtype=x.dtype).to(x)
        if torch.broadcast_shapes(x.shape, c.shape) != x.shape:
            return None
        c = _shortened(c)
        scale, shift = _scale_and_shift(name_of(func), c, alpha, constant_first=x is second)
        return Affine(name, (x,), scale=scale, shift=shift)


def _shortened(c: Tensor) -> Tensor:
    """Return a constant of length 1 along axes where it stays the same: an expanded bias."""
    if sum(n > 1 for n in c.shape) < 2:
        return c
    for axis in range(c.dim()):
        first = c.narrow(axis, 0, 1)
        c = first if bool((c == first).all()) else c
    return c


def _scale_and_shift(
    name: str, c: Tensor, alpha: float, constant_first: bool
) -> tuple[Tensor | None, Tensor | None]:
    """Return s and t of s x + t for a sum, product or quotient of x and a constant c."""
    if name == "mul":
        return c, None
    if name == "div":
        return 1 / c, None
    # a first + b second
    a, b = {"add": (1, alpha), "sub": (1, -alpha), "rsub": (-alpha, 1)}[name]
    of_x, of_c = (b, a) if constant_first else (a, b)
    scale = None if of_x == 1 else torch.tensor(of_x, dtype=c.dtype).to(c.device)
    return scale, c if of_c == 1 else of_c * c


def _read_batch_norm(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Affine | None:
    if func is torch.batch_norm:  # weight and bias stand before the statistics there
        args = (args[0], args[3], args[4], args[1], args[2], *args[5:])
    x = args[0] if args else kwargs["input"]
    mean = _argument(args, kwargs, 1, "running_mean", None)
    variance = _argument(args, kwargs, 2, "running_var", None)
    weight = _argument(args, kwargs, 3, "weight", None)
    bias = _argument(args, kwargs, 4, "bias", None)
    eps = _argument(args, kwargs, 7, "eps", 1e-5)
    if not follows(x) or mean is None or variance is None or any(map(follows, args[1:])):
        return None
    with torch.no_grad():
        scale = (variance + eps).rsqrt()
        scale = scale if weight is None else scale * weight
        shift = -mean * scale if bias is None else bias - mean * scale
        shape = (-1, *[1] * (x.dim() - 2))
        return Affine("batch_norm", (x,), scale=scale.view(shape), shift=shift.view(shape))


# ---- sums, pools and joins -----------------------------------------------------------------------


def read_mixture(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Mixture | None:
    """Return the sum or mean that a call is, or None."""
    kind = kind_of(func)
    if kind not in ("sum", "mean", "resize", "mixture", "other linear", "contraction"):
        return None
    if kind == "mixture" and follows(_argument(args, kwargs, 2, "weight", None)):
        return None  # a gate
    tensors = [t for t in tree_leaves((args, dict(kwargs))) if isinstance(t, Tensor)]
    if kind == "contraction" and len(tensors) > 1:  # einsum of one tensor: a sum, a diagonal
        return None
    inputs, function = as_function(func, args, kwargs, follows)
    return Mixture(plain_name(func), inputs, function=function) if inputs else None


def read_max_pool(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> MaxPool | None:
    """Return the max pooling that a call is, or None; those that also return indices are not."""
    if kind_of(func) != "max pool" or kwargs.get("return_indices", False):
        return None
    name = name_of(func)  # max_pool2d, adaptive_max_pool1d, ...
    pool, axes = getattr(F, name), int(name[-2])
    z = args[0] if args else kwargs["input"]
    settings = {k: v for k, v in kwargs.items() if k not in ("input", "return_indices")}
    more = args[1:]
    return MaxPool(
        name,
        (z,),
        with_indices=lambda z: pool(z, *more, **settings, return_indices=True),
        spatial_axes=axes,
    )


def read_join(func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows) -> Join | None:
    """Return what a call puts together, or None where no constant takes part."""
    tensors = [leaf for leaf in tree_leaves((args, dict(kwargs))) if isinstance(leaf, Tensor)]
    chosen = plain_name(func) in ("where", "masked_fill")  # by a constant mask
    with_constants = chosen or (kind_of(func) == "join" and not all(follows(t) for t in tensors))
    if not with_constants and (name_of(func) != "pad" or read_padding(args, kwargs)[1] == 0):
        return None
    inputs, function = as_function(func, args, kwargs, follows)
    return Join(plain_name(func), inputs, function=function)


def read_padding(args: tuple, kwargs: Mapping[str, Any]) -> tuple[str, float]:
    """Return the mode of a call of ``F.pad`` and the number that it puts in, 0 unless constant."""
    mode = _argument(args, kwargs, 2, "mode", "constant")
    value = _argument(args, kwargs, 3, "value", None)
    return mode, float(value or 0) if mode == "constant" else 0.0


def pad_in_a_circle(x: Tensor, pad: tuple[int, ...]) -> Tensor:
    """Return x with its far end before each axis and its near end after it, last axis first.

    ``F.pad(x, pad, "circular")`` writes into an empty tensor, which the audit cannot see through.
    """
    for axis, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), start=1):
        length = x.shape[-axis]
        ends = x.narrow(-axis, length - before, before), x.narrow(-axis, 0, after)
        x = torch.cat([ends[0], x, ends[1]], dim=-axis)
    return x
