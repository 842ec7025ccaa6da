"""Task 16.1: max-sensitivity by draws that are given."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.grading.shared_mistakes import FIRST_INPUT
from xaicourse.course.lessons.l16_sanity_and_robustness.farthest import (
    between_draws,
    length,
    mean_map,
    one_for_all,
    sensitivity,
    walked,
    whole_batch,
    worst_numbers,
)

__all__ = ["SENSITIVITY"]


# ---------------------------------------------------------------- cases


def bent(x):
    """A map whose signs change near x: x A x + b, number by number."""
    flat = x.flatten(1)
    mix = waves(1.9, flat.shape[1], flat.shape[1]).to(flat)
    return (flat * (flat @ mix) + 0.4 * flat - 0.15).view_as(x)


def steep(x):
    """A map that is small at x and grows fast on one side."""
    return (2 * x).exp() - 0.8


def wavy(x):
    """A map of waves."""
    return torch.sin(3 * x) + 0.2 * x.flatten(1).sum(1).view(-1, *[1] * (x.ndim - 1))


def numbers(turn, *shape):
    """Return numbers in [-1, 1] that are spread evenly, in float64."""
    return (2 / torch.pi) * torch.asin(waves(turn, *shape).double())


CASES = (
    case(
        "one", "one input with three numbers, four draws",
        explain=bent, x=0.6 * numbers(1.2, 1, 3), draws=numbers(2.3, 4, 1, 3), radius=0.3,
    ),
    case(
        "several", "three inputs with five numbers, six draws",
        explain=steep, x=0.5 * numbers(0.7, 3, 5), draws=numbers(1.6, 6, 3, 5), radius=0.2,
    ),
    case(
        "pictures", "two pictures (1, 3, 3), five draws",
        explain=wavy, x=0.8 * numbers(1.4, 2, 1, 3, 3), draws=numbers(0.9, 5, 2, 1, 3, 3),
        radius=0.5,
    ),
)  # fmt: skip


# ---------------------------------------------------------------- the task

LAST = "You return the number of one draw. Asked is the largest over all draws."

MISTAKES = [
    # over the draws
    swap(
        "mean",
        "You take the mean over the draws. Asked is the worst of them.",
        worst=lambda shares: shares.mean(0),
    ),
    swap(
        "smallest",
        "You take the smallest number over the draws. Asked is the largest.",
        worst=lambda shares: shares.amin(0),
    ),
    swap("one_draw", LAST, worst=lambda shares: shares[-1]),
    swap("one_draw", "", worst=lambda shares: shares[0]),
    swap(
        "added_up",
        "You add up the draws. Asked is the largest of them.",
        worst=lambda shares: shares.sum(0),
    ),
    own(
        "mean_map",
        "You take the mean of the maps first. It moves less than the worst of them.",
        mean_map,
    ),
    own(
        "worst_numbers",
        "You take the largest change of each number of the map, over all draws. Take the length of "
        "the change of ONE draw, then the largest length.",
        worst_numbers,
    ),
    own(
        "between_draws",
        "You compare each map with the one before. Compare each with the map at x.",
        between_draws,
    ),
    # what is divided by
    swap(
        "undivided",
        "You return a length. Divide by the length of the map at x.",
        bottom=lambda change, *seen: torch.ones_like(length(change)),
    ),
    swap(
        "by_noisy_map",
        "You divide by the length of the map at the draw. Divide by that of the map at x.",
        bottom=lambda change, before, after, x, step: length(after),
    ),
    swap(
        "by_x",
        "You divide by the length of x. Divide by the length of the map at x.",
        bottom=lambda change, before, after, x, step: length(x),
    ),
    swap(
        "by_the_step",
        "You divide by how far x moved: that is a slope (Lipschitz). Divide by the length of the "
        "map at x.",
        bottom=lambda change, before, after, x, step: length(step),
    ),
    swap(
        "by_both",
        "You divide by how far x moved as well. Divide by the length of the map at x alone.",
        bottom=lambda change, before, after, x, step: length(before) * length(step),
    ),
    after(
        "by_the_radius",
        "You divide by the radius as well. Divide by the length of the map at x alone.",
        lambda result, radius: result / radius,
    ),
    # the length
    swap(
        "sizes_first",
        "You take the sizes of both maps first. A sign that turns is a change, too.",
        sizes=torch.abs,
    ),
    swap(
        "change_of_length",
        "You compare the lengths of two maps. Asked is the length of their difference.",
        top=lambda change, before, after, x, step: (length(after) - length(before)).abs(),
    ),
    swap(
        "squared",
        "You forget a square root: asked are lengths, not their squares.",
        top=lambda change, *seen: length(change) ** 2,
        bottom=lambda change, before, *seen: length(before) ** 2,
    ),
    swap(
        "sums",
        "You add up sizes. The length is the root of the sum of squares.",
        top=lambda change, *seen: change.abs().flatten(1).sum(1),
        bottom=lambda change, before, *seen: before.abs().flatten(1).sum(1),
    ),
    swap(
        "largest_number",
        "You take the largest number of a map. The length is the root of the sum of squares.",
        top=lambda change, *seen: change.abs().flatten(1).amax(1),
        bottom=lambda change, before, *seen: before.abs().flatten(1).amax(1),
    ),
    own(
        "whole_batch",
        "You take one length for the whole batch. Each input has its own: flatten(1).norm(dim=1).",
        whole_batch,
    ),
    after(
        "worst_input",
        "All inputs get the number of the worst one. Each has its own.",
        one_for_all,
    ),
    *FIRST_INPUT,
    # the points
    before(
        "radius_forgotten",
        "You forget the radius: the draws go from -1 to 1.",
        radius=lambda radius: 1.0,
    ),
    before("radius_squared", "The radius counts twice.", radius=lambda radius: radius**2),
    swap(
        "walk",
        "Each draw is added to the point before. Each begins at x: x + radius * draw.",
        points=walked,
    ),
    swap(
        "signs_of_draws",
        "You take the signs of the draws. Take the draws as they are.",
        points=lambda x, draws, radius: x + radius * draws.sign(),
    ),
    swap(
        "x_is_scaled",
        "You multiply x by the draws. Add them: x + radius * draw.",
        points=lambda x, draws, radius: x * (1 + radius * draws),
    ),
    swap("draws_alone", "You explain the draw alone. Add it to x: x + radius * draw.",
         points=lambda x, draws, radius: radius * draws),
]  # fmt: skip

SENSITIVITY = function_task(
    "16.1",
    sensitivity,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The worst of the draws, for each input, as a share of its map.",
    hints=(
        "The map at x once, then the map at each x + radius * draw. How long is each difference?",
        "A length for each input: change.flatten(1).norm(dim=1), (N,). Divide by that of the map "
        "at x. Over the draws take the largest.",
        "before = explain(x); shares = [(explain(x + radius * d) - before).flatten(1).norm(dim=1) "
        "/ before.flatten(1).norm(dim=1) for d in draws]; return torch.stack(shares).amax(0).",
    ),
    words={"shape": "One number for each input: (N,)."},
)
