"""Operations of a network, read from their many spellings: what a backward rule is given.

A call such as ``x @ W.T + b``, ``nn.Linear`` or ``F.linear`` is the same `Layer`; ``F.relu`` and
``clamp(min=0)`` are the same `Activated`. A rule sees the operation and not how it was written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

__all__ = [
    "Activated",
    "Activation",
    "Affine",
    "Join",
    "Layer",
    "MaxPool",
    "Mixture",
    "Operation",
    "SmoothActivation",
    "UnsupportedOperationError",
    "as_function",
    "is_in_place",
    "pad_in_a_circle",
    "plain_name",
    "read_activation",
    "read_affine",
    "read_join",
    "read_layer",
    "read_max_pool",
    "read_mixture",
    "read_padding",
    "read_smooth",
]


class UnsupportedOperationError(ValueError):
    """The model has an operation that the replaced backward rule is not defined for."""


# ---- what a rule is given ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Operation:
    """One call of an operation in the forward pass."""

    name: str
    inputs: tuple[Tensor, ...]  # those that follow from x; the rule gets them detached
    number: int = 0  # among the calls of its kind in this forward pass; a reused module counts on
    rows: int = 1  # how many rows of x are in this forward pass

    def detached(self) -> "Operation":
        return replace(self, inputs=tuple(t.detach() for t in self.inputs))


@dataclass(frozen=True)
class Activation:
    """A piecewise linear activation: slope `inside` on (low, high), `outside` elsewhere."""

    name: str
    low: float = 0.0
    high: float = float("inf")
    outside: float = 0.0

    def slope(self, z: Tensor) -> Tensor:
        """Return its derivative at z."""
        inside = (z > self.low) & (z < self.high)
        return torch.full_like(z, self.outside).masked_fill(inside, 1.0)


@dataclass(frozen=True, eq=False)
class SmoothActivation:
    """A smooth function of each number alone, rising everywhere."""

    name: str
    function: Callable[[Tensor], Tensor]

    def slope(self, z: Tensor) -> Tensor:
        """Return its derivative at z."""
        with torch.enable_grad():
            leaf = z.detach().requires_grad_(True)
            return torch.autograd.grad(self.function(leaf).sum(), leaf)[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class Activated(Operation):
    """output = g(z), number by number."""

    activation: Activation | SmoothActivation
    function: Callable[[Tensor], Tensor]  # g
    output: Tensor | None = None  # g(z), detached

    @property
    def z(self) -> Tensor:
        return self.inputs[0]

    @property
    def slope(self) -> Tensor:
        """g'(z)."""
        return self.activation.slope(self.z)


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer(Operation):
    """output = product(x, weight) + bias: a dense layer or a convolution.

    Elementwise affine steps on either side (batch-norm, ``x - mean``, ``/ std``, a bias added
    later) are part of it: those after it are in weight and bias; those before it make x the scaled
    input and put their shift into the bias, which may then differ from place to place (padding).
    """

    kind: str  # "linear" or "conv"
    weight: Tensor
    bias: Tensor | None  # broadcasts to the output
    product: Callable[[Tensor, Tensor], Tensor]  # (x, weight) -> output without bias
    first: bool = False  # it sees x itself: normalised, cut, turned or padded at most
    # how a map in the units of the source (the pixels, before / std) becomes one in those of x
    scale: Tensor | None = None
    source_shape: tuple[int, ...] = ()
    after: tuple[Callable[[Tensor], Tensor], ...] = ()

    @property
    def x(self) -> Tensor:
        return self.inputs[0]

    def spread(self, value: float | Tensor, scaled: bool = True) -> Tensor:
        """Return a map like x: `value` at each place of the source, scaled as x is, 0 in padding.

        value : a number or a tensor that broadcasts to the source.
        """
        whole = torch.zeros(self.source_shape or self.x.shape, dtype=self.x.dtype).to(self.x.device)
        whole = whole + torch.as_tensor(value, dtype=self.x.dtype).to(self.x.device)
        if scaled and self.scale is not None:
            whole = whole * self.scale
        for step in self.after:
            whole = step(whole)
        return whole

    @property
    def channel_axis(self) -> int:
        return -1 if self.kind == "linear" else 1

    def then(self, scale: Tensor | None, shift: Tensor | None, axes: int) -> "Layer | None":
        """Return ``scale * layer + shift`` as one layer, or None where it is not one."""
        found = [self._by_channel(c, axes) for c in (scale, shift)]
        if (scale is not None and found[0] is None) or (shift is not None and found[1] is None):
            return None
        s, t = found
        weight, bias = self.weight, self.bias
        if s is not None:
            weight = weight * s.view(-1, *[1] * (weight.dim() - 1))
            bias = None if bias is None else bias * self.like_output(s)
        if t is not None:
            bias = self.like_output(t) if bias is None else bias + self.like_output(t)
        return replace(self, weight=weight, bias=bias)

    def like_output(self, vector: Tensor) -> Tensor:
        """Return a vector (channels,) so that it broadcasts to the output."""
        return vector if self.kind == "linear" else vector.view(-1, *[1] * (self.weight.dim() - 2))

    def _by_channel(self, c: Tensor | None, axes: int) -> Tensor | None:
        if c is None or c.dim() > axes:
            return None
        channels = self.weight.shape[0]
        if c.numel() == 1:
            return c.reshape(1).expand(channels)
        shape = [1] * (axes - c.dim()) + list(c.shape)
        fits = shape.pop(self.channel_axis) == channels and all(n == 1 for n in shape)
        return c.reshape(-1) if fits else None


