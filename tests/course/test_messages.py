"""The catalogue is complete: every message that code can ask for is there, and nothing else."""

import re
import string
from pathlib import Path

import pytest

import xaicourse as xc
import xaicourse.course.checking
from xaicourse.course.checking import TASKS
from xaicourse.course.grading import messages
from xaicourse.course.lessons.l00_start_here import (
    greying,
    task_class,
    task_limits,
    task_patches,
)
from xaicourse.course.lessons.l05_integrated_gradients.coat import CASES

FOLDER = Path(xaicourse.course.checking.__file__).parents[1]
SOURCE = "\n".join(file.read_text() for file in sorted(FOLDER.rglob("*.py")))
LESSONS = FOLDER / "lessons"


def leaves(table, path=""):
    for key, value in table.items():
        here = f"{path}/{key}" if path else key
        if isinstance(value, dict):
            yield from leaves(value, here)
        elif isinstance(value, list):
            yield from ((here, text) for text in value)
        else:
            yield here, value


LESSON00_CASES = {
    "00.1": task_class.CASES,
    "00.2": greying.CASES,
    "00.3": task_patches.CASES,
    "00.4": task_limits.CASES,
}
CATALOGUE = list(leaves(messages.catalogue()))


@pytest.mark.parametrize("task", TASKS)
def test_a_task_has_all_its_messages(task):
    record = TASKS[task]
    assert len(record.hints) == 3
    assert all(len(hint) > 40 for hint in record.hints)
    named = messages.entry(f"tasks/{task}").get("misconceptions", {})
    assert set(named) == set(record.misconceptions)


def test_every_probe_and_case_has_a_label():
    for grader in (TASKS["05.2"].grade, TASKS["05.7"].grade):
        used = {probe.name for probe in (*grader.core, *grader.shapes)}
        assert set(messages.entry(f"tasks/{grader.task}/probes")) == used
    assert set(messages.entry("tasks/05.5/cases")) == {case.name for case in CASES}
    for task, cases in LESSON00_CASES.items():
        assert set(messages.entry(f"tasks/{task}/cases")) == {case.name for case in cases}


def test_every_key_in_the_code_is_in_the_catalogue():
    keys = re.findall(r'"((?:general|words|notes|sections|tasks/[\d.]+)/[a-z_0-9/]+)"', SOURCE)
    assert len(keys) > 60
    for key in keys:
        assert messages.entry(key)


def test_every_general_message_is_used():
    for part in ("general", "notes", "words"):
        for key in messages.entry(part):
            assert re.search(rf"\b{key}\b", SOURCE), f"{part}/{key} is not used"
    for task in TASKS:
        for key, value in messages.entry(f"tasks/{task}").items():
            if isinstance(value, str):
                assert re.search(rf"\b{key}\b", SOURCE), f"tasks/{task}/{key} is not used"


def test_every_message_can_be_filled_in():
    for key, text in CATALOGUE:
        assert text.strip()
        assert text.isascii(), "plain characters, so that every console can show them"
        if key.endswith("/hints"):
            continue  # shown as they are: braces are Python there
        for _, field, _, _ in string.Formatter().parse(text):
            if field and field.startswith("section_"):
                assert messages.entry(f"sections/{field.removeprefix('section_')}")


def test_messages_are_for_students():
    for key, text in CATALOGUE:
        words = set(re.findall(r"[a-z]+", re.sub(r"{\w+}", "", text.lower())))
        assert not words & {
            "oracle",
            "legs",
            "row",
            "rows",
            "red",
            "green",
            "simply",
            "obviously",
        }, key


def test_sections_are_headings_of_their_lesson():
    for place in messages.entry("sections").values():
        lesson, number, title = re.fullmatch(
            r"lesson (\d\d), section (\d+) \((.+)\)", place
        ).groups()
        (source,) = LESSONS.glob(f"l{lesson}_*/lesson.py")
        headings = re.findall(r"^(?:# )?## (\d+) · (.+)$", source.read_text(), re.MULTILINE)
        assert (number, title) in headings, place


def test_an_unknown_key_is_named():
    with pytest.raises(KeyError, match="no entry 'general/nothing'"):
        messages.text("general/nothing")


def test_a_name_that_a_cell_above_makes_is_told_apart_from_a_wrong_answer(capsys):
    def answer(model, x):
        return model(x).argmax(dim=effect_of_a_cell)  # noqa: F821

    assert not xc.check("00.1", answer).passed
    said = " ".join(capsys.readouterr().out.split())
    assert "If a cell above makes effect_of_a_cell, run that cell first" in said

    def other(model, x):
        return model(x).argmaxx(dim=1)

    xc.check("00.1", other)
    assert "If a cell above" not in capsys.readouterr().out
