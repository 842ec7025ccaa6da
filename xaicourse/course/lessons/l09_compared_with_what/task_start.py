"""Task 09.1: what the network sees at the baseline: the rise, and the rank of the class there."""

from functools import partial

import torch

from xaicourse.course.grading.cases import case, waves
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, saying, swap
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.shared_mistakes import FIRST_INPUT, WHICH_NUMBER
from xaicourse.course.lessons.l09_compared_with_what.looks import (
    against_x,
    all_targets,
    at_the_start,
    by_place,
    by_two_sorts,
    column,
    each_score_once,
    rank_at_x,
    scores_of,
    share_of_score,
    winner,
)
from xaicourse.course.lessons.l09_compared_with_what.pairs import PairGrader

__all__ = ["AT_THE_START"]


# ---------------------------------------------------------------- cases


def bent(x, weight, bias):
    """Return scores (N, K) of a net whose slopes change."""
    return torch.sin(x.flatten(1) @ weight) + x.flatten(1) @ weight + bias


def start(name, says, shape, target, bias, turn, baseline):
    """Return a case: a net with this bias, inputs, a target for each, and their baselines."""
    size, inputs = torch.Size(shape).numel(), len(target)
    weight = waves(turn, size, len(bias), size=1.2).tolist()
    return case(
        name,
        says,
        model=ProbeModel(shape, bent, weight, bias),
        x=waves(turn + 0.4, inputs, *shape) + 0.3,
        target=torch.tensor(target),
        baseline=baseline(turn, inputs, *shape),
    )


def zero(turn, *shape):
    """Return baselines of 0: there the scores are the biases."""
    return torch.zeros(shape)


def other(turn, *shape):
    """Return another baseline for each input."""
    return 0.8 * waves(turn + 0.9, *shape) - 0.2


CASES = (
    start(
        "one",
        "one input with three numbers, six classes",
        (3,),
        [4],
        [0.5, -0.3, 0.8, 0.34, 0.3, 0.9],
        1.3,
        zero,
    ),
    start("falls", "two inputs, a baseline for each", (4,), [1, 5], [0.0] * 6, 2.1, other),
    start(
        "ties",
        "three inputs, a baseline where several classes have the same score",
        (3,),
        [2, 0, 3],
        [0.4, 0.9, 0.4, 0.9, 0.4, 0.1],
        0.7,
        zero,
    ),
    start("picture", "two pictures (1, 2, 3)", (1, 2, 3), [3, 0], [0.2] * 6, 1.7, other),
)


# ---------------------------------------------------------------- the task

