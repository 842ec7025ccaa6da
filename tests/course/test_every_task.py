"""What holds for every task of the course: written once, so that a new task is under it at once.

What a lesson's own test file adds: its right answers in odd forms and its attacks.
"""

import itertools
import re
from collections.abc import Callable

import pytest
import torch

from xaicourse.course.checking import TASKS, check, or_reference
from xaicourse.course.grading import messages
from xaicourse.course.grading.card import card
from xaicourse.course.grading.cases import CaseGrader, apart
from xaicourse.course.grading.compare import as_numbers

FUNCTIONS = [name for name, task in TASKS.items() if callable(task.reference)]
GRADERS = [name for name, task in TASKS.items() if isinstance(task.grade, CaseGrader)]
PLACEHOLDERS = ["TODO", "", "...", "?"]


def empty(*arguments):
    """A function as the sheet issues it."""
    raise NotImplementedError


def results(grader: CaseGrader, function: Callable) -> list:
    return [grader.result(function, case) for case in grader.cases]


def forms(grader: CaseGrader):
    """Other forms of mistakes; one that gives what is right as well is no mistake."""
    right = [results(grader, function) for function in grader.or_right]
    found = [(name, form) for name, others in grader.also.items() for form in others]
    return [pair for pair in found if not any(same(results(grader, pair[1]), r) for r in right)]


def same(given: list, others: list) -> bool:
    return all(apart(g, o) <= 1e-4 for g, o in zip(given, others, strict=True))


# ---------------------------------------------------------------- right, wrong and open answers


@pytest.mark.parametrize("task", TASKS)
def test_the_reference_passes_without_a_remark(task):
    verdict = check(task, TASKS[task].reference)
    assert verdict.passed, verdict.message
    assert verdict.notes == ()


@pytest.mark.parametrize("task", TASKS)
def test_each_misconception_gets_its_own_name(task):
    for mistake, answer in TASKS[task].misconceptions.items():
        verdict = check(task, answer)
        assert (verdict.passed, verdict.diagnosis) == (False, mistake), verdict.message


@pytest.mark.parametrize(
    ("task", "mistake", "form"),
    [(task, *pair) for task in GRADERS for pair in forms(TASKS[task].grade)],
)
def test_another_form_of_a_mistake_gets_the_same_name(task, mistake, form):
    reference, name = TASKS[task].reference, TASKS[task].grade.right.__name__
    answer = {**reference, name: form} if isinstance(reference, dict) else form
    assert check(task, answer).diagnosis == mistake


@pytest.mark.parametrize("task", TASKS)
def test_nothing_is_not_done(task):
    reference = TASKS[task].reference
    assert check(task, None).status == "not_done"
    assert or_reference(task, None) is reference
    if isinstance(reference, dict):
        assert check(task, dict.fromkeys(reference)).status == "not_done"
    if isinstance(reference, tuple):
        assert check(task, (None,) * len(reference)).status == "not_done"


@pytest.mark.parametrize("task", FUNCTIONS)
def test_an_empty_function_is_not_done(task):
    assert check(task, empty).status == "not_done"
    assert check(task, lambda *arguments: ...).status == "not_done"
    assert "return" in check(task, lambda *arguments: None).message


@pytest.mark.parametrize("word", PLACEHOLDERS)
@pytest.mark.parametrize("task", TASKS)
def test_a_placeholder_is_never_right_and_never_named(task, word):
    reference = TASKS[task].reference
    answers = [word]
    if isinstance(reference, dict):
        answers.append(dict.fromkeys(reference, word))
    if isinstance(reference, tuple):
        answers.append((word,) * len(reference))
    for answer in answers:
        verdict = check(task, answer)
        assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


@pytest.mark.parametrize("task", GRADERS)
@pytest.mark.parametrize("seed", range(4))
def test_noise_on_a_right_answer_is_never_named(task, seed):
    right = TASKS[task].grade.right

    def noisy(*arguments):
        values = as_numbers(right(*arguments)).double()
        draw = torch.randn(values.shape, generator=torch.Generator().manual_seed(seed))
        return values + 0.3 * (0.1 + values.abs().mean()) * (draw.double() + 0.5)

    verdict = check(task, noisy)
    assert (verdict.passed, verdict.diagnosis) == (False, None), verdict.message


# ---------------------------------------------------------------- the probes tell mistakes apart


@pytest.mark.parametrize("task", GRADERS)
def test_right_and_wrong_are_five_percent_apart(task):
    """Print the closest pair (pytest -s)."""
    grader = TASKS[task].grade
    table = {name: results(grader, wrong) for name, wrong in grader.misconceptions.items()}
    table["right"] = results(grader, grader.right)
    far = {
        (a, b): max(apart(p, q) for p, q in zip(table[a], table[b], strict=True))
        for a, b in itertools.combinations(table, 2)
    }
    closest = min(far, key=far.get)
    print(f"{task}: {closest} are {100 * far[closest]:.0f} % apart")
    assert far[closest] >= 0.05, (closest, far[closest])


@pytest.mark.parametrize("task", GRADERS)
def test_every_case_has_a_label(task):
    labels = messages.entry(f"tasks/{task}/cases")
    assert set(labels) >= {case.name for case in TASKS[task].grade.cases}


@pytest.mark.parametrize("task", sorted({*FUNCTIONS, *GRADERS}))
def test_a_card_says_that_arguments_stay_as_they_are(task):
    """An answer that changes its arguments is refused, so the student must have been told."""
    assert re.search("(argument|model|caller).* as (it is|they (are|were))", card(task)), task
