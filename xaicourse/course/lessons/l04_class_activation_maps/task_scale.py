"""Task 04.3: several maps on one scale from 0 to 1, so that an empty map stays empty."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["ONE_SCALE"]


def one_scale(maps, *, size=lambda maps: maps.max()):
    """Return all maps divided by the one largest value of all; empty maps stay 0."""
    return maps / size(maps).clamp(min=1e-12)


# ---------------------------------------------------------------- cases


def strong(turn, *factors, shape):
    """Return maps (M, h, w) without negative cells, each times its factor."""
    maps = (waves(turn, len(factors), *shape) + 0.3).relu()
    return maps * torch.tensor(factors).view(-1, 1, 1)


CASES = (
    case("weak_first", "two maps, the first much weaker", maps=strong(1.1, 0.8, 6.0, shape=(2, 3))),
    case(
        "one_empty",
        "three maps, the second empty, the third weak",
        maps=strong(0.7, 5.0, 0.0, 0.4, shape=(3, 2)),
    ),
    case(
        "no_zeros",
        "two maps whose cells are all above 0.5",
        maps=strong(2.3, 1.0, 3.0, shape=(2, 4)) + 0.5,
    ),
    case(
        "small",
        "three maps whose values are all below 0.0003",
        maps=strong(1.7, *[2e-4] * 3, shape=(2, 2)),
    ),
    case("all_empty", "two empty maps", maps=torch.zeros(2, 2, 3)),
)


# ---------------------------------------------------------------- mistakes

STRONGEST = "So a weak map looks as strong as the strongest. See {section_nothing}."
ALONE = "Divide by one common factor, nothing else."
MISTAKES = [
    # a factor for each map
    swap(
        "own_maximum",
        f"Each map is divided by its own largest value. {STRONGEST}",
        size=lambda maps: maps.amax((1, 2), True),
    ),
    own(
        "own_stretch",
        f"Each map is stretched from its own smallest to its own largest value. {STRONGEST}",
        lambda maps: one_scale(
            maps - maps.amin((1, 2), True), size=lambda maps: maps.amax((1, 2), True)
        ),
    ),
    swap(
        "own_sum",
        "Each map is divided by its own sum. Use one factor: the largest value of all maps.",
        size=lambda maps: maps.sum((1, 2), True),
    ),
    swap(
        "along_the_lines",
        "Each line of a map is divided by its own largest value. Use one factor for all.",
        size=lambda maps: maps.amax(2, True),
    ),
    swap(
        "across_the_maps",
        "Each cell is divided by its largest value in any map (dim 0). Use one factor for all.",
        size=lambda maps: maps.amax(0, True),
    ),
    own(
        "softmaxed",
        "A softmax makes every map add up to 1, an empty one too. Use one factor for all.",
        lambda maps: maps.flatten(1).softmax(1).view_as(maps),
    ),
    # one factor, but another one
    swap(
        "common_sum",
        "You divide by the sum of all values. The largest value should become 1.",
        size=lambda maps: maps.sum(),
    ),
    swap(
        "first_maximum",
        "You divide by the largest value of the first map. Take the largest of all maps.",
        size=lambda maps: maps[0].max(),
    ),
    swap(
        "smallest_maximum",
        "You divide by the weakest map's largest value. Take the largest of all maps.",
        size=lambda maps: maps.amax((1, 2)).min(),
    ),
    swap(
        "mean_of_maxima",
        "You divide by the mean of the largest values. Take the largest of them.",
        size=lambda maps: maps.amax((1, 2)).mean(),
    ),
    swap(
        "length_one",
        "You divide by the length of all maps together. The largest value should become 1.",
        size=lambda maps: maps.norm(),
    ),
    after("bits", "Your scale ends at 255. It should end at 1.", lambda found: 255 * found),
    own(
        "unchanged",
        "The maps are not rescaled at all. The largest value of all should become 1.",
        lambda maps: maps.clone(),
    ),
    own(
        "cut_at_one",
        "You cut values at 1. Divide by the largest value instead.",
        lambda maps: maps.clamp(max=1),
    ),
    # the zero is moved, or the values are bent
    before(
        "common_stretch",
        "The factor is common, but you subtract the smallest value of all. Then 0 does not stay 0.",
        maps=lambda maps: maps - maps.min(),
    ),
    own(
        "below_mean_cut",
        f"You subtract the mean and cut off what is below it. Then weak maps are gone. {ALONE}",
        lambda maps: (maps - maps.mean()).relu() / maps.max().clamp(min=1e-12),
    ),
    own(
        "standardised",
        "You subtract the mean and divide by the spread. Then 0 does not stay 0. Divide by one "
        "common factor.",
        lambda maps: (maps - maps.mean()) / maps.std().clamp(min=1e-12),
    ),
    own(
        "squashed",
        "A sigmoid turns 0 into 0.5. Divide by one common factor.",
        lambda maps: maps.sigmoid(),
    ),
    own(
        "tanh_of_maps",
        "tanh bends the values. Divide by one common factor.",
        lambda maps: maps.tanh(),
    ),
    after(
        "roots", f"You take square roots, which makes weak cells look stronger. {ALONE}", torch.sqrt
    ),
    before(
        "logarithms",
        f"You take logarithms, which makes weak cells look stronger. {ALONE}",
        maps=torch.log1p,
    ),
]

ONE_SCALE = function_task(
    "04.3",
    one_scale,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Weak maps stay weak, and an empty one stays empty.",
    hints=(
        "One factor for all: so the largest value must be taken over all three axes.",
        "Divide by maps.max(). Nothing is subtracted: 0 means nothing, and has to stay 0.",
        "largest = maps.max(); return maps / largest if largest > 0 else maps. (Without the "
        "condition empty maps become NaN.)",
    ),
)
