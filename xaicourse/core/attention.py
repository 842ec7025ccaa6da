"""Attention in one call, written out in the operations that it is made of.

    scores = q k^T / sqrt(d) + mask,    weights = softmax(scores),    y = weights v

A method that shares among the inputs of each of these operations covers both spellings alike.
"""

import math
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.known import kind_of, name_of
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.reading import is_in_place
from xaicourse.core.written_out import Way, written_out

__all__ = ["in_parts"]

OF_NUMBERS = frozenset({"gate", "length", "spread", "quotient and sum"})

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
HALF_TOLERANCE = 5e-2


def in_parts(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Callable[[Any], bool]
) -> Way | None:
    """Write out attention, gates, lengths and spreads; None for other calls."""
    if kind_of(func) in OF_NUMBERS and not is_in_place(func, args, kwargs):
        return written_out(func, args, kwargs, follows)
    way = _WAYS.get(name_of(func))
    if way is None:
        return None

    def checked(*args: Any, **kwargs: Any) -> Any:
        with torch.no_grad(), torch._C.DisableTorchFunction():
            right = func(*args, **kwargs)
        y = way(*args, **kwargs)
        _compare(name_of(func), y, right)
        return y

    return checked if _is_plain(way, args, kwargs) else None


def _is_plain(way: Way, args: tuple, kwargs: Mapping[str, Any]) -> bool:
    """Tell whether a call has only arguments that are written out below: no dropout, no extras."""
    given = signature(way).bind(*args, **kwargs)
    given.apply_defaults()
    named = given.arguments
    if way is scaled_dot_product_attention:
        return not named["dropout_p"]
    extras = ("bias_k", "bias_v", "static_k", "static_v")
    trained = named["training"] and named["dropout_p"]
    return not named["add_zero_attn"] and not trained and all(named[e] is None for e in extras)


def _compare(name: str, y: Any, right: Any) -> None:
    """Refuse a call of which the parts do not give what it gives, such as rows that are masked."""
    y, right = (t[0] if isinstance(t, tuple) else t for t in (y, right))
    with torch.no_grad(), torch._C.DisableTorchFunction():
        error, size = float((y - right).norm()), float(right.norm())
    if not error <= TOLERANCE.get(right.dtype, HALF_TOLERANCE) * size:
        raise UnsupportedOperationError(
            f"{name} does not give softmax(q k^T / sqrt(d) + mask) v here (as with a row whose "
            "places are all masked), so that it cannot be taken apart; write it out in the model "
            "(q @ k.mT, softmax, @ v)"
        )


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(scale q k^T + mask) v for (N, heads, tokens, d)."""
    if enable_gqa:  # several heads of q share one of k and v
        times = query.shape[-3] // key.shape[-3]
        key, value = (t.repeat_interleave(times, -3) for t in (key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.transpose(-2, -1) * scale  # (N, heads, tokens, tokens of k)
    if is_causal:
        attn_mask = torch.ones_like(scores[(0,) * (scores.dim() - 2)], dtype=torch.bool).tril()
    if attn_mask is not None:
        scores = scores + _added(attn_mask, scores.dtype, keeps=True)
    return scores.softmax(-1) @ value


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Project to heads, attend in each, and project back; tokens first, (tokens, N, d)."""
    alone = query.dim() == 2  # (tokens, d)
    if use_separate_proj_weight:
        weights: Any = (q_proj_weight, k_proj_weight, v_proj_weight)
    else:
        assert in_proj_weight is not None
        weights = in_proj_weight.chunk(3)
    biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
    heads = []
    for t, weight, bias in zip((query, key, value), weights, biases, strict=True):
        rows = t[None] if alone else t.transpose(0, 1)  # (N, tokens, d)
        heads.append(F.linear(rows, weight, bias).unflatten(-1, (num_heads, -1)).transpose(1, 2))
    q, k, v = heads  # (N, heads, tokens, d / heads)
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]))
    if attn_mask is not None:
        mask = _added(attn_mask, scores.dtype)
        scores = scores + (mask if mask.dim() == 2 else mask.view(-1, num_heads, *mask.shape[1:]))
    if key_padding_mask is not None:
        mask = _added(key_padding_mask, scores.dtype)
        scores = scores + mask.view(-1, 1, 1, mask.shape[-1])
    weight = scores.softmax(-1)
    y = F.linear((weight @ v).transpose(1, 2).flatten(2), out_proj_weight, out_proj_bias)
    y = y[0] if alone else y.transpose(0, 1)
    if not need_weights:
        return y, None
    weight = weight.mean(1) if average_attn_weights else weight
    return y, weight[0] if alone else weight


def _added(mask: Tensor, dtype: torch.dtype, keeps: bool = False) -> Tensor:
    """Return a mask as what is added to the scores: -inf where a place takes no part."""
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    gone = ~mask if keeps else mask
    return torch.zeros_like(mask, dtype=dtype).masked_fill(gone, -math.inf)


_WAYS: dict[str, Way] = {
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "multi_head_attention_forward": multi_head_attention_forward,
}
