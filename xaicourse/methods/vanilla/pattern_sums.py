"""The sums over data from which a layer's patterns are estimated."""

import torch
from torch import Tensor

from xaicourse.core.gradients import sum_dtype
from xaicourse.core.operations import Layer, UnsupportedOperationError

__all__ = ["LayerSums", "precise"]


class LayerSums:
    """Running sums over all patches x of one layer; nothing else of the data is kept."""

    def __init__(self, layer: Layer) -> None:
        self.name = layer.name
        self.W = precise(layer.weight)  # (O, ...), in float64 like all sums
        nothing, none = torch.zeros_like(self.W), self.W.new_zeros(len(self.W))
        self.n, self.n_plus = 0, none.clone()  # how many patches, and active ones (O,)
        self.y0: Tensor | None = None  # (O,): y is counted from here, which saves digits
        self.y, self.y_squared = none.clone(), none.clone()
        self.x, self.xy, self.x_plus, self.xy_plus = (nothing.clone() for _ in range(4))

    def add(self, layer: Layer) -> None:
        """Take in the patches of one chunk."""
        if layer.weight.shape != self.W.shape:
            raise UnsupportedOperationError(
                f"fit_patterns: layer {self.name}() has weights {tuple(self.W.shape)} for some "
                f"inputs and {tuple(layer.weight.shape)} for others"
            )
        x, W = at_least_float32(layer.x.detach()), at_least_float32(layer.weight.detach())
        y = layer.product(x, W)  # w . x, (N, ..., O) or (N, O, ...)
        b = 0 if layer.bias is None else layer.bias.detach().to(y.dtype)
        active = (y + b > 0).to(y.dtype)
        if self.y0 is None:
            self.y0 = over_places(layer, y) / (y.numel() // len(self.W))
        # a constant changes none of the estimators, but saves digits
        y = y - layer.like_output(self.y0.to(y.dtype))

        def patches(c: Tensor) -> Tensor:
            """Return the sum of c x over all patches x, for each neuron: (O, ...).

            It is the derivative of sum(c * (w . x)) with respect to w: no patch is ever copied.
            """
            with torch.enable_grad():
                w = W.clone().requires_grad_(True)
                return torch.autograd.grad(layer.product(x, w), w, c)[0].to(self.W)

        self.n += y.numel() // len(self.W)
        self.n_plus += over_places(layer, active)
        self.y += over_places(layer, y)
        self.y_squared += over_places(layer, y * y)
        self.x += patches(torch.ones_like(y))
        self.xy += patches(y)
        self.x_plus += patches(active)
        self.xy_plus += patches(active * y)

    def linear(self) -> Tensor:
        """a = cov[x, y] / var[y], by way of w . cov[x, y] = var[y]."""
        E_xy, E_x, E_y = self.xy / self.n, self.x / self.n, self.y / self.n
        return self.scaled(E_xy - E_x * per_neuron(self.W, E_y))

    def component(self, sign: int) -> Tensor:
        """a+ from the patches at which the neuron is active, a- from the others."""
        n = self.n_plus if sign > 0 else self.n - self.n_plus
        x = self.x_plus if sign > 0 else self.x - self.x_plus
        xy = self.xy_plus if sign > 0 else self.xy - self.xy_plus
        some = per_neuron(self.W, n.clamp_min(1))
        E_x, E_xy, E_y = x / some, xy / some, self.y / self.n
        a = self.scaled(E_xy - E_x * per_neuron(self.W, E_y))
        return torch.where(per_neuron(self.W, n) > 0, a, torch.zeros_like(a))

    def scaled(self, a: Tensor) -> Tensor:
        """Return a / (w . a), so that w . a = 1; 0 for neurons that do not vary."""
        wa = (self.W * a).flatten(1).sum(1)
        size = (self.W * a).abs().flatten(1).sum(1)
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
