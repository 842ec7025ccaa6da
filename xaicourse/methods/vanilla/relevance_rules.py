r"""The rules of layer-wise relevance propagation (LRP): how a layer shares out what it receives.

A layer adds up contributions, z_j = sum_i x_i w_ij + b_j. Its outputs have received relevance R_j;
a rule gives each input its share R_i. Every rule below is one equation. Where two of them differ is
in what counts as a contribution.

Symbols: x (N, ..., inputs), W (outputs, inputs, ...) and b are the layer's, R is at its outputs.
``layer.product(x, W)`` is sum_i x_i w_ij, for a convolution as for a dense layer, and ``back`` of
`forward` is its transpose, sum_j w_ij s_j. A superscript + or - is the positive or negative part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from xaicourse.core.operations import (
    Affine,
    Join,
    Layer,
    Mixture,
    Signal,
    UnsupportedOperationError,
)

__all__ = [
    "COMPOSITES",
    "RULES",
    "AlphaBeta",
    "Epsilon",
    "Flat",
    "Gamma",
    "RelevanceRule",
    "RuleTable",
    "WSquare",
    "ZBox",
    "ZPlus",
    "share_affine",
    "share_join",
    "share_mixture",
    "share_signal",
]


class RelevanceRule(Protocol):
    """How a layer with weights shares out relevance."""

    def share(self, layer: Layer, R: Tensor) -> Tensor:
        """Return the relevance of the layer's inputs, given that of its outputs."""
        ...


