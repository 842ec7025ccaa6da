"""Task 12.2: several features cross at one place, and share its jump over all orders."""

from itertools import permutations

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap

__all__ = ["TIE"]


def step_by_step(f, before, after, order):
    """Return the change of f at each step of one order."""
    points = [before]
    for i in order:
        point = points[-1].clone()
        point[i] = after[i]
        points.append(point)
    return f(torch.stack(points)).diff()


def share_jump(
    f, before, after, movers, *, orders=lambda movers: list(permutations(movers)), go=step_by_step
):
    """Return the share of each feature in f(after) - f(before): the mean over all orders, (D,)."""
    total = torch.zeros_like(before)
    ways = orders(movers)
    for order in ways:
        for i, change in zip(order, go(f, before, after, order), strict=True):
            total[i] += change / len(ways)
    return total


# ---------------------------------------------------------------- cases


def above(p, feature, theta):
    return (p[:, feature] > theta).to(p.dtype)


def first_and_both(p):
    return above(p, 0, 0.5) * (1 + above(p, 1, 0.5))


def three(p):
    a, b, c = (above(p, k, 0.5) for k in (0, 2, 3))
    return 2 * a - b + 3 * a * b * c + 1.5 * b * c * (1 - a) + above(p, 1, 0.5)


def falling(p):
    a, b, c = above(p, 0, 0.2), above(p, 1, -0.3), above(p, 2, 0.7)
    return 4 * a * b - 2.5 * b * c + c + 7 * a * c * (1 - b)


def rows(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


CASES = (
    case("pair", "two features", f=first_and_both, before=rows(0.49, 0.49), after=rows(0.51, 0.51),
         movers=[0, 1]),
    case("three", "three of four features", f=three, before=rows(0.49, 0.3, 0.48, 0.49),
         after=rows(0.52, 0.3, 0.53, 0.51), movers=[0, 2, 3]),
    case("down", "three features, up and down", f=falling, before=rows(0.21, -0.32, 0.72),
         after=rows(0.19, -0.28, 0.68), movers=[2, 0, 1]),
    case("one", "a single feature", f=three, before=rows(0.6, 0.9, 0.49, 0.8),
         after=rows(0.6, 0.9, 0.52, 0.8), movers=[2]),
)  # fmt: skip

# ---------------------------------------------------------------- mistakes


def moved(before, after, who):
    point = before.clone()
    point[list(who)] = after[list(who)]
    return point


def alone(f, before, after, order):
    return torch.cat([f(moved(before, after, [i])[None]) - f(before[None]) for i in order])


def last(f, before, after, order):
    end = moved(before, after, order)
    return torch.cat([f(end[None]) - f(moved(end, before, [i])[None]) for i in order])


def whole(f, before, after, order):
    jump = f(moved(before, after, order)[None]) - f(before[None])
    return jump.expand(len(order))


def alone_and_last(f, before, after, order):
    return (alone(f, before, after, order) + last(f, before, after, order)) / 2


def from_the_start(f, before, after, order):
    return step_by_step(f, before, after, order).cumsum(0)


def by_distance(f, before, after, movers):
    way = (after - before).abs() * 0
    way[list(movers)] = (after - before).abs()[list(movers)]
    return (f(after[None]) - f(before[None])) * way / way.sum()


def turns(movers):
    """The orders that begin with each mover and go round."""
    return [tuple(movers[k:]) + tuple(movers[:k]) for k in range(len(movers))]


MISTAKES = [
    # who gets the jump
    swap("whole_to_each", "You give the whole jump to each feature, so it is counted more than "
         "once. The shares sum to the jump.", go=whole),
    swap("equal", "You share equally. A feature without any effect would get as much.",
         go=lambda *given: whole(*given) / len(given[3])),
    own("by_distance", "You share by how far each feature moves. Ask what F does in each order.",
        by_distance),
    # which orders
    swap("one_order", "You let them cross in one order, that of the list. Take the mean over all "
         "orders.", orders=lambda movers: [tuple(movers)]),
    swap("last_first", "You let them cross in one order, the last one first. Take the mean over "
         "all orders.", orders=lambda movers: [tuple(reversed(movers))]),
    swap("sorted_order", "You let them cross in one order, that of their numbers. Take the mean "
         "over all orders.", orders=lambda movers: [tuple(sorted(movers))]),
    swap("there_and_back", "You take the mean of one order and its reverse. For three features "
         "there are six orders.", orders=lambda movers: [tuple(movers), tuple(reversed(movers))]),
    swap("going_round", "You let each feature begin once. With three features there are six "
         "orders, not three.", orders=turns),
    # what is compared
    swap("alone", "You move each feature alone. What it changes when others have crossed counts, "
         "too.", go=alone),
    swap("last", "You let each feature cross as the last one. What it changes before the others "
         "cross counts, too.", go=last),
    swap("first_and_last", "You take the mean of crossing first and crossing last. With three "
         "features there are places between.", go=alone_and_last),
    swap("from_the_start", "You subtract F at the start. Subtract F one step before.",
         go=from_the_start),
    swap("sizes", "A change has a sign: F after the step minus F before it.",
         go=lambda *given: step_by_step(*given).abs()),
    swap("turned", "Your changes have the wrong sign: F after the step minus F before it.",
         go=lambda *given: -step_by_step(*given)),
    # the mean
    after("not_divided", "You add up over the orders. Divide by how many there are.",
          lambda total, movers: total * len(list(permutations(movers)))),
    after("divided_by_features", "You divide by the number of features. Divide by the number of "
          "orders.",
          lambda total, movers: total * len(list(permutations(movers))) / len(movers)),
]  # fmt: skip

TIE = function_task(
    "12.2",
    share_jump,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The shares sum to the jump, whatever its order and its signs.",
    hints=(
        "Write down one order by hand: who crosses first, and what does F change at each step?",
        "itertools.permutations(movers) gives all orders. In each, start at before, and let one "
        "feature after the other take its number from after.",
        "for order in orders: point = before.clone(); for i in order: moved = point.clone(); "
        "moved[i] = after[i]; total[i] += f(moved[None])[0] - f(point[None])[0]; point = moved. "
        "At the end return total / len(orders).",
    ),
)
