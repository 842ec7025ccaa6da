"""Tasks: cards are read, and a task without one, without a check or unknown is refused."""

import pytest
from builder.course import Registry, load
from builder.errors import CourseError

from .conftest import SHEET


def test_cards_are_read(course):
    first, second = course.load().tasks
    assert (first.id, first.goals, first.level, first.minutes, first.points) == (
        *("90.1", ("G2",), 1, 2),
        1,  # the level
    )
    assert (second.goals, second.points) == (("G1", "G3"), 4)
    assert [cell.text for cell in first.checks] == ['xc.check("90.1", answer)']


def test_a_deeper_card_is_no_core_task(course):
    course.change(
        SHEET, "# %% [markdown]\n# ## Task 90.2", '# %% [markdown] tags=["deeper"]\n# ## Task 90.2'
    )
    assert [task.is_core for task in course.load().tasks] == [True, False]


CARD = "**Goal** G2 · **Level** 1 of 5 · **Minutes** 2"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (CARD, "", "90.1 has no card"),
        (CARD, CARD.replace("G2", "two"), "90.1 has no card"),
        (CARD, CARD.replace("1 of 5", "6 of 5"), "90.1 has no card"),
        (CARD, CARD.replace(" · **Minutes** 2", ""), "90.1 has no card"),
        ('xc.check("90.1", answer)', "answer", "90.1 has no check"),
        ('# %% tags=["check"]\nxc.check("90.1"', '# %%\nxc.check("90.1"', "90.1 has no check"),
        ('xc.check("90.1", answer)', 'xc.check("90.2", answer)', "90.1 has no check"),
        (
            'xc.check("90.1", answer)',
            'xc.check("90.1", answer)\nxc.check("90.2", answer)',
            "must read",
        ),
        ("Task 90.2", "Task 90.1", "two cards"),
        ("Task 90.2", "Task 91.2", "not one of 90"),
        (
            '# %% tags=["task"]\n### BEGIN',
            "# %%\n### BEGIN",
            r"code cell without tags=\[\"task\"\]",
        ),
        ('[markdown] tags=["answer"]', "[markdown]", "markdown cell without"),
        ("# ## Task 90.1 · The answer", "# ## Warm-up", "before any '## Task' heading"),
        ("# STUB: answer = None", "# STUB: other = None", "binds 'answer', which cell 5 needs"),
    ],
)
def test_a_broken_task_is_refused(course, old, new, message):
    course.change(SHEET, old, new)
    with pytest.raises(CourseError, match=message):
        course.load()


def test_a_task_that_the_checker_does_not_have_is_refused(course):
    with pytest.raises(CourseError, match=r"task 90\.2 is unknown to xaicourse.course.checking.TASKS"):
        load(course.root, "90_sample", Registry(tasks=frozenset({"90.1"})))


def test_without_a_checker_any_id_will_do(course):
    assert len(load(course.root, "90_sample", Registry(tasks=None)).tasks) == 2
