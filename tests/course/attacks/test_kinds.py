"""What becomes of the answers in kinds.py: none wrong is accepted or misnamed, none right refused.

The first run of the checkers as they were is kept in kinds_first_run.txt.
"""

import pytest

from tests.course.attacks.kinds import RIGHT, WRONG, fate, judged

NAMED = 0.8  # of the wrong answers


@pytest.fixture(scope="module")
def fates():
    return {(task, name): fate(task, answer, fits)[0] for task, name, answer, fits in WRONG}


def test_no_wrong_answer_is_accepted_or_given_the_name_of_another_mistake(fates):
    assert {key: what for key, what in fates.items() if what in ("accepted", "misdiagnosed")} == {}


def test_most_wrong_answers_are_named(fates):
    unnamed = sorted(key for key, what in fates.items() if what == "unnamed")
    assert len(unnamed) <= (1 - NAMED) * len(WRONG), unnamed


@pytest.mark.parametrize(
    ("task", "answer"), [pytest.param(t, a, id=f"{t}-{name}") for t, name, a in RIGHT]
)
def test_an_odd_right_answer_passes(task, answer):
    outcome = judged(task, answer)
    assert outcome.status == "passed", outcome.message
