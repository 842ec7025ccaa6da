"""Task 08.4: what the paper does to a layer's terms before it draws them."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "PICTURE"]


# ---------------------------------------------------------------- cases


def _terms(turn: float, *shape: int) -> Tensor:
    """Return terms of mixed signs, the channels of different sizes."""
    count = torch.Size(shape).numel()
    sizes = torch.tensor([1.0, 4.0, 0.5, 2.0])[: shape[1]].view(1, -1, 1, 1)
    return sizes * torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


CASES = (
    Case("one", {"terms": _terms(1.1, 1, 2, 2, 3)}),
    Case("two", {"terms": _terms(0.7, 2, 3, 4, 2) * torch.tensor([1.0, 9.0]).view(2, 1, 1, 1)}),
    Case("below_zero", {"terms": -_terms(2.3, 1, 4, 3, 2).abs() - 0.3}),
    Case("constant", {"terms": torch.cat([-3 * torch.ones(1, 2, 2, 2), _terms(1.9, 1, 2, 2, 2)])}),
)


# ---------------------------------------------------------------- right and wrong answers


def _rescaled(a: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return a, moved and stretched to 0..1 over these axes; 0 where all numbers are equal."""
    least, most = a.amin(axes, keepdim=True), a.amax(axes, keepdim=True)
    return torch.where(most > least, (a - least) / (most - least).clamp(min=1e-12), 0 * a)


def picture(terms):
    """Return |terms| rescaled to 0..1 for each photo, summed over channels: (N, h, w)."""
    return _rescaled(terms.abs(), (1, 2, 3)).sum(1)


def each_channel(terms):
    return _rescaled(terms.abs(), (2, 3)).sum(1)


def whole_batch(terms):
    return _rescaled(terms.abs(), (0, 1, 2, 3)).sum(1)


def signs_kept(terms):
    return _rescaled(terms, (1, 2, 3)).sum(1)


def channels_first(terms):
    return _rescaled(terms.sum(1, keepdim=True).abs(), (1, 2, 3)).sum(1)


def rescaled_at_the_end(terms):
    return _rescaled(terms.abs().sum(1, keepdim=True), (1, 2, 3)).sum(1)


def divided_by_largest(terms):
    a = terms.abs()
    return (a / a.amax((1, 2, 3), keepdim=True)).sum(1)


def not_rescaled(terms):
    return terms.abs().sum(1)


def signed_sum(terms):
    return terms.sum(1)


def mean_of_channels(terms):
    return _rescaled(terms.abs(), (1, 2, 3)).mean(1)


def largest_channel(terms):
    return _rescaled(terms.abs(), (1, 2, 3)).amax(1)


def channels_kept(terms):
    return _rescaled(terms.abs(), (1, 2, 3))


def over_channels_only(terms):
    return _rescaled(terms.abs(), (1,)).sum(1)


def squares(terms):
    return _rescaled(terms.square(), (1, 2, 3)).sum(1)


def sum_to_one(terms):
    a = terms.abs()
    return (a / a.sum((1, 2, 3), keepdim=True)).sum(1)


def only_positive(terms):
    return _rescaled(terms.clamp(min=0), (1, 2, 3)).sum(1)


def least_forgotten(terms):
    a = terms.abs()
    least, most = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), keepdim=True)
    return torch.where(most > least, a / (most - least).clamp(min=1e-12), 0 * a).sum(1)


def smallest_over_largest(terms):
    a = terms.abs()
    least, most = a.amin((1, 2, 3), keepdim=True), a.amax((1, 2, 3), keepdim=True)
    return ((a - least) / most).sum(1)


def only_moved(terms):
    a = terms.abs()
    return (a - a.amin((1, 2, 3), keepdim=True)).sum(1)


def reversed_(terms):
    return 1 - picture(terms)


def first_channel(terms):
    return _rescaled(terms.abs(), (1, 2, 3))[:, 0]


def length_of_channels(terms):
    return _rescaled(terms.abs(), (1, 2, 3)).norm(dim=1)


WRONG = {
    function.__name__.rstrip("_"): function
    for function in (
        each_channel,
        whole_batch,
        signs_kept,
        channels_first,
        rescaled_at_the_end,
        divided_by_largest,
        not_rescaled,
        signed_sum,
        mean_of_channels,
        largest_channel,
        channels_kept,
        over_channels_only,
        squares,
        sum_to_one,
        only_positive,
        least_forgotten,
        smallest_over_largest,
        only_moved,
        reversed_,
        first_channel,
        length_of_channels,
    )
}

GRADER = CaseGrader("08.4", CASES, picture, WRONG)

PICTURE = Task(
    id="08.4",
    grade=GRADER,
    reference=picture,
    misconceptions=WRONG,
)
