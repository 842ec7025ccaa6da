"""Task 10.3: how many gradients each piece of the path gets, by the change of F in it."""

from functools import partial

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l10_where_on_the_path.counts import (
    all_to,
    at_least_one,
    below_zero,
    empty_first,
    finish_by,
    mended,
    negative_rest,
    one_by_one,
    order_for_rank,
    over_the_rise,
    rounded_sums,
    spread,
)

__all__ = ["SPREAD"]


# ---------------------------------------------------------------- cases

CASES = tuple(
    case(name, says, scores=torch.tensor(scores, dtype=torch.float64), M=M)
    for name, says, M, scores in (
        ("rising", "scores that rise", 7, [0, 5.2, 7.9, 9, 9.6, 10]),
        ("turning", "scores that rise and fall", 10, [1, 4.1, 2.4, 2.4, 6.9, 7.5]),
        ("falling", "scores that mostly fall", 5, [3, 1, -0.7, -0.4, -4, -5.1]),
        ("few", "fewer gradients than pieces", 3, [0, 0.9, 1.2, 4.9, 5.5, 6.2, 9.1, 9.45]),
        ("many", "many gradients", 40, [-2, 0.6, 1.7, 1.9, 6.4]),
        ("exact", "shares that are whole", 8, [0, 1, 4, 6, 8]),
        ("uneven", "one large change", 9, [0, 8.6, 8.9, 9.14, 9.4, 9.6, 10.4]),
    )
)

# ---------------------------------------------------------------- mistakes


REST = "The gradients that are left go to the largest remainders. See {section_path_nodes}."
SUM = "The counts must add up to M."

MISTAKES = [
    # the size of the change
    swap(
        "signed",
        "You take the change with its sign. A fall needs gradients, too: take its size.",
        size=lambda scores: scores.diff(),
    ),
    own("signed", "", below_zero),
    swap(
        "only_rises",
        "Pieces where the score falls get nothing. Take the size of each change.",
        size=lambda scores: scores.diff().clamp_min(0),
    ),
    swap("squared", "You spread by the squared change.", size=lambda scores: scores.diff() ** 2),
    swap("roots", "You spread by the root of the change.", size=lambda s: s.diff().abs().sqrt()),
    swap(
        "scores_not_changes",
        "You spread by the scores. Asked is by the change from one score to the next.",
        size=lambda scores: scores[1:].abs(),
    ),
    swap("scores_not_changes", "", size=lambda scores: scores[:-1].abs()),
    swap(
        "evenly",
        "You spread evenly. Asked is by the size of the change.",
        size=lambda scores: torch.ones(len(scores) - 1).double(),
    ),
    own(
        "over_the_rise",
        "You divide by the rise. Divide by the sum of the sizes: where the score turns back, it is "
        "larger.",
        over_the_rise,
    ),
    own("over_the_rise", "", partial(over_the_rise, at_least=0)),
    before("five", "Your counts add up to 5, as in the table. Asked is M.", M=lambda M: 5),
    # whole numbers
    swap(
        "fractions",
        "Your counts are no whole numbers. Round down, then give out what is left.",
        finish=lambda wanted, change, M: wanted,
    ),
    swap(
        "floor_only",
        f"You round down and stop. {SUM} {REST}",
        finish=lambda wanted, change, M: wanted.floor(),
    ),
    swap(
        "rounded", f"You round each count by itself. {SUM} {REST}", finish=lambda w, c, M: w.round()
    ),
    swap("rounded_up", f"You round up. {SUM} {REST}", finish=lambda w, c, M: w.ceil()),
    swap(
        "rounded_sums",
        f"You round the running sum. Round each share down. {REST}",
        finish=rounded_sums,
    ),
    swap(
        "mended",
        f"You round each count and mend the sum at one piece. Round down first. {REST}",
        finish=mended(lambda change: -1),
    ),
    swap("mended", "", finish=mended(torch.argmax)),
    swap("mended", "", finish=mended(lambda change: 0)),
    swap(
        "one_by_one",
        f"You give them out one by one, which is another rule. Round down first. {REST}",
        finish=one_by_one,
    ),
    # who gets one more
    swap(
        "rest_to_first",
        f"What is left goes to the first pieces. {REST}",
        finish=finish_by(lambda whole, wanted, change: torch.arange(len(whole))),
    ),
    swap(
        "rest_to_last",
        f"What is left goes to the last pieces. {REST}",
        finish=finish_by(lambda whole, wanted, change: torch.arange(len(whole)).flip(0)),
    ),
    swap(
        "rest_to_largest_change",
        f"What is left goes to the largest changes. {REST}",
        finish=finish_by(lambda whole, wanted, change: change.argsort(descending=True)),
    ),
    swap(
        "rest_to_smallest",
        f"What is left goes to the smallest remainders. {REST}",
        finish=finish_by(lambda whole, wanted, change: (wanted - whole).argsort(stable=True)),
    ),
    swap(
        "rest_to_empty",
        f"What is left goes to the pieces that have none. {REST}",
        finish=finish_by(empty_first),
    ),
    swap(
        "order_for_rank",
        "argsort gives the places in their order, not the rank of each place. Use it as an index.",
        finish=order_for_rank,
    ),
    swap(
        "all_to_one",
        f"What is left goes to one piece. {REST}",
        finish=all_to(lambda wanted, change: (wanted - wanted.floor()).argmax()),
    ),
    swap("all_to_one", "", finish=all_to(lambda wanted, change: change.argmax())),
    own(
        "at_least_one",
        "You give one to each piece first. That is wise, but another rule: here a piece may get 0.",
        at_least_one,
    ),
    own("at_least_one", "", negative_rest),
    after("at_least_one", "", lambda counts: torch.as_tensor(counts).clamp_min(1)),
]


SPREAD = function_task(
    "10.3",
    spread,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Whole numbers that add up to M, for rises, falls, and fewer gradients than pieces.",
    hints=(
        "First the fractions: which part of all changes, by size, lies in each piece, times M.",
        "Round the fractions down. Their sum is a few short of M. Give one more to as many pieces, "
        "those with the largest remainder (fraction minus whole).",
        "change = scores.diff().abs(); wanted = M * change / change.sum(); whole = wanted.floor(); "
        "order = (wanted - whole).argsort(descending=True); whole[order[:M - int(whole.sum())]] "
        "+= 1; return whole.",
    ),
)
