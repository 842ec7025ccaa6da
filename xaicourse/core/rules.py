"""One way to replace a backward rule, for every spelling of an operation.

A `BackwardRules` object does two things with a model, and only while it is asked for a gradient:

1. During the forward pass a function mode sees every call (module, functional, method, in place,
   reused), reads it as an operation (core/operations.py), asks `choose` for a rule and gives the
   operation that backward. The forward value stays.
2. After it, the autograd graph between x and the outputs is **audited**. Each operation in it is
   *ruled* (it carries our backward), *transparent* (the chain rule is all there is) or *refused*
   with its name. So what the mode could not see, a ReLU inside compiled code, say, is never
   explained silently with the plain gradient.

No hooks, no surgery on modules, no weight is touched. Nothing is looked up in advance: a
batch-norm finds, at its own call, the convolution that made its input, and becomes one layer with
it; a layer knows whether it sees x itself, because every tensor remembers what made it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from xaicourse.core.operations import (
    Activated,
    Activation,
    Affine,
    Layer,
    Mixture,
    Operation,
    UnsupportedOperationError,
    as_function,
    is_in_place,
    pad_in_a_circle,
    plain_name,
    read_activation,
    read_affine,
    read_join,
    read_layer,
    read_max_pool,
    read_mixture,
    read_padding,
    read_smooth,
)

__all__ = [
    "MAX_POOLING",
    "SHAPE",
    "TRANSPARENT",
    "Activation",
    "BackwardRules",
    "Choice",
    "OperationRule",
    "Rules",
    "UnsupportedOperationError",
    "apply_rule",
    "nodes_that_follow",
    "read_activation",
]

# A backward rule: (operation with detached inputs, what arrives at its output) -> what its
# inputs get, one tensor for each of operation.inputs (or the tensor itself, if there is one).
OperationRule = Callable[[Any, Tensor], Tensor | tuple[Tensor, ...]]
# What `choose` answers: the operation as it is to be explained, and its rule.
Choice = tuple[Operation, OperationRule]
# The simplest rules, for activations alone: (slope at z, incoming gradient) -> outgoing gradient
BackwardRule = Callable[[Tensor, Tensor], Tensor]


class _Ruled(torch.autograd.Function):
    """The operation's own value forward, the rule backward. In differentiable operations."""

    @staticmethod
    def forward(
        value: Tensor, operation: Operation, rule: OperationRule, *inputs: Tensor
    ) -> Tensor:  # type: ignore[override]
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        _, ctx.operation, ctx.rule, *_ = inputs
        ctx.versions = [t._version for t in ctx.operation.inputs]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple:  # type: ignore[override]
        operation = ctx.operation
        if [t._version for t in operation.inputs] != ctx.versions:
            raise UnsupportedOperationError(
                f"model overwrites the input of {operation.name}() in place after the call, but "
                "its backward rule needs that input; use a copy there"
            )
        found = ctx.rule(operation, grad)
        found = found if isinstance(found, tuple) else (found,)
        cast = [f.to(t.dtype) for f, t in zip(found, operation.inputs, strict=True)]
        return None, None, None, *cast


def apply_rule(value: Tensor, operation: Operation, rule: OperationRule) -> Tensor:
    """Return `value`, connected to the operation's inputs by a rule of ours."""
    return _Ruled.apply(value, operation.detached(), rule, *operation.inputs)


# ---- the mode ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Chain:
    """A tensor is an affine map of a source, then moved about: after(scale * source + shift)."""

    source: Tensor
    scale: Tensor | None = None
    shift: Tensor | None = None
    after: tuple[Callable[[Tensor], Tensor], ...] = ()


@dataclass(frozen=True)
class _Made:
    """What made a tensor: rules by position (first layer, batch-norm after conv) need it."""

    operation: Operation | None = None  # as its rule saw it, but still in the graph
    versions: tuple[int, ...] = ()  # of its inputs at that time
    chain: _Chain | None = None
    is_x: bool = False  # x itself, cut, turned or put together

    @property
    def intact(self) -> bool:
        inputs = self.operation.inputs if self.operation else ()
        return self.versions == tuple(t._version for t in inputs)


_COMPARISONS = """
    gt ge lt le eq ne greater greater_equal less less_equal not_equal isclose
    __gt__ __ge__ __lt__ __le__ __eq__ __ne__
""".split()
_ZERO_GRADIENT = "sign sgn floor ceil round trunc".split()
_FINITE = "isnan isinf isfinite".split()  # the same for all finite activations
_DATA = Tensor.data.__get__  # type: ignore[attr-defined]
_CUTS = {Tensor.detach: "detach", torch.detach: "detach", _DATA: "data"}


