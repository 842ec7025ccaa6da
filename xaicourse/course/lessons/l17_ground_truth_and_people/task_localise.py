"""Task 17.1: mass, rank and hit of a map beside a mask."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, swap
from xaicourse.course.lessons.l17_ground_truth_and_people.scores import (
    all_equal_inside,
    all_hit,
    among_largest,
    any_hit,
    by_argmax,
    by_argsort,
    by_threshold,
    by_topk,
    localise,
    of_all_taken,
    only_above,
    smallest,
)

__all__ = ["LOCALISE"]


# ---------------------------------------------------------------- cases


def maps_of(*maps):
    """Return maps (N, C, H, W) in float64."""
    return torch.tensor(maps, dtype=torch.float64)


def masks_of(*masks):
    """Return masks (N, 1, H, W), True where a text has an x."""
    lines = [[[sign == "x" for sign in line] for line in mask.split()] for mask in masks]
    return torch.tensor(lines)[:, None]


CASES = (
    case(
        "one",
        "one map with one channel, all sizes different",
        maps=maps_of([[[0.3, -2.1, 0.7, 1.9], [1.3, -0.2, 0.9, -1.6], [0.5, 2.4, -1.1, 0.4]]]),
        masks=masks_of(".xx. .xx. ...."),
    ),
    case(
        "channels",
        "two maps with two channels, marks of 3 and of 5 pixels",
        maps=maps_of(
            [
                [[2.0, -0.5, 0.4, 0.3], [-1.5, 0.2, 0.6, -2.2], [0.1, 1.2, -0.9, 0.8]],
                [[-1.8, 0.7, 0.25, 1.1], [1.7, 0.5, 0.15, 1.0], [0.6, -1.4, 0.35, 0.2]],
            ],
            [
                [[0.4, 1.6, -1.3, 0.2], [0.9, -2.3, 0.5, 0.7], [-0.6, 0.3, 1.2, 0.1]],
                [[0.8, -1.5, 0.5, 0.45], [0.65, 2.1, -0.2, 1.9], [1.75, 0.1, -0.35, 0.95]],
            ],
        ),
        masks=masks_of("x... x... .x..", "..xx .xxx ...."),
    ),
    case(
        "equal",
        "maps with equal values: a constant one, and three of which most is 0",
        maps=maps_of(
            [[[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]],
            [[[0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]]],
            [[[0.0, 2.0, 0.0, 2.0], [0.0, 0.0, 1.0, 0.0], [2.0, 0.0, 0.0, 0.0]]],
            [[[0.0, 0.0, -4.0, 0.0], [4.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 3.0]]],
        ),
        masks=masks_of("xx.. x... ....", ".x.. .x.x x...", "...x .xx. ....", "..x. ..xx ...x"),
    ),
    case(
        "two_largest",
        "a map with two largest values, and a mark on one of them, then on the other",
        maps=maps_of(*[[[[3.0, 0.0, 1.0], [0.0, 0.5, 3.0]]]] * 2),
        masks=masks_of("x.. ...", "... ..x"),
    ),
)


# ---------------------------------------------------------------- mistakes

EQUAL = "Equal values share the places that are left. See {section_scores}."
SIZES = "The size of a pixel is the sum over the channels of |map|."


def signed(maps):
    return maps.sum(1).flatten(1)


MISTAKES = [
    # the size of a pixel
    swap(
        "signed",
        f"Your sizes have signs, so the mass may leave [0, 1]. {SIZES}",
        size=signed,
    ),
    swap(
        "net",
        f"You add the channels before you take the size, so they cancel. {SIZES}",
        size=lambda maps: signed(maps).abs(),
    ),
    swap(
        "positive",
        f"You keep positive values alone. Here every sign counts. {SIZES}",
        size=lambda maps: maps.clamp_min(0).sum(1).flatten(1),
    ),
    swap(
        "squared",
        f"You take squares. They enlarge what is large. {SIZES}",
        size=lambda maps: maps.square().sum(1).flatten(1),
    ),
    swap(
        "largest_channel",
        f"You take the largest channel. {SIZES}",
        size=lambda maps: maps.abs().amax(1).flatten(1),
    ),
    swap(
        "first_channel",
        f"You take the first channel alone. {SIZES}",
        size=lambda maps: maps[:, 0].abs().flatten(1),
    ),
    # the mass
    swap(
        "mass_of_the_batch",
        "Your mass adds up all maps. Each map has a mass of its own.",
        mass=lambda values, inside: ((values * inside).sum() / values.sum()).expand(len(values)),
    ),
    swap(
        "mean_inside",
        "Your mass compares means. Asked is a sum: which share of all size lies on the mark.",
        mass=lambda values, inside: (values * inside).sum(1) / inside.sum(1) / values.mean(1),
    ),
    swap(
        "mass_undivided",
        "Your mass is a sum. Divide it by the sum of all sizes: it is a share.",
        mass=lambda values, inside: (values * inside).sum(1),
    ),
    swap(
        "inside_over_outside",
        "Your mass divides by what lies outside. Divide by the whole.",
        mass=lambda values, inside: (values * inside).sum(1) / (values * ~inside).sum(1),
    ),
    # rank and hit
    swap(
        "first_of_equal",
        f"topk and argmax choose among equal values by their place. {EQUAL}",
        top=by_topk,
    ),
    swap("first_of_equal", "", top=by_argsort),
    swap("first_of_equal", "", top=by_topk, hit=by_argmax),
    swap("first_of_equal", "", top=by_argsort, hit=by_argmax),
    swap(
        "hit_of_the_first",
        f"Your hit asks the first of the largest values. {EQUAL}",
        hit=by_topk,
    ),
    swap("hit_of_the_first", "", hit=by_argmax),
    swap(
        "any_hit",
        f"Your hit is 1 if ANY of the largest values is on the mark: a constant map wins. {EQUAL}",
        hit=any_hit,
    ),
    swap(
        "all_hit",
        f"Your hit is 1 only if ALL of the largest values are on the mark. {EQUAL}",
        hit=all_hit,
    ),
    *(swap("first_of_equal", "", top=way, hit=among_largest) for way in (by_topk, by_argsort)),
    swap("more_than_k", f"You count all values as large as the k-th. {EQUAL}", top=by_threshold),
    swap(
        "of_all_taken",
        f"You take all values as large as the k-th, more than k. {EQUAL}",
        top=of_all_taken,
    ),
    swap("more_than_k", "", top=by_threshold, hit=among_largest),
    swap("of_all_taken", "", top=of_all_taken, hit=among_largest),
    swap("only_above", f"You leave out values equal to the k-th. {EQUAL}", top=only_above),
    swap("only_above", "", top=only_above, hit=among_largest),
    swap(
        "equal_inside",
        f"Your equal values on the mark come first: that favours the map. {EQUAL}",
        top=all_equal_inside,
    ),
    swap("smallest", "You take the smallest values. Rank asks for the largest.", top=smallest),
    swap("smallest", "", top=smallest, hit=among_largest),
    swap(
        "first_k",
        "You take as many pixels as the FIRST mark has, for all maps. Each mark has its own k.",
        counts=lambda inside: [int(inside[0].sum())] * len(inside),
    ),
    swap(
        "twice_k",
        "Your k is not the number of the mark's pixels.",
        counts=lambda inside: [2 * k for k in inside.sum(1).tolist()],
    ),
    after(
        "counts_for_ranks",
        "Your rank is a count. Divide it by k.",
        lambda result, masks: torch.stack(
            [result[:, 0], result[:, 1] * masks.flatten(1).sum(1), result[:, 2]], 1
        ),
    ),
    # what is handed back
    after(
        "other_order",
        "The three scores stand in another order. Asked is mass, rank, hit.",
        lambda result: result[:, [1, 0, 2]],
    ),
    *(
        after("other_order", "", lambda result, order=order: result[:, order])
        for order in ([0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1])
    ),
    after("mean", "You return the mean over the maps.", lambda r: r.mean(0).expand_as(r)),
    before("outside", "You score what lies OUTSIDE the mark.", masks=lambda masks: ~masks),
]

LOCALISE = function_task(
    "17.1",
    localise,
    cases=CASES,
    mistakes=MISTAKES,
    passed="A constant map gets its chance, by all three scores.",
    hints=(
        "Make the sizes first, (N, P): |maps| summed over the channels, then flattened. Mass is a "
        "share of their sum. Rank and hit are ONE question, with two numbers k.",
        "For one map: sort the sizes, and take the k-th. Count what is larger and on the mark. The "
        "values equal to it share the places that are left: (k - how many are larger) / (how many "
        "are equal).",
        "least = values.sort(descending=True).values[k - 1]; above, equal = values > least, values "
        "== least; each = (k - above.sum()) / equal.sum(); part = ((above & inside).sum() + each * "
        "(equal & inside).sum()) / k. The hit is the part for k = 1.",
    ),
)
