"""Which notebook `xaicourse open` shows."""

import json
import os

import pytest

from tests.course.test_work import root as root
from tests.course.test_work import write
from xaicourse.course.checking.landing import landing
from xaicourse.course.checking.work import open_work, reset

NAMES = ("00_start", "05_paths", "06_more")


@pytest.fixture
def clone(root, monkeypatch):
    """A clone with three lessons and their sheets, all copied long ago."""
    for folder in ("notebooks", "exercises"):
        for name in NAMES:
            write(root / folder / f"{name}.ipynb", '{"cells": []}')
    open_work(root)
    for file in (root / "work").rglob("*.ipynb"):
        os.utime(file, (1_000, 1_000))
    monkeypatch.delenv("XAICOURSE_PROGRESS", raising=False)
    monkeypatch.chdir(root)
    return root


def edit(clone, name, when):
    file = clone / "work" / name
    write(file, "mine")
    os.utime(file, (when, when))


def record(clone, **parts):
    write(clone / "work/.progress.json", json.dumps(parts))


def test_the_first_time_it_is_the_first_lesson(clone):
    assert landing(clone) == ("notebooks/00_start.ipynb", "the first lesson")


@pytest.mark.parametrize(("first", "last"), [(2_000, 3_000), (3_000, 2_000)])
def test_it_is_the_file_that_was_changed_last(clone, first, last):
    edit(clone, "notebooks/06_more.ipynb", first)
    edit(clone, "exercises/05_paths.ipynb", last)
    changed = "exercises/05_paths.ipynb" if last > first else "notebooks/06_more.ipynb"
    assert landing(clone) == (changed, "you changed it last")


def test_what_the_course_wrote_later_is_no_change_of_the_student(clone):
    edit(clone, "notebooks/05_paths.ipynb", 500)
    for name in NAMES[1:]:
        write(clone / f"notebooks/{name}.ipynb", '{"cells": [], "new": 1}')
    open_work(clone)  # updates 06, and puts a new 05 beside the edited one
    assert (clone / "work/notebooks/05_paths.new.ipynb").exists()
    assert landing(clone)[0] == "notebooks/05_paths.ipynb"


def test_a_file_of_ones_own_a_deleted_and_a_reset_copy_do_not_count(clone):
    edit(clone, "notebooks/notes.ipynb", 9_000)
    edit(clone, "exercises/05_paths.ipynb", 8_000)
    edit(clone, "notebooks/06_more.ipynb", 7_000)
    reset(clone, "05")
    (clone / "work/notebooks/06_more.ipynb").unlink()
    assert landing(clone)[0] == "notebooks/00_start.ipynb"


@pytest.mark.parametrize("part", ["predictions", "checks"])
def test_without_a_change_it_is_the_last_lesson_of_the_record(clone, part):
    record(clone, **{part: {"05.P1": {}, "00.1": {}, "odd": {}, "07.1": {}}})  # 07 is not there
    assert landing(clone) == ("notebooks/05_paths.ipynb", "the last lesson in your record")


@pytest.mark.parametrize("text", ["", "[]", '{"checks": 3}', '{"odd": 3}', '{"odd": ["05.1"]}'])
def test_a_damaged_record_is_left_alone(clone, text):
    write(clone / "work/.progress.json", text)
    assert landing(clone)[1] in ("the first lesson", "the last lesson in your record")
    assert (clone / "work/.progress.json").read_text() == text


def test_a_lesson_or_its_sheet_can_be_asked_for(clone):
    edit(clone, "notebooks/06_more.ipynb", 2_000)
    assert landing(clone, "5") == ("notebooks/05_paths.ipynb", "")
    assert landing(clone, "05", sheet=True) == ("exercises/05_paths.ipynb", "")
    assert landing(clone, sheet=True) == ("exercises/06_more.ipynb", "you changed it last")


def test_an_unknown_lesson_is_named_with_those_that_are_there(clone):
    with pytest.raises(ValueError, match=r"one of those in notebooks/ \(00, 05, 06\), got '7'"):
        landing(clone, "7")