_MOVES = frozenset(
    """
    pad pad_in_a_circle view reshape flatten unflatten permute transpose contiguous unsqueeze
    squeeze movedim swapaxes expand narrow chunk split unbind select getitem slice roll flip clone
    dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout
    """.split()
)
_DROPOUTS = "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout".split()
_SAME = frozenset([*_DROPOUTS, "clone", "contiguous"])  # the value stays (there is no training)
_PADS = frozenset({"pad", "pad_in_a_circle"})
_KEEPING = _MOVES - _PADS | {"cat", "concat", "stack"}
_ATTENTION = ("multi_head_attention_forward", "scaled_dot_product_attention")
_PRODUCT_NAMES = frozenset("mul rmul multiply div rdiv truediv matmul mm bmm".split())


def _visible(func: Any, args: tuple, kwargs: dict) -> tuple[Any, tuple, dict]:
    """Return a call that the audit can see through in place of one that it cannot."""
    if func is F.pad and read_padding(args, kwargs)[0] == "circular":
        named = dict(zip(("input", "pad"), args, strict=False)) | kwargs
        if min(named["pad"]) >= 0:
            return pad_in_a_circle, (named["input"], tuple(named["pad"])), {}
    return func, args, kwargs


class _RuleMode(TorchFunctionMode):
    def __init__(self, rules: "BackwardRules", rows: int) -> None:
        super().__init__()
        self.rules = rules
        self.rules.hidden.clear()
        self.rows = rows
        self.layers = 0
        self.operations = 0
        self.made: WeakTensorKeyDictionary = WeakTensorKeyDictionary()
        self.constants: WeakTensorKeyDictionary = WeakTensorKeyDictionary()

    def follows(self, value: Any) -> bool:
        """Tell whether a value follows from x; parameters and what is made of them do not."""
        return (
            isinstance(value, Tensor)
            and value.requires_grad
            and value.grad_fn is not None
            and value not in self.constants
        )

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        func, args, kwargs = _visible(func, args, kwargs)
        followers = [leaf for leaf in tree_leaves((args, kwargs)) if self.follows(leaf)]
        if not followers:
            result = func(*args, **kwargs)
            for leaf in tree_leaves(result):
                if isinstance(leaf, Tensor) and leaf.requires_grad:
                    self.constants[leaf] = True
            return result
        if self.rules.kinds and plain_name(func) in _ATTENTION:
            raise UnsupportedOperationError(
                f"{self.rules.method} is not defined for attention ({plain_name(func)}), whose "
                "weights are themselves computed from x; use gradient, smoothgrad or a method of "
                "the integrated class, such as integrated_gradients, which ask for no rule"
            )
        overwritten = None
        if args and self.follows(args[0]) and is_in_place(func, args, kwargs):
            overwritten, args = args[0], self._kept(args)
            followers = [args[0] if f is overwritten else f for f in followers]
        with torch.no_grad():
            operation = self._read(func, args, kwargs)
        if operation is not None and self.rules.carries_relevance:
            operation = self._with_what_came_before(operation)
        made = self.made.get(operation.inputs[0]) if operation is not None else None
        producer = made.operation if made is not None and made.intact else None
        choice = None if operation is None else self.rules.choose(operation, producer)
        if operation is None or choice is None:
            kept = args if overwritten is None else (overwritten, *args[1:])
            result = func(*kept, **kwargs)
        else:
            result = self._ruled(choice, func, args, kwargs)
            if overwritten is not None:  # the caller may go on with it
                result = overwritten.copy_(result)
        self._refuse_masks(func, result)
        self._remember(result, func, args, kwargs, followers, operation)
        return result

    def _read(self, func: Any, args: tuple, kwargs: dict) -> Operation | None:
        """Return what a call is, with its place in the forward pass; None for what we do not know.

        Only what the rules ask for is read: the rest is the audit's business.
        """
        operation = self._read_alone(func, args, kwargs)
        if operation is None:
            return None
        made = self.made.get(operation.inputs[0])
        if isinstance(operation, Affine) and made is not None and made.intact:
            before = made.operation
            if isinstance(before, Layer):  # conv, then batch-norm: one layer
                merged = before.then(operation.scale, operation.shift, operation.x.dim())
                if merged is not None:
                    return replace(merged, name=f"{before.name}+{operation.name}")
        if isinstance(operation, Layer):
            source = operation.x if made is None or made.chain is None else made.chain.source
            operation = replace(
                operation,
                number=self.layers,
                first=self._is_x(source),
            )
            self.layers += 1
        else:
            operation = replace(operation, number=self.operations)
            self.operations += 1
        return replace(operation, rows=self.rows)

    def _read_alone(self, func: Any, args: tuple, kwargs: dict) -> Operation | None:
        kinds = self.rules.kinds
        z = args[0] if args else kwargs.get("input")
        if self.follows(z):
            activation: Any = read_activation(func, args, kwargs)
            inputs, function = as_function(func, args, kwargs, self.follows)
            if activation is None and "smooth" in kinds:
                activation = read_smooth(func, function)
            if activation is not None and len(inputs) == 1:
                return Activated(activation.name, inputs, activation=activation, function=function)
        if "layer" in kinds:
            found = (
                read_layer(func, args, kwargs, self.follows)
                or read_affine(func, args, kwargs, self.follows)
                or read_mixture(func, args, kwargs, self.follows)
            )
            if found is not None:
                return found
            if self.rules.carries_relevance:
                joined = read_join(func, args, kwargs, self.follows)
                if joined is not None:
                    return joined
            if self.rules.carries_relevance and self._is_allowed(func, args, kwargs):
                inputs, function = as_function(func, args, kwargs, self.follows)
                return Mixture(plain_name(func), inputs, function=function)
        if "max_pool" in kinds and self.follows(z):
            return read_max_pool(func, args, kwargs, self.follows)
        return None

    def _is_allowed(self, func: Any, args: tuple, kwargs: dict) -> bool:
        """Tell whether the caller lets an operation pass that has no rule, by its node's name."""
        if not self.rules.allow:
            return False
        inputs, function = as_function(func, args, kwargs, self.follows)
        if plain_name(func) in _PRODUCT_NAMES:
            return len(inputs) > 1 and "product" in self.rules.allow
        with torch.enable_grad():
            result = function(*(t.detach().requires_grad_(True) for t in inputs))
        node = result.grad_fn if isinstance(result, Tensor) else None
        return node is not None and _operation_name(node) in self.rules.allow

    def _with_what_came_before(self, operation: Operation) -> Operation:
        """Take ``x - mean``, ``/ std`` or a batch-norm in front of a layer into the layer."""
        made = self.made.get(operation.inputs[0])
        chain = made.chain if made is not None else None
        if chain is None or not isinstance(operation, Layer) or operation.scale is not None:
            return operation
        u = chain.source
        if chain.scale is not None:  # relevance of scale * x is relevance of x
            value = chain.source.detach() * chain.scale
            scaled = Affine("scale", (u,), scale=chain.scale, shift=None, rows=self.rows)
            u = apply_rule(value, scaled, lambda operation, R: R)
        for step in chain.after:
            u = step(u)
        layer = replace(
            operation,
            inputs=(u,),
            scale=chain.scale,
            source_shape=tuple(chain.source.shape),
            after=chain.after,
        )
        if chain.shift is not None:
            with torch.no_grad():
                shifted = layer.product(layer.spread(chain.shift, scaled=False), layer.weight)
                bias = shifted if layer.bias is None else shifted + layer.bias
            layer = replace(layer, bias=bias)
        return layer

    def _ruled(self, choice: Choice, func: Any, args: tuple, kwargs: dict) -> Tensor:
        operation, rule = choice
        inputs, function = as_function(func, args, kwargs, self.follows)
        with torch.no_grad():
            value = function(*(t.detach() for t in inputs))
        if isinstance(operation, Activated):
            operation = replace(operation, output=value)
        return apply_rule(value, operation, rule)

    def _kept(self, args: tuple) -> tuple:
        """Return the arguments with a copy of the first, which is about to be overwritten."""
        kept = args[0].clone()
        if args[0] in self.made:
            self.made[kept] = self.made[args[0]]
        return (kept, *args[1:])

    def _remember(
        self,
        result: Any,
        func: Any,
        args: tuple,
        kwargs: dict,
        followers: list[Tensor],
        operation: Operation | None,
    ) -> None:
        if plain_name(func) in _SAME and len(followers) == 1 and followers[0] in self.made:
            self.made[result] = self.made[followers[0]]
            return
        versions = tuple(t._version for t in operation.inputs) if operation is not None else ()
        kept = plain_name(func) in _KEEPING and all(self._is_x(t) for t in followers)
        for place, leaf in enumerate(tree_leaves(result)):
            if isinstance(leaf, Tensor) and leaf.requires_grad:
                chain = None
                if self.rules.carries_relevance and len(followers) == 1:
                    part = place if isinstance(result, tuple | list) else None
                    chain = self._chain(func, args, kwargs, followers[0], operation, part)
                self.made[leaf] = _Made(operation, versions, chain, kept)

    def _is_x(self, t: Tensor) -> bool:
        return t not in self.made or self.made[t].is_x

    def _chain(
        self,
        func: Any,
        args: tuple,
        kwargs: dict,
        x: Tensor,
        operation: Operation | None,
        part: int | None,  # of what the call returns, where that are several tensors
    ) -> _Chain | None:
        made = self.made.get(x)
        before = made.chain if made is not None and made.chain is not None else _Chain(x)
        if isinstance(operation, Affine):
            if before.after:  # moved about since: begin anew
                before = _Chain(x)
            s, t = before.scale, before.shift
            if operation.scale is not None:
                s = operation.scale if s is None else s * operation.scale
                t = None if t is None else t * operation.scale
            if operation.shift is not None:
                t = operation.shift if t is None else t + operation.shift
            return replace(before, scale=s, shift=t)
        name = plain_name(func)
        begun = before.scale is not None or before.shift is not None or bool(before.after)
        if name in _MOVES and (begun or name in _PADS):
            if name == "pad" and read_padding(args, kwargs)[1] != 0:
                return None  # the padding brings a number of its own
            function: Any = as_function(func, args, kwargs, self.follows)[1]
            step = function if part is None else lambda t: function(t)[part]
            return replace(before, after=(*before.after, step))
        return None

    def _refuse_masks(self, func: Any, result: Any) -> None:
        """A mask made from an activation, x * (x > 0), leaves no trace in the graph: refuse it.

        So no tensor that is computed from one may be without a gradient, whatever the spelling:
        0 < x, x.long(), a block under no_grad.
        """
        found = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        name = getattr(func, "__name__", str(func))
        harmless = name in _FINITE or name.startswith("new_") or name.endswith("_like")
        traced = any(t.requires_grad for t in found) and name not in _ZERO_GRADIENT
        if not found or harmless or traced:
            return
        kind = "comparison" if name in _COMPARISONS else _CUTS.get(func, plain_name(func))
        if kind not in self.rules.allow:
            error = UnsupportedOperationError(
                f"model computes {name}() of an activation ({kind}); with it an activation "
                "function can be built that no rule covers. If it is not one, pass "
                f"allow=({kind!r},)"
            )
            if torch.is_grad_enabled():
                raise error
            self.rules.hidden.append(error)  # the graph may have a better word for it: see audit


