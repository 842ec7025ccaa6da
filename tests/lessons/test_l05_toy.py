"""05.1: the TOY net on paper."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from xaicourse import zoo
from xaicourse.course.checking import check
from xaicourse.course.lessons.l05_integrated_gradients.task_toy import IG, KINK


def test_the_numbers_are_those_of_the_toy_net():
    toy = zoo.toy().double()
    x = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    total = torch.zeros_like(x)
    for k in range(4):  # the kink lies on a border of four pieces, so the middles are exact
        point = ((k + 0.5) / 4 * x).requires_grad_()
        total += torch.autograd.grad(toy(point).sum(), point)[0] / 4
    assert (x * total)[0].tolist() == pytest.approx(IG)
    slopes = []
    for alpha in (KINK - 1e-6, KINK + 1e-6):
        point = (alpha * x).requires_grad_()
        slopes.append(torch.autograd.grad(toy(point).sum(), point)[0][0].tolist())
    assert slopes == [[2.0, -2.0], [1.0, -3.0]]


@pytest.mark.parametrize(
    "answer",
    [
        ((3.75, -2.75), 0.25),
        (0.25, [3.75, -2.75]),
        [3.75, -2.75, 0.25],
        {"ig": (3.75, -2.75), "kink": 0.25},
        {"alpha_kink": 1 / 4, "ig1": 3.75, "ig2": -2.75},
        {"a": [3.75, -2.75], "b": 0.25},
        ((Fraction(15, 4), Fraction(-11, 4)), Fraction(1, 4)),
        (torch.tensor([[3.75, -2.75]]), torch.tensor(0.25)),
        (np.array([3.75, -2.75], dtype=np.float32), np.float32(0.25)),
    ],
    ids=str,
)
def test_right_numbers_in_any_form(answer):
    assert check("05.1", answer).passed


def test_two_arguments():
    assert check("05.1", (3.75, -2.75), 0.25).passed


@pytest.mark.parametrize(
    "answer",
    [
        ((3.6, -2.6), 0.25),
        ((3.75, -2.75), 0.3),
        ((3.75, -2.74), 0.26),
        ((2.0, -1.0), 0.5),
        ((3.75, 2.7), 0.25),
        ((0.0, 0.0), 0.0),
        ((float("nan"), -2.75), 0.25),
        ((1e9, -2.75), 0.25),
    ],
    ids=str,
)
def test_other_wrong_numbers_have_no_name(answer):
    verdict = check("05.1", answer)
    assert (verdict.passed, verdict.diagnosis) == (False, None)


@pytest.mark.parametrize("answer", [None, ..., (None, None), ((3.75, -2.75), None), (3.75, -2.75)])
def test_open_parts_are_not_done(answer):
    assert check("05.1", answer).status == "not_done"


def test_texts_are_refused_because_the_next_cell_computes_with_the_numbers():
    verdict = check("05.1", ("15/4", "-11/4"), "1/4")
    assert (verdict.status, verdict.diagnosis) == ("not_right", None)
    assert "without quotes" in verdict.message


def test_a_kink_at_a_third_is_named_only_together_with_that_kink():
    assert check("05.1", (4, -8 / 3), 1 / 3).diagnosis == "kink_at_third"
    assert check("05.1", (3.75, -2.75), 0.333).diagnosis == "kink_at_third"
    assert check("05.1", (4, -8 / 3), 0.25).diagnosis is None


def test_the_sum_of_wrong_shares_is_shown():
    assert "add up to 4; the rise" in check("05.1", (2.0, 2.0), 0.25).message


@pytest.mark.parametrize("answer", ["3.75", {}, [], (1, 2, 3, 4), object, lambda: 3, {"ig": "x"}])
def test_odd_answers_get_a_friendly_verdict(answer):
    verdict = check("05.1", answer)
    assert not verdict.passed
    assert "\n" not in verdict.message
    assert verdict.diagnosis is None
