"""Task 00.3: the patches that support a class most, and those that oppose it most."""

from operator import ge, gt, le, lt

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.lessons.l00_start_here.places import PlacesGrader

__all__ = ["STRONGEST_PATCHES"]

MOST = 3


def largest_first(values):
    """Return all places (i, j), the largest value first."""
    order = values.flatten().argsort(descending=True, stable=True)
    return [divmod(int(k), values.shape[1]) for k in order]


def strongest_patches(
    effects,
    *,
    seen=lambda effects: effects,
    signs=(gt, lt),
    order=largest_first,
    most=MOST,
    write=lambda place, effects: place,
):
    """Return up to three places with the largest positive effects, and with the most negative."""
    values = seen(effects)
    sides = []
    for ranked, has_sign in zip((values, -values), signs, strict=True):
        places = [place for place in order(ranked) if has_sign(values[place], 0)]
        sides.append([write(place, effects) for place in places[:most]])
    return tuple(sides)


CASES = (
    case(
        "plain",
        "a map of 2 x 4 patches",
        effects=torch.tensor([[0.5, -1.0, 2.5, 0.1], [-3.0, 1.5, -0.2, -0.7]]),
    ),
    case(
        "tall",
        "a map of 5 x 2 patches",
        effects=torch.tensor(
            [[0.3, 4.0], [-2.0, 0.9], [1.2, -0.4], [-5.0, 2.2], [-1.1, 0.6]],
        ),
    ),
    case(
        "negative",
        "a map of 2 x 3 patches in which all effects are negative",
        effects=-torch.tensor([[0.5, 2.0, 0.1], [1.0, 4.0, 0.3]]),
    ),
    case(
        "few",
        "a map of 2 x 5 patches with two positive effects and one negative",
        effects=torch.tensor([[0.0, 2.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]]),
    ),
    case(
        "tied",
        "a map of 2 x 4 patches with equal effects",
        effects=torch.tensor([[1.0, 3.0, -2.0, 1.0], [-2.0, 1.0, -2.0, -2.0]]),
    ),
    case("zero", "a map of 2 x 3 patches in which all effects are 0", effects=torch.zeros(2, 3)),
)


# ---------------------------------------------------------------- wrong answers


def anything(value, zero):
    return True


def smallest_first(values):
    return largest_first(values)[::-1]


def by_size(effects):
    return largest_first(effects.abs())


def sizes_before_signs(effects):
    """The three largest sizes, and only then split by sign."""
    strongest = by_size(effects)[:MOST]
    return (
        [place for place in strongest if effects[place] > 0],
        [place for place in strongest if effects[place] < 0],
    )


def stretched(effects):
    """From minimum to maximum, so that nothing is negative."""
    width = effects.max() - effects.min()
    return (effects - effects.min()) / width if width > 0 else 0 * effects


def flat(place, effects):
    return place[0] * effects.shape[1] + place[1]


