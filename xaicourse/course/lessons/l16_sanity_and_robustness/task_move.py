"""Task 16.2: a search in a ball that keeps the class."""

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.grading.shared_mistakes import FIRST_INPUT
from xaicourse.course.lessons.l16_sanity_and_robustness.probes import Field, Level
from xaicourse.course.lessons.l16_sanity_and_robustness.search import (
    ball_around_the_last,
    below_the_first,
    greedy,
    into_ball,
    last_kept,
    last_point,
    lowest_of_all,
    move,
    one_step_for_all,
    refused,
    score_before,
    slope_at_x,
    stopped,
)

__all__ = ["MOVE"]


# ---------------------------------------------------------------- cases


def field(name, says, shape, turn, level, often, eps, step, n, kind=Field):
    """Return a case: inputs in [0, 1], and a score with valleys and borders around them."""
    x = (0.5 + 0.5 * waves(turn + 0.2, *shape)).double()
    here = kind(x[0].numel(), turn, level, often)
    return case(
        name, says, x=x, slope=here.slope, score=here.score, same_class=here.kept, eps=eps,
        step=step, n=n,
    )  # fmt: skip


CASES = (
    field("pair", "two inputs with two numbers", (2, 2), 1.59, 0.21, 8, 0.29, 0.08, 6),
    field("pictures", "three pictures (1, 2, 3)", (3, 1, 2, 3), 2.45, 0.34, 7, 0.38, 0.14, 7),
    field("wider", "two inputs, a wider ball", (2, 2), 1.94, 0.52, 8, 0.35, 0.08, 6),
    field("short", "two inputs, short steps", (2, 2), 2.92, 0.55, 3, 0.3, 0.05, 6),
    field("long", "two inputs, long steps in a small ball", (2, 2), 1.78, 0.43, 10, 0.2, 0.13, 9),
    field(
        "lost", "two inputs that reach their lowest score in another class",
        (2, 2), 1.23, 0.55, 5, 0.39, 0.12, 8,
    ),
    field(
        "level", "two inputs whose score is the same everywhere",
        (2, 2), 1.16, 0.9, 5, 0.31, 0.14, 6, Level,
    ),
)  # fmt: skip

# ---------------------------------------------------------------- mistakes

BALL = "No number may be farther than eps from x"

