"""What is said of a wrong result holds in every case, and of a random one nothing is said."""

import pytest
import torch

from xaicourse.course.checking import TASKS, check
from xaicourse.course.grading.relation import relation

EXPECTED = [torch.tensor([1.0, -2.0, 0.5]), torch.tensor([[3.0, -1.0], [4.0, 2.0]])]

SAID = {
    "signs reversed": lambda e: -e,
    "times 2.5": lambda e: 2.5 * e,
    "from case to case": lambda e: e / e.abs().max(),
    "without their signs": lambda e: e.abs(),
    "0 in place of the negative": lambda e: e.relu(),
    "the squares": lambda e: e**2,
    "in other places": lambda e: e.flip(0),
    "plus one number": lambda e: e - e.mean(),
}


@pytest.mark.parametrize(("words", "change"), SAID.items(), ids=SAID)
def test_a_relation_is_said_in_its_own_words(words, change):
    text = relation([change(e) for e in EXPECTED], EXPECTED)
    assert words in text
    assert sum(other in text for other in SAID) == 1


@pytest.mark.parametrize("change", SAID.values(), ids=SAID)
def test_a_relation_that_breaks_in_one_case_is_not_said(change):
    given = [change(e) for e in EXPECTED]
    given[1] = given[1] + torch.tensor([[0.0, 0.1], [0.0, 0.0]])
    assert relation(given, EXPECTED) == ""


def test_the_same_numbers_in_every_case_are_said():
    expected = [torch.tensor([1.0, -2.0]), torch.tensor([3.0, 5.0])]
    for numbers in (torch.zeros(2), torch.tensor([1.0, 7.0])):
        assert "whatever the arguments" in relation([numbers, numbers], expected)
    assert relation([torch.zeros(2)], expected[:1]) == ""


def test_one_number_is_related_to_any_other_so_nothing_is_said():
    assert relation([torch.tensor([4.0])], [torch.tensor([2.0])]) == ""
    assert relation([torch.tensor(4.0), torch.tensor(7.0)], list(torch.tensor([2.0, 3.0]))) == ""


def test_shapes_that_differ_and_noise_are_not_related():
    assert relation([torch.ones(3)], [torch.ones(4)]) == ""
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        noise = [torch.randn(e.shape, generator=generator) for e in EXPECTED]
        assert relation(noise, EXPECTED) == ""


def test_a_student_reads_it():
    right = TASKS["07.1"].reference
    message = check("07.1", lambda *arguments: 3 * right(*arguments)).message
    assert "Your numbers are the right ones times 3." in message
    paper = TASKS["08.1"].reference
    turned = {**paper, "biases_on": tuple(-v for v in paper["biases_on"])}
    verdict = check("08.1", turned)
    assert verdict.diagnosis is not None or "signs reversed" in verdict.message


def test_numbers_with_few_decimals_are_said_to_be_rounded():
    expected = [torch.tensor([0.964, 0.535]), torch.tensor([-0.231, 0.177])]
    assert "so many decimals: 1" in relation([e.round(decimals=1) for e in expected], expected)
    given = [e.round(decimals=1) for e in expected]
    given[1] = given[1] + 0.1
    assert "decimals" not in relation(given, expected)
    assert relation([e.round() for e in EXPECTED], [e.round() for e in EXPECTED]) == ""
