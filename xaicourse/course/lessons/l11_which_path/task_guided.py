"""Task 11.2: one step of Guided IG, the inputs with the smallest gradients move first."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["GUIDED_STEP"]


def by_size(x, point, grad):
    """Return what decides the order: the smallest moves first."""
    return grad.abs()


def still(x, point):
    """Return which inputs have not arrived yet, (D,)."""
    return x != point


def guided_step(x, point, grad, budget, *, key=by_size, may_move=still):
    """Return the next point, (D,)."""
    new, rest, left = point.clone(), x - point, float(budget)
    size, may = key(x, point, grad), may_move(x, point)
    for s in sorted(set(size[may].tolist())):
        group = may & (size == s)  # equal ones move together
        need = float(rest[group].abs().sum())
        part = min(1.0, left / need) if need > 0 else 1.0
        new[group] += part * rest[group]
        left -= part * need
        if left <= 1e-12:
            break
    return new


# ---------------------------------------------------------------- cases


def numbers(*values):
    return torch.tensor(values, dtype=torch.float64)


X, POINT = numbers(1.0, -2.0, 3.0, 0.5, 2.0), numbers(0.0, 0.0, 1.0, 0.5, 1.6)
CASES = (
    case(
        "first",
        "the input with the smallest gradient has arrived already",
        x=X,
        point=POINT,
        grad=numbers(2.0, -0.5, 1.0, 0.1, -3.0),
        budget=1.5,
    ),
    case(
        "next",
        "a budget that is too large for the first input",
        x=X,
        point=POINT,
        grad=numbers(0.4, 1.1, -0.2, 0.3, 0.7),
        budget=2.6,
    ),
    case(
        "equal",
        "two gradients of equal size",
        x=X,
        point=POINT,
        grad=numbers(-1.0, 4.0, 1.0, 0.2, 1.5),
        budget=1.2,
    ),
    case(
        "end",
        "a budget that is too large for all inputs together",
        x=X,
        point=POINT,
        grad=numbers(0.5, -0.6, 0.7, 0.8, -0.9),
        budget=9.0,
    ),
)

# ---------------------------------------------------------------- mistakes


def first_alone(x, point, grad):
    """Return the place of the smallest gradient among those that may move."""
    return int(torch.where(still(x, point), grad.abs(), torch.inf).argmin())


def too_far(x, point, grad, budget):
    """The whole budget for one input."""
    new, k = point.clone(), first_alone(x, point, grad)
    new[k] += float(budget) * torch.sign(x - point)[k]
    return new


def rest_lost(x, point, grad, budget):
    """Up to its end, and what is left of the budget is lost."""
    new, k = point.clone(), first_alone(x, point, grad)
    rest = (x - point)[k]
    new[k] += rest.sign() * min(float(budget), float(rest.abs()))
    return new


def together(x, point, grad, budget):
    rest = x - point
    return point + min(1.0, float(budget) / float(rest.abs().sum())) * rest


def upwards(x, point, grad, budget):
    """Forgets that an input may have to fall."""
    moved = guided_step(x, point, grad, budget)
    return point + (moved - point).abs()


def torn(x, point, grad, budget):
    """Equal gradients in the order of their places."""
    places = torch.arange(len(x)) * 1e-9
    return guided_step(x, point, grad.abs() + places, budget)


def budget_each(x, point, grad, budget):
    rest = x - point
    return point + rest.sign() * rest.abs().clamp(max=float(budget))


def half_the_budget_each(x, point, grad, budget):
    """Equal gradients by equal amounts."""
    new, rest, left = point.clone(), x - point, float(budget)
    may = still(x, point)
    for s in sorted(set(grad.abs()[may].tolist())):
        group = may & (grad.abs() == s)
        amount = left / int(group.sum())
        move = rest[group].abs().clamp(max=amount)
        new[group] += rest[group].sign() * move
        left -= float(move.sum())
        if left <= 1e-12:
            break
    return new


MISTAKES = [
    # the order
    swap(
        "largest_first",
        "You move the largest gradients first. Guided IG keeps them for the end.",
        key=lambda x, point, grad: -grad.abs(),
    ),
    swap(
        "signed",
        "You order by the gradient with its sign. A large negative gradient is large: order by "
        "size.",
        key=lambda x, point, grad: grad,
    ),
    swap(
        "slope_times_rest",
        "You order by gradient times the way that is left. The gradient alone decides.",
        key=lambda x, point, grad: (grad * (x - point)).abs(),
    ),
    swap(
        "shortest_first",
        "You order by the way that is left. The size of the gradient decides.",
        key=lambda x, point, grad: (x - point).abs(),
    ),
    own(
        "together",
        "You move all inputs by the same part of their way: the straight line.",
        together,
    ),
    own("torn", "Inputs with gradients of equal size move together.", torn),
    own(
        "equal_amounts",
        "Of equal gradients each moves by the same PART of its way, not by the same amount.",
        half_the_budget_each,
    ),
    # how far
    own(
        "too_far",
        "You spend the whole budget on one input, beyond its value in x. It stops there, and the "
        "next one moves.",
        too_far,
    ),
    own(
        "rest_lost",
        "One input moves to its end, and what is left of the budget is lost. The next input gets "
        "it.",
        rest_lost,
    ),
    own("budget_each", "Every input gets the whole budget. They share it.", budget_each),
    own(
        "upwards",
        "All your moves go up. An input moves towards its value in x, which may be lower.",
        upwards,
    ),
    before(
        "budget_is_a_share",
        "You take the budget for a share of the way that is left. It is the sum of all moves.",
        budget=lambda budget, x, point: budget * float((x - point).abs().sum()),
    ),
    # what is returned
    after(
        "the_move", "You return the move. Asked is the new point.", lambda new, point: new - point
    ),
    own(
        "stuck",
        "The input with the smallest gradient has arrived already, and you stop at it. Leave out "
        "those that have arrived.",
        lambda x, point, grad, budget: (
            point.clone()
            if not still(x, point)[grad.abs().argmin()]
            else guided_step(x, point, grad, budget)
        ),
    ),
]

GUIDED_STEP = function_task(
    "11.2",
    guided_step,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The smallest gradients move first, and the budget is shared.",
    hints=(
        "Who may still move? Who of them has the smallest gradient? How far can it go?",
        "Go through the sizes from the smallest to the largest. All inputs with this size that are "
        "not at x yet form a group. It needs rest.abs().sum(); if the budget is smaller, each of "
        "the group moves by the part budget / need of its rest.",
        "for s in sorted(set(size[rest != 0].tolist())): group = (size == s) & (rest != 0); need = "
        "rest[group].abs().sum(); part = min(1, left / need); new[group] += part * rest[group]; "
        "left -= part * need; stop when left is 0.",
    ),
)
