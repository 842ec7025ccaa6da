"""Task 05.3: choose the number of steps by evidence."""

from math import copysign
from operator import le, lt

from xaicourse.course.grading.cases import case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap

__all__ = ["STEPS_NEEDED"]

NO_RISE = 1e-6  # below this size of the rise a relative gap means nothing


def last_good(good):
    """Walk back from the finest path; return the last good n before a bad one."""
    needed = None
    for n in reversed(good):
        if not good[n]:
            break
        needed = n
    return needed


def steps_needed(
    gaps, rise, limit, *, least=NO_RISE, of_gap=abs, of_rise=abs, within=le, choose=last_good
):
    """Return the smallest n from which on every tried gap is within limit * |rise|, or None."""
    if abs(rise) < least:
        return None
    return choose({n: within(of_gap(gaps[n]), limit * of_rise(rise)) for n in sorted(gaps)})


# ---------------------------------------------------------------- other ways to choose, {n: bool}


def first_good(good):
    return next((n for n in good if good[n]), None)


def last_of_all(good):
    return next((n for n in reversed(good) if good[n]), None)


def next_only(good):
    tried, fits = list(good), list(good.values())
    return next((n for k, n in enumerate(tried) if all(fits[k : k + 2])), None)


def down(before):
    """Walk down with a computed n instead of the tried ones."""

    def choose(good):
        needed, n = None, max(good)
        while good.get(n):
            needed, n = n, before(n)
        return needed

    return choose


def signed_ratio(gaps, rise, limit):
    ratios = {n: copysign(1, rise) * gap for n, gap in gaps.items()}  # times |rise|
    return steps_needed(ratios, rise, limit, of_gap=float)


TRIED = [  # name, words, rise, limit, gaps
    ("plain", "falling gaps", 10.0, 0.05, {4: 3.0, 8: 1.0, 16: 0.3, 32: 0.1}),
    ("lucky", "luck at one n", 5.0, 0.05, {4: 4.0, 8: 0.02, 16: 1.5, 32: 0.4, 64: 0.08}),
    ("negative_gaps", "negative gaps", 4.0, 0.1, {8: -2.5, 16: -0.9, 32: -0.2, 64: -0.05}),
    ("negative_rise", "a rise < 0", -6.0, 0.05, {8: 1.2, 16: -0.7, 32: 0.2, 64: 0.1, 128: 0.02}),
    ("small_rise", "a rise below 1", 0.1, 0.1, {8: 0.04, 16: 0.03, 32: 0.004, 64: 0.001}),
    ("none", "gaps that stay large", 2.0, 0.1, {8: 0.9, 16: 0.05, 32: -0.6, 64: 0.4}),
    ("first_tried", "small gaps only", 20.0, 0.02, {10: 0.1, 20: 0.15, 40: 0.05}),
    ("percent", "a rise of 50", 50.0, 0.1, {5: 9.0, 10: 4.0, 20: 0.01, 40: 0.005}),
    ("equal", "a gap at the limit", 8.0, 0.25, {8: 4.0, 16: 2.0, 32: 1.0}),
    ("no_rise", "a rise of 0", 0.0, 0.05, {8: 0.0, 16: 0.0, 32: 0.0}),
    ("lucky_twice", "luck twice", 4.0, 0.05, {8: 0.02, 16: 0.01, 32: 1.5, 64: 0.08, 128: 0.03}),
    ("uneven", "n that do not double", -7.0, 0.1, {3: 2.0, 7: 0.6, 11: 0.5, 12: 0.4}),
    ("small_product", "small numbers", 0.002, 4e-4, {8: 9e-6, 16: 6e-7, 32: 4e-7}),
    ("just_a_rise", "a rise of 3e-06", 3e-6, 0.5, {8: 2e-6, 16: 1e-6, 32: -1e-7}),
    ("tiny_rise", "a rise of 1e-10", 1e-10, 0.05, {8: 1e-12, 16: -1e-13, 32: 1e-14}),
]

ABS = "Use abs(gap) and abs(rise). See {section_steps}."
LUCKY = "This is the first n within the limit, perhaps by luck. "
EVERY = "EVERY larger n must be within the limit as well. See {section_steps}."
SMALLEST = "Wanted is the smallest n from which on all gaps are within the limit."
RISE = "Return None if abs(rise) < 1e-6."
BEFORE = " for the tried n before n. Use the keys of gaps."
GIVEN = "gaps = {gaps}, rise = {rise}, limit = {limit}"