# ---- the audit -----------------------------------------------------------------------------------

_AFFINE = """
    add sub rsub neg mul div mm bmm addmm addmv mv baddbmm dot convolution slow_conv_dilated2d
    mkldnn_convolution cudnn_convolution native_batch_norm cudnn_batch_norm miopen_batch_norm
    sum mean cumsum linear einsum lerp
""".split()
MAX_POOLING = """
    max_pool1d max_pool2d max_pool2d_with_indices max_pool3d_with_indices
    adaptive_max_pool2d adaptive_max_pool3d
""".split()
_POOLING = """
    avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool2d mkldnn_adaptive_avg_pool2d
    adaptive_avg_pool3d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d
    upsample_nearest_exact2d
""".split()
SHAPE = """
    view reshape unsafe_view reshape_alias as_strided alias clone copy copies copy_backwards
    to_copy contiguous permute transpose t mt squeeze unsqueeze expand repeat cat stack split
    split_with_sizes unsafe_split unbind chunk narrow slice select index index_select gather flip
    roll pixel_shuffle pixel_unshuffle pad constant_pad_nd reflection_pad1d reflection_pad2d
    reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
    unfold im2_col col2_im swapaxes movedim diagonal to_memory_format accumulate_grad
""".split()
TRANSPARENT = frozenset(_AFFINE + _POOLING + SHAPE + MAX_POOLING)
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
_RULED_NAME = "_ruled"


