"""The bias of one operation, and what it brings to F.

An operation y = op(u) is, at this input, y = J u + b with its Jacobian J. Three ways lead to b:

    a layer          b is what it adds: its own bias, a batch norm's shift, the constant of a sum
    an activation    J is diagonal:      b = f(u) - f'(u) u
    anything else    J u is the derivative of v . J u in v, where v . J is a backward pass
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from xaicourse.core.checks import all_finite
from xaicourse.core.chunks import sum_dtype
from xaicourse.core.known import NO_BIAS, NUMBER_BY_NUMBER, PAD, kind_of, name_of
from xaicourse.core.operations import UnsupportedOperationError

__all__ = ["Share", "bias_of", "no_bias"]

Follows = Callable[[Any], bool]
LAYERS = frozenset({"dense layer", "convolution", "transposed convolution"})


def no_bias(func: Any, args: tuple, kwargs: dict[str, Any], follows: Follows) -> bool:
    """Tell whether a call has no bias because of its form, at whatever numbers."""
    kind = kind_of(func)
    if kind in NO_BIAS:
        return True
    if kind in LAYERS:
        return _argument(args, kwargs, 2, "bias") is None and not follows(
            _argument(args, kwargs, 1, "weight")
        )
    if kind in ("product", "matrix product"):
        return sum(follows(a) for a in args[:2]) == 1
    if kind == "quotient":
        return not any(follows(a) for a in args[1:2])
    if kind == "sum":
        return len(args) == 2 and all(follows(a) for a in args)
    if kind == "join":
        return all(follows(a) for a in tree_leaves(args[:1] or kwargs.get("tensors")))
    if kind in PAD:
        return not (args[3] if len(args) > 3 else kwargs.get("value"))
    return False


def bias_of(
    func: Any, args: tuple, kwargs: dict[str, Any], follows: Follows
) -> Callable[[list[int]], list[Tensor]]:
    """Return a function that gives the biases of some of a call's results, by their places.

    Asked for before the call, which may overwrite its arguments. A bias broadcasts to its y.
    """
    if kind_of(func) in LAYERS | {"norm", "sum"}:
        added = _added(func, args, kwargs, follows)
        if added is not None:
            return lambda places: [added]
    flat, form = tree_flatten((args, kwargs))
    us = [i for i, a in enumerate(flat) if follows(a)]
    copies = [a.detach().clone() if isinstance(a, Tensor) else a for a in flat]
    return lambda places: _implicit(func, copies, form, us, places)


def _argument(args: tuple, kwargs: dict[str, Any], place: int, name: str) -> Any:
    return args[place] if len(args) > place else kwargs.get(name)


# ---- what a layer adds ---------------------------------------------------------------------------


def _added(func: Any, args: tuple, kwargs: dict[str, Any], follows: Follows) -> Tensor | None:
    """Return what an affine operation adds to a multiple of its input; None for other forms."""
    kind = kind_of(func)
    if kind == "sum":
        return _added_constant(func, args, kwargs, follows)
    u = _argument(args, kwargs, 0, "input")
    given = [*args[1:], *(v for k, v in kwargs.items() if k != "input")]
    if not follows(u) or any(follows(v) for v in given):
        return None
    if kind == "norm":
        if _argument(args, kwargs, 5, "training"):
            return None
        zero = u.new_zeros(1, u.shape[1], *[1] * (u.dim() - 2))
        more = {k: v for k, v in kwargs.items() if k != "input"}
        with torch.no_grad(), torch._C.DisableTorchFunction():
            return func(zero, *args[1:], **more)  # the shift of each channel, (1, C, 1, ...)
    b = _argument(args, kwargs, 2, "bias").detach().clone()
    axes = 0 if kind == "dense layer" else int(name_of(func)[-2])  # of the map: conv2d has 2
    return b.view(-1, *[1] * axes)


def _added_constant(
    func: Any, args: tuple, kwargs: dict[str, Any], follows: Follows
) -> Tensor | None:
    """Return +-alpha c of u + alpha c, u - alpha c, c - alpha u, ..."""
    if len(args) != 2 or set(kwargs) - {"alpha"}:
        return None
    first = follows(args[0])
    u, c = args if first else args[::-1]
    sign: Any = {"add": 1, "sub": 1 if not first else -1, "rsub": 1 if first else -1}[name_of(func)]
    # alpha belongs to the second argument, for rsub to the first
    if first != (name_of(func) == "rsub"):
        sign = sign * kwargs.get("alpha", 1)
    if isinstance(c, Tensor):
        return sign * c.detach()
    return torch.tensor(sign * c, dtype=u.dtype, device=u.device)


# ---- implicit biases -----------------------------------------------------------------------------


def _implicit(func: Any, again: list, form: Any, places: list[int], wanted: list[int]) -> list:
    """Return b = y - J u of the wanted results of a call, with its arguments given once more."""
    alone = kind_of(func) in NUMBER_BY_NUMBER - {"norm"} and len(places) == 1
    us = [again[i].requires_grad_(True) for i in places]
    with torch.enable_grad(), torch._C.DisableTorchFunction():
        for i in places:
            again[i] = again[i].clone()  # no leaf, so that it may be changed in place
        args, kwargs = tree_unflatten(again, form)
        if alone:
            y = func(*args, **kwargs)
            if y.shape == us[0].shape:
                (slope,) = torch.autograd.grad(y.sum(), us)
                return [y.detach() - slope * _finite(us[0])]
        with sdpa_kernel(SDPBackend.MATH):  # the one that can be differentiated twice
            ys = tree_leaves(func(*args, **kwargs))
        return [ys[i].detach() - _times(func, ys[i], us) for i in wanted]


def _times(func: Any, y: Tensor, us: list[Tensor]) -> Tensor:
    """Return J u, the Jacobian of y in u times u, by differentiating v . J u in v."""
    try:
        v = torch.zeros_like(y, requires_grad=True)
        vJ = torch.autograd.grad(y, us, v, create_graph=True, allow_unused=True, retain_graph=True)
        pairs = [(g, u) for g, u in zip(vJ, us, strict=True) if g is not None]
        vJu = sum((g * _finite(u)).sum() for g, u in pairs if g.requires_grad)
        if not isinstance(vJu, Tensor):
            return torch.zeros_like(y)
        (Ju,) = torch.autograd.grad(vJu, v, allow_unused=True)
    except RuntimeError as error:
        raise UnsupportedOperationError(
            f"the bias of the operation {getattr(func, '__name__', str(func))!r} cannot be found: "
            f"torch cannot differentiate it twice ({error})"
        ) from error
    return torch.zeros_like(y) if Ju is None else Ju


def _finite(u: Tensor) -> Tensor:
    """Return u with 0 for what is masked by -inf: its slope is 0, and 0 times -inf is no number."""
    u = u.detach()
    return u if all_finite(u) else u.masked_fill(u.isinf(), 0.0)


# ---- what a bias brings --------------------------------------------------------------------------


class Share:
    """(dF/dy) * b of one operation for P rows.

    Parameters
    ----------
    grad : Tensor (P, ...)
        dF/dy.
    b : Tensor
        The bias; it broadcasts to grad.
    axes : tuple of int, optional
        The axes of grad that are (row, channel, height, width); None where it is no picture.
    """

    def __init__(self, grad: Tensor, b: Tensor, axes: tuple[int, ...] | None = None) -> None:
        self.dtype = sum_dtype(grad.device)
        self.is_picture = axes is not None
        if grad.dtype in (torch.float16, torch.bfloat16):  # sums need more
            grad, b = grad.float(), b.float()
        b = b.view(*[1] * (grad.dim() - b.dim()), *b.shape)
        if axes is not None:
            grad, b = grad.permute(axes), b.permute(axes)
        self.grad, self.b = grad, b
        self._finite = all_finite(b)  # else the general way knows what 0 times it is
        # one number a channel: sums over channels are products with a row vector
        channels = axes is not None and b.numel() == b.shape[1] and b.dtype == grad.dtype
        self._by_channel = channels and self._finite

    @cached_property
    def terms(self) -> Tensor:
        """(dF/dy) * b number by number; a class that is masked by -inf has no part in F: 0."""
        terms = self.grad * self.b
        return terms if self._finite else terms.masked_fill(self.grad == 0, 0.0)

    @cached_property
    def signed(self) -> Tensor:
        """The terms, (P, ...); those of a picture summed over channels, (P, h, w)."""
        if self._by_channel:
            return self._weighted(self.grad, self.b)
        return self._summed(self.terms)

    @cached_property
    def sizes(self) -> Tensor:
        """The same of the terms' absolute values."""
        if self._by_channel:
            return self._weighted(self._sizes, self.b.abs())
        return self._summed(self._sizes)

    def extremes(self) -> tuple[Tensor, Tensor]:
        """Return the least and the largest absolute value of a picture's terms, (P, 1, 1) both."""
        if self._by_channel:
            b = self.b.abs().flatten()
            pair = [b * f(self._sizes, dim=(2, 3)) for f in (torch.amin, torch.amax)]  # (P, C)
            least, most = pair[0].amin(1), pair[1].amax(1)
        else:
            least, most = (f(self._sizes, dim=(1, 2, 3)) for f in (torch.amin, torch.amax))
        return least[:, None, None].to(self.dtype), most[:, None, None].to(self.dtype)

    @cached_property
    def _sizes(self) -> Tensor:
        return (self.grad if self._by_channel else self.terms).abs()

    def _summed(self, terms: Tensor) -> Tensor:
        return (terms.sum(1) if self.is_picture else terms).to(self.dtype)

    def _weighted(self, grad: Tensor, b: Tensor) -> Tensor:
        h, w = grad.shape[2:]
        return (b.flatten().expand(grad.shape[1]) @ grad.flatten(2)).view(-1, h, w).to(self.dtype)