def forward(layer: Layer, x: Tensor, W: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Return sum_i x_i w_ij and its transpose, s -> sum_j w_ij s_j."""
    with torch.enable_grad():
        leaf = x.detach().requires_grad_(True)
        z = layer.product(leaf, W.detach())
    return z.detach(), lambda s: torch.autograd.grad(z, leaf, s)[0]


def forward_by_sign(
    layer: Layer, W_plus: Tensor, W_minus: Tensor
) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Return z_j = sum_i x_i^+ w+_ij + x_i^- w-_ij, and how s_j is handed back in these shares."""
    x = layer.x
    z, back = forward(layer, plus(x), W_plus)
    if not bool((x < 0).any()):  # after a ReLU
        return z, lambda s: x * back(s)
    z2, back2 = forward(layer, minus(x), W_minus)
    return z + z2, lambda s: plus(x) * back(s) + minus(x) * back2(s)


def divide(R: Tensor, z: Tensor) -> Tensor:
    """Return R / z, and 0 where there was nothing to share, z = 0."""
    nothing = z.abs() < 1e-30
    return (R / z.masked_fill(nothing, 1.0)).masked_fill(nothing, 0.0)


def stabilise(z: Tensor, epsilon: float) -> Tensor:
    """Return z + epsilon sign(z), away from 0; sign(0) = 1."""
    if z.is_complex():
        raise UnsupportedOperationError(
            "relevance cannot be shared out over complex numbers, as a Fourier transform gives "
            "them; write it as a matrix product of real numbers, or take a method without rules"
        )
    return z + epsilon * torch.where(z >= 0, 1.0, -1.0).to(z.dtype)


def plus(t: Tensor) -> Tensor:
    """Return the positive part."""
    return t.clamp_min(0)


def minus(t: Tensor) -> Tensor:
    """Return the negative part."""
    return t.clamp_max(0)


@dataclass(frozen=True)
class Epsilon:
    r"""R_i = sum_j x_i w_ij / (z_j + epsilon sign z_j) R_j. With epsilon = 0 it is LRP-0."""

    epsilon: float = 1e-6

    def share(self, layer: Layer, R: Tensor) -> Tensor:
        x, W, b = layer.x, layer.weight, bias(layer)
        z, back = forward(layer, x, W)
        return x * back(divide(R, stabilise(z + b, self.epsilon)))


@dataclass(frozen=True)
class Gamma:
    r"""Contributions that pull z_j the way it went count 1 + gamma times.

    For z_j > 0 these are the positive ones, P_j = sum_i (x_i w_ij + gamma (x_i w_ij)^+)
    + b_j + gamma b_j^+, and R_i = sum_j (x_i w_ij + gamma (x_i w_ij)^+) / P_j R_j; for z_j < 0 the
    negative ones. (For inputs that are not negative it is w -> w + gamma w^+.)
    """

    gamma: float = 0.25

    def share(self, layer: Layer, R: Tensor) -> Tensor:
        x, W, b = layer.x, layer.weight, bias(layer)
        z = layer.product(x, W) + b
        total = torch.zeros_like(x)
        for part, other, side in ((plus, minus, z > 0), (minus, plus, z < 0)):
            # (x w)^+ = x^+ w^+ + x^- w^-  and  (x w)^- = x^+ w^- + x^- w^+
            P, back = forward_by_sign(layer, W + self.gamma * part(W), W + self.gamma * other(W))
            P = P + b + self.gamma * part(b)
            total = total + back(divide(R * side, P))
        return total


@dataclass(frozen=True)
class AlphaBeta:
    r"""R_i = sum_j (alpha z_ij^+ / sum_i z_ij^+ - beta z_ij^- / sum_i z_ij^-) R_j, z_ij = x_i w_ij.

    alpha - beta = 1. The bias counts among the contributions of its sign. Where a neuron has no
    negative contribution its second term is 0, so that alpha R_j is shared out, more than came in.
    """

    alpha: float = 2.0
    beta: float = 1.0
    with_bias: bool = True

    def share(self, layer: Layer, R: Tensor) -> Tensor:
        x, W, b = layer.x, layer.weight, bias(layer) * self.with_bias
        total = torch.zeros_like(x)
        for factor, part, other in ((self.alpha, plus, minus), (-self.beta, minus, plus)):
            if factor == 0:
                continue
            z, back = forward_by_sign(layer, part(W), other(W))
            total = total + factor * back(divide(R, z + part(b)))
        return total


@dataclass(frozen=True)
class ZPlus(AlphaBeta):
    r"""R_i = sum_j z_ij^+ / sum_i z_ij^+ R_j: positive contributions alone (alpha 1, beta 0)."""

    alpha: float = 1.0
    beta: float = 0.0


@dataclass(frozen=True)
class WSquare:
    r"""R_i = sum_j w_ij^2 / sum_i w_ij^2 R_j: the input's value does not matter."""

    def share(self, layer: Layer, R: Tensor) -> Tensor:
        steps = layer.spread(1.0)  # the scale of each input: w_ij is per unit of the source
        z, back = forward(layer, steps**2, layer.weight**2)
        return steps**2 * back(divide(R, z))


@dataclass(frozen=True)
class Flat:
    r"""R_i = sum_j R_j / n: in equal shares to all inputs of a neuron, padding left out."""

    def share(self, layer: Layer, R: Tensor) -> Tensor:
        inside = layer.spread(1.0, scaled=False)
        z, back = forward(layer, inside, torch.ones_like(layer.weight))
        return inside * back(divide(R, z))


@dataclass(frozen=True)
class ZBox:
    r"""R_i = sum_j (x_i w_ij - l_i w_ij^+ - h_i w_ij^-) / sum_i (...) R_j, for l <= x <= h.

    For a first layer, whose inputs are pixels between `low` and `high`: numbers, or tensors that
    broadcast to x.
    """

    low: float | Tensor = 0.0
    high: float | Tensor = 1.0

    def share(self, layer: Layer, R: Tensor) -> Tensor:
        x, W = layer.x, layer.weight
        ends = layer.spread(self.low), layer.spread(self.high)
        l, h = torch.minimum(*ends), torch.maximum(*ends)  # noqa: E741  (the paper's symbols)
        z1, back1 = forward(layer, x, W)
        z2, back2 = forward(layer, l, plus(W))
        z3, back3 = forward(layer, h, minus(W))
        s = divide(R, z1 - z2 - z3)
        return x * back1(s) - l * back2(s) - h * back3(s)


def bias(layer: Layer) -> Tensor:
    """Return the layer's bias, 0 if it has none."""
    return layer.x.new_zeros(()) if layer.bias is None else layer.bias


# ---- operations without weights ------------------------------------------------------------------


def share_affine(operation: Affine, R: Tensor, epsilon: float) -> Tensor:
    """Share out at scale * x + shift: the shift keeps its part, as a bias does."""
    if operation.shift is None:  # what is multiplied by 0 adds nothing
        return R if operation.scale is None else R.masked_fill(operation.scale == 0, 0.0)
    z = operation.x if operation.scale is None else operation.scale * operation.x
    shared = z * divide(R, stabilise(z + operation.shift, epsilon))
    return torch.where(operation.shift == 0, R, shared)


def share_mixture(operation: Mixture, R: Tensor, epsilon: float) -> tuple[Tensor, ...]:
    """Share out at a sum or mean, in proportion to what each input adds: R_i = x_i w_i / z R."""
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_(True) for x in operation.inputs]
        z = operation.function(*leaves)
    s = divide(R, stabilise(z.detach(), epsilon))
    slopes = torch.autograd.grad(z, leaves, s)
    return tuple(x.detach() * slope for x, slope in zip(leaves, slopes, strict=True))


