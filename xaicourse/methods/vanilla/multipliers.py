"""DeepLIFT's multipliers m = C / dx of each kind of unit, with x and x' as halves of one batch."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from xaicourse.core.operations import (
    Activated,
    Activation,
    Layer,
    LogSumExp,
    MaxPool,
    Mixture,
    Operation,
    Product,
    UnsupportedOperationError,
)

__all__ = [
    "ActivatedSum",
    "log_sum_exp_multiplier",
    "max_pool_multiplier",
    "product_multiplier",
    "rescale_multiplier",
    "reveal_cancel",
    "reveal_cancel_multiplier",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class ActivatedSum(Operation):
    """y = g(z) with z = a layer's or a sum's output: RevealCancel looks at what z is made of."""

    activated: Activated
    sum: Layer | Mixture

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return (*self.activated.tensors, *self.sum.tensors)


def ratio(dy: Tensor, dz: Tensor, slope: Tensor, size: Tensor | float = 0.0) -> Tensor:
    """Return dy / dz, and the slope where dz is nothing but the rounding of numbers of `size`."""
    nothing = dz.abs() <= torch.finfo(dz.dtype).eps * size
    return torch.where(nothing, slope, dy / dz.masked_fill(nothing, 1.0))


def in_single(t: Tensor) -> Tensor:
    """Return a tensor in float32 at least: sums of products of differences."""
    return t if t.dtype in (torch.float32, torch.float64) else t.float()


def halves(t: Tensor) -> tuple[Tensor, Tensor]:
    """Return x's rows and those of x', in float32 at least."""
    a, b = in_single(t).chunk(2)
    return a, b


def with_nothing_for_the_reference(m: Tensor) -> Tensor:
    """Return [m; 0]: only the rows of x are asked for."""
    return torch.cat([m, torch.zeros_like(m)])


# ---- functions of one number ---------------------------------------------------------------------


def rescale_multiplier(operation: Activated, grad: Tensor) -> Tensor:
    """m_z = (dy / dz) m_y."""
    m, _ = halves(grad)
    g = operation.activation
    if isinstance(g, Activation) and g.outside == 0:  # dy is 0, dz or ends at a bend
        (z, z0), (slope, _) = halves(operation.z), halves(operation.slope)
        y, y0 = (operation.function(t) for t in (z, z0))
        quotient = ratio(y - y0, z - z0, slope, z.abs() + z0.abs())
    else:
        quotient = secant(operation.function, g.slope, in_single(operation.z))
    return with_nothing_for_the_reference(quotient * m)


def secant(
    g: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor], both: Tensor
) -> Tensor:
    """Return dy / dz for z and z' in one tensor, with nearly all digits also for small dz.

    Where dz is small, dy is mostly rounding: its error is about eps |y| / |dz|. The mean slope
    between z' and z is then Simpson's (s + 4 s_middle + s') / 6, up to dz^4. That is taken where
    the three slopes nearly lie on a line (no bend is between them) and dy agrees up to rounding.
    """
    (z, z0), (y, y0), (s, s0) = halves(both), halves(g(both)), halves(slope(both))
    middle = (z + z0) / 2
    sm, _ = halves(slope(torch.cat([middle, middle])))
    dz, dy = z - z0, y - y0
    none = ~(dz.abs() > 0)  # also where both are infinite
    quotient = dy / dz.masked_fill(none, 1.0)
    simpson = (s + 4 * sm + s0) / 6

    eps = torch.finfo(z.dtype).eps
    size_z, size_y = z.abs() + z0.abs(), y.abs() + y0.abs()
    size = s.abs() + sm.abs() + s0.abs() + size_y / size_z
    straight = (s - 2 * sm + s0).abs() <= eps**0.5 * size
    agrees = (simpson * dz - dy).abs() <= 4 * eps * (size_y + size_z)
    m = torch.where(straight & agrees, simpson, quotient)
    return torch.where(none, s.masked_fill(~torch.isfinite(s), 0.0), m)


# ---- functions of several numbers ----------------------------------------------------------------


def product_multiplier(operation: Product, grad: Tensor) -> tuple[Tensor, ...]:
    """d(x y) = dx mean(y) + dy mean(x): the gradient halfway between x' and x is exact."""
    m, _ = halves(grad)
    middles = [(a + a0) / 2 for a, a0 in map(halves, operation.inputs)]
    with torch.enable_grad():
        leaves = [torch.cat([t, t]).requires_grad_(True) for t in middles]
        y = operation.function(*leaves)
        found = torch.autograd.grad(y, leaves, with_nothing_for_the_reference(m).to(y.dtype))
    others = [torch.nan_to_num(f[len(f) // 2 :], 0.0, 0.0, 0.0) for f in found]  # NaN comes later
    if any(bool(of_others.any()) for of_others in others):
        raise UnsupportedOperationError(
            f"{operation.name}() multiplies one row of x with another, or with a reference; "
            "keep the rows on the first axis of both factors"
        )
    return found


def log_sum_exp_multiplier(operation: LogSumExp, grad: Tensor) -> Tensor:
    """m_i = (d log S / dS) (d exp z_i / dz_i), S = sum_i exp z_i: both by Rescale.

    With phi(t) = (exp(t) - 1) / t that is exp(z'_i - log S') phi(dz_i) / phi(d log S).
    """
    (z, z0), axes = halves(operation.z), operation.axes
    log_sum, log_sum0 = (torch.logsumexp(t, axes, keepdim=True) for t in (z, z0))
    share = z0 - log_sum0 + log_phi(z - z0) - log_phi(log_sum - log_sum0)
    m, _ = halves(grad if operation.keeps_axes else grad.reshape(torch.cat([log_sum] * 2).shape))
    return with_nothing_for_the_reference(share.exp() * m)


def log_phi(t: Tensor) -> Tensor:
    """Return log((exp(t) - 1) / t), which is 0 at 0; t is NaN where both were -inf."""
    t = torch.where(t.abs() > 0, t, 0.0)
    size = t.abs().masked_fill(t == 0, 1.0)
    return t.clamp_min(0) + torch.where(t == 0, 0.0, (-torch.expm1(-size) / size).log())


def max_pool_multiplier(operation: MaxPool, grad: Tensor) -> Tensor:
    """The larger of y and y' shows the winner: it gets dy, whole, and no other unit gets any.

    Its own difference is at least as large as dy, so that the quotient is never above 1.
    """
    z, z0 = halves(operation.z)
    (y, winner), (y0, winner0) = operation.with_indices(z), operation.with_indices(z0)
    m, _ = halves(grad)
    axes = operation.spatial_axes
    where = torch.where(y >= y0, winner, winner0).flatten(-axes)  # (N, C, windows)
    dz = (z - z0).flatten(-axes)  # (N, C, places)
    share = ratio((y - y0).flatten(-axes), dz.gather(-1, where), torch.ones_like(where).to(z))
    total = torch.zeros_like(dz).scatter_add(-1, where, share * m.flatten(-axes))
    return with_nothing_for_the_reference(total.view_as(z))


def reveal_cancel(
    g: Callable[[Tensor], Tensor], z0: Tensor, dz_plus: Tensor, dz_minus: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what the positive and the negative contributions do to y: their Shapley values."""
    g0, gp, gm, gpm = (g(z0 + d) for d in (0 * z0, dz_plus, dz_minus, dz_plus + dz_minus))
    dy_plus = ((gp - g0) + (gpm - gm)) / 2
    dy_minus = ((gm - g0) + (gpm - gp)) / 2
    return dy_plus, dy_minus


def reveal_cancel_multiplier(operation: ActivatedSum, grad: Tensor) -> tuple[Tensor, ...]:
    """m_x = sum_j w_ij m_j^+ or m_j^-, whichever side the contribution w_ij dx_i is on."""
    activated, part = operation.activated, operation.sum
    m, _ = halves(grad)
    (z, z0), (slope, _) = halves(activated.z), halves(activated.slope)
    size = z.abs() + z0.abs()
    signed = _Signed(part)
    dz_plus, dz_minus = signed.contributions()
    dy_plus, dy_minus = reveal_cancel(activated.function, z0, dz_plus, dz_minus)
    m_plus = ratio(dy_plus, dz_plus, slope, size) * m
    m_minus = ratio(dy_minus, dz_minus, slope, size) * m
    found = signed.transpose(m_plus, m_minus)
    return tuple(with_nothing_for_the_reference(f) for f in found)


class _Signed:
    """The positive and negative contributions of a layer's (or sum's) inputs, and the way back."""

    def __init__(self, part: Layer | Mixture) -> None:
        inputs = [halves(t) for t in part.inputs]
        self.differences = [x - x0 for x, x0 in inputs]
        # each: a linear map of one input, split by the sign of its weights
        self.maps: list[list[tuple[int, Callable[[Tensor], Tensor]]]] = []
        if isinstance(part, Layer):
            W = part.weight.detach().to(self.differences[0].dtype)
            plus, minus = W.clamp_min(0), W.clamp_max(0)
            self.maps = [
                [(1, lambda d: part.product(d, plus)), (-1, lambda d: part.product(d, minus))]
            ]
            return
        nothing = [torch.zeros_like(d) for d in self.differences]
        offset = part.function(*nothing)
        for k, d in enumerate(self.differences):

            def alone(t: Tensor, k: int = k) -> Tensor:
                return part.function(*nothing[:k], t, *nothing[k + 1 :]) - offset

            # a sum's or mean's weights for one input all have one sign
            sign = 1 if float(alone(torch.ones_like(d)).sum()) >= 0 else -1
            self.maps.append([(sign, alone)])

    def contributions(self) -> tuple[Tensor, Tensor]:
        """Return dz+ and dz-."""
        plus, minus = [], []
        for d, maps in zip(self.differences, self.maps, strict=True):
            for sign, linear in maps:
                for side, t in ((1, d.clamp_min(0)), (-1, d.clamp_max(0))):
                    (plus if sign == side else minus).append(linear(t))
        return torch.stack(plus).sum(0), torch.stack(minus).sum(0)

    def transpose(self, m_plus: Tensor, m_minus: Tensor) -> tuple[Tensor, ...]:
        """Return the inputs' multipliers; where dx = 0, half of each side's."""
        found = []
        for d, maps in zip(self.differences, self.maps, strict=True):
            total = torch.zeros_like(d)
            for sign, linear in maps:
                back_plus, back_minus = (_transposed(linear, d, m) for m in (m_plus, m_minus))
                rising, falling = (back_plus, back_minus) if sign > 0 else (back_minus, back_plus)
                half = (back_plus + back_minus) / 2
                total = total + torch.where(d > 0, rising, torch.where(d < 0, falling, half))
            found.append(total)
        return tuple(found)


def _transposed(linear: Callable[[Tensor], Tensor], like: Tensor, s: Tensor) -> Tensor:
    """Return sum_j w_ij s_j for a linear map."""
    with torch.enable_grad():
        leaf = torch.zeros_like(like).requires_grad_(True)
        return torch.autograd.grad(linear(leaf), leaf, s)[0]
