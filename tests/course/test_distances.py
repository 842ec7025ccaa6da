"""All pairs of results of a task are apart: right ones, mistakes, and their other forms.

Where two mistakes give the same numbers, the checker would have to guess. Pairs that are the same
mistake in other words are declared here, and only here.
"""

import itertools
import re

import pytest

from xaicourse.course.checking import TASKS
from xaicourse.course.grading import messages
from xaicourse.course.grading.cases import CaseGrader, apart
from xaicourse.course.grading.compare import as_numbers
from xaicourse.course.grading.paper import PaperGrader

APART = 0.05  # of the larger norm, in at least one case
SAME_MISTAKE: set[tuple[str, str, str]] = set()  # (task, a, b)
LESS_APART = {
    "01.2": 0.03,  # differences with a long step
    "05.5": 0.01,  # other weights of the colours change a share little
    "08.3": 0.03,  # chords across a bend
    "09.7": 0.028,  # a penalty is a small part of a loss
    "08.4": 0.02,  # 1e-8 added to a denominator of 1e-7
}
SIGNS = re.compile("sign|minus|-1, not 1|absolute|negative|positive", re.IGNORECASE)

GRADERS = [name for name, task in TASKS.items() if isinstance(task.grade, CaseGrader)]
PAPER = [name for name, task in TASKS.items() if isinstance(task.grade, PaperGrader)]


def near(task, table):
    """Return the pairs of (name, results) with different names that are not apart."""
    found = {}
    for (a, p), (b, q) in itertools.combinations(table, 2):
        if a != b and not {(task, a, b), (task, b, a)} & SAME_MISTAKE:
            far = max(apart(one, other) for one, other in zip(p, q, strict=True))
            if far < LESS_APART.get(task, APART):
                found[a, b] = far
    return found


@pytest.mark.parametrize("task", GRADERS)
def test_the_results_of_a_function_are_apart(task):
    grader = TASKS[task].grade

    def results(function):
        return [grader.result(function, case) for case in grader.cases]

    right = [results(grader.right), *map(results, grader.or_right)]
    table = [("right", right[0])]
    table += [(name, results(wrong)) for name, wrong in grader.misconceptions.items()]
    forms = [(name, results(form)) for name, others in grader.also.items() for form in others]
    table += [
        (name, form)
        for name, form in forms  # one that gives what is right as well is no mistake
        if not any(max(map(apart, form, other)) <= 1e-4 for other in right)
    ]
    assert near(task, table) == {}


@pytest.mark.parametrize("task", [name for name in GRADERS if TASKS[name].grade.near])
def test_a_wide_name_takes_in_no_other_result(task):
    """A mistake with many forms may be met from twice its width at most."""
    grader = TASKS[task].grade
    for name, width in grader.near.items():
        others = {**grader.misconceptions, "right": grader.right}
        mistake = others.pop(name)
        wide = [grader.result(mistake, case) for case in grader.cases]
        for other, function in others.items():
            theirs = [grader.result(function, case) for case in grader.cases]
            assert max(map(apart, wide, theirs)) >= 2 * width, (name, other)


@pytest.mark.parametrize("task", PAPER)
def test_the_numbers_of_a_paper_task_are_apart(task):
    for part in TASKS[task].grade.parts:
        if isinstance(part.right[0], str):
            continue
        table = [("right", [as_numbers(part.right)])]
        table += [(row.name, [as_numbers(row.given)]) for row in part.rows]
        assert near(task, table) == {}, part.name


@pytest.mark.parametrize("task", PAPER)
def test_a_lost_sign_is_never_called_something_else(task):
    """A mistake whose numbers are the right ones but for signs speaks of a sign as well."""
    words = messages.entry(f"tasks/{task}/misconceptions")
    silent = [
        row.name
        for part in TASKS[task].grade.parts
        if not isinstance(part.right[0], str)
        for row in part.rows
        if as_numbers(row.given).shape == as_numbers(part.right).shape
        and apart(as_numbers(row.given).abs(), as_numbers(part.right).abs()) < 1e-6
        and not SIGNS.search(words[row.name])
    ]
    assert silent == []