def share_signal(operation: Signal, R: Tensor) -> Tensor:
    """Hand all to the signal, none to its gate or scale; what is multiplied by 0 adds nothing."""
    R = R if operation.nothing is None else R.masked_fill(operation.nothing, 0.0)
    return R.sum_to_size(operation.x.shape)  # a signal that was repeated collects its copies'


def share_join(operation: Join, R: Tensor) -> tuple[Tensor, ...]:
    """Hand each number's relevance to where it came from; what constants received stays there."""
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_(True) for x in operation.inputs]
        joined = operation.function(*leaves)
    return torch.autograd.grad(joined, leaves, R)


# ---- tables: which layer gets which rule ---------------------------------------------------------

# Keys: "first" (layers that see x itself), a number (the n-th layer call of the forward pass, from
# 0; a module that is used twice counts twice), "conv", "linear". The first that fits holds.
RuleTable = Mapping[str | int, "RelevanceRule | str"]

# name -> settings -> rule; settings are epsilon, gamma, alpha, low, high
RULES: dict[str, Callable[[Mapping[str, Any]], RelevanceRule]] = {
    "epsilon": lambda s: Epsilon(s["epsilon"]),
    "zero": lambda s: Epsilon(0.0),
    "gamma": lambda s: Gamma(s["gamma"]),
    "alpha_beta": lambda s: AlphaBeta(s["alpha"], s["alpha"] - 1),
    "alpha2_beta1": lambda s: AlphaBeta(2.0, 1.0),
    "z_plus": lambda s: ZPlus(),
    "w_square": lambda s: WSquare(),
    "flat": lambda s: Flat(),
    "z_box": lambda s: ZBox(s["low"], s["high"]),
}

COMPOSITES: dict[str, dict[str | int, str]] = {
    "epsilon_plus": {"conv": "z_plus", "linear": "epsilon"},
    "epsilon_plus_flat": {"first": "flat", "conv": "z_plus", "linear": "epsilon"},
    "epsilon_gamma_box": {"first": "z_box", "conv": "gamma", "linear": "epsilon"},
    "epsilon_alpha2_beta1": {"conv": "alpha2_beta1", "linear": "epsilon"},
    "epsilon_alpha2_beta1_flat": {"first": "flat", "conv": "alpha2_beta1", "linear": "epsilon"},
    "z_box": {"first": "z_box", "conv": "z_plus", "linear": "z_plus"},
}
