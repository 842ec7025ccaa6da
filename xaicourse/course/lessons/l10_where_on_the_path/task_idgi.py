"""Task 10.2: each step's change of F, split by the squared gradient in its middle."""

from functools import partial

import torch

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.lessons.l10_where_on_the_path.probes import (
    CASES,
)
from xaicourse.course.lessons.l10_where_on_the_path.shares import (
    by_width,
    changes,
    distance_in_the_shares,
    even_changes,
    even_middles,
    first_input,
    integrated,
    length_not_squared,
    linear_changes,
    made_exact,
    mean_of_the_ends,
    my_idgi,
    of_the_steps,
    over_the_path,
    shared,
    squared_shares,
    step_before,
    times_distance,
    where_it_is_zero,
    with_a_number_added,
)

__all__ = ["IDGI"]


# ---------------------------------------------------------------- mistakes


CHANGE = "Share out what F really changes in this step: F at its end minus F at its start."

MISTAKES = [
    # the shares
    swap(
        "not_squared",
        "You share by the gradient with its sign. Square it: shares then lie between 0 and 1.",
        shares=shared(lambda slopes: slopes),
    ),
    swap(
        "sizes",
        "You share by the size of the gradient. Square it.",
        shares=shared(torch.abs),
    ),
    swap(
        "signed_squares",
        "Your squares keep the sign of the gradient. A square has none.",
        shares=lambda slopes: squared_shares(slopes) * slopes.sign(),
    ),
    swap(
        "length_not_squared",
        "You divide by the gradient's length. Divide by its squared length: shares sum to 1.",
        shares=length_not_squared,
    ),
    swap(
        "one_total",
        "You divide by one total for the whole path. Each step has its own: shares sum to 1 in it.",
        shares=over_the_path,
    ),
    swap(
        "not_divided",
        "You multiply by the squared gradient and do not divide. In each step shares sum to 1.",
        shares=torch.square,
    ),
    swap(
        "norm_of_squares",
        "You divide by the norm of the squares. Divide by their sum: in each step shares sum to 1.",
        shares=lambda slopes: torch.nn.functional.normalize(slopes**2, dim=1),
    ),
    own(
        "distance_in_the_shares",
        "You share by (gradient x step) squared. Here the gradient alone is squared.",
        distance_in_the_shares,
    ),
    swap(
        "number_added",
        "You add a number to the divisor, so shares do not sum to 1. Treat a sum of 0 by itself.",
        shares=with_a_number_added(1e-2),
    ),
    *(swap("number_added", "", shares=with_a_number_added(e)) for e in (1.0, 0.1, 1e-3)),
    swap(
        "over_steps",
        "You divide by the sum over the steps. The inputs of one step share its change.",
        shares=lambda slopes: slopes**2 / (slopes**2).sum(0).clamp_min(1e-12),
    ),
    swap(
        "softmax",
        "You take a softmax. The shares are squares divided by their sum.",
        shares=lambda slopes: slopes.softmax(1),
    ),
    # the change of F
    swap(
        "promised", f"You take gradient times step as the change. {CHANGE}", change=linear_changes
    ),
    swap(
        "even_changes", f"Every step gets the same part of the rise. {CHANGE}", change=even_changes
    ),
    swap("by_width", f"You split the rise by the length of the steps. {CHANGE}", change=by_width),
    swap(
        "sizes_of_changes",
        f"You take the size of the change. Where F falls, all shares are below 0. {CHANGE}",
        change=lambda F, points: changes(F, points).abs(),
    ),
    swap(
        "falls_dropped",
        f"Steps in which F falls are lost. They count, with their sign. {CHANGE}",
        change=lambda F, points: changes(F, points).clamp_min(0),
    ),
    swap(
        "changes_turned",
        "Your changes have the wrong sign: end of the step minus its start.",
        change=lambda F, points: -changes(F, points),
    ),
    # where the gradient is taken
    swap(
        "left_point",
        "You take the gradient at the start of each step. Asked is its middle.",
        where=lambda points: points[:-1],
    ),
    swap(
        "right_point",
        "You take the gradient at the end of each step. Asked is its middle.",
        where=lambda points: points[1:],
    ),
    swap(
        "even_middles",
        "You take the middles of equal steps. These steps differ: a middle is the mean of its two "
        "ends.",
        where=even_middles,
    ),
    own(
        "mean_of_the_ends",
        "You take the mean of the gradients at both ends. Asked is the gradient in the middle.",
        mean_of_the_ends,
    ),
    own("mean_of_the_ends", "", partial(mean_of_the_ends, size=torch.square)),
    swap(
        "at_the_end",
        "You take one gradient, at the end of the path. Take one in the middle of each step.",
        where=lambda points: points[-1:].expand(len(points) - 1, -1),
    ),
    # the sum
    own(
        "times_distance",
        "You multiply by the distance as well. This method uses the change of F instead.",
        times_distance,
    ),
    own("times_distance", "", partial(times_distance, way=lambda p: p[-1] - p[0])),
    own("times_distance", "", partial(times_distance, way=lambda p: p[-1])),
    own("plain_ig", "This is Integrated Gradients: gradient times distance.", integrated),
    after(
        "mean",
        "You take the mean over the steps. Add them up: the changes sum to the rise.",
        lambda found, points: found / (len(points) - 1),
    ),
    own("not_summed", "You return one line for each step. Add them up.", of_the_steps),
    own(
        "last_step_lost",
        "The last step is missing: n + 1 points have n steps.",
        lambda F, points: of_the_steps(F, points)[:-1].sum(0),
    ),
    own(
        "first_step_lost",
        "The first step is missing: it goes from points[0] to points[1].",
        lambda F, points: of_the_steps(F, points)[1:].sum(0),
    ),
    # a step without a gradient
    swap(
        "zero_shared",
        "Right, but where the gradient is 0 you give the change of F to somebody. Such a step "
        "gives nothing, and its change is lost.",
        shares=where_it_is_zero(lambda shares: torch.full_like(shares, 1 / shares.shape[1])),
    ),
    swap("zero_shared", "", shares=where_it_is_zero(torch.ones_like)),
    swap("zero_shared", "", shares=where_it_is_zero(first_input)),
    swap("zero_shared", "", shares=where_it_is_zero(step_before)),
    own(
        "made_exact",
        "You scale the result so that it adds up to the rise. What a step without a gradient "
        "changes is lost.",
        made_exact,
    ),
    swap(
        "zero_over_zero",
        "Where the gradient is 0 you divide 0 by 0. Such a step gives nothing to anybody.",
        shares=lambda slopes: slopes**2 / (slopes**2).sum(1, keepdim=True),
    ),
]

IDGI = function_task(
    "10.2",
    my_idgi,
    cases=CASES,
    mistakes=MISTAKES,
    not_finite="zero_over_zero",
    passed="With any number of steps it adds up to the rise, unless a step has the gradient 0.",
    hints=(
        "Three things for each step: how much F changes, the gradient in the middle, and how its "
        "squares share the change.",
        "change = F(points).diff(), one number a step. middle = (points[1:] + points[:-1]) / 2, "
        "made with detach().requires_grad_(True). share = g ** 2 / (g ** 2).sum(1, keepdim=True); "
        "where that sum is 0, the share is 0.",
        "g = torch.autograd.grad(F(middle).sum(), middle)[0]; square = g ** 2; total = "
        "square.sum(1, keepdim=True); share = square / torch.where(total > 0, total, 1); return "
        "(change[:, None] * share).sum(0).",
    ),
)