def _operation_name(node: Any) -> str:
    """Return an autograd node's operation in lower case: ReluBackward0 -> relu."""
    name = re.sub(r"Backward\d*$", "", node.name().split("::")[-1])
    name = re.sub(r"(?<=\d)D", "d", name)  # AvgPool2D -> AvgPool2d
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def nodes_that_follow(start: Any, output: Tensor) -> list[Any]:
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


def audit(output: Tensor, start: Any, rules: "BackwardRules") -> None:
    """Raise unless every operation between x and an output is ruled or transparent.

    Raises
    ------
    UnsupportedOperationError
        It names the first operation that is neither.
    """
    nodes = nodes_that_follow(start, output)
    inside = {start, *nodes}
    for node in nodes:
        name = _operation_name(node)
        if getattr(node, "_saved_training", False):
            name = "instance_norm"  # a batch-norm by the statistics of x itself: not affine
        if name == _RULED_NAME or name in rules.allow:
            continue
        factors = _PRODUCTS.get(name, ())
        dependent = [
            place
            for place in factors
            if place < len(node.next_functions) and node.next_functions[place][0] in inside
        ]
        divides = (
            name == "div" and len(node.next_functions) > 1 and node.next_functions[1][0] in inside
        )
        is_product = len(dependent) > 1 or divides
        if is_product and "product" not in rules.allow:
            raise UnsupportedOperationError(
                f"{rules.method} is not defined where two activations are multiplied "
                f"({node.name()}), as in gates and attention; {rules.when_allowed} there with "
                "allow=('product',)"
            )
        if name not in rules.transparent and not is_product:
            raise UnsupportedOperationError(
                f"{rules.method} is not defined for the operation {name!r} ({node.name()}) in this "
                f"model: {rules.covers}, and the plain gradient would be used there silently. Use "
                "a model of covered operations in eager mode, another method, or "
                f"{rules.when_allowed} of this operation with allow=({name!r},)"
            )


