"""A reader is sent to no lesson that is not there: it is said to be still to come."""

import re
from pathlib import Path

import pytest

import xaicourse as xc
from xaicourse.course.table import LESSONS, in_words

ROOT = Path(__file__).parents[2]
PLACES = ("README.md", "docs/*.md", "docs/methods/*.md", "notebooks/*.ipynb", "exercises/*.ipynb",
          "solutions/*.ipynb", "xaicourse/course/lessons/*/*.*")  # fmt: skip
TEXTS = [file for place in PLACES for file in sorted(ROOT.glob(place)) if file.suffix != ".png"]
MENTION = re.compile(r"\b[Ll]esson (\d\d)\b( \(to come\)|, planned)?")


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_lessons_that_are_named_are_there_or_to_come(file):
    found = [one for one in MENTION.finditer(file.read_text(encoding="utf-8")) if one[1] in LESSONS]
    wrong = [one[0] for one in found if bool(one[2]) == (LESSONS[one[1]].status == "ready")]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(xc.METHODS))
def test_help_says_so_too(name):
    number = xc.METHODS[name].lesson
    assert f"\nLesson {in_words(number)}.\n" in getattr(xc, name).__doc__
    assert (" (to come)" in in_words(number)) == (not list(ROOT.glob(f"notebooks/{number}_*")))


def test_some_lesson_is_still_named_so():
    planned = [one for one in LESSONS.values() if one.status != "ready"]
    assert not planned or any("(to come)" in file.read_text(encoding="utf-8") for file in TEXTS)
