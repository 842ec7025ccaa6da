"""Linear layers whose weights PyTorch stores in another form than ``nn.Linear`` and ``nn.Conv2d``.

They are read into the usual form, weight[k] makes channel k of the output, so that every rule holds
for them as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.known import name_of, plain_name
from xaicourse.core.operations import Layer

__all__ = ["read_bilinear", "read_transposed"]

Follows = Callable[[Any], bool]

SETTINGS = ("stride", "padding", "output_padding", "groups", "dilation")
BILINEAR = ("input1", "input2", "weight", "bias")
TRANSPOSED = {
    "conv_transpose1d": F.conv_transpose1d,
    "conv_transpose2d": F.conv_transpose2d,
    "conv_transpose3d": F.conv_transpose3d,
}


def read_transposed(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Layer | None:
    """Return the transposed convolution that a call is, or None."""
    convolve = TRANSPOSED.get(name_of(func))
    if convolve is None:
        return None
    given = dict(zip(("input", "weight", "bias", *SETTINGS), args, strict=False)) | dict(kwargs)
    x, weight, bias = given.pop("input"), given.pop("weight"), given.pop("bias", None)
    if not follows(x) or follows(weight) or follows(bias):
        return None
    groups = given.get("groups", 1)
    return Layer(
        name_of(func),
        (x,),
        kind="conv",
        weight=_turned(weight, groups),
        bias=None if bias is None else bias.view(-1, *[1] * (weight.dim() - 2)),
        product=lambda x, w: convolve(x, _turned(w, groups), None, **given),
    )


def _turned(weight: Tensor, groups: int) -> Tensor:
    """Exchange inputs and outputs in each group: (I, O / groups, ...) <-> (O, I / groups, ...)."""
    parts = weight.unflatten(0, (groups, -1))  # (groups, I / groups, O / groups, ...)
    return parts.transpose(1, 2).flatten(0, 1)


def read_bilinear(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Layer | None:
    """Return ``F.bilinear(u, v, weight, bias)`` as a layer of u where v is constant, or of v."""
    if plain_name(func) != "bilinear":
        return None
    given: dict[str, Any] = dict(zip(BILINEAR, args, strict=False)) | dict(kwargs)
    u, v, weight = given["input1"], given["input2"], given["weight"]
    bias = given.get("bias")
    if follows(u) == follows(v) or follows(weight) or follows(bias):
        return None
    if follows(u):  # w_ji = sum_k W_jik v_k, in each row
        x, w = u, torch.einsum("...k,jik->...ji", v, weight)
    else:
        x, w = v, torch.einsum("...i,jik->...jk", u, weight)
    return Layer(
        "bilinear",
        (x,),
        kind="linear",
        weight=w,
        bias=bias,
        product=lambda x, w: (w @ x[..., None])[..., 0],
        merges=False,
    )
