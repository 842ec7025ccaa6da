"""Other backward passes, written from the papers, as second opinions on methods with rules.

A function mode sees every call while a plain model runs and puts a differentiable function with
another slope in the place of what it knows. Nothing of the package is used here.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

__all__ = ["NoOpinion", "as_layers", "of_relus", "rescaled"]


class NoOpinion(Exception):
    """The model has an operation for which there is no second opinion."""


def _names(*names: str) -> set[Any]:
    """Return the functions of these names in torch, its tensors and torch.nn.functional."""
    homes = (torch, Tensor, F, torch.special)
    return {getattr(h, name) for h in homes for name in names if hasattr(h, name)}


RELU, RELU6 = _names("relu", "relu_"), _names("relu6", "hardtanh", "hardtanh_")
SMOOTH = _names(
    *("gelu", "silu", "silu_", "hardswish", "hardswish_", "mish", "elu", "elu_", "selu", "celu"),
    *("tanh", "tanh_", "softplus", "softsign", "leaky_relu", "leaky_relu_", "prelu", "log_sigmoid"),
)
GATES = _names("sigmoid", "sigmoid_", "hardsigmoid", "softmax")
SQUASHED = _names("sigmoid", "sigmoid_", "hardsigmoid", "softmax", "log_softmax")
POOLS = _names("max_pool1d", "max_pool2d", "max_pool3d", "amax", "max", "adaptive_max_pool2d")
NORMS = _names("layer_norm", "group_norm", "instance_norm", "rms_norm", "normalize", "norm")
PRODUCTS = _names("mul", "__mul__", "mul_", "__imul__", "__rmul__", "multiply")
QUOTIENTS = _names("div", "__truediv__", "__rtruediv__", "divide", "true_divide")
MATRICES = _names("matmul", "__matmul__", "bmm", "einsum", "scaled_dot_product_attention")


def _follow(args: tuple) -> list[Tensor]:
    return [a for a in args if isinstance(a, Tensor) and a.requires_grad]


class _Mode(TorchFunctionMode):
    """Calls `change(func, args, kwargs)` for each operation on what follows from x."""

    def __init__(self, change: Callable[[Any, tuple, dict], Any]) -> None:
        super().__init__()
        self.change = change

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if not _follow(args) or func.__name__ == "__get__":
            return func(*args, **kwargs)
        kwargs.pop("inplace", None)
        result = self.change(func, args, kwargs)
        in_place = func.__name__.endswith("_") and not func.__name__.endswith("__")
        if result is None:
            return func(*args, **kwargs)
        return args[0].copy_(result) if in_place else result


def _plainly(func: Any, args: tuple, kwargs: dict) -> Tensor:
    """Call an element-wise function on a copy, so that nothing is overwritten."""
    first = args[0].clone()
    with torch._C.DisableTorchFunction():
        return func(first, *args[1:], **kwargs)


# ---- the ReLU family -----------------------------------------------------------------------------


def of_relus(backward: Callable[[Tensor, Tensor, Tensor], Tensor]) -> TorchFunctionMode:
    """Give every ReLU and ReLU6 a backward: (z, a, gradient at a) -> gradient at z."""

    class Ruled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, z: Tensor, high: float) -> Tensor:
            a = z.clamp(0, high)
            ctx.save_for_backward(z, a)
            ctx.high = high
            return a

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
            z, a = ctx.saved_tensors
            return backward(z, a, grad * (z < ctx.high)), None

    def change(func: Any, args: tuple, kwargs: dict) -> Any:
        if func in RELU:
            return Ruled.apply(args[0].clone(), float("inf"))
        if func in RELU6:
            return Ruled.apply(args[0].clone(), 6.0)
        return None

    return _Mode(change)


def softplus_for_relu(beta: float) -> TorchFunctionMode:
    """Put softplus in the place of every ReLU, two of them for a ReLU6."""

    def rise(z: Tensor) -> Tensor:
        return torch.logaddexp(beta * z, torch.zeros_like(z)) / beta

    def change(func: Any, args: tuple, kwargs: dict) -> Any:
        if func in RELU:
            return rise(args[0].clone())
        if func in RELU6:
            return rise(args[0].clone()) - rise(args[0] - 6)
        return None

    return _Mode(change)


# ---- DeepLIFT ------------------------------------------------------------------------------------


class _Slope(torch.autograd.Function):
    """Pass a value on, with a slope of one's own."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, value: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(slope)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
        (slope,) = ctx.saved_tensors
        return grad * slope, None, None