@dataclass(frozen=True, eq=False, kw_only=True)
class Affine(Operation):
    """output = scale * x + shift, number by number: batch-norm, normalisation, an added bias."""

    scale: Tensor | None  # None is 1
    shift: Tensor | None  # None is 0

    @property
    def x(self) -> Tensor:
        return self.inputs[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class Mixture(Operation):
    """output = function(*inputs), linear in them without weights: sums, means, average pools."""

    function: Callable[..., Tensor]


@dataclass(frozen=True, eq=False, kw_only=True)
class Join(Operation):
    """output = the inputs put together with constants, as they are: ``cat``, a rim of ones."""

    function: Callable[..., Tensor]


@dataclass(frozen=True, eq=False, kw_only=True)
class MaxPool(Operation):
    """output = the largest of each window."""

    with_indices: Callable[[Tensor], tuple[Tensor, Tensor]]
    spatial_axes: int

    @property
    def z(self) -> Tensor:
        return self.inputs[0]


# ---- reading a call ------------------------------------------------------------------------------

Follows = Callable[[Any], bool]

_RELU = (F.relu, F.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_)
_CLAMP = (torch.clamp, torch.clamp_, Tensor.clamp, Tensor.clamp_, torch.clip, Tensor.clip)
_CLAMP_MIN = (torch.clamp_min, torch.clamp_min_, Tensor.clamp_min, Tensor.clamp_min_)
_HARDTANH = (F.hardtanh, F.hardtanh_)
_LEAKY = (F.leaky_relu, F.leaky_relu_)
_THRESHOLD = (F.threshold, torch.threshold, torch.threshold_)
_SMOOTH = {"tanh", "sigmoid", "softplus", "elu"}


def plain_name(func: Any) -> str:
    """Return a function's name without what marks its spelling: __iadd__, add_, add -> add."""
    name = getattr(func, "__name__", str(func))
    if name.startswith("__i") and name.endswith("__") and name != "__invert__":
        name = name.replace("__i", "__", 1)
    return name.strip("_")


def _argument(args: tuple, kwargs: Mapping, place: int, name: str, default: Any) -> Any:
    return args[place] if len(args) > place else kwargs.get(name, default)


def read_activation(func: Any, args: tuple, kwargs: Mapping[str, Any]) -> Activation | None:
    """Return which activation of the ReLU family a call is, or None if it is none."""
    if func in _RELU:
        return Activation("relu")
    if func is F.relu6:
        return Activation("relu6", high=6.0)
    if func in _HARDTANH:
        low = _argument(args, kwargs, 1, "min_val", -1.0)
        high = _argument(args, kwargs, 2, "max_val", 1.0)
        return Activation("hardtanh", float(low), float(high)) if low == 0 else None
    if func in _CLAMP_MIN:
        return Activation("clamp") if _argument(args, kwargs, 1, "min", None) == 0 else None
    if func in _CLAMP:
        low = _argument(args, kwargs, 1, "min", None)
        high = _argument(args, kwargs, 2, "max", None)
        if isinstance(low, int | float) and low == 0 and not isinstance(high, Tensor):
            return Activation("clamp", high=float("inf") if high is None else float(high))
    if func in _LEAKY:
        return Activation("leaky_relu", outside=_argument(args, kwargs, 1, "negative_slope", 0.01))
    if func in _THRESHOLD:
        level = _argument(args, kwargs, 1, "threshold", None)
        value = _argument(args, kwargs, 2, "value", None)
        return Activation("threshold") if level == 0 and value == 0 else None
    return None


def read_smooth(func: Any, function: Callable[..., Tensor]) -> SmoothActivation | None:
    """Return which smooth rising activation a call is, or None if it is none."""
    name = plain_name(func)
    return SmoothActivation(name, function) if name in _SMOOTH else None


def is_in_place(func: Any, args: tuple, kwargs: Mapping[str, Any]) -> bool:
    """Tell whether a call overwrites its first argument."""
    name = getattr(func, "__name__", "")
    if name.startswith("__i") and name not in ("__invert__", "__index__", "__int__"):
        return True
    if name.endswith("_") and not name.endswith("__"):
        return True
    place = {F.relu: 1, F.relu6: 1, F.hardtanh: 3, F.leaky_relu: 2, F.threshold: 3}.get(func)
    return bool(place is not None and _argument(args, kwargs, place, "inplace", False)) or bool(
        kwargs.get("inplace", False)
    )


def as_function(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> tuple[tuple[Tensor, ...], Callable[..., Tensor]]:
    """Return the arguments that follow from x, and the call as a function of those alone."""
    leaves, tree = tree_flatten((args, dict(kwargs)))
    places = [i for i, leaf in enumerate(leaves) if follows(leaf)]
    inputs = tuple(leaves[i] for i in places)
    others = [None if i in places else leaf for i, leaf in enumerate(leaves)]
    overwrites = is_in_place(func, args, kwargs)

    def function(*values: Tensor) -> Tensor:
        filled = list(others)
        for i, value in zip(places, values, strict=True):
            filled[i] = value.clone() if overwrites else value
        again, more = tree_unflatten(filled, tree)
        return func(*again, **more)

    return inputs, function


_CONVOLUTIONS = {"conv1d": torch.conv1d, "conv2d": torch.conv2d, "conv3d": torch.conv3d}


def read_layer(func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows) -> Layer | None:
    """Return the dense layer or convolution that a call is, or None."""
    name = plain_name(func)
    if name == "linear" or name in _CONVOLUTIONS:
        x = _argument(args, kwargs, 0, "input", None)
        weight = _argument(args, kwargs, 1, "weight", None)
        bias = _argument(args, kwargs, 2, "bias", None)
        if not follows(x) or follows(weight) or follows(bias) or weight.dim() < 2:
            return None
        if name == "linear":
            return Layer(name, (x,), kind="linear", weight=weight, bias=bias, product=F.linear)
        convolve = _CONVOLUTIONS[name]
        names = ("stride", "padding", "dilation", "groups")
        settings = dict(zip(names, args[3:], strict=False))
        settings |= {key: kwargs[key] for key in names if key in kwargs}
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
    if name in ("matmul", "mm") and len(args) == 2:
        x, matrix = args
        if follows(x) and not follows(matrix) and matrix.dim() == 2:
            return Layer(name, (x,), kind="linear", weight=matrix.t(), bias=None, product=F.linear)
    if name == "addmm" and len(args) == 3 and not kwargs:
        bias, x, matrix = args
        if follows(x) and not follows(matrix) and not follows(bias):
            return Layer(name, (x,), kind="linear", weight=matrix.t(), bias=bias, product=F.linear)
    return None


def read_affine(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Affine | None:
    """Return the elementwise affine map of one input that a call is, or None."""
    name = plain_name(func)
    if name == "batch_norm":
        return _read_batch_norm(func, args, kwargs, follows)
    if name == "neg":
        minus = -torch.ones((), dtype=args[0].dtype).to(args[0].device)
        return Affine(name, (args[0],), scale=minus, shift=None)
    if name not in ("add", "radd", "sub", "rsub", "mul", "rmul", "multiply", "div", "truediv"):
        return None
    if len(args) + ("other" in kwargs) != 2 or set(kwargs) - {"other"}:
        return None  # alpha=, rounding_mode=: not read, and so refused or treated as a sum
    first, second = args[0], args[1] if len(args) == 2 else kwargs["other"]
    if follows(first) == follows(second):
        return None
    x, c = (first, second) if follows(first) else (second, first)
    if isinstance(c, Tensor) and c.dim() > x.dim():
        return None  # broadcasts x
    with torch.no_grad():
        c = c.to(x) if isinstance(c, Tensor) else torch.tensor(c, dtype=x.dtype).to(x.device)
        if torch.broadcast_shapes(x.shape, c.shape) != x.shape:
            return None
        one = torch.ones((), dtype=x.dtype).to(x.device)
        turned = x is second  # c is the left-hand side
        if name in ("add", "radd"):
            return Affine(name, (x,), scale=None, shift=c)
        if name in ("mul", "rmul", "multiply"):
            return Affine(name, (x,), scale=c, shift=None)
        if name in ("sub", "rsub"):
            if (name == "sub") != turned:  # x - c
                return Affine(name, (x,), scale=None, shift=-c)
            return Affine(name, (x,), scale=-one, shift=c)
        return None if turned else Affine(name, (x,), scale=1 / c, shift=None)


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


_MIXTURES = frozenset(
    """
    add radd sub rsub subtract mean sum avg_pool1d avg_pool2d avg_pool3d
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d interpolate upsample lerp
    """.split()
)


def read_mixture(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Mixture | None:
    """Return the sum or mean that a call is, or None."""
    name = plain_name(func)
    if name not in _MIXTURES:
        return None
    inputs, function = as_function(func, args, kwargs, follows)
    return Mixture(name, inputs, function=function) if inputs else None


_MAX_POOLS: dict[str, tuple[Any, int]] = {
    "max_pool1d": (F.max_pool1d, 1),
    "max_pool2d": (F.max_pool2d, 2),
    "max_pool3d": (F.max_pool3d, 3),
    "adaptive_max_pool1d": (F.adaptive_max_pool1d, 1),
    "adaptive_max_pool2d": (F.adaptive_max_pool2d, 2),
    "adaptive_max_pool3d": (F.adaptive_max_pool3d, 3),
}


def read_max_pool(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> MaxPool | None:
    """Return the max pooling that a call is, or None; those that also return indices are not."""
    name = plain_name(func)
    if name not in _MAX_POOLS or kwargs.get("return_indices", False):
        return None
    pool, axes = _MAX_POOLS[name]
    z = args[0] if args else kwargs["input"]
    settings = {k: v for k, v in kwargs.items() if k not in ("input", "return_indices")}
    more = args[1:]
    return MaxPool(
        name,
        (z,),
        with_indices=lambda z: pool(z, *more, **settings, return_indices=True),
        spatial_axes=axes,
    )


_JOINS = frozenset("cat concat concatenate stack hstack vstack dstack".split())


def read_join(func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows) -> Join | None:
    """Return what a call puts together, or None where no constant takes part."""
    name = plain_name(func)
    tensors = [leaf for leaf in tree_leaves((args, dict(kwargs))) if isinstance(leaf, Tensor)]
    with_constants = name in _JOINS and not all(follows(t) for t in tensors)
    if not with_constants and (name != "pad" or read_padding(args, kwargs)[1] == 0):
        return None
    inputs, function = as_function(func, args, kwargs, follows)
    return Join(name, inputs, function=function)


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