# ---- the rules -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class BackwardRules:
    """Backward rules for a model's operations, to be put to a question: ``ask(..., rules=...)``.

    A method makes a subclass that says what it reads, which rule an operation gets, and what the
    plain chain rule may be trusted with.

    Parameters
    ----------
    method : str
        Whose rules they are, for messages.
    allow : tuple of str
        Operations that the caller accepts without a rule, by the name that the error gave.
    """

    method: str
    allow: tuple[str, ...] = ()
    # what the last forward pass computed where gradients are off, to be refused if used
    hidden: list[UnsupportedOperationError] = field(default_factory=list, init=False)

    # which operations are read beside activations of the ReLU family
    kinds: ClassVar[frozenset[str]] = frozenset()  # of "smooth", "layer", "max_pool"
    # True where the backward pass carries relevance itself; False where it carries its ratio to
    # the value, as gradients and multipliers are, so that the chain rule holds for affine maps
    carries_relevance: ClassVar[bool] = False
    transparent: ClassVar[frozenset[str]] = TRANSPARENT
    covers: ClassVar[str] = "its backward rule covers the ReLU family only"
    when_allowed: ClassVar[str] = "accept the plain gradient"

    def __post_init__(self) -> None:
        if isinstance(self.allow, str):
            raise TypeError(
                f"allow must be a tuple of names of operations, got the text {self.allow!r}; "
                f"write allow=({self.allow!r},)"
            )
        object.__setattr__(self, "allow", tuple(self.allow))

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        """Return the operation to be explained and its rule; None leaves the chain rule.

        `producer` is what made the operation's (first) input.
        """
        raise NotImplementedError

    @contextmanager
    def active(self, rows: int = 1) -> Iterator[_RuleMode]:
        """Replace the rules in every forward pass inside."""
        mode = _RuleMode(self, rows)
        with mode:
            yield mode

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        """Call the model, as (points, original row numbers) -> outputs, under these rules."""
        with self.active(len(inputs)):
            return model(inputs, rows)

    def audit(self, output: Tensor, start: Any) -> None:
        """Check that nothing between x, whose autograd node is `start`, and an output escaped."""
        audit(output, start, self)
        if self.hidden:
            raise self.hidden[0]

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


class Rules(BackwardRules):
    """One rule for every activation of the ReLU family; all else must be affine.

    Parameters
    ----------
    method : str
        Whose rule it is, for messages.
    rule : callable
        (slope at z, incoming gradient) -> outgoing gradient, in differentiable operations.
    allow : tuple of str
        Operations whose plain gradient the caller accepts, by the name that the error gave.
    """

    def __init__(self, method: str, rule: BackwardRule, allow: tuple[str, ...] = ()) -> None:
        super().__init__(method, allow)
        object.__setattr__(self, "rule", rule)

    def choose(self, operation: Operation, producer: Operation | None) -> Choice | None:
        if not isinstance(operation, Activated):
            return None
        return operation, self._backward

    def _backward(self, operation: Activated, grad: Tensor) -> Tensor:
        rule: BackwardRule = self.rule  # type: ignore[attr-defined]
        return rule(operation.slope, grad)