MISTAKES = [
    # the step
    own(
        "slope_at_x",
        "You ask the slope at x only. Ask it anew at each point.",
        slope_at_x,
    ),
    swap(
        "unsigned",
        "You step by the slope itself. Step by its signs: every number moves by step.",
        go=lambda p, slope, step: p - step * slope(p),
    ),
    swap(
        "unit_slope",
        "You divide the slope by its length. Step by its signs: every number moves by step.",
        go=lambda p, slope, step: (
            p - step * torch.nn.functional.normalize(slope(p).flatten(1)).view_as(p)
        ),
    ),
    swap(
        "uphill",
        "You return x itself: no point of your walk has a lower score. Step AGAINST the slope.",
        go=lambda p, slope, step: p + step * slope(p).sign(),
    ),
    before("one_step_less", "You take n - 1 steps. Take n.", n=lambda n: n - 1),
    before("one_step_more", "You take n + 1 steps. Take n.", n=lambda n: n + 1),
    before(
        "one_leap",
        "You take one step of length eps. Take n steps of length step.",
        step=lambda step, eps: eps,
        n=lambda n: 1,
    ),
    own(
        "greedy",
        "You go on from the best point. Go on from the last one, and remember the best.",
        greedy,
    ),
    # the ball
    swap(
        "no_ball",
        f"Your points leave the ball. {BALL}: lead back after each step.",
        back=lambda p, x, eps: p.clamp(0, 1),
    ),
    swap(
        "no_limits",
        "Your numbers leave [0, 1]. An input is a picture: clamp(0, 1), too.",
        back=lambda p, x, eps: torch.minimum(torch.maximum(p, x - eps), x + eps),
    ),
    swap(
        "round_ball",
        f"You keep the length of the change below eps. {BALL}.",
        back=lambda p, x, eps: (
            x
            + (p - x)
            * (eps / (p - x).flatten(1).norm(dim=1)).clamp(max=1).view(-1, *[1] * (x.ndim - 1))
        ).clamp(0, 1),
    ),
    own("no_ball", "", ball_around_the_last),
    swap(
        "half_ball",
        f"Your ball is half as wide. {BALL}.",
        back=lambda p, x, eps: into_ball(p, x, eps / 2),
    ),
    # the class
    swap(
        "class_unwatched",
        "You do not watch the class. A point that lost it may not be chosen.",
        watch=lambda same, before: torch.ones_like(same),
    ),
    swap(
        "first_row",
        "You watch the class of the first input only. Each has its own.",
        watch=lambda same, before: same[:1].expand_as(same),
    ),
    swap(
        "all_rows",
        "You choose a point only if ALL inputs keep their class. Each decides for itself.",
        watch=lambda same, before: same.all().expand_as(same),
    ),
    swap(
        "any_row",
        "You choose a point if ANY input keeps its class. Each decides for itself.",
        watch=lambda same, before: same.any().expand_as(same),
    ),
    swap(
        "stops_at_first_loss",
        "You stop an input at its first loss of the class. It may come back: go on, and choose "
        "among the points that keep it.",
        watch=lambda same, before: same & before,
    ),
    own("stops_at_first_loss", "", stopped(lambda same: same)),
    own("stops_at_first_loss", "", refused),
    own(
        "stops_for_all",
        "All inputs stop as soon as one loses its class. Each goes on by itself.",
        stopped(lambda same: same.all().expand_as(same)),
    ),
    # which point
    own("last_point", "You return where the search ends. Return the best point.", last_point),
    own(
        "last_kept",
        "You return the last point that keeps the class. Return the one with the lowest score.",
        last_kept,
    ),
    own(
        "lowest_of_all",
        "You remember the lowest score even where the class is lost. Then no point that keeps it "
        "can win any more: remember scores of chosen points only.",
        lowest_of_all,
    ),
    own(
        "below_the_first",
        "You compare with the score of x only. Compare with the lowest score so far.",
        below_the_first,
    ),
    swap(
        "among_equals",
        "Where no point is better you return another one than x. Choose a point only if its score "
        "is lower: <, not <=.",
        better=torch.le,
    ),
    swap(
        "highest_score",
        "You choose the highest score. Choose the lowest.",
        better=torch.gt,
    ),
    own(
        "one_step_for_all",
        "You choose one step for the whole batch. Each input has its own best point.",
        one_step_for_all,
    ),
    own(
        "score_before",
        "You compare the score from before the step with the point after it.",
        score_before,
    ),
    after(
        "the_change",
        "You return the change. Return the moved input.",
        lambda result, x: result - x,
    ),
    *FIRST_INPUT,
]

MOVE = function_task(
    "16.2",
    move,
    cases=CASES,
    mistakes=MISTAKES,
    passed="The lowest score in reach, in the ball, in [0, 1], with the class of each input.",
    hints=(
        "Two things run through the loop: the point p that walks on in any case, and for each "
        "input the best point so far with its score.",
        "p = p - step * slope(p).sign(), then back into the ball and into [0, 1]. Chosen are "
        "inputs with score(p) < lowest and same_class(p), both (N,).",
        "best, lowest, p = x.clone(), score(x), x. In the loop: p = p - step * slope(p).sign(); p "
        "= torch.minimum(torch.maximum(p, x - eps), x + eps).clamp(0, 1); value = score(p); chosen "
        "= (value < lowest) & same_class(p); best[chosen] = p[chosen]; lowest[chosen] = "
        "value[chosen].",
    ),
    words={"shape": "One moved input for each input, in the shape of x."},
)