ALL_TARGETS = (
    "scores[:, target] has the scores of all targets for every input. Each has its own: "
    "scores[torch.arange(N), target]."
)
NUMBER = "This is the number of a class. Asked is a rank: count the classes that are ahead, plus 1."
MISTAKES = [
    *saying([each for each in WHICH_NUMBER if each.name != "all_targets"], score="score"),
    own("all_targets", ALL_TARGETS, all_targets),
    before("first_target", "", target=lambda target: target[:1].expand_as(target)),
    *FIRST_INPUT,
    before(
        "first_baseline",
        "All inputs have the first baseline. Each has its own.",
        baseline=lambda baseline: baseline[:1].expand_as(baseline),
    ),
    # the rise
    after(
        "fall_for_rise",
        "Your rise has the wrong sign: it is F(x) minus F(baseline).",
        column(0, torch.neg),
    ),
    after(
        "size_of_the_rise",
        "You drop the sign of the rise. From some baselines the score falls: keep the minus.",
        column(0, torch.abs),
    ),
    own(
        "score_at_baseline",
        "The first number is F(baseline). Asked is how far F rises from there: F(x) minus it.",
        scores_of("baseline"),
    ),
    own(
        "score_at_x",
        "The first number is F(x). Take away what the score is at the baseline already.",
        scores_of("x"),
    ),
    own(
        "share_of_score",
        "You divide the rise by a score. Asked is the rise itself.",
        share_of_score("x"),
    ),
    own("share_of_score", "", share_of_score("baseline")),
    after(
        "mean_rise",
        "All inputs have the mean rise of the batch. Each has its own.",
        column(0, lambda rise: rise.mean().expand_as(rise)),
    ),
    after(
        "whole_numbers",
        "Your rise is a whole number. Turn the rank into a float, not the rise into an integer.",
        column(0, torch.trunc),
    ),
    after("whole_numbers", "", column(0, torch.round)),
    # the rank
    swap(
        "rank_from_zero",
        "The best class has rank 1. You count from 0.",
        first=0,
    ),
    own(
        "rank_at_x",
        "The rank is that of the class at x. Asked is its rank at the baseline.",
        rank_at_x,
    ),
    swap(
        "ties_ahead",
        "Classes with the same score are not ahead. Count only those with a larger one.",
        ahead=lambda z, own: (z >= own[:, None]).sum(1) - 1,
    ),
    own("ties_ahead", "", by_two_sorts),
    own("ties_ahead", "", partial(by_two_sorts, behind=True)),
    swap(
        "counts_itself",
        "Your rank is one too large: >= counts the target itself, too. Only > says who is ahead.",
        ahead=lambda z, own: (z >= own[:, None]).sum(1),
    ),
    swap(
        "each_score_once",
        "Two classes ahead with the same score are two. You count them as one.",
        ahead=each_score_once,
    ),
    swap(
        "sizes_ranked",
        "You rank absolute scores. A score below 0 is behind one above 0.",
        ahead=lambda z, own: (z.abs() > own.abs()[:, None]).sum(1),
    ),
    own(
        "against_x",
        "You compare the scores at the baseline with the target's score at x. Compare them with "
        "its score at the baseline.",
        against_x,
    ),
    swap(
        "thousand_classes",
        "You count down from 1000 classes. Here the number of classes is another one.",
        ahead=lambda z, own: 999 - (z < own[:, None]).sum(1),
    ),
    swap(
        "from_below",
        "You count the classes that are behind. Rank 1 is the largest score.",
        ahead=lambda z, own: (z < own[:, None]).sum(1),
    ),
    swap(
        "number_ahead",
        "You count over all inputs of the batch. Each has its own rank.",
        ahead=lambda z, own: (z > own[:, None]).sum().expand(len(z)),
    ),
    own("class_at_place", NUMBER, by_place),
    own("class_at_place", "", partial(by_place, first=1)),
    own("best_class_at_start", NUMBER, winner),
    # both
    after(
        "exchanged_columns",
        "Both numbers are right, in the wrong order: first the rise, then the rank.",
        lambda result: result.flip(1),
    ),
    after(
        "transposed",
        "Both are right, but stacked the other way round: one line for each input, (N, 2).",
        lambda result: result.T,
    ),
    before(
        "exchanged_ends",
        "You exchange x and the baseline. The rise should start at the baseline, and the rank "
        "should be counted there.",
        x=lambda x, baseline: baseline,
        baseline=lambda baseline, x: x,
    ),
]

AT_THE_START = function_task(
    "09.1",
    at_the_start,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Both are right: for classes with the same score and for scores that fall, too.",
    hints=(
        "Two forward passes: the scores at x and at the baseline, (N, K) each. From both take "
        "the score of the target of each input.",
        "The rank: how many of the K scores at the baseline are larger than the target's? One more "
        "than that.",
        "z = model(baseline); own = z[torch.arange(len(x)), target]; rank = 1 + (z > own[:, "
        "None]).sum(1); the rise is model(x)[torch.arange(len(x)), target] - own; return "
        "torch.stack([rise, rank], 1).",
    ),
    words={"shape": "One line for each input: its rise and its rank, (N, 2)."},
    grader=PairGrader,
    names=("the rise", "the rank"),
    part=lambda result, k: result[..., k],
)
