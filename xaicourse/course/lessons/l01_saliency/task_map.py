"""Task 01.3: one number a pixel, as in the paper: the largest size of the three slopes."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["GRADER", "SIMONYAN_MAP"]


# ---------------------------------------------------------------- cases


def _slopes(turn: float, *shape: int) -> Tensor:
    """Return slopes of mixed signs that follow no simple rule."""
    count = torch.Size(shape).numel()
    return torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


CASES = (
    Case("one", {"slopes": 2 * _slopes(1.1, 1, 3, 2, 4)}),
    Case("two", {"slopes": _slopes(0.7, 2, 3, 4, 3) * torch.tensor([1.0, 5.0]).view(2, 1, 1, 1)}),
    Case("below_zero", {"slopes": -_slopes(2.3, 1, 3, 3, 2).abs() - 0.1}),
    Case("zero", {"slopes": torch.cat([torch.zeros(1, 3, 3, 4), _slopes(1.9, 1, 3, 3, 4)])}),
)


# ---------------------------------------------------------------- right and wrong answers


def simonyan_map(slopes):
    """Return the largest absolute value over the channels, (N, H, W)."""
    return slopes.abs().amax(dim=1)


def max_then_abs(slopes):
    return slopes.amax(dim=1).abs()


def signed_max(slopes):
    return slopes.amax(dim=1)


def positive_only(slopes):
    return slopes.relu().amax(dim=1)


def sum_then_abs(slopes):
    return slopes.sum(dim=1).abs()


def mean_then_abs(slopes):
    return slopes.mean(dim=1).abs()


def sum_of_abs(slopes):
    return slopes.abs().sum(dim=1)


def mean_of_abs(slopes):
    return slopes.abs().mean(dim=1)


def length(slopes):
    return slopes.norm(dim=1)


def squared(slopes):
    return slopes.square().amax(dim=1)


def keeps_the_sign(slopes):
    return slopes.gather(1, slopes.abs().argmax(dim=1, keepdim=True))[:, 0]


def which_channel(slopes):
    return slopes.abs().argmax(dim=1)


def value_and_channel(slopes):
    return tuple(slopes.abs().max(dim=1))


def first_channel(slopes):
    return slopes[:, 0].abs()


def not_reduced(slopes):
    return slopes.abs()


def whole_image(slopes):
    return slopes.abs().amax(dim=(1, 2, 3))


def over_batch(slopes):
    return slopes.abs().amax(dim=0)


def over_lines(slopes):
    return slopes.abs().amax(dim=2)


def over_columns(slopes):
    return slopes.abs().amax(dim=3)


def own_scale(slopes):
    """Each map divided by its own largest value."""
    found = simonyan_map(slopes)
    return found / found.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)


def stretched(slopes):
    """Each map stretched from its smallest to its largest value."""
    found = simonyan_map(slopes)
    low, high = (end(dim=(1, 2), keepdim=True) for end in (found.amin, found.amax))
    return (found - low) / (high - low).clamp(min=1e-12)


def batch_scale(slopes):
    """All maps divided by one largest value."""
    found = simonyan_map(slopes)
    return found / found.max()


def batch_axis_lost(slopes):
    return simonyan_map(slopes)[0]


WRONG = {
    function.__name__: function
    for function in (
        max_then_abs,
        signed_max,
        positive_only,
        sum_then_abs,
        mean_then_abs,
        sum_of_abs,
        mean_of_abs,
        length,
        squared,
        keeps_the_sign,
        which_channel,
        value_and_channel,
        first_channel,
        not_reduced,
        whole_image,
        over_batch,
        over_lines,
        over_columns,
        own_scale,
        stretched,
        batch_scale,
        batch_axis_lost,
    )
}

# ---------------------------------------------------------------- grading


class MapGrader(CaseGrader):
    """Pictures with slopes first: there a division shows by its numbers and not as 0 / 0."""

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        with_slopes = replace(self, cases=self.cases[:-1])
        outcome = CaseGrader.__call__(with_slopes, answer)
        if outcome.status == "passed":
            outcome = super().__call__(answer)
        return self._look_at_shape(answer) if outcome.status == "passed" else outcome

    def _look_at_shape(self, answer: Any) -> Outcome:
        """Refuse a map without its batch axis; say that another axis is too many."""
        case = self.cases[0]  # one picture
        got = as_numbers(call(answer, case.arguments(), self._where(case)))
        shapes = {"shape": tuple(got.shape), "expected": tuple(self.right(**case.values).shape)}
        if got.ndim < 3:
            refuse("general/batch_axis", **shapes)
        notes = (messages.text("tasks/01.3/axis_too_many", **shapes),) if got.ndim > 3 else ()
        return Outcome("passed", self._text("passed"), notes=notes)


GRADER = MapGrader("01.3", CASES, simonyan_map, WRONG)

SIMONYAN_MAP = Task(
    id="01.3",
    grade=GRADER,
    reference=simonyan_map,
    misconceptions=WRONG,
)
