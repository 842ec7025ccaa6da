"""Norms that take their statistics from x itself, with the scale held fast.

Layer, group, instance and RMS norm are y = (x - mean) * s * w + b, s = 1 / deviation. Once s is a
constant, that is linear in x: so relevance is shared out there. ``F.normalize`` and local response
normalisation have neither mean nor bias, y = s x.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.known import kind_of, plain_name
from xaicourse.core.operations import Mixture, Operation, Signal
from xaicourse.core.reading import read_affine

__all__ = ["read_norm"]

Follows = Callable[[Any], bool]


def read_norm(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows
) -> Operation | None:
    """Return the norm that a call is, linear in x with its scale as it is here, or None."""
    name = plain_name(func)
    if kind_of(func) != "norm of itself" and name != "normalize":
        return None
    given = _named(name, func is torch.instance_norm, args, kwargs)
    x = given.pop("input")
    if (
        not follows(x)
        or any(follows(value) for value in given.values())
        or given.get("out") is not None
    ):
        return None  # a scale or shift that follows from x is a signal of its own
    return READERS[name](x, given) if name in READERS else Signal(name, (x,))


def _named(name: str, weights_first: bool, args: tuple, kwargs: Mapping) -> dict[str, Any]:
    """Return a call's arguments by name."""
    order = list(inspect.signature(getattr(F, name)).parameters)
    if weights_first:  # in front of the statistics
        order[1:5] = *order[3:5], *order[1:3]
    return dict(zip(order, args, strict=False)) | dict(kwargs)


def _scale(x: Tensor, dims: tuple[int, ...], eps: float, centred: bool) -> Tensor:
    """Return 1 / sqrt(variance + eps), or 1 / sqrt(mean of squares + eps), over some axes."""
    z = x.detach()
    z = z if z.dtype == torch.float64 else z.float()
    z = z - z.mean(dims, keepdim=True) if centred else z
    return (z.square().mean(dims, keepdim=True) + eps).rsqrt()


def _layer_norm(x: Tensor, given: Mapping[str, Any]) -> Mixture:
    dims = tuple(range(-len(given["normalized_shape"]), 0))
    s = _scale(x, dims, given.get("eps", 1e-5), centred=True)
    w, b = given.get("weight"), given.get("bias")
    norm = lambda x: _with((x - x.mean(dims, keepdim=True)) * s, w, b)  # noqa: E731
    return Mixture("layer_norm", (x,), function=norm)


def _rms_norm(x: Tensor, given: Mapping[str, Any]) -> Signal:
    dims = tuple(range(-len(given["normalized_shape"]), 0))
    eps = given.get("eps")
    s = _scale(x, dims, torch.finfo(x.dtype).eps if eps is None else eps, centred=False)
    return Signal("rms_norm", (x,), nothing=_zeros(_with(s, given.get("weight"), None)))


def _group_norm(x: Tensor, given: Mapping[str, Any], name: str = "group_norm") -> Mixture:
    groups, eps = given["num_groups"], given.get("eps", 1e-5)
    s = _scale(x.reshape(len(x), groups, -1), (-1,), eps, centred=True)
    shape = (-1, *[1] * (x.dim() - 2))
    w, b = (None if c is None else c.view(shape) for c in (given.get("weight"), given.get("bias")))

    def norm(x: Tensor) -> Tensor:
        u = x.reshape(len(x), groups, -1)  # (N, groups, numbers)
        return _with(((u - u.mean(-1, keepdim=True)) * s).reshape(x.shape), w, b)

    return Mixture(name, (x,), function=norm)


def _instance_norm(x: Tensor, given: Mapping[str, Any]) -> Operation | None:
    if not given.get("use_input_stats", True):  # a batch-norm by its running statistics
        names = ("running_mean", "running_var", "weight", "bias")
        numbers = (given.get(name) for name in names)
        eps = {"eps": given.get("eps", 1e-5)}
        return read_affine(F.batch_norm, (x, *numbers), eps, lambda t: t is x)
    if x.dim() < 3:
        return None
    channels = x.shape[1]
    return _group_norm(x, {**given, "num_groups": channels}, name="instance_norm")


def _with(z: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    z = z if weight is None else z * weight
    return z if bias is None else z + bias


def _zeros(scale: Tensor) -> Tensor | None:
    zeros = scale == 0
    return zeros if bool(zeros.any()) else None


READERS: dict[str, Callable[[Tensor, Mapping[str, Any]], Operation | None]] = {
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "rms_norm": _rms_norm,
}
