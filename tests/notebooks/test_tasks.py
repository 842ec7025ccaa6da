"""Tasks: cards are read, and a task without one, without a check or unknown is refused."""

import pytest
from builder.course import Registry, load
from builder.errors import CourseError

from .conftest import LESSON, ROOM, SHEET


def test_cards_are_read(course):
    third, first, second = course.load().tasks  # those of the lesson stand first
    assert (first.id, first.goals, first.level, first.minutes, first.points) == (
        *("90.1", ("G2",), 1, 2),
        1,  # the level
    )
    assert (second.goals, second.points) == (("G1", "G3"), 4)
    assert (third.id, third.importance, third.in_lesson) == ("90.3", 4, True)
    assert (first.importance, first.in_lesson) == (None, False)
    assert [cell.text for cell in first.checks] == ['xc.check("90.1", answer)']


def test_a_deeper_card_is_no_core_task(course):
    course.change(
        SHEET, "# %% [markdown]\n# ## Task 90.2", '# %% [markdown] tags=["deeper"]\n# ## Task 90.2'
    )
    assert [task.is_core for task in course.load().tasks] == [True, True, False]


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
    with pytest.raises(
        CourseError, match=r"task 90\.2 is unknown to xaicourse.course.checking.TASKS"
    ):
        load(course.root, "90_sample", Registry(tasks=frozenset({"90.1", "90.3"})))


def test_without_a_checker_any_id_will_do(course):
    assert len(load(course.root, "90_sample", Registry(tasks=None)).tasks) == 3


FOLD = """# %% [markdown] tags=["fold"]
# One product is enough. The usual mistake is to add three.
"""
CHECK = """# %% tags=["check"]
xc.check("90.3", triple)
"""


def test_only_what_follows_the_card_with_a_task_s_tag_belongs_to_a_task_in_a_lesson(course):
    (task,) = course.load().own_tasks
    kinds = [cell.tags for cell in task.cells]
    assert kinds == [(), ("task",), ("check",), ("fold",)]
    assert [cell.task for cell in course.read(LESSON).cells].count("90.3") == 4


def test_a_goal_may_be_practised_in_the_lesson_alone(course):
    course.change(SHEET, "**Goals** G1, G3 ·", "**Goal** G3 ·")
    found = [str(finding) for finding in course.lint() if finding.is_error]
    assert found == []
    course.change(LESSON, "**Goal** G1 ·", "**Goal** G2 ·")
    found = [str(finding) for finding in course.lint() if finding.is_error]
    assert any("no task practises goal G1" in text for text in found)


def test_the_heading_of_a_task_in_a_lesson_may_have_level_2(course):
    course.change(LESSON, "### Task 90.3", "## Task 90.3")
    assert [task.id for task in course.load().own_tasks] == ["90.3"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (CHECK, "", r"90\.3 has no check"),
        (FOLD, "", "it has 0 such cells"),
        (FOLD, FOLD + "\n" + FOLD, "it has 2 such cells"),
        (CHECK + "\n" + FOLD, FOLD + "\n" + CHECK, r"our answer to 90\.3 stands before its check"),
        (' [markdown] tags=["fold"]\n# One', ' tags=["fold"]\n# One', "a fold has to be markdown"),
        (FOLD, "# %%\nx = 1\n\n" + FOLD, "and belong to a task"),
        (" · **Importance** 4 of 5", "", "say how important it is"),
        ("Importance** 4 of 5", "Importance** 7 of 5", r"90\.3 has no card"),
        ("### Task 90.3", "### Task 90.4", r"90\.4 has no check"),
        ("### Task 90.3", "### Task 91.3", "not one of 90"),
        ("### Task 90.3", "### Warm-up", "before any '## Task' heading"),
        ("### Task 90.3", "### Task 90.1", "90.1 has no check"),
        ("    ### END SOLUTION", "", "never closed"),
    ],
)
def test_a_broken_task_in_a_lesson_is_refused(course, old, new, message):
    course.change(LESSON, old, new)
    with pytest.raises(CourseError, match=message):
        course.load()


def test_a_stub_in_a_lesson_that_leaves_out_a_name_is_refused(course):
    value = "### BEGIN SOLUTION\n# STUB: ...\nfactor = 3\n### END SOLUTION\n"
    course.change(LESSON, "    ### END SOLUTION\n", f"    ### END SOLUTION\n\n\n{value}")
    assert len(course.load().tasks) == 3
    course.change(LESSON, "thrice(2))", "thrice(2), factor)")
    with pytest.raises(CourseError, match="binds 'factor', which cell 14 needs"):
        course.load()


def test_a_name_of_a_cell_that_students_do_not_get_is_not_for_later_cells(course):
    course.change(LESSON, FOLD, FOLD + '\n# %% tags=["solution"]\nfactor = 3\n')
    assert len(course.load().tasks) == 3
    course.change(LESSON, "thrice(2))", "thrice(2), factor)")
    with pytest.raises(CourseError, match="binds 'factor'"):
        course.load()


def test_a_task_that_stands_in_lesson_and_sheet_is_refused(course):
    lesson = (course.root / ROOM / LESSON).read_text(encoding="utf-8")
    task = lesson[lesson.index("# %% [markdown]\n# ### Task") : lesson.index(FOLD)]
    course.change(SHEET, "# %% [markdown]\n# ## Where you are now", "# %% [markdown]\n# ## End")
    course.append(
        SHEET, "\n" + task.replace("###  Task", "## Task").replace("# ### Task", "# ## Task")
    )
    with pytest.raises(CourseError, match=r"task 90\.3 stands in the lesson and in the sheet"):
        course.load()


def test_a_fold_in_a_sheet_is_refused(course):
    course.change(SHEET, 'tags=["solution"]', 'tags=["fold"]')
    with pytest.raises(CourseError, match="is for a task in a lesson"):
        course.load()
