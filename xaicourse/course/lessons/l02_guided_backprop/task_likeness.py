"""Task 02.3: the cosine of two maps, and its control."""

import torch
from torch.nn.functional import cosine_similarity

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["WITH_CONTROL"]


def dot(a, b):
    """Return the sum of products."""
    return (a * b).sum()


def cosine_of(a, b):
    """Return the cosine of two maps."""
    return dot(a, b) / (a.norm() * b.norm())


def mixed(a, order):
    """Return a with its pixels in this order."""
    return a.flatten()[order].view_as(a)


def with_control(a, b, order, *, cosine=cosine_of, chance=lambda a, b, order: (mixed(a, order), b)):
    """Return the cosine of a and b, and the same with the pixels of a in another order, (2,)."""
    return torch.stack([cosine(a, b), cosine(*chance(a, b, order))])


def mean_over(dim):
    """Return the mean of one cosine for each line (dim=-1) or column (dim=0) of the maps."""
    return lambda a, b: cosine_similarity(a, b, dim=dim).mean()


def once(cosine):
    """Return the right control beside another cosine."""
    return lambda a, b, order: torch.stack([cosine(a, b), with_control(a, b, order)[1]])


A = waves(1.1, 3, 5) + 0.4
OTHER = waves(0.9, 4, 7) + 0.3

# An order of count pixels is (step * place + 2) % count; step and count share no factor.
CASES = (
    case(
        "small",
        "two maps of 3 x 5 pixels that are alike",
        a=A,
        b=3 * A + waves(0.4, 3, 5) - 0.3,
        order=(4 * torch.arange(15) + 2) % 15,
    ),
    case(
        "opposite",
        "two maps of 4 x 7 pixels that point in opposite directions, with other sizes",
        a=2 * OTHER,
        b=0.5 * waves(2.3, 4, 7) - OTHER,
        order=(5 * torch.arange(28) + 2) % 28,
    ),
    case(
        "colour",
        "two maps with three channels of 4 x 5 pixels",
        a=waves(0.6, 3, 4, 5) - 0.5,
        b=waves(1.7, 3, 4, 5) - 0.4,
        order=(7 * torch.arange(60) + 2) % 60,
    ),
)

MISTAKES = [
    # other maps
    before(
        "absolute",
        "You take absolute values first. Asked are the maps with their signs.",
        a=torch.abs,
        b=torch.abs,
    ),
    before(
        "correlation",
        "You subtract the means first: that is the correlation. Asked is the cosine, where 0 "
        "stays 0.",
        a=lambda a: a - a.mean(),
        b=lambda b: b - b.mean(),
    ),
    # which maps the control compares
    swap(
        "absolute_control",
        "The cosine is right. The control uses absolute values: leave the signs there, too.",
        chance=lambda a, b, order: (mixed(a.abs(), order), b.abs()),
    ),
    swap(
        "both_shuffled",
        "Your control is the cosine again: you shuffle neither map, or both in the same way. Then "
        "each pixel still meets its partner. Shuffle a only.",
        chance=lambda a, b, order: (mixed(a, order), mixed(b, order)),
    ),
    swap(
        "shuffled_with_itself",
        "Your control compares a with itself, shuffled. Compare the shuffled a with b.",
        chance=lambda a, b, order: (mixed(a, order), a),
    ),
    swap(
        "second_shuffled",
        "Your control shuffles b, or uses the inverse of order. It is as good a control, but "
        "asked is a.flatten()[order] with b, so that everyone gets the same number.",
        chance=lambda a, b, order: (a, mixed(b, order)),
    ),
    # what is divided by
    swap(
        "dot_product",
        "This is the sum of products. Divide by both lengths, so that the size of a map does "
        "not count.",
        cosine=dot,
    ),
    swap(
        "one_length_only",
        "You divide by the length of one map only. Divide by the length of a times the length "
        "of b.",
        cosine=lambda a, b: dot(a, b) / a.norm() ** 2,
    ),
    swap("one_length_only", "", cosine=lambda a, b: dot(a, b) / b.norm() ** 2),
    swap("one_length_only", "", cosine=lambda a, b: dot(a, b) / a.norm()),
    swap("one_length_only", "", cosine=lambda a, b: dot(a, b) / b.norm()),
    swap(
        "lengths_squared",
        "You divide by the squares of both lengths. A length is the root of a sum of squares.",
        cosine=lambda a, b: dot(a, b) / (a.norm() * b.norm()) ** 2,
    ),
    own(
        "control_not_divided",
        "The cosine is right. The control is only the sum of products: divide it by both lengths, "
        "too.",
        lambda a, b, order: torch.stack([cosine_of(a, b), dot(mixed(a, order), b)]),
    ),
    swap(
        "mean_of_products",
        "You average the products, which divides by their number once more. Add them up.",
        cosine=lambda a, b: cosine_of(a, b) / a.numel(),
    ),
    swap(
        "sums_for_lengths",
        "You divide by the sums of sizes. The length of a map is the root of its sum of squares.",
        cosine=lambda a, b: dot(a, b) / (a.abs().sum() * b.abs().sum()),
    ),
    # several cosines
    swap(
        "mean_of_lines",
        "You average one cosine for each line of the map. Flatten both maps, and compute one "
        "cosine.",
        cosine=mean_over(-1),
    ),
    swap("mean_of_lines", "", cosine=mean_over(0)),
    own("mean_of_lines", "", once(mean_over(-1))),
    own("mean_of_lines", "", once(mean_over(0))),
    swap(
        "each_line",
        "You return one cosine for each line of the maps. Flatten both first, and compute one.",
        cosine=lambda a, b: cosine_similarity(a, b, dim=-1),
    ),
    swap("each_line", "", cosine=lambda a, b: cosine_similarity(a, b, dim=0)),
    # what is returned
    after(
        "only_the_cosine",
        "You return the cosine alone. Return two numbers: the cosine and its control.",
        lambda both: both[0],
    ),
    after(
        "difference_for_control",
        "The cosine is right. Your second number is cosine minus control: return the control.",
        lambda both: torch.stack([both[0], both[0] - both[1]]),
    ),
    after(
        "distance",
        "You return 1 minus the cosine. Return the cosine itself: 1 for the same direction.",
        lambda both: 1 - both,
    ),
    after(
        "size_of_cosine",
        "You return the size of the cosine. Keep its sign: opposite maps have a negative cosine.",
        torch.abs,
    ),
    after("squared", "You return the square of the cosine.", torch.square),
    after(
        "exchanged",
        "Cosine and control are exchanged: first the cosine, then the control.",
        lambda both: both.flip(0),
    ),
    after(
        "minus_control",
        "You subtract the control. Return both numbers side by side.",
        lambda both: torch.stack([both[0] - both[1], both[1]]),
    ),
]

WITH_CONTROL = function_task(
    "02.3",
    with_control,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The cosine, and what it would be by chance for these two maps.",
    hints=(
        "Flatten both maps. The cosine is the sum of products, divided by both lengths.",
        "For the control put the numbers of a into another order, and leave b as it is. Then the "
        "same formula.",
        "def cosine(a, b): return a @ b / (a.norm() * b.norm()), for flat maps. Return cosine(a, "
        "b) and cosine(a[order], b), with a = a.flatten() and b = b.flatten() before.",
    ),
)