MISTAKES = [
    # how a gap is compared; float keeps the sign
    swap("gap_not_abs", f"A gap with its sign: negative ones seem small. {ABS}", of_gap=float),
    swap("rise_not_abs", f"You return None whenever the rise is negative. {ABS}", of_rise=float),
    own("ratio_not_abs", f"gap / rise with its sign: below 0 it seems small. {ABS}", signed_ratio),
    swap("neither_abs", f"Gap and rise with their signs. {ABS}", of_gap=float, of_rise=float),
    swap("rise_ignored", "Use a share of the rise: limit * abs(rise).", of_rise=lambda rise: 1),
    swap(
        "limit_in_percent",
        "You compare percent with a share: limit = 0.05 means 5 percent.",
        of_gap=lambda gap: 100 * abs(gap),
    ),
    swap("strictly_less", "Right, except for |gap| = limit * |rise|. Use <=.", within=lt),
    # when there is no rise
    swap("no_rise_forgotten", f"Right, except for a rise of (almost) 0. {RISE}", least=0),
    swap("only_zero_rise", f"Right, except for a rise near 0, not 0. {RISE}", least=1e-300),
    swap(
        "first_lucky_no_rise_forgotten",
        f"{LUCKY}{EVERY} Also: {RISE}",
        least=0,
        choose=first_good,
    ),
    after(
        "limit_times_rise_for_rise",
        f"Right, except when only limit * abs(rise) is small. {RISE}",
        lambda n, rise, limit: None if abs(limit * rise) < NO_RISE else n,
    ),
    swap("none_too_early", f"Right, except for a small rise above 1e-6. {RISE}", least=1e-3),
    # which n is chosen
    swap("first_lucky", LUCKY + EVERY, choose=first_good),
    before(
        "smallest_gap",
        f"This is the n with the smallest gap. {SMALLEST}",
        gaps=lambda gaps: dict([min(gaps.items(), key=lambda item: abs(item[1]))]),
    ),
    swap(
        "last_bad",
        "This is the last n NOT within the limit. The answer is the tried n after it.",
        choose=lambda good: max((n for n in good if not good[n]), default=min(good)),
    ),
    swap("largest_good", f"This is the largest good n. {SMALLEST}", choose=last_of_all),
    swap("next_only", f"You look at n and at the next larger n only. {EVERY}", choose=next_only),
    swap(
        "smaller_instead_of_larger",
        f"You ask for good gaps at every SMALLER n. {EVERY}",
        choose=lambda good: min(good) if good[min(good)] else None,
    ),
    swap(
        "all_or_none",
        f"One gap that is too large, at any n, makes you return None. {SMALLEST}",
        choose=lambda good: min(good) if all(good.values()) else None,
    ),
    swap("halves_n", f"You take n // 2{BEFORE}", choose=down(lambda n: n // 2)),
    swap("one_less", f"You take n - 1{BEFORE}", choose=down(lambda n: n - 1)),
    # what is done with the right n
    after(
        "place_in_list",
        "Return n, not its place in the list.",
        lambda n, gaps: n and [*gaps].index(n),
    ),
    after("the_gap", "You return the gap. Return its n.", lambda n, gaps: n and gaps[n]),
    after("largest_tried", f"This is the largest n. {SMALLEST}", lambda n, gaps: n and max(gaps)),
    after(
        "last_not_counted",
        "Right, except when only the largest n is good. Then it is the answer.",
        lambda n, gaps: None if n == max(gaps) else n,
    ),
    after(
        "none_if_all_good",
        "Right, except when all n are good. Then return the smallest.",
        lambda n, gaps: None if n == min(gaps) else n,
    ),
    after(
        "never_none",
        "Right where an n exists. If the gaps never stay within the limit, return None.",
        lambda n, gaps, rise: n or (max(gaps) if abs(rise) >= NO_RISE else None),
    ),
    after("number_for_none", "Where no n exists, return None, not 0 or -1.", lambda n: n or -1),
    after("number_for_none", "", lambda n: n or 0),
    after("number_for_none", "", lambda n: n or float("inf")),
]

STEPS_NEEDED = function_task(
    "05.3",
    steps_needed,
    cases=[
        case(name, says, gaps=gaps, rise=rise, limit=limit)
        for name, says, rise, limit, gaps in TRIED
    ],
    mistakes=MISTAKES,
    none=-2.0,
    words={"evidence": f"For {GIVEN}: yours {{yours}}; expected {{expected}}."},
    passed="Right for lucky gaps, negative gaps, negative rises and rises near 0.",
    hints=(
        "A gap can be small by luck: all larger n must be good. Gaps and rises can be negative.",
        "Walk from the largest n down to the first bad one. The last good one is the answer.",
        "if abs(rise) < 1e-6: return None. Then: needed = None; for n in sorted(gaps, "
        "reverse=True): if abs(gaps[n]) > limit * abs(rise): break; needed = n. Return needed.",
    ),
)
