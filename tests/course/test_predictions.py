"""Predictions and the local file of progress."""

import json
import re
from pathlib import Path

import pytest

import xaicourse as xc
from xaicourse.course.checking import TASKS, histogram, record
from xaicourse.course.checking.predictions import questions

ROOMS = Path(__file__).parents[2] / "xaicourse/course/lessons"
LESSONS = sorted(ROOMS.glob("l*/lesson.py"))


@pytest.fixture
def progress(tmp_path, monkeypatch):
    file = tmp_path / "folder" / "progress.json"
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(file))
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    return file


def test_a_vote_is_stored_before_the_answer(progress, capsys):
    xc.predict("05.P2", "b")
    assert capsys.readouterr().out == "stored: b. Now run the next cell.\n"
    assert json.loads(progress.read_text())["predictions"] == {"05.P2": {"first": "b", "last": "b"}}


def test_the_first_vote_stays(progress):
    for choice in ("c", " (B) ", "a"):
        xc.predict("05.P2", choice)
    assert json.loads(progress.read_text())["predictions"]["05.P2"] == {"first": "c", "last": "a"}


def test_no_vote_yet(progress, capsys):
    for choice in (None, ...):
        xc.predict("05.P1", choice)
        assert "no choice yet" in capsys.readouterr().out
    assert not progress.exists()


def test_wrong_choices_and_questions():
    with pytest.raises(ValueError, match=r"choice is 'z'; question 05\.P1 has the choices a, b, c"):
        xc.predict("05.P1", "z")
    with pytest.raises(ValueError, match=r"choice is 2"):
        xc.predict("05.P1", 2)
    with pytest.raises(ValueError, match=r"question '05\.P99' is unknown; did you mean '05\.P"):
        xc.predict("05.P99", "a")


def test_nothing_is_written_in_test_mode(progress, monkeypatch, capsys):
    monkeypatch.setenv("XAICOURSE_TEST", "1")
    xc.predict("05.P2", "b")
    xc.check("05.1", ((3.75, -2.75), 0.25))
    assert "stored: b" in capsys.readouterr().out
    assert not progress.exists()


def test_checks_are_recorded(progress):
    xc.check("05.1", None)
    xc.check("05.1", ((3, -3), 0.25))
    xc.check("05.1", ((3.75, -2.75), 0.25))
    xc.check("05.1", ((3, -3), 0.25))
    assert json.loads(progress.read_text())["checks"] == {
        "05.1": {"tries": 3, "passed": True, "counted": True}
    }
    xc.predict("05.P1", "a")
    assert set(json.loads(progress.read_text())) == {"version", "predictions", "checks"}


@pytest.mark.parametrize("content", ["{broken", "[]", '{"predictions": 3}', "\x00\x01"])
def test_a_damaged_file_never_stops_a_lesson(progress, content):
    progress.parent.mkdir()
    progress.write_text(content)
    xc.predict("05.P2", "b")
    assert json.loads(progress.read_text())["predictions"]["05.P2"]["first"] == "b"
    assert progress.with_name("progress.json.damaged").read_text() == content


def test_a_place_that_cannot_be_written(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    xc.predict("05.P2", "b")
    assert capsys.readouterr().out.startswith("noted: b")
    assert xc.check("05.1", ((3.75, -2.75), 0.25)).passed


def test_where_the_file_lies(monkeypatch, tmp_path):
    monkeypatch.delenv("XAICOURSE_PROGRESS", raising=False)
    for folder in ("clone/xaicourse", "clone/work/exercises", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    for here in ("clone", "clone/work", "clone/work/exercises"):
        monkeypatch.chdir(tmp_path / here)
        assert record.progress_file() == tmp_path / "clone/work/.progress.json"
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert record.progress_file().name == "progress.json"
    assert "xaicourse" in record.progress_file().parts


def test_histogram_counts_first_votes_without_names(tmp_path):
    files = []
    for number, (first, last) in enumerate([("a", "b"), ("b", "b"), ("b", "c"), ("z", "a")]):
        file = tmp_path / f"anna_{number}.json"
        file.write_text(json.dumps({"predictions": {"05.P2": {"first": first, "last": last}}}))
        files.append(file)
    damaged = tmp_path / "damaged.json"
    damaged.write_text("{")
    with pytest.warns(UserWarning, match=r"damaged\.json is not counted"):
        counts = histogram([*files, str(damaged)])
    assert counts["05.P2"] == {"a": 1, "b": 2, "c": 0}
    assert counts["05.P3"] == {"a": 0, "b": 0, "c": 0, "d": 0}
    assert "anna" not in json.dumps(counts)
    with pytest.raises(FileNotFoundError, match="nobody"):
        histogram([tmp_path / "nobody.json"])


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.parent.name)
def test_every_question_of_a_lesson_is_known(lesson):
    text = lesson.read_text()
    asked = re.findall(r'xc\.predict\("([^"]+)"', text)
    assert asked
    assert set(asked) == {q for q in questions() if q.startswith(lesson.parent.name[1:3])}
    for question in asked:
        wording = text.partition(f"({question})")[2].partition("# %%")[0]
        letters = re.findall(r"\(([a-h])\) ", wording)
        assert letters == list(questions()[question]["choices"]), question


def test_tasks_and_questions_have_their_own_ids():
    assert not set(TASKS) & set(questions())
