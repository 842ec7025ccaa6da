"""Occlusion (2013): by how much the score falls when a patch of the input is hidden."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import Question, ask, refuse_infinite
from xaicourse.core.progress import progress
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import BASELINES, Baseline, make_baseline
from xaicourse.methods.examples import small_classifier

__all__ = ["occlusion"]

PATCHES = 8  # along each side, unless the caller says otherwise


@attribution_method(
    title="Occlusion",
    year=2013,
    paper="arXiv:1311.2901",
    family="vanilla",
    needs=frozenset(),
    claims={"implementation_invariance", "linearity"},
    cost=lambda settings: 0,
    example=small_classifier,
)
def occlusion(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patch: int | tuple[int, ...] | None = None,
    stride: int | tuple[int, ...] | None = None,
    fill: Baseline | Sequence[float] = 0.0,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Attribute to each input how far F falls, on average, when a patch that covers it is hidden.

    .. math:: d_w = F(x) - F(x \text{ with patch } w \text{ filled}), \qquad
              A_i = \frac{1}{|\{w : i \in w\}|} \sum_{w \ni i} d_w

    Parameters
    ----------
    patch : int, tuple of int or None
        Sides of the patch: one number for all axes behind the channels, or one for each of them; a
        patch hides all channels. With a number for each axis of a row it hides some channels or
        features only: ``(1, 16, 16)`` goes through the channels of an image one by one, and
        ``(1, D)`` hides one of the tokens (N, L, D). None is an eighth of each side, and a single
        feature of a table (N, D).
    stride : int, tuple of int or None
        Steps from a patch to the next, at most `patch`, so that every pixel is covered; None is
        `patch`. What is left at the far edge gets a smaller patch.
    fill : number, sequence of C numbers, Tensor or name
        What is put in the patch, in the space of x: a number, a value for each channel, a tensor
        as for a baseline, or for images in [0, 1] one of black, white, mean, blur, uniform,
        max_distance.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F. Every pixel of a patch has the whole drop of the patch. The details
        hold the drops themselves in ``extra["drops"]``, (N, patches along each axis of a row).

    Raises
    ------
    ValueError, TypeError
        Also for a patch that does not fit into x, or a stride that leaves gaps.

    Notes
    -----
    Keeps implementation invariance and linearity; with ``patch=1`` and a stride of 1 also dummy,
    symmetry and sensitivity(a). Not complete: two patches that can stand in for each other fall
    short, two that need each other are counted twice. For a linear model and ``stride=patch`` the
    drops add up to :math:`F(x) - F(x')`, where x' is all fill, and each is
    :math:`\sum_{i \in w} v_i (x_i - x'_i)` for weights v; the map's sum over a patch is its drop
    times the numbers in it.

    **Cost.** 0 gradients a row, but a forward pass for each patch: 64 for an image by default.

    **Fails when** the fill is something that the model knows, such as a grey square: then it is the
    square that is explained. And where evidence is there twice: hiding one of both changes nothing.

    References
    ----------
    .. [zeiler2013] M. D. Zeiler, R. Fergus, 2013, arXiv:1311.2901.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.occlusion(xc.zoo.toy(), xc.zoo.toy_input())
    tensor([[-2., -3.]], dtype=torch.float64)
    """
    question = ask(model, x, target, **asked)
    shape = question.x.shape[1:]
    sides = patch_sides(patch, shape)
    steps = strides(stride, sides, len(shape))
    hidden = make_baseline(by_channel(fill, question.x), question.x, "fill")
    inside = [
        windows(n, side, step, question.x.device)
        for n, side, step in zip(shape, sides, steps, strict=True)
    ]
    drops = measured_drops(question, inside, hidden)  # (N, W1, W2, ...)
    return Attribution.of(
        question,
        mean_of_covering(drops, inside),
        f_end=question.scores_at_x,
        gradients=torch.zeros_like(question.rows),
        settings={"patch": sides, "stride": steps},
        extra={"drops": drops},
    )


