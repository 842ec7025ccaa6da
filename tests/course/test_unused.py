"""What is said of an argument that an answer does not use: only what was seen."""

import pytest
import torch

from xaicourse.course.grading.cases import CaseGrader, apart, case, waves
from xaicourse.course.grading.unused import unused


def right(x, noise, sigma, weights):
    return (x + sigma * noise.mean(0)) @ weights[0]


CASES = (
    case("one", "", x=waves(1, 1, 3), noise=waves(2, 4, 3), sigma=0.7, weights=[waves(3, 3, 2)]),
    case("two", "", x=waves(4, 2, 3), noise=waves(5, 3, 3), sigma=1.3, weights=[waves(6, 3, 2)]),
)
OWN = waves(9, 4, 3)


def test_an_order_that_is_not_used_is_named():
    numbers = torch.tensor([1.0, -2.0, 3.0, 0.5])
    cases = [case("one", "one", a=numbers, order=torch.tensor([2, 0, 3, 1]))]

    def mixed(a, order):
        return a[order]

    def said(answer):
        asked = [lambda one, f=f: f(**one.arguments()) for f in (mixed, answer)]
        return unused(cases, *asked, apart)

    assert "`order`" in said(lambda a, order: a.flip(0))
    assert said(mixed) == ""


@pytest.mark.parametrize(
    ("answer", "names", "how"),
    [
        (lambda x, noise, sigma, weights: right(x, OWN, sigma, weights), ["noise"], "is it used"),
        (lambda x, noise, sigma, weights: right(x, noise, 0.2, weights), ["sigma"], "is it used"),
        (lambda x, noise, sigma, weights: x @ weights[0], ["noise", "sigma"], "is it used"),
        (
            lambda x, noise, sigma, weights: right(x, noise, sigma, [OWN[:3, :2]]),
            ["weights"],
            "is it used",
        ),
        (
            lambda x, noise, sigma, weights: right(x[:1].expand_as(x), noise, sigma, weights),
            ["x"],
            "first entry",
        ),
        (
            lambda x, noise, sigma, weights: right(x, noise[:1], sigma, weights),
            ["noise"],
            "first entry",
        ),
        (lambda x, noise, sigma, weights: 2 * right(x, noise, sigma, weights), [], ""),
        (lambda x, noise, sigma, weights: torch.ones(len(x), 2), [], ""),  # a fixed result
    ],
)
def test_only_what_is_not_used_is_named(answer, names, how):
    grader = CaseGrader("99.9", CASES, right)
    said = unused(
        CASES, lambda one: grader.result(right, one), lambda one: grader.result(answer, one), apart
    )
    assert [name for name in CASES[0].values if f"`{name}`" in said] == names
    assert how in said
