"""Task 01.3: one number a pixel, as in the paper: the largest size of the three slopes."""

from dataclasses import replace

import torch

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import CaseGrader, case, waves
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.grading.verdict import Outcome

__all__ = ["SIMONYAN_MAP"]


def simonyan_map(slopes, *, size=torch.abs, channels=lambda sizes: sizes.amax(1)):
    """Return the largest absolute value over the channels, (N, H, W)."""
    return channels(size(slopes))


SCALES = torch.tensor([1.0, 5.0]).view(2, 1, 1, 1)
CASES = (
    case("one", "one picture of 2 x 4 pixels", slopes=waves(1.1, 1, 3, 2, 4, size=2)),
    case(
        "two",
        "two pictures of 4 x 3 pixels, one with small slopes and one with large ones",
        slopes=waves(0.7, 2, 3, 4, 3) * SCALES,
    ),
    case(
        "below_zero",
        "a picture whose slopes are all negative",
        slopes=-waves(2.3, 1, 3, 3, 2).abs() - 0.1,
    ),
    case(
        "zero",
        "two pictures, the first without any slope",
        slopes=torch.cat([torch.zeros(1, 3, 3, 4), waves(1.9, 1, 3, 3, 4)]),
    ),
)


def largest(maps):
    """Return the largest value of each map."""
    return maps.amax(dim=(1, 2), keepdim=True)


def stretched(maps):
    """Stretch each map from its smallest to its largest value."""
    low = -largest(-maps)
    return (maps - low) / (largest(maps) - low).clamp(min=1e-12)


def as_it_is(slopes):
    return slopes


MISTAKES = [
    # sizes come first
    own(
        "max_then_abs",
        "You take the largest slope first and its size afterwards. Of (-5, 1, 2) that gives "
        "2, not 5. First the sizes, then the largest.",
        lambda slopes: slopes.amax(1).abs(),
    ),
    swap(
        "signed_max",
        "You take the largest slope with its sign. Of (-5, 1, 2) that gives 2, not 5. Take "
        "absolute values first.",
        size=as_it_is,
    ),
    swap(
        "positive_only",
        "You set negative slopes to 0 (relu). A steep slope downwards counts, too: take "
        "absolute values.",
        size=torch.relu,
    ),
    own(
        "sum_then_abs",
        "You add up the channels before you take absolute values, so slopes of different "
        "sign cancel. Take absolute values first, then the largest.",
        lambda slopes: slopes.sum(1).abs(),
    ),
    own(
        "mean_then_abs",
        "You average the channels before you take absolute values, so slopes of different "
        "sign cancel. Take absolute values first, then the largest.",
        lambda slopes: slopes.mean(1).abs(),
    ),
    swap("squared", "You take squares. The paper takes absolute values.", size=torch.square),
    own(
        "keeps_the_sign",
        "The right slope of each pixel, but with its sign. The paper's map has no signs.",
        lambda slopes: slopes.gather(1, slopes.abs().argmax(1, True))[:, 0],
    ),
    # which number of the three
    swap(
        "sum_of_abs",
        "You add up the three sizes. The paper takes the largest of them.",
        channels=lambda sizes: sizes.sum(1),
    ),
    swap(
        "mean_of_abs",
        "You average the three sizes. The paper takes the largest of them.",
        channels=lambda sizes: sizes.mean(1),
    ),
    swap(
        "length",
        "You take the length (root of the sum of squares) of the three slopes. The paper "
        "takes the largest size.",
        channels=lambda sizes: sizes.norm(dim=1),
    ),
    swap(
        "smallest",
        "You take the smallest of the three sizes. The paper takes the largest: amax.",
        channels=lambda sizes: sizes.amin(1),
    ),
    swap(
        "which_channel",
        "You return which channel is the largest (argmax). Return how large it is (amax).",
        channels=lambda sizes: sizes.argmax(1),
    ),
    swap(
        "value_and_channel",
        "max(dim=1) returns two things, the values and their places. Return the values only: "
        ".values, or use amax.",
        channels=lambda sizes: tuple(sizes.max(1)),
    ),
    swap(
        "first_channel",
        "You use the first channel only. Look at all three.",
        channels=lambda sizes: sizes[:, 0],
    ),
    # which axis
    swap(
        "not_reduced",
        "You still have three numbers a pixel. Take the largest of them: amax(dim=1).",
        channels=as_it_is,
    ),
    swap(
        "whole_image",
        "You return one number for each picture. Return one for each pixel: only the channel "
        "axis goes.",
        channels=lambda sizes: sizes.amax((1, 2, 3)),
    ),
    swap(
        "over_batch",
        "You take the largest over the pictures (dim=0). Take it over the channels: dim=1.",
        channels=lambda sizes: sizes.amax(0),
    ),
    swap(
        "over_lines",
        "You take the largest over the lines of the picture (dim=2). Take it over the "
        "channels: dim=1.",
        channels=lambda sizes: sizes.amax(2),
    ),
    swap(
        "over_columns",
        "You take the largest over the columns of the picture (the last axis). Take it over "
        "the channels: dim=1.",
        channels=lambda sizes: sizes.amax(3),
    ),
    after(
        "batch_axis_lost",
        "You return the map of the first picture only. Return one map for each picture: (N, H, W).",
        lambda maps: maps[0],
    ),
    # the scale
    after(
        "own_scale",
        "You divide each map by its own largest value. Then maps can no longer be compared. "
        "Return the slopes' sizes as they are. See {section_scale}.",
        lambda maps: maps / largest(maps).clamp(min=1e-12),
    ),
    after(
        "stretched",
        "You stretch each map from its smallest to its largest value. Return the slopes' "
        "sizes as they are. See {section_display}.",
        stretched,
    ),
    after(
        "batch_scale",
        "You divide by the largest value of the batch. Return the slopes' sizes as they are.",
        lambda maps: maps / maps.max(),
    ),
]


class MapGrader(CaseGrader):
    """Pictures with slopes first: there a division shows by its numbers and not as 0 / 0."""

    def __call__(self, answer):
        """Return the outcome for one answer."""
        with_slopes = replace(self, cases=self.cases[:-1])
        outcome = CaseGrader.__call__(with_slopes, answer)
        if outcome.status == "passed":
            outcome = super().__call__(answer)
        return self._look_at_shape(answer) if outcome.status == "passed" else outcome

    def _look_at_shape(self, answer):
        """Refuse a map without its batch axis; say that another axis is too many."""
        case = self.cases[0]  # one picture
        got = as_numbers(call(answer, case.arguments(), self._where(case)))
        shapes = {"shape": tuple(got.shape), "expected": tuple(self.right(**case.values).shape)}
        if got.ndim < 3:
            refuse("general/batch_axis", **shapes)
        notes = (messages.text("tasks/01.3/axis_too_many", **shapes),) if got.ndim > 3 else ()
        return Outcome("passed", self._text("passed"), notes=notes)


SIMONYAN_MAP = function_task(
    "01.3",
    simonyan_map,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The largest size of each pixel's three slopes.",
    hints=(
        "Two operations: absolute values, and the largest of three. Their order matters: "
        "think of the slopes (-5, 1, 2).",
        "The channels are axis 1. Of (N, 3, H, W) the axes N, H and W stay.",
        "One line is enough: return slopes.abs().amax(dim=1). (max(dim=1) returns two "
        "things, the values and their places.)",
    ),
    words={
        "axis_too_many": (
            "your map of one picture has the shape {shape}; asked is (N, H, W), here {expected}. "
            "Without keepdim=True the axis of the channels goes."
        )
    },
    grader=MapGrader,
)