def rescaled() -> TorchFunctionMode:
    """DeepLIFT's rules on a batch of two rows, x and its reference, or of their parts in order."""

    def change(func: Any, args: tuple, kwargs: dict) -> Any:
        with torch.enable_grad(), torch._C.DisableTorchFunction():
            if func in PRODUCTS | MATRICES and len(_follow(args)) == 2 and len(args) == 2:
                return _product(*args, torch.mul if func in PRODUCTS else torch.matmul)
            if func in _names("layer_norm", "group_norm"):
                return _norm_in_parts(func, args, kwargs)
            if func is F.normalize:
                dim, eps = kwargs.get("dim", 1), kwargs.get("eps", 1e-12)
                size = _each(_product(args[0], args[0]).sum(dim, keepdim=True), torch.sqrt)
                return _product(args[0], _each(size, lambda n: 1 / n.clamp_min(eps)))
            if func in _names("softmax"):
                dim = args[1] if len(args) > 1 else kwargs["dim"]
                total = _each(args[0], torch.exp).sum(dim, keepdim=True)
                return _each(args[0] - _each(total, torch.log), torch.exp)
            if func in _names("max_pool2d"):
                return _pooled(*args, **kwargs)
            if func in RELU | RELU6 | SMOOTH | GATES - _names("softmax"):
                return _each(args[0], lambda z: func(z.clone(), *args[1:], **kwargs))
        linear = func in _names("matmul", "__matmul__", "bmm") and len(_follow(args)) == 1
        quotient = func in QUOTIENTS and len(_follow(args)) == 2
        if func in POOLS | NORMS | SQUASHED or (func in MATRICES and not linear) or quotient:
            raise NoOpinion(func.__name__)
        return None

    return _Mode(change)


