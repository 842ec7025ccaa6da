"""A score split into input and biases by the size of their maps, and the pictures made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.core.bias_terms import BiasQuestion, full_gradient
from xaicourse.core.biases import Share
from xaicourse.core.picture_axes import CHANNELS_FIRST
from xaicourse.methods.bias.decomposition import has_place, psi
from xaicourse.methods.vanilla.feature_maps import to_image_size
from xaicourse.widgets.documented import documented
from xaicourse.widgets.given import check_one

__all__ = ["BiasParts", "bias_parts"]

INPUT, NO_PLACE = "input", "biases without a place"


@documented
class BiasParts:
    """The shares of one score, by group: the input, then the biases by the size of their maps.

    A cell that is larger than a pixel is shared out evenly among its pixels, so that a signed map
    adds up to the group's share; it is zero for what has no place. Pictures are absolute values,
    rescaled layer by layer and enlarged.
    """

    score: Annotated[float, "F, which the shares add up to."]
    shares: Annotated[Mapping[str, float], "Group -> its share of F, with sign."]
    signed: Annotated[Mapping[str, Tensor], "(H, W): Group -> its shares at their places."]
    pictures: Annotated[Mapping[str, Tensor], "(H, W): Group -> the paper's picture of it."]


def bias_parts(model: Callable[..., Any], x: Tensor, target: Any) -> BiasParts:
    """Split the logit of the target at one image.

    Parameters
    ----------
    model, x, target
        As for `xc.fullgrad`; x holds one image (1, C, H, W).

    Returns
    -------
    BiasParts

    Raises
    ------
    ValueError
        If x holds more than one image.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> found = xc.widgets.bias_parts(xc.zoo.load("fashion_cnn"), torch.ones(1, 1, 28, 28) / 2, 8)
    >>> list(found.shares)
    ['input', 'biases at 28 × 28', 'biases at 14 × 14', 'biases without a place']
    """
    check_one(x, "the parts are of one image")

    def reduce(name: str, share: Share) -> tuple[Tensor, Tensor | None]:
        return share.signed, psi(share) if has_place(share) else None

    question = BiasQuestion(model, x, target, "logit", None, reduce=reduce)
    full = full_gradient(question)
    shares, signed, pictures = {}, {}, {}
    from_x = Share(full.grad, question.x, CHANNELS_FIRST)
    terms = {INPUT: [(from_x.signed, psi(from_x))]}
    for (found,) in full.terms.values():
        cells = " × ".join(map(str, found[0].shape[1:]))
        terms.setdefault(NO_PLACE if found[1] is None else f"biases at {cells}", []).append(found)
    for name in sorted(terms, key=order):
        shares[name] = sum(float(term.sum()) for term, _ in terms[name])
        signed[name], pictures[name] = torch.zeros(2, *x.shape[2:], dtype=torch.float64)
        for term, picture in terms[name]:
            if picture is not None:
                signed[name] += spread(term[0].double().cpu(), x.shape[2:])
                picture = picture[None].double().cpu()  # (1, 1, h, w)
                pictures[name] += to_image_size(picture, x, "bilinear")[0, 0]
    return BiasParts(float(full.score[0]), shares, signed, pictures)


def order(name: str) -> tuple[int, int]:
    """Sort the input first, then large maps before small ones, then what has no place."""
    if name == INPUT:
        return 0, 0
    return (2, 0) if name == NO_PLACE else (1, -int(name.split()[2]))


def spread(cells: Tensor, size: tuple[int, ...]) -> Tensor:
    """Share out the number of each cell (h, w) evenly over its area, (H, W): the sum stays."""
    down, across = (overlap(n, m) for n, m in zip(size, cells.shape, strict=True))
    return down @ cells @ across.T


def overlap(pixels: int, cells: int) -> Tensor:
    """Return which share of each cell lies in each pixel along one axis, (pixels, cells)."""
    pixel = torch.arange(pixels, dtype=torch.float64)[:, None] / pixels
    cell = torch.arange(cells, dtype=torch.float64)[None] / cells
    start, end = torch.maximum(pixel, cell), torch.minimum(pixel + 1 / pixels, cell + 1 / cells)
    return (end - start).clamp_min(0) * cells
