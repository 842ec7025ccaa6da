"""What a backward rule is given: one operation of a network, not how it was written.

``x @ W.T + b``, ``nn.Linear`` and ``F.linear`` are the same `Layer`; ``F.relu`` and
``clamp(min=0)`` are the same `Activated` (reading.py reads them).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

__all__ = [
    "Activated",
    "Activation",
    "Affine",
    "Join",
    "Layer",
    "LogSumExp",
    "MaxPool",
    "Mixture",
    "Operation",
    "Product",
    "Signal",
    "Slope",
    "SmoothActivation",
    "UnsupportedOperationError",
    "changed",
]


class UnsupportedOperationError(ValueError):
    """The model has an operation that the replaced backward rule is not defined for."""


def changed(operation: Any, **new: Any) -> Any:
    """Return an operation with other fields: dataclasses.replace(), but five times faster."""
    other = object.__new__(type(operation))
    other.__dict__.update(operation.__dict__)
    other.__dict__.update(new)
    return other


@dataclass(frozen=True, eq=False)
class Operation:
    """One call of an operation in the forward pass."""

    name: str
    inputs: tuple[Tensor, ...]  # those that follow from x; the rule gets them detached
    number: int = 0  # among the calls of its kind in this forward pass; a reused module counts on
    rows: int = 1  # how many rows of x are in this forward pass
    # the row of each number of the inputs and, at last, of the output; () if they lie in order
    row_of: tuple[Tensor, ...] = ()

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that its rule needs as it was at the call."""
        return self.inputs

    def detached(self) -> "Operation":
        return changed(self, inputs=tuple(t.detach() for t in self.inputs))


@dataclass(frozen=True)
class Activation:
    """A piecewise linear activation: slope `inside` on (low, high), `outside` elsewhere."""

    name: str
    low: float = 0.0
    high: float = float("inf")
    outside: float = 0.0

    @property
    def is_relu(self) -> bool:
        return (self.low, self.high, self.outside) == (0.0, float("inf"), 0.0)

    @property
    def keeps_its_output(self) -> bool:
        """Whether torch too keeps the output for the gradient, where z is written over.

        The slope there is that at z. (Of clamp_ torch keeps a copy of z.)
        """
        rises = self.outside == 0 or (self.outside > 0 and self.high == float("inf"))
        return rises and self.name != "clamp"

    def slope(self, z: Tensor) -> Tensor:
        """Return its derivative at z."""
        if self.is_relu:
            return z.relu().sign()  # the same, ten times faster
        inside = (z > self.low) & (z < self.high)
        if self.outside == 0:
            return inside.to(z.dtype)
        return torch.full_like(z, self.outside).masked_fill(inside, 1.0)


@dataclass(frozen=True, eq=False)
class Slope:
    """The derivative of an activation at z as a factor, ``slope * grad``: one step for a ReLU."""

    activation: "Activation | SmoothActivation"
    z: Tensor

    def __mul__(self, grad: Tensor) -> Tensor:
        if isinstance(self.activation, Activation) and self.activation.is_relu:
            return torch.ops.aten.threshold_backward(grad, self.z, 0)
        return self.activation.slope(self.z) * grad


@dataclass(frozen=True, eq=False)
class SmoothActivation:
    """Any other function of each number alone; autograd knows its slope."""

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
    merges: bool = True  # weight[k] makes channel k of the output, as nn.Linear and nn.Conv2d do

    @property
    def x(self) -> Tensor:
        return self.inputs[0]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return (*self.inputs, self.weight, *(() if self.bias is None else (self.bias,)))

    def spread(self, value: float | Tensor, scaled: bool = True) -> Tensor:
        """Return a map like x: `value` at each place of the source, scaled as x is, 0 in padding.

        value : a number or a tensor that broadcasts to the source.
        """
        whole = torch.zeros(self.source_shape or self.x.shape, dtype=self.x.dtype).to(self.x.device)
        whole = whole + torch.as_tensor(value, dtype=self.x.dtype).to(self.x.device)
        if scaled and self.scale is not None:
            whole = whole * self.scale.to(whole.device)
        for step in self.after:
            whole = step(whole)
        return whole

    @property
    def channel_axis(self) -> int:
        return -1 if self.kind == "linear" else 1

    def then(self, scale: Tensor | None, shift: Tensor | None, axes: int) -> "Layer | None":
        """Return ``scale * layer + shift`` as one layer, or None where it is not one."""
        if not self.merges:
            return self._then_whatever_its_form(scale, shift)
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

    def _then_whatever_its_form(self, scale: Tensor | None, shift: Tensor | None) -> "Layer | None":
        """Do the same where the weight lies in any other way; both broadcast to the output."""
        weight, bias, product = self.weight, self.bias, self.product
        if scale is not None:
            found = self._with_signs(scale.sign())
            if found is None or bool((scale == 0).any()):
                return None
            weight, size = found, scale.abs()  # a size is the same for all inputs of an output
            product = lambda x, w: self.product(x, w) * size  # noqa: E731
            bias = None if bias is None else bias * scale
        if shift is not None:
            bias = shift if bias is None else bias + shift
        return replace(self, weight=weight, bias=bias, product=product)

    def _with_signs(self, signs: Tensor) -> Tensor | None:
        """Return the weight that turns the signs of the output so, tried axis by axis, or None."""
        if bool((signs > 0).all()):
            return self.weight
        x = torch.arange(1.0, self.x.numel() + 1).sin().view(self.x.shape).to(self.x)
        z = self.product(x, self.weight.to(x.dtype)) * signs
        for axis in range(self.weight.dim()):
            if signs.numel() not in (1, self.weight.shape[axis]):
                continue
            shape = [-1 if a == axis else 1 for a in range(self.weight.dim())]
            turned = self.weight * signs.reshape(shape)
            if torch.allclose(self.product(x, turned.to(x.dtype)), z):
                return turned
        return None

    def like_output(self, vector: Tensor) -> Tensor:
        """Return a vector (channels,) so that it broadcasts to the output."""
        return vector if self.kind == "linear" else vector.view(-1, *[1] * (self.weight.dim() - 2))

    def _by_channel(self, c: Tensor | None, axes: int) -> Tensor | None:
        if c is None or c.dim() > axes or not self.merges:
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
class Signal(Operation):
    """output = the input times what takes no part: a gate, a scale, a function of the input."""

    nothing: Tensor | None = None  # where that is 0; broadcasts to the output

    @property
    def x(self) -> Tensor:
        return self.inputs[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class MaxPool(Operation):
    """output = the largest of each window."""

    with_indices: Callable[[Tensor], tuple[Tensor, Tensor]]
    spatial_axes: int

    @property
    def z(self) -> Tensor:
        return self.inputs[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class Product(Operation):
    """output = function(*inputs), of second degree in them: x * y, a @ b of two activations."""

    function: Callable[..., Tensor]


@dataclass(frozen=True, eq=False, kw_only=True)
class LogSumExp(Operation):
    """output = log sum exp(z) over some axes, but not that of the rows."""

    axes: tuple[int, ...]
    keeps_axes: bool

    @property
    def z(self) -> Tensor:
        return self.inputs[0]
