"""Task 05.3: choose the number of steps by evidence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["STEPS_NEEDED"]

NO_RISE = 1e-6  # below this size of the rise a relative gap means nothing


@dataclass(frozen=True)
class Case:
    """One list of tried numbers of steps with their signed gaps."""

    name: str
    gaps: Mapping[int, float]
    rise: float
    limit: float

    def arguments(self) -> dict[str, Any]:
        return {"gaps": dict(self.gaps), "rise": self.rise, "limit": self.limit}


CASES = (
    Case("plain", {4: 3.0, 8: 1.0, 16: 0.3, 32: 0.1}, 10.0, 0.05),
    Case("lucky", {4: 4.0, 8: 0.02, 16: 1.5, 32: 0.4, 64: 0.08}, 5.0, 0.05),
    Case("negative_gaps", {8: -2.5, 16: -0.9, 32: -0.2, 64: -0.05}, 4.0, 0.1),
    Case("negative_rise", {8: 1.2, 16: -0.7, 32: 0.2, 64: 0.1, 128: 0.02}, -6.0, 0.05),
    Case("small_rise", {8: 0.04, 16: 0.03, 32: 0.004, 64: 0.001}, 0.1, 0.1),
    Case("none", {8: 0.9, 16: 0.05, 32: -0.6, 64: 0.4}, 2.0, 0.1),
    Case("first_tried", {10: 0.1, 20: 0.15, 40: 0.05}, 20.0, 0.02),
    Case("percent", {5: 9.0, 10: 4.0, 20: 0.01, 40: 0.005}, 50.0, 0.1),
    Case("equal", {8: 4.0, 16: 2.0, 32: 1.0}, 8.0, 0.25),  # exact in binary
    Case("no_rise", {8: 0.0, 16: 0.0, 32: 0.0}, 0.0, 0.05),
    Case("lucky_twice", {8: 0.02, 16: 0.01, 32: 1.5, 64: 0.08, 128: 0.03}, 4.0, 0.05),
    Case("uneven", {3: 2.0, 7: 0.6, 24: 0.5, 25: 0.4}, -7.0, 0.1),
    Case("small_product", {8: 9e-6, 16: 6e-7, 32: 4e-7}, 0.002, 4e-4),  # limit * rise = 8e-7
    Case("just_a_rise", {8: 2e-6, 16: 1e-6, 32: -1e-7}, 3e-6, 0.5),
    Case("tiny_rise", {8: 1e-12, 16: -1e-13, 32: 1e-14}, 1e-10, 0.05),
)


# ---------------------------------------------------------------- the right answer


def steps_needed(gaps, rise, limit):
    """Return the smallest n from which on every tried gap is within limit * |rise|, or None."""
    if abs(rise) < NO_RISE:
        return None
    needed = None
    for n in sorted(gaps, reverse=True):  # from the finest path back
        if abs(gaps[n]) > limit * abs(rise):
            break
        needed = n
    return needed


# ---------------------------------------------------------------- wrong answers with a name


def first_lucky(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return next((n for n in sorted(gaps) if abs(gaps[n]) <= limit * abs(rise)), None)


def _from_the_end(gaps, fits):
    needed = None
    for n in sorted(gaps, reverse=True):
        if not fits(gaps[n]):
            break
        needed = n
    return needed


def gap_not_abs(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return _from_the_end(gaps, lambda gap: gap <= limit * abs(rise))


def rise_not_abs(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return _from_the_end(gaps, lambda gap: abs(gap) <= limit * rise)


def ratio_not_abs(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return _from_the_end(gaps, lambda gap: gap / rise <= limit)


def neither_abs(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return _from_the_end(gaps, lambda gap: gap <= limit * rise)


def rise_ignored(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return _from_the_end(gaps, lambda gap: abs(gap) <= limit)


def limit_in_percent(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return _from_the_end(gaps, lambda gap: 100 * abs(gap) / abs(rise) <= limit)


def no_rise_forgotten(gaps, rise, limit):
    return _from_the_end(gaps, lambda gap: abs(gap) <= limit * abs(rise))


def only_zero_rise(gaps, rise, limit):
    return None if rise == 0 else no_rise_forgotten(gaps, rise, limit)


def first_lucky_no_rise_forgotten(gaps, rise, limit):
    return next((n for n in sorted(gaps) if abs(gaps[n]) <= limit * abs(rise)), None)


def smallest_gap(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    n = min(gaps, key=lambda n: abs(gaps[n]))
    return n if abs(gaps[n]) <= limit * abs(rise) else None


def last_bad(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    bad = [n for n in gaps if abs(gaps[n]) > limit * abs(rise)]
    return max(bad) if bad else min(gaps)


def largest_good(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    good = [n for n in gaps if abs(gaps[n]) <= limit * abs(rise)]
    return max(good) if good else None


def place_in_list(gaps, rise, limit):
    needed = steps_needed(gaps, rise, limit)
    return None if needed is None else sorted(gaps).index(needed)


def strictly_less(gaps, rise, limit):
    if abs(rise) < NO_RISE:
        return None
    return _from_the_end(gaps, lambda gap: abs(gap) < limit * abs(rise))


def never_none(gaps, rise, limit):
    needed = steps_needed(gaps, rise, limit)
    return max(gaps) if needed is None and abs(rise) >= NO_RISE else needed


def next_only(gaps, rise, limit):
    """Look at one larger n, not at all of them."""
    if abs(rise) < NO_RISE:
        return None
    tried = sorted(gaps)
    good = [abs(gaps[n]) <= limit * abs(rise) for n in tried]
    fits = [k for k in range(len(tried)) if all(good[k : k + 2])]
    return tried[fits[0]] if fits else None


def smaller_instead_of_larger(gaps, rise, limit):
    """Ask for good gaps at every smaller n."""
    if abs(rise) < NO_RISE:
        return None
    first = min(gaps)
    return first if abs(gaps[first]) <= limit * abs(rise) else None


def largest_tried(gaps, rise, limit):
    return None if steps_needed(gaps, rise, limit) is None else max(gaps)


def last_not_counted(gaps, rise, limit):
    """Ask for at least one larger n."""
    needed = steps_needed(gaps, rise, limit)
    return None if needed == max(gaps) else needed


def none_if_all_good(gaps, rise, limit):
    """Give an answer only where the walk meets a bad n."""
    needed = steps_needed(gaps, rise, limit)
    return None if needed == min(gaps) else needed


def _down(gaps, rise, limit, before):
    """Walk down with a computed n instead of the tried ones."""
    if abs(rise) < NO_RISE:
        return None
    needed, n = None, max(gaps)
    while n in gaps and abs(gaps[n]) <= limit * abs(rise):
        needed, n = n, before(n)
    return needed


def halves_n(gaps, rise, limit):
    return _down(gaps, rise, limit, lambda n: n // 2)


def one_less(gaps, rise, limit):
    return _down(gaps, rise, limit, lambda n: n - 1)


def the_gap(gaps, rise, limit):
    needed = steps_needed(gaps, rise, limit)
    return None if needed is None else gaps[needed]


def limit_times_rise_for_rise(gaps, rise, limit):
    """Hold limit * |rise| against 1e-6 instead of |rise|."""
    return None if abs(limit * rise) < NO_RISE else no_rise_forgotten(gaps, rise, limit)


def none_too_early(gaps, rise, limit):
    """Take a larger number than 1e-6 for no rise."""
    return None if abs(rise) < 1e-3 else steps_needed(gaps, rise, limit)


def number_for_none(gaps, rise, limit):
    needed = steps_needed(gaps, rise, limit)
    return -1 if needed is None else needed


MISCONCEPTIONS: dict[str, Callable] = {
    function.__name__: function
    for function in (
        first_lucky,
        gap_not_abs,
        rise_not_abs,
        ratio_not_abs,
        neither_abs,
        rise_ignored,
        limit_in_percent,
        no_rise_forgotten,
        only_zero_rise,
        first_lucky_no_rise_forgotten,
        smallest_gap,
        last_bad,
        largest_good,
        place_in_list,
        strictly_less,
        never_none,
        next_only,
        smaller_instead_of_larger,
        largest_tried,
        last_not_counted,
        none_if_all_good,
        halves_n,
        one_less,
        the_gap,
        limit_times_rise_for_rise,
        none_too_early,
        number_for_none,
    )
}


# ---------------------------------------------------------------- grading


def grade(answer: Any) -> Outcome:
    """Judge ``answer(gaps, rise, limit)`` on all cases."""
    require_function(answer, "steps_needed")
    given = [_ask(answer, case) for case in CASES]
    expected = [steps_needed(**case.arguments()) for case in CASES]
    wrong = [place for place in range(len(CASES)) if given[place] != expected[place]]
    if not wrong:
        return Outcome("passed", messages.text("tasks/05.3/passed"))
    case, place = CASES[wrong[0]], wrong[0]
    evidence = messages.text(
        "tasks/05.3/evidence",
        gaps=dict(case.gaps),
        rise=case.rise,
        limit=case.limit,
        yours=show(given[place]),
        expected=show(expected[place]),
    )
    if all(value is None for value in given):
        return Outcome("not_right", messages.text("tasks/05.3/always_none"), evidence)
    if len(set(given)) == 1:
        text = messages.text("tasks/05.3/always_the_same", yours=show(given[0]))
        return Outcome("not_right", text, evidence)
    name = diagnose(given)
    if name is not None:
        text = messages.text(f"tasks/05.3/misconceptions/{name}")
        return Outcome("not_right", text, evidence, diagnosis=name)
    where = messages.text(f"tasks/05.3/cases/{case.name}")
    text = messages.text("tasks/05.3/differs", wrong=len(wrong), cases=len(CASES), where=where)
    return Outcome("not_right", text, evidence)


def diagnose(given: list[float | None]) -> str | None:
    """Return the one misconception that gives the same answer in every case."""
    given = [
        number_for_none(**case.arguments()) if _is_no_n(value, case) else value
        for value, case in zip(given, CASES, strict=True)
    ]
    fits = [
        name
        for name, wrong in MISCONCEPTIONS.items()
        if [wrong(**case.arguments()) for case in CASES] == given
    ]
    return fits[0] if len(fits) == 1 else None


def _is_no_n(value: float | None, case: Case) -> bool:
    """Say whether this is a number such as 0 or -1 where there is no n."""
    no_n = steps_needed(**case.arguments()) is None
    return no_n and value in (0, -1, float("inf"))


def _ask(answer: Any, case: Case) -> float | None:
    where = messages.text(f"tasks/05.3/cases/{case.name}")
    arguments = case.arguments()
    got = call(answer, arguments, where)
    if arguments["gaps"] != dict(case.gaps):
        refuse("general/changes_input", name="gaps")
    if got is None:
        return None
    if isinstance(got, str):
        refuse("tasks/05.3/text", given=got[:40])
    number = to_number(got, where)
    return None if number != number else number  # NaN says "none" as well


STEPS_NEEDED = Task(
    id="05.3",
    grade=grade,
    reference=steps_needed,
    misconceptions=MISCONCEPTIONS,
)
