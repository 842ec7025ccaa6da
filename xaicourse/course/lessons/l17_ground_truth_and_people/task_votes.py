"""Task 17.2: the exact two-sided p-value of a count of votes."""

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, own, swap
from xaicourse.course.lessons.l17_ground_truth_and_people.votes import (
    at_least,
    chance_of,
    exact_p,
    normal,
    of_estimated_width,
    strictly_more,
)

__all__ = ["VOTES"]

CASES = tuple(
    case(name, f"{k} votes of {n}", k=k, n=n)
    for name, k, n in (
        ("many", 15, 20),
        ("few", 5, 20),
        ("half", 10, 20),
        ("odd", 7, 9),
        ("none", 0, 7),
        ("nearly", 12, 25),
        ("large", 60, 100),
    )
)

BOTH = "Asked are counts at least as far from n / 2, on BOTH sides."

MISTAKES = [
    swap(
        "upper_tail",
        f"You count k votes or more. For 5 of 20 this is nearly 1. {BOTH}",
        one=at_least,
        sides=lambda one, k, n: one,
    ),
    swap(
        "one_side",
        f"You count one side alone, so your p is half of the right one. {BOTH}",
        sides=lambda one, k, n: one,
    ),
    swap(
        "not_capped",
        "Half of the votes gives you more than 1: the middle is counted twice. A probability is at "
        "most 1.",
        sides=lambda one, k, n: 2 * one,
    ),
    swap(
        "upper_doubled",
        "You double the counts from k up. If k is below n / 2, the tail lies on the other side.",
        one=at_least,
        sides=lambda one, k, n: 2 * one,
    ),
    swap("upper_doubled", "", one=at_least),
    swap(
        "lower_tail",
        f"You count k votes or fewer. For 15 of 20 this is nearly 1. {BOTH}",
        one=lambda k, n: at_least(n - k, n),
        sides=lambda one, k, n: one,
    ),
    swap(
        "lower_doubled",
        "You double the counts from k down. If k is above n / 2, the tail lies on the other side.",
        one=lambda k, n: at_least(n - k, n),
    ),
    swap(
        "this_count",
        f"This is the probability of exactly k votes. {BOTH}",
        one=chance_of,
        sides=lambda one, k, n: one,
    ),
    swap(
        "this_count_twice",
        f"This is twice the probability of exactly k votes. {BOTH}",
        one=chance_of,
    ),
    swap(
        "strictly_more",
        "You leave out k itself. A count as far as k belongs to the tail.",
        one=strictly_more,
    ),
    swap(
        "all_votes_left_out",
        "You leave out the case that all n votes agree: range(k, n) ends at n - 1.",
        one=lambda k, n: at_least(max(k, n - k), n) - chance_of(n, n),
    ),
    swap(
        "half_of_this_count",
        "You count k itself by half (a mid-p value). A count as far as k belongs to the tail.",
        one=lambda k, n: at_least(max(k, n - k), n) - chance_of(k, n) / 2,
    ),
    swap(
        "strictly_more_one_side",
        f"You leave out k itself, and one side. {BOTH}",
        one=strictly_more,
        sides=lambda one, k, n: one,
    ),
    own("normal", "This is the normal curve. With few votes it is not exact.", normal),
    own(
        "normal_corrected",
        "This is the normal curve, corrected by a half. Near, but not exact: add up the counts.",
        lambda k, n: normal(k, n, 0.5),
    ),
    own(
        "normal_own_width",
        "You take the width of the votes seen. Under fair coins it is the root of n / 4.",
        of_estimated_width,
    ),
    after("complement", "This is 1 minus the p-value.", lambda p: 1 - p),
    own("share", "This is the share k / n. Asked is a probability.", lambda k, n: k / n),
    own("counts", "You forgot to divide by the 2 ** n ways.", lambda k, n: exact_p(k, n) * 2**n),
]

VOTES = function_task(
    "17.2",
    exact_p,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Exact for many votes, few votes, and half of them.",
    hints=(
        "How many of the 2 ** n ways to vote give exactly i votes? math.comb(n, i).",
        "Add up the counts from max(k, n - k) to n, divide by 2 ** n: that is one side. The other "
        "side is as likely.",
        "one = sum(math.comb(n, i) for i in range(max(k, n - k), n + 1)) / 2 ** n; return min(1, 2 "
        "* one).",
    ),
)