MISTAKES = [
    # the sign
    swap(
        "sign_not_checked",
        "Right where enough patches have the sign. But in a map with only negative "
        "effects nothing supports: the list must be empty. Check the sign. See "
        "{section_display}.",
        signs=(anything, anything),
    ),
    swap(
        "zero_counts",
        "An effect of 0 neither supports nor opposes. Use > 0 and < 0. See {section_display}.",
        signs=(ge, le),
    ),
    swap(
        "signs_lost",
        "You take absolute values first. Then every patch supports and none opposes. "
        "Rank with the sign. See {section_display}.",
        seen=torch.abs,
    ),
    swap(
        "scaled_first",
        "You stretch the map from its minimum to its maximum first. Then zero is lost, "
        "and nothing is negative. Use the effects as they are. See {section_display}.",
        seen=stretched,
    ),
    swap(
        "mean_taken_off",
        "You compare with the mean of the map. Support and opposition are told apart by"
        " zero. See {section_display}.",
        seen=lambda effects: effects - effects.mean(),
    ),
    after(
        "lists_exchanged",
        "The two lists are exchanged: a positive effect means that greying the patch "
        "lowers the score, so the patch supports. See {section_effect}.",
        lambda sides: sides[::-1],
    ),
    # the size
    after(
        "weakest_oppose",
        "Your opposing patches are those with the smallest absolute effects: the "
        "unimportant ones. Opposing means most negative. See {section_display}.",
        lambda sides, effects: (sides[0], smallest_first(effects.abs())[:MOST]),
    ),
    own(
        "sizes_ranked",
        "You take absolute values before you rank. Then a strong opponent looks like a "
        "supporter. Rank with the sign. See {section_display}.",
        lambda effects: (by_size(effects)[:MOST], smallest_first(effects.abs())[:MOST]),
    ),
    after(
        "largest_sizes_oppose",
        "Your opposing patches are those with the largest absolute effects, supporters "
        "included. Opposing means most negative. See {section_display}.",
        lambda sides, effects: (sides[0], by_size(effects)[:MOST]),
    ),
    own(
        "sizes_before_signs",
        "You take the three largest absolute effects and then split them by sign. Each "
        "list has three places of its own: split by sign first.",
        sizes_before_signs,
    ),
    swap(
        "weakest_of_each_sign",
        "The signs are right, but you take the weakest ones. Take the largest positive "
        "and the most negative.",
        order=smallest_first,
    ),
    after(
        "weakest_opponents",
        "Supporting is right. Of the opposing patches you take the weakest: the most "
        "negative ones come first when you sort upwards.",
        lambda sides, effects: (
            sides[0],
            [place for place in largest_first(effects) if effects[place] < 0][:MOST],
        ),
    ),
    # how many
    swap(
        "all_of_the_sign",
        "The signs are right, but you return all patches with that sign. Return the "
        "three strongest.",
        most=None,
    ),
    swap(
        "strongest_only",
        "Right, but you return one patch of each kind. Return up to three.",
        most=1,
    ),
    # how a place is written
    swap(
        "sides_exchanged",
        "i and j are exchanged: the first number counts down, the second across.",
        write=lambda place, effects: place[::-1],
    ),
    swap(
        "divided_by_height",
        "You divide the flat place by the height. divmod needs the width, effects.shape[1].",
        write=lambda place, effects: divmod(flat(place, effects), effects.shape[0]),
    ),
    swap(
        "divided_by_eight",
        "You divide the flat place by 8. divmod needs the width of this map, effects.shape[1].",
        write=lambda place, effects: divmod(flat(place, effects), 8),
    ),
    swap(
        "counts_from_one",
        "Your places are counted from 1. Count from 0.",
        write=lambda p, effects: (p[0] + 1, p[1] + 1),
    ),
    swap(
        "flat_numbers",
        "These are flat places. Turn each into a pair (i, j) with divmod(place, width).",
        write=flat,
    ),
    swap(
        "values",
        "These are the effects. Asked are the places (i, j) at which they stand.",
        write=lambda place, effects: float(effects[place]),
    ),
]

STRONGEST_PATCHES = function_task(
    "00.3",
    strongest_patches,
    cases=CASES,
    mistakes=MISTAKES,
    grader=PlacesGrader,
    passed="Sign first, size second: both lists are right, also where nothing supports.",
    hints=(
        "A patch with a negative effect never supports, even if no other patch is "
        "better. Look at the sign before you look at the size.",
        "effects.flatten().argsort(descending=True) gives flat places. divmod(place, "
        "width) turns one into (i, j); width is effects.shape[1].",
        "supporting: go through the places from the largest effect down, keep those "
        "with effect > 0, stop after three. opposing: the same from the smallest effect"
        " up, with effect < 0.",
    ),
    words={
        "two_lists": "Return two lists, (supporting, opposing). This happened for {where}.",
        "padded": (
            "A list that has fewer than three places is shorter: do not fill it up with "
            "None. This happened for {where}."
        ),
        "no_pairs": "Each list must hold pairs (i, j) of whole numbers. This happened for {where}.",
        "differs": "The lists differ from the right ones for {where}.",
        "evidence": "For effects {effects}: yours {yours}; expected {expected}.",
    },
)
