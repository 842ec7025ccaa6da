"""Links: header to sheet, the last cell of each product, on to the next lesson that is ready."""

import nbformat
import pytest
from builder.course import make
from builder.links import way

from .conftest import LESSON, ROOM


@pytest.fixture
def rooms(course):
    """Give the sample course three more rooms, of which one is not ready."""
    for name, title, status in [
        ("l91_idle", "Not ready", "planned"),
        ("l92_next", "What is next?", "ready"),
        ("l89_first", "The first", "ready"),
    ]:
        room = course.root / ROOM.replace("l90_sample", name)
        room.mkdir()
        (room / "lesson.py").write_text("# %% [markdown]\n# # One\n")
        (room / "room.toml").write_text(f'title = "{title}"\nstatus = "{status}"\n')
    (course.root / ROOM / "room.toml").write_text('title = "A sample"\nstatus = "ready"\n')
    return course


def ends(course):
    """Return product -> text of its last cell."""
    return {name.split("/")[0]: book.cells[-1].source for name, book in make(course.load()).items()}


@pytest.mark.fault("J1")
def test_a_lesson_leads_to_its_sheet_and_to_the_next_lesson_that_is_ready(rooms):
    to_next = "Then go on to [lesson 92 · What is next?](../notebooks/92_next.ipynb)."
    back = "back to [lesson 90 · A sample](../notebooks/90_sample.ipynb)."
    assert ends(rooms) == {
        "notebooks": "**Where next:** practise in [sheet 90](../exercises/90_sample.ipynb). "
        + to_next,
        "exercises": f"**Where next:** {back} {to_next}",
        "solutions": f"**Where next:** {back} {to_next}",
    }


def test_the_last_lesson_says_so_and_names_the_first(rooms):
    assert way(rooms.root, "92_next").after is None
    (rooms.root / ROOM.replace("l90_sample", "l92_next") / "room.toml").write_text(
        'title = "Later"\nstatus = "planned"\n'
    )
    last = "This is the last lesson so far; the first is [lesson 89 · The first]"
    assert last in ends(rooms)["notebooks"]


def test_a_course_of_one_lesson_leads_nowhere_else(course):
    assert ends(course)["exercises"] == (
        "**Where next:** back to [lesson 90 · sample](../notebooks/90_sample.ipynb)."
    )


@pytest.mark.fault("J1")
def test_the_header_s_row_becomes_a_link(course):
    header = make(course.load())["notebooks/90_sample.ipynb"].cells[0].source
    row = "| **Practise** | [sheet 90](../exercises/90_sample.ipynb): core tasks 5 minutes |"
    assert row in header
    assert "`exercises/90_sample.ipynb`" in course.read(LESSON).cells[0].text


@pytest.mark.notebook
def test_every_link_of_a_product_leads_to_a_file(built):
    found = 0
    for folder in ("notebooks", "exercises", "solutions"):
        book = nbformat.read(built.root / folder / "90_sample.ipynb", as_version=4)
        for cell in book.cells:
            for part in cell.source.split("](")[1:]:
                target = part.partition(")")[0]
                assert (built.root / folder / target).exists(), target
                found += 1
    assert found == 4
