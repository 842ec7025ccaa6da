"""One way to replace a backward rule, for every spelling of an operation.

A `Rules` object does two things with a model, and only while it is asked for a gradient:

1. During the forward pass a function mode sees every call (module, functional, method, in place,
   reused) and gives the operations of its table another backward. The forward value stays.
2. After it, the autograd graph between x and the outputs is **audited**. Each operation in it is
   *ruled* (it carries our backward), *transparent* (affine, pooling, shape: the chain rule is all
   there is) or *refused* with its name. So what the mode could not see, a ReLU inside compiled
   code, say, is never explained silently with the plain gradient.

No hooks, no surgery on modules, no weight is touched.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

__all__ = ["Activation", "Producer", "Rules", "UnsupportedOperationError", "read_activation"]


class UnsupportedOperationError(ValueError):
    """The model has an operation that the replaced backward rule is not defined for."""


# ---- operations of the ReLU family, in all their spellings --------------------------------------


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


_RELU = (F.relu, F.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_)
_CLAMP = (torch.clamp, torch.clamp_, Tensor.clamp, Tensor.clamp_, torch.clip, Tensor.clip)
_CLAMP_MIN = (torch.clamp_min, torch.clamp_min_, Tensor.clamp_min, Tensor.clamp_min_)
_HARDTANH = (F.hardtanh, F.hardtanh_)
_LEAKY = (F.leaky_relu, F.leaky_relu_)
_THRESHOLD = (F.threshold, torch.threshold, torch.threshold_)


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


def _is_in_place(func: Any, args: tuple, kwargs: Mapping[str, Any]) -> bool:
    if getattr(func, "__name__", "").endswith("_") and not func.__name__.endswith("__"):
        return True
    place = {F.relu: 1, F.relu6: 1, F.hardtanh: 3, F.leaky_relu: 2, F.threshold: 3}.get(func)
    return bool(place is not None and _argument(args, kwargs, place, "inplace", False))


# A backward rule for activations: (slope at z, incoming gradient) -> outgoing gradient
BackwardRule = Callable[[Tensor, Tensor], Tensor]


class _RuledActivation(torch.autograd.Function):
    """The activation's own value forward, the rule backward. In differentiable operations."""

    @staticmethod
    def forward(value: Tensor, z: Tensor, slope: Tensor, rule: BackwardRule) -> Tensor:  # type: ignore[override]
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        _, _, slope, rule = inputs
        ctx.save_for_backward(slope)
        ctx.rule = rule

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple:  # type: ignore[override]
        (slope,) = ctx.saved_tensors
        return None, ctx.rule(slope, grad), None, None


# ---- the mode ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Producer:
    """Which call made a tensor: rules by position (first layer, batch-norm after conv) need it."""

    name: str
    order: int  # 0 for the first call of the forward pass


_COMPARISONS = """
    gt ge lt le eq ne greater greater_equal less less_equal not_equal isclose
    __gt__ __ge__ __lt__ __le__ __eq__ __ne__
""".split()
_ZERO_GRADIENT = "sign signbit heaviside bool logical_not nonzero argmax argsort".split()
_DATA = Tensor.data.__get__  # type: ignore[attr-defined]
_CUTS = {Tensor.detach: "detach", torch.detach: "detach", _DATA: "data"}


class _RuleMode(TorchFunctionMode):
    def __init__(self, rule: BackwardRule, allow: frozenset[str]) -> None:
        super().__init__()
        self.rule = rule
        self.allow = allow
        self.calls = 0
        self.producers: WeakTensorKeyDictionary = WeakTensorKeyDictionary()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        z = args[0] if args else kwargs.get("input")
        follows_x = isinstance(z, Tensor) and z.is_floating_point() and z.requires_grad
        activation = read_activation(func, args, kwargs) if follows_x else None
        if activation is not None:
            return self._ruled(activation, func, z, args, kwargs)  # type: ignore[arg-type]
        if follows_x:
            self._refuse_masks(func, name)
        result = func(*args, **kwargs)
        self._tag(result, name)
        return result

    def _ruled(
        self, activation: Activation, func: Any, z: Tensor, args: tuple, kwargs: dict
    ) -> Tensor:
        with torch.no_grad():
            slope = activation.slope(z)
            value = func(
                z.detach().clone(), *args[1:], **{k: v for k, v in kwargs.items() if k != "input"}
            )
        result = _RuledActivation.apply(value, z, slope, self.rule)
        if _is_in_place(func, args, kwargs):  # the caller may go on with z itself
            result = z.copy_(result)
        self._tag(result, activation.name)
        return result

    def _refuse_masks(self, func: Any, name: str) -> None:
        """A mask made from an activation, x * (x > 0), leaves no trace in the graph: refuse it."""
        kind = None
        if name in _COMPARISONS:
            kind = "comparison"
        elif func in _CUTS:
            kind = _CUTS[func]
        elif name in _ZERO_GRADIENT:
            kind = name
        if kind and kind not in self.allow:
            raise UnsupportedOperationError(
                f"model computes {name}() of an activation ({kind}); with it an activation "
                "function can be built that no rule covers. If it is not one, pass "
                f"allow=({kind!r},)"
            )

    def _tag(self, result: Any, name: str) -> None:
        if isinstance(result, Tensor) and result.requires_grad:
            self.producers[result] = Producer(name, self.calls)
            self.calls += 1


# ---- the audit -----------------------------------------------------------------------------------

