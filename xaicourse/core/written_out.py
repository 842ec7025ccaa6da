"""What is made of other operations, written out in them: softmax, gates, norms, quotients.

A rule that covers sums, products and functions of each number alone covers these, too; and a layer
norm written by hand gets the same answer as `nn.LayerNorm`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._pytree import tree_leaves, tree_map

from xaicourse.core.known import ATTENTION, RECURRENT, kind_of, name_of, plain_name
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.ruled import RuleSet

__all__ = ["Way", "hides_steps", "whole_layer", "written_out"]

HALF = (torch.float16, torch.bfloat16)

Way = Callable[..., Any]


def written_out(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Callable[[Any], bool]
) -> Way | None:
    """Return a function of the same arguments, made of simpler operations, or None."""
    kind = kind_of(func)
    if kind == "quotient":
        by = args[1] if len(args) > 1 else kwargs.get("other")
        rounded = len(args) > 2 or kwargs.get("rounding_mode") is not None
        return _in_single(quotient) if follows(by) and not rounded else None
    way = _WAYS.get(name_of(func))
    if way is None or kwargs.get("out") is not None:
        return None
    if way is instance_norm:
        return _instance_norm(func, args, kwargs)
    usual = way not in (norm, normalize) or _power(args, kwargs) in (None, 2, 1, "fro")
    return _in_single(way) if usual else None


def _in_single(way: Way) -> Way:
    """Compute in float32 at least, as torch does inside its norms."""

    def wide(*args: Any, **kwargs: Any) -> Any:
        leaves = tree_leaves((args, kwargs))
        half = [t.dtype for t in leaves if isinstance(t, Tensor) and t.dtype in HALF]
        if not half:
            return way(*args, **kwargs)
        args, kwargs = tree_map(lambda t: _cast(t, HALF, torch.float32), (args, kwargs))
        result = way(*args, **kwargs)
        chosen = any(isinstance(leaf, torch.dtype) for leaf in leaves)
        return result if chosen else tree_map(lambda t: t.to(half[0]), result)

    return wide


def _cast(t: Any, source: tuple[torch.dtype, ...], to: torch.dtype) -> Any:
    return t.to(to) if isinstance(t, Tensor) and t.dtype in source else t


def hides_steps(func: Any, rules: RuleSet) -> bool:
    """Tell whether a call hides steps that the rules would have to see."""
    kind = kind_of(func)
    if not rules.kinds:  # the audit lets pass what the caller allows
        return kind in RECURRENT and "tanh" not in rules.transparent and not rules.allow
    return kind in ATTENTION | RECURRENT


def whole_layer(func: Any, rules: RuleSet) -> UnsupportedOperationError:
    """Return the error for a layer that computes many steps in one call."""
    name = plain_name(func)
    if kind_of(func) in RECURRENT:
        what = f"recurrent layers ({name}), whose steps and gates are hidden in one call"
        instead = rules.instead_of_recurrent
    else:
        what = f"attention ({name}), whose weights are themselves computed from x"
        instead = rules.instead_of_attention
    return UnsupportedOperationError(
        f"{rules.method} is not defined for {what}; {instead}use gradient, smoothgrad or a "
        "method of the integrated class, such as integrated_gradients, which ask for no rule"
    )


# ---- quotients and gates -------------------------------------------------------------------------


def quotient(input: Any, other: Tensor, *, rounding_mode: None = None) -> Tensor:
    """a / b = a (1 / b)."""
    return input * other.reciprocal()


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    return input + value * (tensor1 / tensor2)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


# ---- softmax -------------------------------------------------------------------------------------


def log_softmax(
    input: Tensor, dim: int | None = None, *more: Any, dtype: Any = None, _stacklevel: int = 3
) -> Tensor:
    """z - log sum exp z."""
    for setting in more:
        dtype = setting if isinstance(setting, torch.dtype) else dtype
    z = input if dtype is None else input.to(dtype)
    if dim is None:
        dim = 0 if z.dim() in (0, 1, 3) else 1  # as torch chooses
    return z - z.logsumexp(dim, keepdim=True)


def softmax(input: Tensor, *more: Any, **named: Any) -> Tensor:
    """exp(z - log sum exp z): other than exp(z) / sum exp(z), never the ratio of huge numbers."""
    return log_softmax(input, *more, **named).exp()


def softmin(input: Tensor, *more: Any, **named: Any) -> Tensor:
    return softmax(-input, *more, **named)


# ---- norms ---------------------------------------------------------------------------------------


def normalised(x: Tensor, axes: Any, eps: float) -> Tensor:
    """(x - mean) / sqrt(variance + eps)."""
    c = x - x.mean(axes, keepdim=True)
    return c * ((c * c).mean(axes, keepdim=True) + eps).rsqrt()


def scaled(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    axes = tuple(range(-len(normalized_shape), 0))
    return scaled(normalised(input, axes, eps), weight, bias)


def rms_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    axes = tuple(range(-len(normalized_shape), 0))
    eps = torch.finfo(input.dtype).eps if eps is None else eps
    return scaled(input * ((input * input).mean(axes, keepdim=True) + eps).rsqrt(), weight, None)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    y = normalised(input.reshape(len(input), num_groups, -1), -1, eps).reshape(input.shape)
    per_channel = (-1, *[1] * (input.dim() - 2))
    weight, bias = (None if t is None else t.view(per_channel) for t in (weight, bias))
    return scaled(y, weight, bias)


def instance_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    return group_norm(input, input.shape[1], weight, bias, eps)


def _instance_norm(func: Any, args: tuple, kwargs: Mapping[str, Any]) -> Way | None:
    """Return the norm by each picture's own statistics, None where it is by those of training."""
    names = ("input", "running_mean", "running_var", "weight", "bias", "use_input_stats")
    if func is torch.instance_norm:
        names = ("input", "weight", "bias", "running_mean", "running_var", "use_input_stats")
    given = dict(zip((*names, "momentum", "eps"), args, strict=False)) | dict(kwargs)
    axes = given["input"].dim()
    if not given.get("use_input_stats", True) or axes < 3:
        return None
    more = given.get("weight"), given.get("bias"), given.get("eps", 1e-5)
    return lambda *args, **kwargs: _in_single(instance_norm)(given["input"], *more)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """x / (k + alpha mean of x^2 over neighbouring channels)^beta."""
    square = (input * input).flatten(2).unsqueeze(1)  # (N, 1, C, places)
    square = F.pad(square, (0, 0, size // 2, (size - 1) // 2))
    mean = F.avg_pool2d(square, (size, 1), stride=1).squeeze(1).reshape(input.shape)
    return input * (k + alpha * mean).pow(-beta)


# ---- lengths and spreads -------------------------------------------------------------------------


def _power(args: tuple, kwargs: Mapping[str, Any]) -> Any:
    return args[1] if len(args) > 1 else kwargs.get("p", kwargs.get("ord"))


def norm(
    input: Tensor, p: Any = None, dim: Any = None, keepdim: bool = False, **more: Any
) -> Tensor:
    p = more.get("ord", p)
    x = input if more.get("dtype") is None else input.to(more["dtype"])
    dim = tuple(range(x.dim())) if dim is None else dim
    if p == 1:
        return x.abs().sum(dim, keepdim=keepdim)
    return (x * x).sum(dim, keepdim=keepdim).sqrt()


def normalize(
    input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: None = None
) -> Tensor:
    return input / norm(input, p, dim, keepdim=True).clamp_min(eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    return (normalize(x1, 2, dim, eps) * normalize(x2, 2, dim, eps)).sum(dim)


def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    dim = tuple(range(input.dim())) if dim is None else dim
    c = input - input.mean(dim, keepdim=True)
    n = math.prod(input.shape[axis] for axis in ((dim,) if isinstance(dim, int) else dim))
    return (c * c).sum(dim, keepdim=keepdim) / max(0, n - correction)


def std(input: Tensor, *more: Any, **named: Any) -> Tensor:
    return var(input, *more, **named).sqrt()


def var_mean(input: Tensor, dim: Any = None, *more: Any, **named: Any) -> tuple[Tensor, Tensor]:
    keepdim = more[1] if len(more) > 1 else named.get("keepdim", False)
    axes = tuple(range(input.dim())) if dim is None or isinstance(dim, bool) else dim
    return var(input, dim, *more, **named), input.mean(axes, keepdim=keepdim)


def std_mean(input: Tensor, *more: Any, **named: Any) -> tuple[Tensor, Tensor]:
    v, m = var_mean(input, *more, **named)
    return v.sqrt(), m


_WAYS: dict[str, Way] = {
    **{"glu": glu, "addcdiv": addcdiv},
    **{"softmax": softmax, "log_softmax": log_softmax, "softmin": softmin},
    **{"layer_norm": layer_norm, "rms_norm": rms_norm, "group_norm": group_norm},
    **{"instance_norm": instance_norm, "local_response_norm": local_response_norm},
    **{"norm": norm, "linalg_vector_norm": norm, "normalize": normalize},
    "cosine_similarity": cosine_similarity,
    **{"var": var, "std": std, "var_mean": var_mean, "std_mean": std_mean},
}