def _halves(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return what is of x and what is of its reference."""
    if len(t) % 2:
        raise NoOpinion("an odd number of parts")
    return t.detach().chunk(2)


def _mean_of_both(t: Tensor) -> Tensor:
    return (sum(_halves(t)) / 2).repeat(2, *[1] * (t.dim() - 1))


def _each(z: Tensor, f: Callable[[Tensor], Tensor]) -> Tensor:
    """Rescale: the slope is that of the line through both points."""
    leaf = z.detach().clone().requires_grad_(True)
    own = f(leaf)
    (slope,) = torch.autograd.grad(own.sum(), leaf)
    value, (z_x, z_0) = own.detach(), _halves(z)
    step = (z_x - z_0).repeat(2, *[1] * (z.dim() - 1))
    rise = (value.chunk(2)[0] - value.chunk(2)[1]).repeat(2, *[1] * (z.dim() - 1))
    slope = torch.where(step.abs() > 1e-9, rise / step.where(step != 0, 1 + 0 * step), slope)
    return _Slope.apply(z.clone(), value, slope)


def _product(a: Tensor, b: Tensor, f: Callable[..., Tensor] = torch.mul) -> Tensor:
    """A product is split as da mean(b) + mean(a) db."""
    if len(a) != len(b):
        raise NoOpinion("a product of other parts")
    path = f(a, _mean_of_both(b)) + f(_mean_of_both(a), b)
    return path + (f(a, b) - path).detach()


def _norm_in_parts(func: Any, args: tuple, kwargs: dict) -> Tensor:
    z, layer = args[0], func in _names("layer_norm")
    first = "normalized_shape" if layer else "num_groups"
    shape, weight, bias, eps = _read(args[1:], kwargs, None, None, 1e-5, first)
    axes = tuple(range(-len(shape), 0)) if layer else (-1,)
    parts = z if layer else z.reshape(len(z), shape, -1)
    c = parts - parts.mean(axes, keepdim=True)
    variance = _product(c, c).mean(axes, keepdim=True)
    y = _product(c, _each(variance, lambda v: (v + eps) ** -0.5)).reshape(z.shape)
    form = (-1, *[1] * (0 if layer else z.dim() - 2))
    y = y if weight is None else y * (weight if layer else weight.view(form))
    return y if bias is None else y + (bias if layer else bias.view(form))


def _pooled(
    z: Tensor, size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """The difference of a window goes to the winner: x's where it rose, else the reference's."""
    value, at = F.max_pool2d(z.detach(), size, stride, padding, dilation, ceil_mode, True)
    (y, y_0), (at_x, at_0) = _halves(value), at.chunk(2)
    at = torch.where(y >= y_0, at_x, at_0).flatten(2).repeat(2, 1, 1)
    winner = z.flatten(2).gather(2, at).view_as(value)
    z_x, z_0 = _halves(winner)
    step = z_x - z_0
    slope = torch.where(step == 0, 0 * y, (y - y_0) / step.where(step != 0, 1 + 0 * y))
    return _Slope.apply(winner, value, slope.repeat(2, 1, 1, 1))


# ---- relevance -----------------------------------------------------------------------------------


def as_layers() -> TorchFunctionMode:
    """LRP-0 as gradient x input of a net in which all that is not linear is held fixed.

    An activation passes relevance on: f(z) = z [f(z) / z]. A gate gets none, a norm's scale is
    held fixed. Max pools hand it to the winner, which their gradient does.
    """

    def change(func: Any, args: tuple, kwargs: dict) -> Any:
        if func in SQUASHED:
            return _plainly(func, args, kwargs).detach()
        if func in RELU | RELU6 | SMOOTH:
            z = args[0]
            with torch.no_grad():
                value = func(z.detach().clone(), *args[1:], **kwargs)
                share = torch.where(z == 0, torch.zeros_like(z), value / z.where(z != 0, 1 + 0 * z))
            return z * share
        if func in _names("layer_norm"):
            shape, weight, bias, eps = _read(args[1:], kwargs, None, None, 1e-5, "normalized_shape")
            axes = tuple(range(-len(shape), 0))
            return _normed(args[0], axes, weight, bias, eps)
        if func in _names("group_norm"):
            groups, weight, bias, eps = _read(args[1:], kwargs, None, None, 1e-5, "num_groups")
            z = args[0]
            parts = z.reshape(len(z), groups, -1)
            flat = _normed(parts, (-1,), None, None, eps).reshape(z.shape)
            form = (1, -1, *[1] * (z.dim() - 2))
            flat = flat if weight is None else flat * weight.view(form)
            return flat if bias is None else flat + bias.view(form)
        if func in MATRICES | (NORMS - _names("layer_norm", "group_norm")):
            raise NoOpinion(func.__name__)
        if func in PRODUCTS and len(_follow(args)) == 2:
            raise NoOpinion("a product of two signals")
        return None

    return _Mode(change)


def _read(args: tuple, kwargs: dict, weight: Any, bias: Any, eps: float, first: str) -> tuple:
    names = (first, "weight", "bias", "eps")
    given = dict(zip(names, args, strict=False)) | kwargs
    return given[first], given.get("weight", weight), given.get("bias", bias), given.get("eps", eps)


def _normed(z: Tensor, axes: tuple, weight: Any, bias: Any, eps: float) -> Tensor:
    scale = (z.var(axes, unbiased=False, keepdim=True) + eps).sqrt().detach()
    normed = (z - z.mean(axes, keepdim=True)) / scale
    normed = normed if weight is None else normed * weight
    return normed if bias is None else normed + bias
