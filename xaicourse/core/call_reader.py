"""Reading a call in its place: what it is, which layer it belongs to, what came before it."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.audit import call_name, needs_allow
from xaicourse.core.following import Following
from xaicourse.core.gates import bounds_of, read_half, scale_of
from xaicourse.core.known import (
    ELEMENTWISE,
    KEEPS_NUMBERS,
    MULTIPLIES,
    OF_SEVERAL,
    ONE_BY_ONE,
    RELU_FAMILY,
    SMOOTH,
    kind_of,
    plain_name,
)
from xaicourse.core.linear_maps import read_bilinear, read_transposed
from xaicourse.core.made import Made, Memory
from xaicourse.core.norms import read_norm
from xaicourse.core.operations import (
    Activated,
    Affine,
    Layer,
    Mixture,
    Operation,
    SmoothActivation,
    UnsupportedOperationError,
    changed,
)
from xaicourse.core.products import read_signal
from xaicourse.core.reading import (
    as_function,
    first_argument,
    is_one_by_one,
    read_activation,
    read_affine,
    read_join,
    read_layer,
    read_max_pool,
    read_mixture,
    read_smooth,
)
from xaicourse.core.reading_products import read_element, read_log_sum_exp, read_product
from xaicourse.core.ruled import RuleSet, apply_rule

__all__ = ["CallReader"]

# the result is a function of what one tensor holds; of a variance, too
OF_ONE = KEEPS_NUMBERS | {"mean", "spread", "length", ""}
BY_NUMBERS = frozenset({"negation", "sum", "product", "quotient"})
FAR = 8  # so many steps back a common source is looked for: x * tanh(softplus(x))


@dataclass
class CallReader:
    """Reads the calls of one forward pass as operations."""

    rules: RuleSet
    follows: Following
    memory: Memory
    rows: int
    layers: int = 0  # so far
    operations: int = 0

    def read(self, func: Any, args: tuple, kwargs: dict) -> Operation | None:
        """Return what a call is, with its place in the forward pass; None for what we do not know.

        Only what the rules ask for is read: the rest is the audit's business.
        """
        if not self.rules.kinds and kind_of(func) not in RELU_FAMILY:
            return None
        with torch.no_grad():
            operation = self._alone(func, args, kwargs)
            return None if operation is None else self._in_its_place(operation)

    def _in_its_place(self, operation: Operation) -> Operation:
        """Put an operation into one layer with what is before it, and number it."""
        before = None
        if isinstance(operation, Affine):
            before = self.memory.of(operation.inputs[0]).producer
        if isinstance(operation, Affine) and isinstance(before, Layer):
            # conv, then batch-norm: one layer
            merged = before.then(operation.scale, operation.shift, operation.x.dim())
            if merged is not None:
                return changed(merged, name=f"{before.name}+{operation.name}")
        if isinstance(operation, Layer):
            chain = self.memory.of(operation.inputs[0]).chain
            source = operation.x if chain is None or not chain.intact else chain.source
            operation = changed(
                operation,
                number=self.layers,
                first=self.memory.of(source).is_x,
                rows=self.rows,
            )
            self.layers += 1
        else:
            operation = changed(operation, number=self.operations, rows=self.rows)
            self.operations += 1
        return operation

    def _alone(self, func: Any, args: tuple, kwargs: dict) -> Operation | None:
        kinds = self.rules.kinds
        z = first_argument(args, kwargs)
        if self.follows(z):
            activation: Any = read_activation(func, args, kwargs)
            one_by_one = "any activation" in kinds and is_one_by_one(func, args)
            if activation or one_by_one or ("smooth" in kinds and kind_of(func) in SMOOTH):
                inputs, function = as_function(func, args, kwargs, self.follows)
                g = activation or read_smooth(func, function)
                g = g or (SmoothActivation(plain_name(func), function) if one_by_one else None)
                if g is not None and len(inputs) == 1:
                    return Activated(g.name, inputs, activation=g, function=function)
        if "layer" in kinds:
            found = (
                read_layer(func, args, kwargs, self.follows)
                or read_affine(func, args, kwargs, self.follows)
                or read_mixture(func, args, kwargs, self.follows)
            )
            if found is None and self.rules.carries_relevance:
                found = read_transposed(func, args, kwargs, self.follows)
                found = found or read_bilinear(func, args, kwargs, self.follows)
            if found is None and "gate" in kinds:
                found = (
                    read_norm(func, args, kwargs, self.follows)
                    or read_signal(func, args, kwargs, self.follows, self.memory)
                    or read_half(func, args, kwargs, self.follows)
                )
            if found is not None:
                return found
            if self.rules.carries_relevance:
                joined = read_join(func, args, kwargs, self.follows)
                return joined or self._allowed(func, args, kwargs)
        if "max_pool" in kinds and self.follows(z):
            found = read_max_pool(func, args, kwargs, self.follows)
            if found is not None:
                return found
        return self._of_activations(func, args, kwargs) if "product" in kinds else None

    def _of_activations(self, func: Any, args: tuple, kwargs: dict) -> Operation | None:
        """Return any other function of each number, or product of two activations."""
        if kind_of(func) not in ELEMENTWISE | OF_SEVERAL:
            return None
        found = read_element(func, args, kwargs, self.follows)
        found = found or read_log_sum_exp(func, args, kwargs, self.follows)
        if found is not None or "product" in self.rules.allow:
            return found
        return read_product(func, args, kwargs, self.follows, self.rules.method)

    def with_its_past(
        self,
        made: Made,
        func: Any,
        args: tuple,
        kwargs: dict,
        operation: Operation | None,
        followers: list[Tensor],
        result: Tensor,
    ) -> Made:
        """Add what tells a gate from a signal: bounds, and of what a tensor is a function."""
        before = [self.memory.of(t) for t in followers]
        each = kind_of(func) in ONE_BY_ONE
        sources = self.memory.common(followers) if each or kind_of(func) in OF_ONE else ()
        step = None  # a batch-norm begins anew
        if kind_of(func) in BY_NUMBERS:
            step = read_affine(func, args, kwargs, self.follows)
        return replace(
            made,
            bounds=bounds_of(func, args, kwargs, operation, step, [m.bounds for m in before]),
            scale=scale_of(func, args, [m.scale for m in before]),
            sources=tuple(
                replace(s, each=s.each and each and s.tensor.shape == result.shape)
                for s in sources[:FAR]
            ),
        )

    def _allowed(self, func: Any, args: tuple, kwargs: dict) -> Mixture | None:
        """Return a call without a rule, as the map that it is here, if the caller allows it.

        It is shared out as a whole: inside it only the chain rule would be left, and the chain
        rule is for gradients, not for relevance.
        """
        if not self.rules.allow:
            return None
        inputs, function = as_function(func, args, kwargs, self.follows)
        with torch.enable_grad():
            leaves = [t.detach().requires_grad_(True) for t in inputs]
            result = function(*leaves)
        if not isinstance(result, Tensor) or result.grad_fn is None:
            return None
        unknown = needs_allow(result, leaves, self.rules)
        if kind_of(func) in MULTIPLIES and len(inputs) > 1:
            unknown = {"product"}
        allowed = set(self.rules.allow)
        if not unknown or not (unknown <= allowed or call_name(func) in allowed):
            return None
        return Mixture(plain_name(func), inputs, function=function)

    def with_what_came_before(self, operation: Operation) -> Operation:
        """Take ``x - mean``, ``/ std`` or a batch-norm in front of a layer into the layer."""
        if not isinstance(operation, Layer) or operation.scale is not None:
            return operation
        chain = self.memory.of(operation.inputs[0]).chain
        if chain is None or operation.source_shape:
            return operation
        if not chain.intact:
            raise UnsupportedOperationError(
                f"model overwrites the input of a normalisation in front of {operation.name}() in "
                "place after the call, but its backward rule needs it; use a copy there"
            )
        u = chain.source
        if chain.scale is not None:  # relevance of scale * x is relevance of x
            value = chain.source.detach() * chain.scale
            scaled = Affine("scale", (u,), scale=chain.scale, shift=None, rows=self.rows)
            u = apply_rule(value, scaled, lambda operation, R: R)
        for step in chain.after:
            u = step(u)
        layer = changed(
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
            layer = changed(layer, bias=bias)
        return layer
