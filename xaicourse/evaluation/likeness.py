"""How much two maps are alike."""

import torch
from torch import Tensor

from xaicourse.core.checks import check_choice
from xaicourse.evaluation.order import SIGNS
from xaicourse.evaluation.ranks import midranks

__all__ = ["SIMILARITIES", "cosine", "likeness_of", "row_similarity", "unit_rows"]


def cosine(a: Tensor, b: Tensor) -> float:
    """Return the cosine of two maps of one shape, in float64; 0 if one of them is 0.

    Parameters
    ----------
    a, b : Tensor
        Maps of any shape.

    Returns
    -------
    float
        From -1 to 1.
    """
    a, b = (values.detach().cpu().double().flatten() for values in (a, b))
    size = float(a.norm() * b.norm())
    return float(a @ b) / size if size > 0 else 0.0


SIMILARITIES = ("spearman", "pearson", "cosine")


def unit_rows(a: Tensor, kind: str, sign: str) -> Tensor:
    """Return maps (N, D) as rows of length 1 whose products are their similarity.

    NaN where a map has NaN or says nothing: of a constant map there is no correlation.
    """
    for value, table, name in ((kind, SIMILARITIES, "similarity"), (sign, SIGNS, "sign")):
        check_choice(value, table, name)
    a = SIGNS[sign](a)
    low, high = a.amin(dim=1, keepdim=True), a.amax(dim=1, keepdim=True)
    silent = (low == high) & ((kind != "cosine") | (low == 0))
    readable = torch.isfinite(low) & torch.isfinite(high) & ~silent  # NaN is the least number, too
    a = a.masked_fill(~readable, 0.0)
    if kind == "spearman":
        a = midranks(a)
    if kind != "cosine":
        a = a - a.mean(dim=1, keepdim=True)
    return (a / a.norm(dim=1, keepdim=True)).masked_fill(~readable, torch.nan)


def row_similarity(a: Tensor, b: Tensor, kind: str, sign: str) -> Tensor:
    """Return how alike the maps a and b (N, D) are in each row, (N,), at most 1; NaN: no answer."""
    return likeness_of(unit_rows(a, kind, sign), unit_rows(b, kind, sign))


def likeness_of(u: Tensor, v: Tensor) -> Tensor:
    """Return how alike maps are of which `unit_rows` (N, D) were made, (N,)."""
    return (u * v).sum(dim=1).clamp(-1, 1)
