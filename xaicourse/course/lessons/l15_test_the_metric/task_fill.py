"""Task 15.2: removed pixels become the weighted mean of their neighbours, all together."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l15_test_the_metric.fills import (
    CROSS,
    EQUAL,
    TURNED,
    WITH_ITSELF,
    blurred,
    growing,
    kept_each_time,
    kept_only,
    neighbour_fill,
    one_after_the_other,
    put_back_at_the_end,
    replicated,
    summed,
    wrapped,
)

__all__ = ["FILL"]


# ---------------------------------------------------------------- cases


def hole(height, width, *boxes):
    """Return where pixels are kept: all but some boxes (top, bottom, left, right)."""
    keep = torch.ones(height, width, dtype=torch.bool)
    for top, bottom, left, right in boxes:
        keep[top:bottom, left:right] = False
    return keep


DOWN, RIGHT = torch.meshgrid(torch.arange(7.0), torch.arange(8.0), indexing="ij")
WAVES = 0.5 + waves(1.3, 8, 9, size=2.0).double()
OTHERS = 0.5 + waves(2.3, 9, 9, size=2.0).double()

CASES = (
    case(
        "one_pixel",
        "one pixel gone, one sweep",
        x=(2 * DOWN + 3 * RIGHT + (DOWN - RIGHT) ** 2).double(),
        keep=hole(7, 8, (3, 4, 2, 3)),
        sweeps=1,
    ),
    case(
        "hole",
        "a hole of 6 x 6 pixels, three sweeps",
        x=WAVES,
        keep=hole(8, 9, (1, 7, 2, 8)),
        sweeps=3,
    ),
    case(
        "corner",
        "holes in two corners, one sweep",
        x=WAVES,
        keep=hole(8, 9, (0, 5, 0, 6), (5, 8, 4, 8)),
        sweeps=1,
    ),
    case(
        "few_left",
        "most pixels gone, two sweeps",
        x=OTHERS,
        keep=waves(2.9, 9, 9) > 0.55,
        sweeps=2,
    ),
)

# ---------------------------------------------------------------- mistakes

SEE = "See {section_removal_imputers}."

MISTAKES = [
    # the weights
    swap(
        "equal_weights",
        "All neighbours count alike in yours. Beside: 1 / 6, across a corner: 1 / 12.",
        weights=EQUAL,
    ),
    swap(
        "four_neighbours",
        "You use four neighbours. The four across a corner count, too, by 1 / 12.",
        weights=CROSS,
    ),
    swap(
        "weights_turned",
        "The weights are exchanged. Beside: 1 / 6, across a corner: 1 / 12.",
        weights=TURNED,
    ),
    swap(
        "with_itself",
        "The pixel's own value is in your mean. Only its neighbours count.",
        weights=WITH_ITSELF,
    ),
    swap(
        "border_is_zero",
        "At the border you count neighbours that are not there, as 0. Divide by the weights that "
        "are there.",
        mean=summed,
    ),
    swap(
        "border_repeated",
        "At the border you repeat the picture. Leave out neighbours that are not there, and divide "
        "by the weights that are.",
        mean=replicated,
    ),
    swap(
        "wrapped",
        "Yours takes one border for the neighbour of the opposite one. Leave out neighbours that "
        "are not there, and divide by the weights that are.",
        mean=wrapped,
    ),
    # what is read
    swap(
        "reads_removed",
        f"You begin with the pixels that are gone. An imputer must not read them. {SEE}",
        start=lambda x, keep: x,
    ),
    own(
        "pasted_blur",
        f"This is the blurred picture, and it has read the pixels that are gone. {SEE}",
        blurred,
    ),
    swap(
        "mean_of_all",
        "You begin with the mean of the whole picture. Removed pixels are in it. Take the kept "
        "ones.",
        start=lambda x, keep: x.mean(),
    ),
    swap(
        "begins_with_zero",
        "You begin with 0 where pixels are gone. Begin with the mean of the kept ones.",
        start=lambda x, keep: torch.zeros_like(x),
    ),
    swap(
        "begins_with_grey",
        "You begin with 0.5 where pixels are gone. Begin with the mean of the kept ones.",
        start=lambda x, keep: torch.full_like(x, 0.5),
    ),
    swap(
        "mean_of_removed",
        f"You begin with the mean of the pixels that are gone. Take the kept ones. {SEE}",
        start=lambda x, keep: x[~keep].mean(),
    ),
    own(
        "kept_neighbours",
        "You average over kept neighbours only, once. Removed neighbours count, too, with the "
        "value that they have now.",
        kept_only,
    ),
    own("kept_neighbours", "", kept_each_time),
    own(
        "put_back_at_the_end",
        "You put the kept pixels back once, at the end. Put them back after each sweep, or the "
        "next one reads changed ones.",
        put_back_at_the_end,
    ),
    own(
        "grows_inwards",
        "You fill from the edge of the hole inwards, each pixel once. All removed pixels change in "
        "each sweep.",
        growing,
    ),
    before(
        "mask_turned",
        "You fill where keep is True. Those pixels stay, the others are filled.",
        keep=torch.logical_not,
    ),
    swap(
        "kept_smoothed",
        "The kept pixels change, too. After each sweep put them back.",
        blend=lambda x, keep, new: new,
    ),
    after(
        "only_removed",
        "You return 0 where pixels are kept. Return the whole picture.",
        lambda u, keep: u * ~keep,
    ),
    # how often
    before("one_sweep", "You do one sweep. The argument sweeps says how many.", sweeps=lambda s: 1),
    before("no_sweep", "This is the mean, without a sweep.", sweeps=lambda s: 0),
    before("one_too_few", "You do one sweep too few.", sweeps=lambda s: s - 1),
    before("one_too_many", "You do one sweep too many.", sweeps=lambda s: s + 1),
    own(
        "one_after_the_other",
        "You use new values within a sweep. All removed pixels change at once: compute the means "
        "first.",
        one_after_the_other,
    ),
]


FILL = function_task(
    "15.2",
    neighbour_fill,
    cases=CASES,
    mistakes=MISTAKES,
    passed="It never looks at what is gone, and a hole is filled from all sides at once.",
    hints=(
        "Two pictures: u, which changes, and the kept pixels of x, which are put back after each "
        "sweep.",
        "A sweep: the weighted sum over eight neighbours, divided by the weights of those that are "
        "there. conv2d with padding=1 does both: once on u, once on a picture of ones.",
        "k = torch.tensor([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12; u = where(keep, x, "
        "x[keep].mean()); in each sweep u = where(keep, x, conv(u, k) / conv(ones, k)).",
    ),
)
