"""The pre-test: its answers are computed, its choices have reasons, and it says where to begin."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

import xaicourse as xc
from xaicourse import cli
from xaicourse.core import places
from xaicourse.course.progress import pretest
from xaicourse.course.progress.prediction_rules import LONGEST, SHORTEST
from xaicourse.course.progress.pretest import BASICS, ITEMS, LESSON_00, route

PAGE = Path(__file__).parents[2] / "docs" / "refresher.md"
RIGHT = {name: item["right"] for name, item in ITEMS.items()}


def answers(*wrong):
    """Return right answers to all questions but these."""
    other = {"a": "b", "b": "c", "c": "a"}
    return {name: other[letter] if name in wrong else letter for name, letter in RIGHT.items()}


@pytest.fixture
def file(tmp_path, monkeypatch):
    file = tmp_path / "p.json"
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(file))
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    return file


# ---------------------------------------------------------------- the questions


def right(name):
    return ITEMS[name]["choices"][RIGHT[name]]


def gradient(f, *point):
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(f(x), x)[0].tolist()


def computed():
    """Return the right choice of each question that has a number or a shape."""
    shape = tuple(torch.zeros(8, 3, 32, 32).mean(dim=(2, 3)).shape)
    a = torch.tensor([1.0, 2.0, 3.0])
    b = a
    b[0] = 9
    slopes = gradient(lambda x: x[0] ** 2 * x[1] + 3 * x[1], 2, 1)
    inner = gradient(lambda x: (3 * x[0] - 1) ** 2, 1)
    relus = gradient(lambda x: (2 * x[0] - x[1]).relu() - (x[1] - 4).relu(), 3, 1)
    one, two = torch.tensor([1.0, 2, 2]), torch.tensor([2.0, 4, 4])
    conv = torch.nn.Conv2d(3, 8, kernel_size=3, padding=1)
    pooled = torch.nn.MaxPool2d(2)(conv(torch.zeros(1, 3, 32, 32)))
    x = torch.tensor(3.0, requires_grad=True)
    (x * x).backward()
    (2 * x).backward()
    return {
        "1": f"{shape}",
        "2": f"{a[0]:.0f}",
        "3": f"({slopes[0]:.0f}, {slopes[1]:.0f})",
        "4": f"{inner[0]:.0f}",
        "5": f"({relus[0]:.0f}, {relus[1]:.0f})",
        "7": f"{float(one @ two / (one.norm() * two.norm())):g}",
        "8": f"{tuple(pooled.shape)}",
        "9": f"{float(x.grad):.0f}",
        "11": f"{12 - 3}: it supports the cat",
    }


@pytest.mark.parametrize("name", computed())
def test_the_right_answer_is_computed(name):
    assert right(name) == computed()[name]
    same = [text for text in ITEMS[name]["choices"].values() if text == computed()[name]]
    assert len(same) == 1


def test_softmax_stays():
    logits = torch.tensor([2.0, 0.0], dtype=torch.float64)
    assert float(((logits + 1).softmax(0) - logits.softmax(0)).norm()) < 1e-12
    assert right("6") == "they stay as they are"


def test_there_are_twelve_with_a_reason_for_each_choice():
    assert list(ITEMS) == [str(k) for k in range(1, 13)]
    for name, item in ITEMS.items():
        assert set(item) == {"topic", "question", "right", "choices", "said"}
        assert list(item["choices"]) == list(item["said"]) == ["a", "b", "c"]
        assert item["right"] in item["choices"]
        assert len(set(item["choices"].values())) == len(set(item["said"].values())) == 3
        for text in item["said"].values():
            assert SHORTEST <= len(text.split()) <= LONGEST, name
    letters = list(RIGHT.values())
    assert {letters.count(letter) for letter in "abc"} == {4}
    assert not any(a == b == c for (a, b), (_, c) in pairwise(pairwise(letters)))


def test_each_basic_question_has_a_section_of_the_refresher():
    found = re.findall(r"^## (\d+)\. (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [number for number, _ in found] == list(BASICS)
    for number, title in found:
        word = ITEMS[number]["topic"].split()[-1 if number == "4" else 0]
        assert word.removesuffix("s") in title.lower().replace("relu", "a relu"), title


# ---------------------------------------------------------------- where to begin


@pytest.mark.parametrize(
    ("wrong", "begins"),
    [
        ((), "begin with lesson 01"),
        (("3",), "begin with lesson 01"),
        (("10",), "Begin with lesson 00"),
        (("3", "4"), "begin with lesson 01"),
        (("3", "4", "12"), "Begin with lesson 00"),
        (("3", "4", "5"), "Begin with the refresher"),
        (BASICS, "Begin with the refresher"),
        (LESSON_00, "Begin with lesson 00"),
        (tuple(ITEMS), "Begin with the refresher"),
    ],
)
def test_where_to_begin(wrong, begins):
    words = route(answers(*wrong))
    assert begins in words
    named = set(re.findall(r"\b([1-9]\d?) \(", words))
    assert named == set(wrong) & set(BASICS)  # the sections that are needed, and no other
    assert ("refresher" in words) == bool(named)
    # lesson 01 begins with a gradient by hand: what is missing is read before, not on the way
    assert ("But first read" in words) == (bool(named) and begins != "Begin with the refresher")


@pytest.mark.parametrize("missing", ITEMS)
def test_nothing_is_said_before_all_are_answered(missing):
    found = answers()
    del found[missing]
    assert route(found) == ""


def test_odd_answers_of_a_record_are_wrong_ones():
    assert "refresher" in route(dict.fromkeys(ITEMS, "z"))


def test_the_refresher_is_named_as_it_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = places.refresher_page()
    assert Path(page) == PAGE  # no copy here: the whole path
    (tmp_path / "docs").mkdir()
    (tmp_path / "exercises").mkdir()
    (tmp_path / "docs/refresher.md").write_text("")
    for folder in (tmp_path, tmp_path / "exercises"):
        monkeypatch.chdir(folder)
        assert places.refresher_page() == "docs/refresher.md"


# ---------------------------------------------------------------- asking


def test_one_by_one_as_text(file, capsys):
    xc.pretest(3, "(A)")
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("You chose a, which is not right. The slope of y is")
    assert said.endswith(
        "1 of 12 questions are answered. When all are, it stands here where to begin."
    )
    for name, letter in answers("3").items():
        xc.pretest(name, letter)
    assert "begin with lesson 01" in capsys.readouterr().out
    assert json.loads(file.read_text())["pretest"] == answers("3")


def test_what_is_no_question_or_choice_is_refused(file):
    with pytest.raises(ValueError, match="question of the pre-test '13' is unknown"):
        xc.pretest(13, "a")
    with pytest.raises(ValueError, match="choice is 'd'; question 3 has the choices a, b, c"):
        xc.pretest(3, "d")
    assert not file.exists()


def test_all_as_text_where_there_are_no_buttons(file, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    xc.pretest()
    said = capsys.readouterr().out
    for name, item in ITEMS.items():
        assert item["question"][:25] in said
        assert f'xc.pretest("{name}", "LETTER")' in said
        assert item["said"][item["right"]][:25] not in said


def test_the_last_line_follows_the_buttons(file):
    pytest.importorskip("ipywidgets")
    view = pretest._Route()
    view._ipython_display_()
    questions = [pretest._question(name, view) for name in ITEMS]
    for count, question in enumerate(questions, start=1):
        question.answer(RIGHT[question.name])
        assert (f"{count} of 12" in view.line.value) == (count < 12)
    assert "begin with lesson 01" in view.line.value
    assert 'role="status"' in view.line.value


def test_at_the_command_line_it_goes_on_where_it_was_left(file, capsys, monkeypatch):
    typed = iter([*list(RIGHT.values())[:5], ""])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    assert cli.main(["pretest"]) == 0
    assert "5 of 12 questions are answered" in capsys.readouterr().out
    typed = iter(list(RIGHT.values())[5:])
    assert cli.main(["pretest"]) == 0
    said = capsys.readouterr().out
    assert ITEMS["1"]["question"] not in " ".join(said.split())
    assert "begin with lesson 01" in said
    typed = iter(["c"] * 12)
    assert cli.main(["pretest", "--again"]) == 0
    assert "Begin with the refresher" in " ".join(capsys.readouterr().out.split())


def test_it_needs_no_torch(file):
    code = (
        "import sys\nfrom xaicourse.cli import main\n"
        "main(['pretest'])\nprint('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="a\n\n", capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"
    assert "The axes 2 and 3 are averaged away" in done.stdout