def measured_drops(question: Question, inside: list[Tensor], fill: Tensor) -> Tensor:
    """Return F(x) - F(x with the patch filled) of each patch, (N, W1, W2, ...)."""
    x, N = question.x, len(question.x)
    counts = [len(one) for one in inside]
    W = torch.Size(counts).numel()
    refuse_infinite(question.scores_at_x)
    bar = progress(N * W, "Occlusion")

    def without(place: Tensor) -> Tensor:
        """Return x with a patch filled for places n W + w: (P, ...)."""
        n, w = place // W, place % W
        covered = torch.ones_like(x[n], dtype=torch.bool)
        for axis, (one, k) in enumerate(zip(inside, unravelled(w, counts), strict=True), start=1):
            along = [1] * x.dim()
            along[0], along[axis] = len(place), x.shape[axis]
            covered &= one[k].view(along)
        bar.update(min(len(place), N * W - bar.n))
        return torch.where(covered, fill[n], x[n])

    try:
        left = question.scores(without, question.rows.repeat_interleave(W)).view(N, W)
    finally:
        bar.close()
    refuse_infinite(left.sum(1), "where a patch is hidden")
    return (question.scores_at_x[:, None] - left).view(N, *counts)


def mean_of_covering(drops: Tensor, inside: list[Tensor]) -> Tensor:
    """Return the mean drop of the patches that cover each number: (N, W1, W2, ...) -> (N, ...)."""
    total = drops.to(sum_dtype(drops.device))
    for one in inside:
        share = one.to(total) / one.sum(0)  # (W1, n): of the patches at each place
        total = total.movedim(1, -1) @ share  # the axis goes to the end: (N, W2, ..., n)
    return total


def windows(n: int, side: int, step: int, device: torch.device) -> Tensor:
    """Return which of n places lie in each window, (W, n) truth values; the last may be cut."""
    start = torch.arange(max(0, ceil((n - side) / step)) + 1, device=device)[:, None] * step
    place = torch.arange(n, device=device)
    return (place >= start) & (place < start + side)


def unravelled(w: Tensor, counts: list[int]) -> list[Tensor]:
    """Return the number of a patch along each axis, the last axis running fastest."""
    found = []
    for count in reversed(counts):
        found.append(w % count)
        w = w // count
    return found[::-1]


# ---- what the caller says ------------------------------------------------------------------------


def patch_sides(patch: Any, shape: torch.Size) -> tuple[int, ...]:
    """Return the side of a patch along each axis of a row, channels included."""
    channels = () if len(shape) == 1 else (shape[0],)
    space = shape[len(channels) :]
    if patch is None:
        return (1,) if not channels else (*channels, *(ceil(n / PATCHES) for n in space))
    sides = _each(patch, "patch", len(space), len(shape))
    sides = sides if len(sides) == len(shape) else (*channels, *sides)
    if any(side > n for side, n in zip(sides, shape, strict=True)):
        raise ValueError(
            f"patch {patch} is larger than a row of x, which has shape {tuple(shape)} (channels "
            "first); give smaller sides"
        )
    return sides


def strides(stride: Any, sides: tuple[int, ...], axes: int) -> tuple[int, ...]:
    """Return the steps along each axis of a row."""
    if stride is None:
        return sides
    steps = _each(stride, "stride", max(1, axes - 1), axes)
    steps = steps if len(steps) == axes else (sides[0], *steps)
    if any(step > side for step, side in zip(steps, sides, strict=True)):
        raise ValueError(
            f"stride {stride} is larger than the patch {sides[-len(steps) :]}, so that what lies "
            "between two patches would never be hidden; give at most the patch's sides"
        )
    return steps


def _each(value: Any, name: str, space: int, axes: int) -> tuple[int, ...]:
    """Return one whole number for each axis in space, or for each axis of a row."""
    if not isinstance(value, tuple | list):
        return (check_positive_int(value, name),) * space
    if len(value) not in (space, axes):
        raise ValueError(
            f"{name} {tuple(value)} has {len(value)} number(s), but x has {space} axes behind the "
            f"channels and {axes} in a row; give one number for all, or one for each"
        )
    return tuple(check_positive_int(one, name) for one in value)


def by_channel(fill: Any, x: Tensor) -> Any:
    """Return values for the channels, (C,), as a tensor that fits a row of x."""
    if isinstance(fill, list | tuple):
        C = x.shape[1]
        if not all(isinstance(c, int | float) for c in fill) or len(fill) != C:
            kind = "channel" if x.dim() > 2 else "feature"
            raise TypeError(
                f"fill must be a number, one value per {kind} ({C} in x), a tensor or one of "
                f"{', '.join(BASELINES)}, got {fill!r}"
            )
        fill = torch.as_tensor(fill, dtype=x.dtype, device=x.device)
    if isinstance(fill, Tensor) and fill.dim() == 1 and x.dim() > 2 and len(fill) == x.shape[1]:
        return fill.view(-1, *[1] * (x.dim() - 2)).expand(x.shape[1:])
    return fill
