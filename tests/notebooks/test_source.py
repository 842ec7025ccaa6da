"""Sources: cells, tags handed down, tasks handed down, stable ids."""

import pytest
from builder.errors import CourseError
from builder.source import headings, read

from .conftest import LESSON, ROOM, SHEET


def test_every_cell_of_a_task_knows_its_task_up_to_the_next_heading(course):
    tasks = [cell.task for cell in course.read(SHEET).cells]
    assert tasks == [None, None, *["90.1"] * 4, *["90.2"] * 4, None, None]


def test_a_task_in_a_lesson_ends_before_the_first_cell_without_its_tags(course):
    tasks = [cell.task for cell in course.read(LESSON).cells]
    assert tasks == [*[None] * 9, *["90.3"] * 4, *[None] * 6]


def test_a_deeper_heading_covers_its_section_and_no_more(course):
    cells = course.read(LESSON).cells
    deeper = [cell.text.splitlines()[0] for cell in cells if "deeper" in cell.tags]
    assert deeper == ["## Go deeper", 'xc.Picture("Panel: the ramp again", size=60, widget=True)']


def test_a_smaller_heading_does_not_end_a_deeper_section(course):
    course.change(LESSON, "## What to remember", "### What to remember")
    assert "deeper" in course.read(LESSON).cells[-1].tags


def test_a_comment_that_begins_like_a_shell_command_stays_a_comment(course):
    text = "".join(cell.text for cell in course.read(LESSON).cells)
    assert "# cat and ls begin this comment" in text


def test_an_inserted_cell_leaves_the_other_ids_alone(course):
    before = [cell.id for cell in course.read(LESSON).cells]
    course.change(
        LESSON,
        '# %% [markdown] tags=["symbols"]',
        '# %%\nx = 1\n\n# %% [markdown] tags=["symbols"]',
    )
    after = [cell.id for cell in course.read(LESSON).cells]
    assert [one for one in after if one in before] == before
    assert len(after) == len(before) + 1


def test_a_better_solution_keeps_the_id_and_another_stub_does_not(course):
    before = [cell.id for cell in course.read(SHEET).cells]
    course.change(SHEET, "6 * 7", "7 * 6")
    assert [cell.id for cell in course.read(SHEET).cells] == before
    course.change(SHEET, "# a number", "# an integer")
    assert [cell.id for cell in course.read(SHEET).cells] != before


def test_no_part_of_our_answer_in_a_lesson_changes_an_id(course):
    before = [cell.id for cell in course.read(LESSON).cells]
    course.change(LESSON, "hidden = 3", "hidden = 1 + 2")
    course.change(LESSON, "# One product is enough.", "# A better reasoning.")
    assert [cell.id for cell in course.read(LESSON).cells] == before
    course.change(LESSON, "# STUB: result = ...", "# STUB: result = 0")
    assert [cell.id for cell in course.read(LESSON).cells] != before


def test_equal_cells_have_different_ids(course):
    course.append(LESSON, "\n# %%\ny = 1\n\n# %%\ny = 1\n")
    ids = [cell.id for cell in course.read(LESSON).cells]
    assert len(set(ids)) == len(ids)


def test_windows_line_ends_give_the_same_source(course):
    path = course.root / ROOM / SHEET
    before = read(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path) == before


def test_a_heading_inside_a_code_fence_is_none():
    assert headings("# One\n```python\n# a comment\n```\n## Two") == [(1, "One"), (2, "Two")]


def test_another_file_name_is_refused(tmp_path):
    path = tmp_path / "5_integrated.py"
    path.write_text("# %%\n")
    with pytest.raises(CourseError, match="not a lesson's name"):
        read(path)
