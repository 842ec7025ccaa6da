"""05.3: choose the number of steps by evidence."""

import math

import numpy as np
import pytest
import torch

from xaicourse.course.checking import TASKS, check

CASES = TASKS["05.3"].grade.cases
steps_needed, MISCONCEPTIONS = TASKS["05.3"].reference, TASKS["05.3"].misconceptions


def test_the_answers_by_hand():
    expected = [16, 64, 32, 32, 32, None, 10, 10, 16, None, 64, 7, 16, 16, None]
    assert [steps_needed(**case.arguments()) for case in CASES] == expected


def test_every_pair_of_misconceptions_differs_on_a_case():
    answers = {
        name: tuple(wrong(**case.arguments()) for case in CASES)
        for name, wrong in {**MISCONCEPTIONS, "right": steps_needed}.items()
    }
    assert len(set(answers.values())) == len(answers)
    for name, values in answers.items():
        print(f"{name:>32}", *(f"{value!s:>5}" for value in values))


def forwards(gaps, rise, limit):
    if math.isclose(rise, 0, abs_tol=1e-6):
        return None
    items = list(gaps.items())
    for place, (n, _) in enumerate(items):
        if all(abs(gap) / abs(rise) <= limit for _, gap in items[place:]):
            return n
    return None


def in_numpy(gaps, rise, limit):
    n, gap = np.array(list(gaps)), np.abs(list(gaps.values()))
    if abs(rise) < 1e-6 or gap[-1] > limit * abs(rise):
        return None
    bad = np.flatnonzero(gap > limit * abs(rise))
    return n[0 if len(bad) == 0 else bad[-1] + 1]


def in_torch(rise, limit, gaps):
    n, gap = torch.tensor(list(gaps)), torch.tensor(list(gaps.values())).abs()
    good = (gap <= limit * abs(rise)).flip(0).cumprod(0)
    count = int(good.sum())
    return None if abs(rise) < 1e-6 or count == 0 else n[-count]


def recursive(gaps, rise, limit):
    if abs(rise) < 1e-6 or not gaps:
        return None
    *rest, last = gaps
    if abs(gaps[last]) > limit * abs(rise):
        return None
    return recursive({n: gaps[n] for n in rest}, rise, limit) or float(last)


@pytest.mark.parametrize("answer", [forwards, in_numpy, in_torch, recursive])
def test_odd_right_answers_pass(answer):
    verdict = check("05.3", answer)
    assert verdict.passed, verdict.message


def second_good(gaps, rise, limit):
    good = [n for n in gaps if abs(gaps[n]) <= limit * abs(rise)]
    return good[1] if len(good) > 1 else None


def lucky_and_signed(gaps, rise, limit):
    return next((n for n in gaps if gaps[n] <= limit * rise), None)


def always_64(gaps, rise, limit):
    return 64


def above(gaps, rise, limit):
    return steps_needed(gaps, rise, 1.5 * limit)


def one_too_far(gaps, rise, limit):
    n = steps_needed(gaps, rise, limit)
    return n and 2 * n


def strictly_half(gaps, rise, limit):
    return steps_needed(gaps, rise, limit / 2)


@pytest.mark.parametrize(
    "answer",
    [second_good, lucky_and_signed, always_64, above, one_too_far, strictly_half],
)
def test_other_wrong_answers_have_no_name(answer):
    verdict = check("05.3", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


def test_a_division_by_zero_says_where():
    def relative(gaps, rise, limit):
        return next((n for n in gaps if abs(gaps[n] / rise) <= limit), None)

    verdict = check("05.3", relative)
    assert "ZeroDivisionError" in verdict.message
    assert "a rise of 0" in verdict.message


def test_an_empty_function_and_one_that_clears_its_argument():
    def forgets_return(gaps, rise, limit):
        steps_needed(gaps, rise, limit)

    def clears(gaps, rise, limit):
        gaps.clear()
        return 4

    assert "return" in check("05.3", forgets_return).message
    assert "gaps" in check("05.3", clears).message


def test_texts_are_refused():
    def as_text(gaps, rise, limit):
        n = steps_needed(gaps, rise, limit)
        return None if n is None else str(n)

    def none_as_text(gaps, rise, limit):
        return steps_needed(gaps, rise, limit) or "None"

    for answer in (as_text, none_as_text):
        verdict = check("05.3", answer)
        assert not verdict.passed
        assert "without quotes" in verdict.message


@pytest.mark.parametrize("number", [0, -1, False, float("inf")])
def test_a_number_for_none(number):
    def answer(gaps, rise, limit):
        n = steps_needed(gaps, rise, limit)
        return number if n is None else n

    assert check("05.3", answer).diagnosis == "number_for_none"


@pytest.mark.parametrize("least", [1e-5, 1e-3])
def test_any_limit_above_1e_6_is_too_early(least):
    def answer(gaps, rise, limit):
        return None if abs(rise) < least else steps_needed(gaps, rise, limit)

    assert check("05.3", answer).diagnosis == "none_too_early"


def test_a_constant_says_so():
    assert "the same numbers in every case" in check("05.3", always_64).message