_AFFINE = """
    add sub rsub neg mul div mm bmm addmm addmv mv baddbmm dot convolution slow_conv_dilated2d
    mkldnn_convolution cudnn_convolution native_batch_norm cudnn_batch_norm miopen_batch_norm
    sum mean cumsum linear einsum lerp
""".split()
_POOLING = """
    max_pool1d max_pool2d max_pool2d_with_indices max_pool3d_with_indices
    avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool2d mkldnn_adaptive_avg_pool2d
    adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d
    upsample_nearest2d upsample_bilinear2d upsample_bicubic2d upsample_nearest_exact2d
""".split()
_SHAPE = """
    view reshape unsafe_view reshape_alias as_strided alias clone copy copies copy_backwards
    to_copy contiguous permute transpose t mt squeeze unsqueeze expand repeat cat stack split
    split_with_sizes unsafe_split unbind chunk narrow slice select index index_select gather flip
    roll pixel_shuffle pixel_unshuffle constant_pad_nd reflection_pad2d replication_pad2d pad
    unfold im2_col col2_im swapaxes movedim diagonal to_memory_format accumulate_grad
""".split()
_TRANSPARENT = frozenset(_AFFINE + _POOLING + _SHAPE)
# Bilinear operations are affine only while one of these arguments does not follow from x.
_PRODUCTS = {
    "mul": (0, 1),
    "mm": (0, 1),
    "bmm": (0, 1),
    "mv": (0, 1),
    "dot": (0, 1),
    "addmm": (1, 2),
    "addmv": (1, 2),
    "baddbmm": (1, 2),
    "convolution": (0, 1),
    "lerp": (0, 2),
}
_RULED_NAME = "_ruled_activation"


def _operation_name(node: Any) -> str:
    """Return an autograd node's operation in lower case: ReluBackward0 -> relu."""
    name = re.sub(r"Backward\d*$", "", node.name().split("::")[-1])
    name = re.sub(r"(?<=\d)D", "d", name)  # AvgPool2D -> AvgPool2d
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _nodes_that_follow(start: Any, output: Tensor) -> list[Any]:
    """Return the autograd nodes on the ways from x's node `start` to an output."""
    follows: dict[Any, bool] = {start: True}
    order: list[Any] = []
    stack: list[tuple[Any, bool]] = [(output.grad_fn, False)]
    while stack:  # depth first without recursion: nets can be thousands of nodes deep
        node, children_done = stack.pop()
        if children_done:
            follows[node] = any(follows.get(n, False) for n, _ in node.next_functions if n)
            order.append(node)
        elif node not in follows:
            follows[node] = False
            stack.append((node, True))
            stack.extend((n, False) for n, _ in node.next_functions if n and n not in follows)
    return [node for node in order if follows[node]]


def audit(output: Tensor, start: Any, allow: frozenset[str], method: str) -> None:
    """Raise unless every operation between x and an output is ruled or transparent.

    Raises
    ------
    UnsupportedOperationError
        It names the first operation that is neither.
    """
    nodes = _nodes_that_follow(start, output)
    inside = {start, *nodes}
    for node in nodes:
        name = _operation_name(node)
        if name == _RULED_NAME or name in allow:
            continue
        if name not in _TRANSPARENT:
            raise UnsupportedOperationError(
                f"{method} is not defined for the operation {name!r} ({node.name()}) in this "
                f"model: its backward rule covers the ReLU family only, and the plain gradient "
                "would be used there silently. Use a model of ReLUs in eager mode, another "
                f"method, or accept the plain gradient of this operation with allow=({name!r},)"
            )
        factors = _PRODUCTS.get(name, ())
        dependent = [
            place
            for place in factors
            if place < len(node.next_functions) and node.next_functions[place][0] in inside
        ]
        divides = (
            name == "div" and len(node.next_functions) > 1 and node.next_functions[1][0] in inside
        )
        if (len(dependent) > 1 or divides) and "product" not in allow:
            raise UnsupportedOperationError(
                f"{method} is not defined where two activations are multiplied ({node.name()}), as "
                "in gates and attention; accept the plain gradient there with allow=('product',)"
            )


@dataclass(frozen=True, eq=False)
class Rules:
    """A backward rule for the ReLU family, to be put to a question: ``ask(..., rules=...)``.

    Parameters
    ----------
    method : str
        Whose rule it is, for messages.
    rule : callable
        (slope at z, incoming gradient) -> outgoing gradient, in differentiable operations.
    allow : tuple of str
        Operations whose plain gradient the caller accepts, by the name that the error gave.
    """

    method: str
    rule: BackwardRule
    allow: tuple[str, ...] = ()

    @contextmanager
    def active(self) -> Iterator[_RuleMode]:
        """Replace the rule in every forward pass inside."""
        mode = _RuleMode(self.rule, frozenset(self.allow))
        with mode:
            yield mode

    def audit(self, output: Tensor, start: Any) -> None:
        """Check that nothing between x, whose autograd node is `start`, and an output escaped."""
        audit(output, start, frozenset(self.allow), self.method)

    def check_model(self, model: Any) -> None:
        """Refuse compiled models, whose inside cannot be seen."""
        kind = type(model).__name__
        if (
            isinstance(model, torch.jit.ScriptModule | torch.jit.ScriptFunction)
            or kind == "OptimizedModule"
        ):
            raise UnsupportedOperationError(
                f"{self.method} needs a model in eager mode, but this one is compiled or scripted "
                f"({kind}): its operations cannot be seen; pass the original model"
            )
