"""The text with which a reader reports a mistake, and the page of mistakes that were mended."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import xaicourse
from xaicourse import cli
from xaicourse.course.progress.cards import cards, sections
from xaicourse.course.progress.errata import report
from xaicourse.course.table import LESSONS

ROOT = Path(__file__).parents[2]
READY = [lesson.number for lesson in LESSONS.values() if lesson.status == "ready"]


@pytest.mark.parametrize("number", READY)
def test_lesson_task_section_and_version_are_filled_in(number):
    card, (section, title) = cards(number)[0], next(iter(sections(number).items()))
    said = report(card.task, section, "2 + 2 = 5", "4, by counting")
    first, _, where, version, *rest = said.splitlines()
    assert first == f"Title: [{card.task}] mistake in the course"
    assert where == (
        f"Where: lesson {number} ({LESSONS[number].title}), task {card.task} ({card.title}), "
        f"section {section} ({title})"
    )
    assert version.startswith(f"Version: xaicourse {xaicourse.__version__}, Python 3.")
    assert rest[:5] == ["", "It says:", "2 + 2 = 5", "", "I expected:"]
    assert rest[5] == "4, by counting"


@pytest.mark.parametrize(
    ("place", "title", "where"),
    [
        ("5", "[05]", "lesson 05 (Integrated Gradients)"),
        (" 05 ", "[05]", "lesson 05 (Integrated Gradients)"),
        ("5.p3", "[05.P3]", "lesson 05 (Integrated Gradients), prediction 05.P3"),
        ("04.P7", "[04.P5]", "lesson 04 (Class activation maps), prediction 04.P5"),
    ],
)
def test_places_as_they_are_typed(place, title, where):
    said = report(place)
    assert said.splitlines()[0] == f"Title: {title} mistake in the course"
    assert said.splitlines()[2] == f"Where: {where}"
    assert said.count("\n(") == 3  # what is missing is asked for, and the last note


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("13",), "lesson must be one of 00, 01"),
        (("5.99",), r"task or prediction '5\.99' is unknown; did you mean '05\."),
        (("05", "77"), "section of lesson 05 must be one of 1, 2, 3, 4, 5, 6, 7, 8, got '77'"),
        (("05", "x"), "section of lesson 05 must be one of"),
        (("",), "task or prediction '' is unknown"),
    ],
)
def test_what_there_is_not_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        report(*arguments)


def test_at_the_command_line_without_torch(capsys):
    command = ["report", "5.2", "--section", "3", "--quote", "x", "--expected", "y"]
    assert cli.main(command) == 0
    assert "\nI expected:\ny\n" in capsys.readouterr().out
    assert cli.main(["report", "77"]) == 2
    assert capsys.readouterr().err.startswith("xaicourse: error: lesson must be")
    code = f"import sys\nfrom xaicourse.cli import main\nmain({command})\n"
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_the_page_has_dated_entries_newest_first_with_versions_that_there_are():
    page = (ROOT / "ERRATA.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| 2")]
    assert len(rows) >= 2
    days = [date.fromisoformat(row[0]) for row in rows]
    assert days == sorted(days, reverse=True)
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    for row in rows:
        assert len(row) == 5
        assert row[4] in versions


def test_the_route_stands_in_the_page_for_contributors():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "xaicourse report 05.2 --section 3" in page
    assert "(ERRATA.md)" in page
