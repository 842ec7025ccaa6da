"""The function mode that gives operations another backward while a model runs.

It sees every call on a tensor that follows from x, reads it (reading.py), asks for a rule, and
remembers what made each tensor: a layer's place, and the normalisation in front of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from xaicourse.core.audit import operation_name
from xaicourse.core.known import (
    ATTENTION,
    KEEPS_NUMBERS,
    KEEPS_VALUES,
    MULTIPLIES,
    PAD,
    has_only_the_form_of,
    kind_of,
    name_of,
    plain_name,
)
from xaicourse.core.operations import (
    Activated,
    Affine,
    Layer,
    Mixture,
    Operation,
    UnsupportedOperationError,
)
from xaicourse.core.reading import (
    as_function,
    is_in_place,
    pad_in_a_circle,
    read_activation,
    read_affine,
    read_join,
    read_layer,
    read_max_pool,
    read_mixture,
    read_padding,
    read_smooth,
)
from xaicourse.core.recomputation import keeps_activations
from xaicourse.core.ruled import Choice, RuleSet, apply_rule

__all__ = ["RuleMode"]


@dataclass(frozen=True)
class _Chain:
    """A tensor is an affine map of a source, then moved about: after(scale * source + shift)."""

    source: Tensor
    scale: Tensor | None = None
    shift: Tensor | None = None
    after: tuple[Callable[[Tensor], Tensor], ...] = ()

    @property
    def begun(self) -> bool:
        return self.scale is not None or self.shift is not None or bool(self.after)


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


# x stays x, if cut, turned or put together
_STILL_X = KEEPS_NUMBERS - PAD | {"join"}
_HARMLESS = ("finite", "constant", "random constant")


def _visible(func: Any, args: tuple, kwargs: dict) -> tuple[Any, tuple, dict]:
    """Return a call that the audit can see through in place of one that it cannot."""
    if func is F.pad and read_padding(args, kwargs)[0] == "circular":
        named = dict(zip(("input", "pad"), args, strict=False)) | kwargs
        if min(named["pad"]) >= 0:
            return pad_in_a_circle, (named["input"], tuple(named["pad"])), {}
    if has_only_the_form_of(func):  # x.type_as(y): nothing of y's numbers is in the result
        others, named = tree_map(_without_graph, (args[1:], kwargs))
        return func, (*args[:1], *others), named
    return func, args, kwargs


def _without_graph(leaf: Any) -> Any:
    return leaf.detach() if isinstance(leaf, Tensor) else leaf


def _form(t: Tensor) -> tuple[Any, ...]:
    return t.shape, t.dtype, t.device


def _does_nothing(func: Any, result: Any, t: Tensor) -> bool:
    """Tell whether a call returned t as it is, or a copy of it: numbers, shape and precision."""
    may = kind_of(func) in KEEPS_VALUES | {"view"} or name_of(func) == "expand"
    return may and isinstance(result, Tensor) and _form(result) == _form(t)


def _cast(dtype: torch.dtype, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Return the cast that a rule needs: it computes in float32 at least."""
    dtype = torch.promote_types(dtype, torch.float32)
    return lambda t: t.to(device=device, dtype=dtype)


