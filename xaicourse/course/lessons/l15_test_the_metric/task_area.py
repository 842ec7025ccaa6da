"""Task 15.1: the area under the score while features are removed, ties by a key."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import before, swap
from xaicourse.course.lessons.l15_test_the_metric.areas import (
    by_index,
    fill_added,
    flipped,
    key_alone,
    largest_first,
    of_first_row,
    of_mean_map,
    one_at_a_time,
    place_as_order,
    removal_area,
    restored,
    trapezoids,
)

__all__ = ["AREA"]


# ---------------------------------------------------------------- cases


def four(p):
    """4 + 3 + 2 + 1."""
    return p @ torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=p.dtype)


def products(p):
    """Features that work together, and against each other."""
    pair = 3 * p[:, 0] * p[:, 1] - 2 * p[:, 2] * p[:, 3]
    return 2 + pair + torch.tanh(2 * p[:, 4]) + p[:, 1]


KEY = torch.tensor([0.7, 0.2, 0.9, 0.4, 0.5], dtype=torch.float64)
X = 1 + waves(1.7, 3, 5).double()
TIED = torch.tensor([[0, 2, 0, 0, 2], [1, 1, 1, 1, 1], [-1, 3, 0, -1, 0.0]], dtype=torch.float64)

CASES = (
    case(
        "four",
        "4 + 3 + 2 + 1",
        F=four,
        x=torch.ones(1, 4).double(),
        phi=torch.tensor([[4.0, 3.0, 2.0, 1.0]]).double(),
        fill=0.0,
        key=torch.tensor([0.1, 0.4, 0.3, 0.2]).double(),
    ),
    case(
        "products",
        "three inputs, features that work together, fill 0.4",
        F=products,
        x=X,
        phi=waves(2.3, 3, 5, size=2.0).double(),
        fill=0.4,
        key=KEY,
    ),
    case("tied", "maps with equal values", F=products, x=X, phi=TIED, fill=-0.3, key=KEY),
    case(
        "constant",
        "a map that is the same everywhere",
        F=products,
        x=X[:2],
        phi=torch.zeros(2, 5).double(),
        fill=0.4,
        key=torch.tensor([0.3, 0.8, 0.1, 0.9, 0.2]).double(),
    ),
)

# ---------------------------------------------------------------- mistakes

PLACE = "See {section_removal_curve}."

MISTAKES = [
    # the order
    swap(
        "smallest_first",
        "You remove the smallest value first. The largest goes first.",
        order=lambda phi, key: largest_first(-phi, key),
    ),
    swap(
        "sizes",
        "You sort by the size of the map. A negative value is the least important here.",
        order=lambda phi, key: largest_first(phi.abs(), key),
    ),
    swap(
        "of_first_row",
        "You use the order of the first input for all. Each input has a map of its own.",
        order=of_first_row,
    ),
    swap(
        "of_mean_map",
        "You use one order, that of the mean map. Each input has its own.",
        order=of_mean_map,
    ),
    swap(
        "ties_by_place",
        f"Right, but yours takes equal values by their place. The smaller key goes first. {PLACE}",
        order=by_index,
    ),
    swap(
        "larger_key",
        "Right, but for equal values: among them the smaller key goes first, not the larger.",
        order=lambda phi, key: largest_first(phi, -key),
    ),
    swap("larger_key", "", order=flipped),
    swap(
        "not_led_back",
        "You sort phi by the key, and its order then counts places among the sorted. Lead them "
        "back: key.argsort()[places].",
        order=lambda phi, key: by_index(phi[:, key.argsort()], key),
    ),
    swap("key_alone", "You sort by the key. It only orders equal values of phi.", order=key_alone),
    # what is shown to F
    swap(
        "restored",
        "You begin with the fill and put features back: this is insertion. Begin with x.",
        inputs=restored,
    ),
    swap(
        "one_at_a_time",
        "You put each feature back before the next one goes. What is gone stays gone.",
        inputs=one_at_a_time,
    ),
    swap(
        "place_as_order",
        "You mix up 'which feature goes k-th' with 'when does feature k go'. One is the argsort of "
        "the other.",
        inputs=place_as_order,
    ),
    swap("fill_added", "You add the fill to x. It takes the place of x.", inputs=fill_added),
    before(
        "filled_with_zero",
        "You fill with 0. The argument fill says what takes the place.",
        fill=lambda fill: 0.0,
    ),
    # the area
    swap(
        "start_lost",
        "The first point is missing: with no feature removed the score counts, too.",
        area=lambda s: trapezoids(s[:, 1:]),
    ),
    swap(
        "end_lost",
        "The last point is missing: with all features removed the score counts, too.",
        area=lambda s: trapezoids(s[:, :-1]),
    ),
    swap(
        "mean_of_scores",
        "This is the mean of the scores. In an area both ends count half.",
        area=lambda s: s.mean(1),
    ),
    swap(
        "left_sum",
        "You take the score before each step. A trapezoid takes the mean of before and after.",
        area=lambda s: s[:, :-1].mean(1),
    ),
    swap(
        "right_sum",
        "You take the score after each step. A trapezoid takes the mean of before and after.",
        area=lambda s: s[:, 1:].mean(1),
    ),
    swap(
        "width_one",
        "Your steps are 1 wide. The share removed runs from 0 to 1, so each is 1 / D wide.",
        area=lambda s: trapezoids(s) * (s.shape[1] - 1),
    ),
    swap(
        "the_drop",
        "This is the area between the curve and the first score. Asked is the area below it.",
        area=lambda s: s[:, 0] - trapezoids(s),
    ),
    swap(
        "share_of_the_score",
        "You divide by the first score. Return the area itself.",
        area=lambda s: trapezoids(s) / s[:, 0],
    ),
    swap(
        "mean_over_inputs",
        "You average over the inputs. Return one area for each, (N,).",
        area=lambda s: trapezoids(s).mean().expand(len(s)),
    ),
]


AREA = function_task(
    "15.1",
    removal_area,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Each input has its own order, ties are counted fairly, and both ends are on the curve.",
    hints=(
        "Three steps: in which order features go, what F is shown after each, and the area.",
        "With key = torch.tensor([...]): first = key.argsort(); order = "
        "first[(-phi[:, first]).argsort(dim=1, stable=True)]. A stable sort leaves equals as they "
        "stand, so they stay sorted by their key.",
        "For each input n: now = x[n].clone(); scores = [F(now[None])[0]]; for i in order[n]: "
        "now[i] = fill; scores.append(F(now[None])[0]). Then the mean of (scores[k] + "
        "scores[k + 1]) / 2.",
    ),
)
