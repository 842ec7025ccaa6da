"""Task 04.3: several maps on one scale from 0 to 1, so that an empty map stays empty."""

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task

__all__ = ["GRADER", "ONE_SCALE"]


def _maps(turn: float, m: int, h: int, w: int) -> Tensor:
    """Return maps (M, h, w) without negative cells that follow no simple rule."""
    waves = torch.sin(turn * torch.arange(1.0, m * h * w + 1) ** 1.5)
    return (waves + 0.3).relu().reshape(m, h, w)


CASES = (
    Case("weak_first", {"maps": _maps(1.1, 2, 2, 3) * torch.tensor([0.8, 6.0]).view(2, 1, 1)}),
    Case(
        "one_empty",
        {"maps": _maps(0.7, 3, 3, 2) * torch.tensor([5.0, 0.0, 0.4]).view(3, 1, 1)},
    ),
    Case("no_zeros", {"maps": _maps(2.3, 2, 2, 4) * torch.tensor([1.0, 3.0]).view(2, 1, 1) + 0.5}),
    Case("small", {"maps": 2e-4 * _maps(1.7, 3, 2, 2)}),
    Case("all_empty", {"maps": torch.zeros(2, 2, 3)}),
)


def one_scale(maps):
    """Return all maps divided by the one largest value of all; zeros if there is none."""
    largest = maps.max()
    return maps / largest if largest > 0 else maps.clone()


def _ends(maps):
    return maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)


def own_maximum(maps):
    return maps / _ends(maps)[1].clamp(min=1e-12)


def own_stretch(maps):
    low, high = _ends(maps)
    return (maps - low) / (high - low).clamp(min=1e-12)


def common_stretch(maps):
    low, high = maps.min(), maps.max()
    return (maps - low) / (high - low).clamp(min=1e-12)


def own_sum(maps):
    return maps / maps.sum((1, 2), keepdim=True).clamp(min=1e-12)


def common_sum(maps):
    return maps / maps.sum().clamp(min=1e-12)


def cut_at_one(maps):
    return maps.clamp(max=1)


def unchanged(maps):
    return maps.clone()


def first_maximum(maps):
    return maps / maps[0].max().clamp(min=1e-12)


def smallest_maximum(maps):
    return maps / _ends(maps)[1].min().clamp(min=1e-12)


def mean_of_maxima(maps):
    return maps / _ends(maps)[1].mean().clamp(min=1e-12)


def along_the_lines(maps):
    return maps / maps.amax(2, keepdim=True).clamp(min=1e-12)


def across_the_maps(maps):
    return maps / maps.amax(0, keepdim=True).clamp(min=1e-12)


def softmaxed(maps):
    return maps.flatten(1).softmax(1).reshape(maps.shape)


def squashed(maps):
    return maps.sigmoid()


def tanh_of_maps(maps):
    return maps.tanh()


def bits(maps):
    return one_scale(maps) * 255


def roots(maps):
    return one_scale(maps).sqrt()


def logarithms(maps):
    return maps.log1p() / maps.log1p().max().clamp(min=1e-12)


def below_mean_cut(maps):
    return (maps - maps.mean()).relu() / maps.max().clamp(min=1e-12)


def standardised(maps):
    return (maps - maps.mean()) / maps.std().clamp(min=1e-12)


def length_one(maps):
    return maps / maps.norm().clamp(min=1e-12)


WRONG = {
    function.__name__: function
    for function in (
        own_maximum,
        own_stretch,
        common_stretch,
        own_sum,
        common_sum,
        cut_at_one,
        unchanged,
        first_maximum,
        smallest_maximum,
        mean_of_maxima,
        along_the_lines,
        across_the_maps,
        softmaxed,
        squashed,
        tanh_of_maps,
        bits,
        roots,
        logarithms,
        below_mean_cut,
        standardised,
        length_one,
    )
}

GRADER = CaseGrader("04.3", CASES, one_scale, WRONG)

ONE_SCALE = Task(
    id="04.3",
    grade=GRADER,
    reference=one_scale,
    misconceptions=WRONG,
)