class RuleMode(TorchFunctionMode):
    """Give each operation that follows from x the backward that `rules` choose for it."""

    def __init__(self, rules: RuleSet, rows: int) -> None:
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

    @keeps_activations
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
        if self.rules.kinds and kind_of(func) in ATTENTION:
            raise UnsupportedOperationError(
                f"{self.rules.method} is not defined for attention ({plain_name(func)}), whose "
                "weights are themselves computed from x; use gradient, smoothgrad or a method of "
                "the integrated class, such as integrated_gradients, which ask for no rule"
            )
        overwritten = None
        if args and self.follows(args[0]) and is_in_place(func, args, kwargs):
            overwritten, args = args[0], self._kept(args)
            followers = [args[0] if f is overwritten else f for f in followers]
        versions = [f._version for f in followers]
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
        same = zip(followers, versions, strict=True)
        if not any(result is f and f._version == v for f, v in same):  # not x.float() of floats
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
        if kind_of(func) in MULTIPLIES:
            return len(inputs) > 1 and "product" in self.rules.allow
        with torch.enable_grad():
            result = function(*(t.detach().requires_grad_(True) for t in inputs))
        node = result.grad_fn if isinstance(result, Tensor) else None
        return node is not None and operation_name(node) in self.rules.allow

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
                constant = layer.spread(chain.shift, scaled=False)
                shifted = layer.product(constant, layer.weight.to(constant.dtype))
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
        before = self.made.get(followers[0])
        if before is not None and _does_nothing(func, result, followers[0]):
            producer, versions = before.operation, before.versions
        else:
            producer = operation
            versions = tuple(t._version for t in operation.inputs) if operation is not None else ()
        is_x = kind_of(func) in _STILL_X and all(self._is_x(t) for t in followers)
        for place, leaf in enumerate(tree_leaves(result)):
            if isinstance(leaf, Tensor) and leaf.requires_grad:
                chain = None
                if self.rules.carries_relevance and len(followers) == 1:
                    part = place if isinstance(result, tuple | list) else None
                    chain = self._chain(func, args, kwargs, followers[0], operation, leaf, part)
                self.made[leaf] = _Made(producer, versions, chain, is_x)

    def _is_x(self, t: Tensor) -> bool:
        return t not in self.made or self.made[t].is_x

    def _chain(
        self,
        func: Any,
        args: tuple,
        kwargs: dict,
        x: Tensor,
        operation: Operation | None,
        result: Tensor,
        part: int | None,  # of what the call returns, where that are several tensors
    ) -> _Chain | None:
        made = self.made.get(x)
        before = made.chain if made is not None and made.chain is not None else _Chain(x)
        kind = kind_of(func)
        if isinstance(operation, Affine):
            return self._longer(before if not before.after else _Chain(x), operation)
        if kind not in KEEPS_NUMBERS or not (before.begun or kind in PAD):
            return None
        if kind in PAD and read_padding(args, kwargs)[1] != 0:
            return None  # the padding brings a number of its own
        function: Any = as_function(func, args, kwargs, self.follows)[1]
        if _form(result)[1:] != _form(x)[1:]:
            function = _cast(result.dtype, result.device)
        keeps = kind in KEEPS_VALUES or _does_nothing(func, result, x)
        if keeps and not before.after:  # may as well be done before
            source = function(before.source)
            self.made[source] = _Made(is_x=self._is_x(before.source))
            s, t = (None if c is None else c.to(source) for c in (before.scale, before.shift))
            return _Chain(source, s, t)
        step = function if part is None else lambda t: function(t)[part]
        if kind == "view":  # of a tensor that may lie in another order
            shape = result.shape
            step = lambda t: t.reshape(shape)  # noqa: E731
        return replace(before, after=(*before.after, step))

    @staticmethod
    def _longer(chain: _Chain, operation: Affine) -> _Chain:
        s, t = chain.scale, chain.shift
        if operation.scale is not None:
            s = operation.scale if s is None else s * operation.scale
            t = None if t is None else t * operation.scale
        if operation.shift is not None:
            t = operation.shift if t is None else t + operation.shift
        return replace(chain, scale=s, shift=t)

    def _refuse_masks(self, func: Any, result: Any) -> None:
        """A mask made from an activation, x * (x > 0), leaves no trace in the graph: refuse it.

        So no tensor that is computed from one may be without a gradient, whatever the spelling:
        0 < x, x.long(), a block under no_grad.
        """
        found = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        kind = kind_of(func)
        traced = any(t.requires_grad for t in found) and kind != "step"
        if not found or kind in _HARMLESS or traced:
            return
        word = {"comparison": kind, "cut": name_of(func).strip(".")}.get(kind, plain_name(func))
        if word not in self.rules.allow:
            error = UnsupportedOperationError(
                f"model computes {getattr(func, '__name__', str(func))}() of an activation "
                f"({word}); with it an activation function can be built that no rule covers. If "
                f"it is not one, pass allow=({word!r},)"
            )
            if torch.is_grad_enabled():
                raise error
            self.rules.hidden.append(error)  # the graph may have a better word for it: see audit
