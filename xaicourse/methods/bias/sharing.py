"""How a unit shares what it holds among its inputs: the steps of bias backpropagation.

Every function below returns y (the operation's own value) in a graph whose backward pass is the
sharing: what arrives at y, beta_out, leaves at u as beta_in, and its sum stays the same.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.known import name_of

__all__ = ["elementwise", "halves", "joined", "padded", "together", "weighted"]


class Sharing(torch.autograd.Function):
    """The value of y with the backward pass of `path`."""

    @staticmethod
    def forward(ctx: Any, path: Tensor, y: Tensor) -> Tensor:
        return y.clone()

    @staticmethod
    def backward(ctx: Any, beta: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return beta, None


def with_backward(y: Tensor, path: Tensor) -> Tensor:
    """Return the value of y, which may be -inf, with the backward pass of `path`."""
    return Sharing.apply(path.expand_as(y), y.detach())  # type: ignore[return-value]


def elementwise(y: Tensor, u: Tensor) -> Tensor:
    """Hand all on: beta_in = beta_out, number by number."""
    return with_backward(y, u.expand_as(y))


def weighted(
    y: Tensor, u: Tensor, weight: Tensor, product: Callable[[Tensor, Tensor], Tensor], alpha: str
) -> Tensor:
    """Share y_p = sum_q w_pq u_q + b_p among its inputs.

    beta_in[q] = sum_p alpha[p, q] beta_out[p], alpha[p, q] = |w_pq u_q| / sum_q |w_pq u_q|, or
    equal shares where alpha is uniform or all of these products are 0: nothing may be lost.
    """
    size, ones = u.detach().abs(), torch.ones_like(u)
    w, all_ones = weight.detach().abs(), torch.ones_like(weight)
    number = product(ones, all_ones)  # of inputs q
    number = number.masked_fill(number == 0, 1.0)  # a window of padding alone has nobody to give to
    if alpha == "uniform":
        return with_backward(y, product(u, all_ones) / number)
    total = product(size, w)  # sum_q |w_pq u_q|
    # below rounding there is nothing to go by
    empty = total <= torch.finfo(total.dtype).tiny
    by_size = product(u * size, w) / total.masked_fill(empty, 1.0)
    equal = product(u, all_ones) / number
    return with_backward(y, torch.where(empty, equal, by_size))


def together(y: Tensor, us: list[Tensor], sizes: list[Tensor]) -> Tensor:
    """Share each number of y among several inputs of its place, in proportion to `sizes`."""
    total = sum(sizes)
    assert isinstance(total, Tensor)
    empty = total <= torch.finfo(total.dtype).tiny
    path = sum(
        u.expand_as(y)
        * torch.where(empty, 1.0 / len(us), size / total.masked_fill(empty, 1.0)).expand_as(y)
        for u, size in zip(us, sizes, strict=True)
    )
    return with_backward(y, path)  # type: ignore[arg-type]


def halves(
    y: Tensor, us: list[Tensor], product: Callable[[Tensor, Tensor], Tensor], alpha: str
) -> Tensor:
    """Share y_p = sum_k a_pk v_k in halves between a and v, on each side by size."""
    a, v = us
    to_a = weighted(y, a, v, product, alpha)
    to_v = weighted(y, v, a, lambda u, w: product(w, u), alpha)
    return (to_a + to_v) / 2


def padded(func: Any, y: Tensor, u: Tensor, args: tuple, kwargs: dict[str, Any]) -> Tensor:
    """Hand what lies on the rim of constants to the nearest number inside."""
    widths = args[1] if len(args) > 1 else kwargs["pad"]
    mode = args[2] if len(args) > 2 else kwargs.get("mode", "constant")
    if mode != "constant":  # copies of numbers inside: each has its own source
        return func(*args, **kwargs)
    path = u
    for i, (before, after) in enumerate(zip(widths[::2], widths[1::2], strict=True)):
        axis = u.dim() - 1 - i  # the last axis comes first
        place = torch.arange(-before, u.shape[axis] + after, device=u.device)
        path = path.index_select(axis, place.clamp(0, u.shape[axis] - 1))
    return with_backward(y, path)


def joined(
    func: Any, args: tuple, kwargs: dict[str, Any], follows: Callable[[Any], bool]
) -> Tensor:
    """Hand what lies on a constant, such as a class token, to all it is joined to alike."""
    y = func(*args, **kwargs)
    parts = args[0] if args else kwargs["tensors"]
    dim = args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))
    ours = [t for t in parts if follows(t)]
    if len(ours) == len(parts) or name_of(func) not in ("cat", "stack"):
        return y
    mean = func(ours, dim).mean(dim, keepdim=name_of(func) == "cat")
    path = func([t if follows(t) else mean.expand_as(t) for t in parts], dim)
    return with_backward(y, path.to(y.dtype))
