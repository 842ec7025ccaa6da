"""The sums over data from which a layer's patterns are estimated."""

import torch
from torch import Tensor

from xaicourse.core.gradients import sum_dtype
from xaicourse.core.operations import Activation, Layer, UnsupportedOperationError

__all__ = ["RELU", "LayerSums", "precise"]

RELU = Activation("relu")


class LayerSums:
    """Running sums over all patches x of one layer; nothing else of the data is kept.

    With a `gate`, the activation behind the layer, they are taken apart for two components.
    """

    def __init__(self, layer: Layer, gate: Activation | None) -> None:
        self.name, self.gate = layer.name, gate
        self.W = layer.weight.detach()  # (O, ...)
        self.groups = 1 if layer.kind == "linear" else layer.x.shape[1] // self.W.shape[1]
        none = precise(self.W.flatten(1)[:, 0]) * 0
        self.n, self.n_plus = 0, none.clone()  # how many patches, and active ones (O,)
        self.y0: Tensor | None = None  # (O,): y is counted from here, which saves digits
        self.y, self.y_squared = none.clone(), none.clone()
        # sums of x are one for all neurons of a group: (groups, ...); the others (O, ...)
        self.x: Tensor | float = 0.0
        self.xy: Tensor | float = 0.0
        self.x_plus: Tensor | float = 0.0
        self.xy_plus: Tensor | float = 0.0

    def add(self, layer: Layer) -> None:
        """Take in the patches of one chunk; a neuron is active where its gate is open."""
        if layer.weight.shape != self.W.shape:
            raise UnsupportedOperationError(
                f"fit_patterns: layer {self.name}() has weights {tuple(self.W.shape)} for some "
                f"inputs and {tuple(layer.weight.shape)} for others"
            )
        x, W = at_least_float32(layer.x.detach()), at_least_float32(layer.weight.detach())
        y = layer.product(x, W)  # w . x, (N, ..., O) or (N, O, ...)
        if self.y0 is None:
            self.y0 = over_places(layer, y) / (y.numel() // len(W))
        # a constant changes none of the estimators, but saves digits
        from_y0 = y - layer.like_output(self.y0.to(y.dtype))

        def patches(c: Tensor) -> Tensor:
            """Return the sum of c x over all patches x, for each neuron: (O, ...).

            It is the derivative of sum(c * (w . x)) with respect to w: no patch is ever copied.
            """
            with torch.enable_grad():
                w = W.clone().requires_grad_(True)
                return precise(torch.autograd.grad(layer.product(x, w), w, c)[0])

        self.n += y.numel() // len(W)
        self.y += over_places(layer, from_y0)
        self.y_squared += over_places(layer, from_y0 * from_y0)
        self.x += patches(torch.ones_like(y))[:: len(W) // self.groups].clone()
        self.xy += patches(from_y0)
        if self.gate is not None:
            b = 0 if layer.bias is None else layer.bias.detach().to(y.dtype)
            active = self.gate.slope(y + b)
            self.n_plus += over_places(layer, active)
            self.x_plus += patches(active)
            self.xy_plus += patches(active * from_y0)

    def linear(self) -> Tensor:
        """a = cov[x, y] / var[y], by way of w . cov[x, y] = var[y]."""
        E_xy, E_x, E_y = self.xy / self.n, self.x_of_each() / self.n, self.y / self.n
        return self.scaled(E_xy - E_x * per_neuron(self.W, E_y))

    def component(self, sign: int) -> Tensor:
        """a+ from the patches at which the neuron is active, a- from the others."""
        n = self.n_plus if sign > 0 else self.n - self.n_plus
        x = self.x_plus if sign > 0 else self.x_of_each() - self.x_plus
        xy = self.xy_plus if sign > 0 else self.xy - self.xy_plus
        some = per_neuron(self.W, n.clamp_min(1))
        E_x, E_xy, E_y = x / some, xy / some, self.y / self.n
        a = self.scaled(E_xy - E_x * per_neuron(self.W, E_y))
        return torch.where(per_neuron(self.W, n) > 0, a, torch.zeros_like(a))

    def x_of_each(self) -> Tensor:
        """Return the sum of x for each neuron, (O, ...)."""
        return torch.as_tensor(self.x).repeat_interleave(len(self.W) // self.groups, 0)

    def scaled(self, a: Tensor) -> Tensor:
        """Return a / (w . a), so that w . a = 1; 0 for neurons that do not vary."""
        contributions = (precise(self.W) * a).flatten(1)
        wa, size = contributions.sum(1), contributions.abs_().sum(1)
        variance = self.y_squared / self.n - (self.y / self.n).square()
        level = self.y0.square() + variance if self.y0 is not None else variance
        constant = (variance <= 1e-10 * level) | (wa.abs() <= 1e-9 * size)
        wa = per_neuron(self.W, wa.masked_fill(constant, torch.inf))
        return a / wa


def per_neuron(W: Tensor, value: Tensor) -> Tensor:
    """Return numbers (O,) as (O, 1, ...), to go with weights."""
    return value.view(-1, *[1] * (W.dim() - 1))


def over_places(layer: Layer, y: Tensor) -> Tensor:
    """Return a layer's output summed over all but its neurons, (O,)."""
    return y.movedim(layer.channel_axis, 0).flatten(1).sum(1, dtype=sum_dtype(y.device))


def at_least_float32(t: Tensor) -> Tensor:
    return t if t.dtype in (torch.float32, torch.float64) else t.float()


def precise(t: Tensor) -> Tensor:
    """Return a tensor in the dtype of long sums."""
    return t.detach().to(sum_dtype(t.device))
