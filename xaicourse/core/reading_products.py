"""Reading what only some rules cover: functions of each number alone, products of activations."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from xaicourse.core.known import ELEMENTWISE, kind_of, name_of, plain_name
from xaicourse.core.operations import (
    Activated,
    LogSumExp,
    Product,
    SmoothActivation,
    UnsupportedOperationError,
)
from xaicourse.core.reading import Follows, as_function, first_argument

__all__ = ["read_element", "read_log_sum_exp", "read_product"]


def in_single(args: Any, kwargs: Any, follows: Follows) -> tuple[Any, Any]:
    """Return arguments whose constants are in float32 at least, as their rule computes."""

    def cast(t: Any) -> Any:
        half = isinstance(t, Tensor) and t.dtype in (torch.float16, torch.bfloat16)
        return t.float() if half and not follows(t) else t

    return tree_map(cast, (args, dict(kwargs)))


# ---- functions of each number alone --------------------------------------------------------------


def read_element(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Activated | None:
    """Return the function of each number of one input that a call is, or None."""
    if kind_of(func) not in ELEMENTWISE or (name_of(func) == "rrelu" and _training(args, kwargs)):
        return None
    inputs, function = as_function(func, *in_single(args, kwargs, follows), follows)
    tensors = [t for t in tree_leaves((args, dict(kwargs))) if isinstance(t, Tensor)]
    if len(inputs) != 1 or not _like(inputs[0], tensors, name_of(func)):
        return None
    name = plain_name(func)
    if name == "gelu":
        function = _gelu(args[1] if len(args) > 1 else kwargs.get("approximate", "none"))
    if name == "hardsigmoid":  # torch's slope has 9 digits, also in float64
        function = lambda z: (z + 3).clamp(0, 6) / 6  # noqa: E731
    return Activated(name, inputs, activation=SmoothActivation(name, function), function=function)


def _gelu(approximate: str) -> Callable[[Tensor], Tensor]:
    """Return the same function with all digits in its tail, where 1 + erf(z / sqrt 2) has none."""
    if approximate == "tanh":
        c = math.sqrt(8 / math.pi)
        return lambda z: z * torch.sigmoid(c * (z + 0.044715 * z**3))
    return lambda z: z * torch.special.erfc(-z * math.sqrt(0.5)) / 2


def _training(args: tuple, kwargs: Mapping[str, Any]) -> bool:
    return bool(args[3] if len(args) > 3 else kwargs.get("training", False))


def _like(z: Tensor, tensors: list[Tensor], name: str) -> bool:
    """Tell whether constants fit z as it is: a slope for each channel, a bound for each place."""
    if name == "prelu":
        return True
    return torch.broadcast_shapes(*(t.shape for t in tensors)) == z.shape


# ---- products ------------------------------------------------------------------------------------


def read_product(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows, method: str
) -> Product | None:
    """Return the product of two activations that a call is, or None."""
    rule = _ROWS_FIT.get(name_of(func))
    if rule is None:
        return None
    inputs = [t for t in tree_leaves((args, dict(kwargs))) if follows(t)]
    if len(inputs) < 2:
        return None
    if len(inputs) > (3 if name_of(func) in ("addcmul", "baddbmm", "lerp") else 2):
        return None
    if not rule(args, kwargs, inputs):
        shapes = " and ".join(str(tuple(t.shape)) for t in inputs)
        raise UnsupportedOperationError(
            f"{method} needs the rows of x on the first axis of both factors of "
            f"{plain_name(func)}(), each row with its own; they have shapes {shapes}; give them "
            "as many axes, the rows first: gate[:, None], not gate"
        )
    followers, function = as_function(func, *in_single(args, kwargs, follows), follows)
    return Product(plain_name(func), followers, function=function)


def _each_place(args: tuple, kwargs: Mapping[str, Any], factors: list[Tensor]) -> bool:
    """Tell whether factors that are multiplied place by place have the same first axis."""
    tensors = [t for t in tree_leaves((args, dict(kwargs))) if isinstance(t, Tensor)]
    axes = max(t.dim() for t in tensors)
    return all(t.dim() == axes > 0 and len(t) == len(factors[0]) for t in factors)


def _vectors(args: tuple, kwargs: Mapping[str, Any], factors: list[Tensor]) -> bool:
    """Tell whether both factors of a bilinear layer are vectors of the same rows."""
    a, b = factors
    return a.dim() == b.dim() > 1 and len(a) == len(b)


def _matrices(args: tuple, kwargs: Mapping[str, Any], factors: list[Tensor]) -> bool:
    """Tell whether matrices lie behind the same first axis."""
    return _each_place(args, kwargs, factors) and factors[0].dim() > 2


def _einsum(args: tuple, kwargs: Mapping[str, Any], factors: list[Tensor]) -> bool:
    """Tell whether an equation begins with the rows, on either side of the arrow."""
    if not args or not isinstance(args[0], str) or "->" not in args[0]:
        return False
    before, after = args[0].replace(" ", "").split("->")
    terms = before.split(",")
    first = {term[:3] if term.startswith("...") else term[:1] for term in (*terms, after)}
    if len(terms) != 2 or len(first) != 1 or "" in first:
        return False
    (row,) = first
    again = any(len(re.findall(re.escape(row), term)) > 1 for term in (*terms, after))
    same = len({t.dim() for t in factors}) == 1 or row != "..."
    return not again and same and len({len(t) for t in factors}) == 1


_ROWS_FIT = {
    **dict.fromkeys(("mul", "addcmul", "lerp"), _each_place),
    **dict.fromkeys(("matmul", "bmm", "baddbmm"), _matrices),
    **{"bilinear": _vectors, "einsum": _einsum},
}


# ---- log sum exp ---------------------------------------------------------------------------------


def read_log_sum_exp(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> LogSumExp | None:
    """Return the logarithm of a sum of exponentials that a call is, or None."""
    if kind_of(func) != "log sum":
        return None
    z, dim = first_argument(args, kwargs), args[1] if len(args) > 1 else kwargs["dim"]
    keeps = bool(args[2] if len(args) > 2 else kwargs.get("keepdim", False))
    axes = tuple(a % z.dim() for a in ((dim,) if isinstance(dim, int) else dim))
    if not follows(z) or 0 in axes or not axes:
        return None
    return LogSumExp(plain_name(func), (z,), axes=axes, keeps_axes=keeps)
