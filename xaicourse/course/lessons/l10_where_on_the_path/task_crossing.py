"""Task 10.1: the first place on the path that is past a share of the rise."""

from functools import partial
from operator import ge

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.lessons.l10_where_on_the_path.crossings import (
    FIRSTS,
    binary_search,
    crossing,
    fall_after_last,
    in_all_forms,
    nearest,
    no_rise,
    one_sided,
    share_of_the_start,
    summed_sizes,
)

__all__ = ["CROSSING"]


# ---------------------------------------------------------------- cases

CASES = tuple(
    case(name, says, scores=torch.tensor(scores, dtype=torch.float64), share=share)
    for name, says, share, scores in (
        ("rising", "a rise from 1 to 9", 0.5, [1, 2, 4, 6, 7, 8, 9]),
        ("falling", "a class whose score falls", 0.9, [5, 4, 1, -2, -4, -4.5, -5]),
        ("back", "a score that crosses back", 0.6, [0, 3, 8, 5, 4, 7, 9, 10]),
        ("away", "a score that falls first, far", 0.5, [2, -9, -4, 1, 5, 4, 6]),
        ("below_zero", "a rise below 0", 0.25, [-20, -18.5, -17, -15, -13, -12]),
        ("above", "a score that ends below its peak", 0.8, [0, 1, 7, 12, 9, 8]),
        ("equal", "a place exactly at the share", 0.5, [0, 1, 2, 3, 4]),
        ("no_rise", "first and last score equal, others between", 0.9, [3, 5, 8, 3]),
        ("often", "a score that crosses three times", 0.5, [0, 8, 3, 7, 9, 2, 1, 3, 10]),
        ("early", "a rise that is over at once", 0.9, [1, 9.5, 10, 10, 10, 9.9, 10]),
    )
)

# ---------------------------------------------------------------- mistakes

SIGN = "(scores - start) / (end - start) is right for a rise and a fall. See {section_path_stop}."

MISTAKES = [
    # what is compared
    own("one_sided", f"Right only where the score rises. Divide by the rise: {SIGN}", one_sided),
    *(
        own("one_sided", "", partial(one_sided, choose=choose, none=none))
        for choose in FIRSTS
        for none in (no_rise, lambda scores: False)
    ),
    *in_all_forms(
        "share_of_the_end",
        "You take a share of the last score. Asked is a share of the rise: the start counts.",
        lambda scores: scores / scores[-1],
    ),
    *in_all_forms(
        "share_of_the_peak",
        "You compare with the largest score. The rise ends at the last score, at the photo.",
        lambda scores: (scores - scores[0]) / (scores.max() - scores[0]),
    ),
    *in_all_forms(
        "share_of_the_range",
        "You compare with the range, largest minus smallest. The rise is last minus first.",
        lambda scores: (scores - scores.min()) / (scores.max() - scores.min()),
    ),
    *in_all_forms(
        "size_of_the_change",
        f"You take absolute values: a score that moves the wrong way counts, too. {SIGN}",
        lambda scores: (scores - scores[0]).abs() / (scores[-1] - scores[0]).abs(),
    ),
    *in_all_forms(
        "size_of_the_rise",
        f"You divide by the size of the rise: for a fall all shares are below 0. {SIGN}",
        lambda scores: (scores - scores[0]) / (scores[-1] - scores[0]).abs(),
        FIRSTS[:2],  # with 0 it is the mistake above: a fall stops at once
    ),
    *in_all_forms(
        "summed_sizes",
        "You add up the sizes of all changes. The rise is last minus first.",
        summed_sizes,
    ),
    *in_all_forms(
        "start_forgotten",
        "You divide the score by the rise. Take the start away from the score first.",
        lambda scores: scores / (scores[-1] - scores[0]),
    ),
    own(
        "share_of_the_start",
        f"For a fall you take a share of the first score. Asked is a share of the fall. {SIGN}",
        share_of_the_start,
    ),
    before(
        "other_share",
        "You look for the place where this share is LEFT. Asked is where it is reached.",
        share=lambda share: 1 - share,
    ),
    swap(
        "not_strict", "Right, but for a place exactly at the share. More than it is asked.", test=ge
    ),
    swap(
        "not_strict_never_none",
        "Two things: a place exactly at the share does not count; and without a rise return None.",
        test=ge,
        none=lambda scores: False,
    ),
    # which place is chosen
    own(
        "binary_search",
        "You search by halves, which needs a score that only rises. Look at one place after the "
        "other.",
        binary_search,
    ),
    swap(
        "last_crossing",
        "You take the place after which the score stays past the share. Asked is the first.",
        choose=fall_after_last,
    ),
    swap(
        "counted",
        "You count the places that are not past. That is right only if the score never turns back.",
        choose=lambda past: past.count(False),
    ),
    swap("counted_past", "You count the places that are past. Asked is the first.", choose=sum),
    own(
        "nearest",
        "This is the place nearest to the share. It may lie before it, or after a turn.",
        nearest,
    ),
    own(
        "steepest",
        "This is where the score changes most. Asked is where the share is passed.",
        lambda scores, share: (
            None if scores[-1] == scores[0] else int(scores.diff().abs().argmax()) + 1
        ),
    ),
    # what is done with the right place
    after(
        "one_before",
        "This is the last place before the crossing. Asked is the first after it.",
        lambda k: None if k is None else k - 1,
    ),
    after(
        "one_after",
        "You are one place too late. Places are counted from 0.",
        lambda k: None if k is None else k + 1,
    ),
    after(
        "alpha",
        "This is alpha, a number between 0 and 1. Return the index.",
        lambda k, scores: None if k is None else k / (len(scores) - 1),
    ),
    after(
        "the_score",
        "This is the score at the crossing. Return its index.",
        lambda k, scores: None if k is None else scores[k],
    ),
    after(
        "never_none",
        "Right where there is a rise. There is none as soon as last and first score are equal, "
        "whatever lies between: return None.",
        lambda k: 0 if k is None else k,
    ),
    swap("never_none", "", none=lambda scores: False),
    after("never_none", "", lambda k: -1 if k is None else k),
    after("never_none", "", lambda k, scores: len(scores) if k is None else k),
    after("never_none", "", lambda k, scores: len(scores) - 1 if k is None else k),
]


CROSSING = function_task(
    "10.1",
    crossing,
    cases=CASES,
    mistakes=MISTAKES,
    none=-2.0,
    passed="Right for a rise, a fall, a score that turns back, and no rise at all.",
    hints=(
        "Turn the scores into shares of the rise first: 0 at the start, 1 at the end.",
        "share of the rise = (scores - scores[0]) / (scores[-1] - scores[0]). It is right for a "
        "fall as well, since both differences change their sign. If the rise is 0, return None.",
        "rise = scores[-1] - scores[0]; if rise == 0: return None; for k, score in "
        "enumerate(scores): if (score - scores[0]) / rise > share: return k.",
    ),
)
