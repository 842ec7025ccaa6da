"""xc.progress() and `xaicourse status`: what the record says, by goal, and what comes next."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import xaicourse as xc
from xaicourse import cli
from xaicourse.course.checking import TASKS
from xaicourse.course.progress import cards, overview, record
from xaicourse.course.progress.predictions import questions, right_letters, wording
from xaicourse.course.progress.standing import standing
from xaicourse.course.table import LESSONS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from builder.source import read as read_text  # noqa: E402
from builder.tasks import tasks as tasks_of  # noqa: E402

READY = [lesson.number for lesson in LESSONS.values() if lesson.status == "ready"]
MUST = [number for number in READY if not LESSONS[number].optional]
PASSED = {"tries": 1, "passed": True, "counted": True}
TRIED = {"tries": 1, "passed": False, "counted": False}


def vote(question, letter, **more):
    return {question: {"first": letter, "last": letter, "asked": wording(question), **more}}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Return a function that writes the record of the reader."""
    file = tmp_path / "p.json"
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(file))

    def write(checks=(), predictions=(), **parts):
        whole = {"version": 1, "checks": dict(checks), "predictions": dict(predictions), **parts}
        file.write_text(json.dumps(whole, indent=1))
        return file

    return write


def said():
    return " ".join(str(xc.progress()).split())


# ---------------------------------------------------------------- goals and cards


@pytest.mark.parametrize("number", READY)
def test_cards_are_those_that_the_builder_reads(number):
    (room,) = (ROOT / "xaicourse/course/lessons").glob(f"l{number}_*/")
    built = [
        task for name in ("lesson.py", "sheet.py") for task in tasks_of(read_text(room / name))
    ]
    assert [
        (card.task, card.goals, card.minutes, card.where == "lesson", not card.extra)
        for card in cards.cards(number)
    ] == [(task.id, task.goals, task.minutes, task.in_lesson, task.is_core) for task in built]


@pytest.mark.parametrize("number", READY)
def test_every_goal_has_a_task_and_every_task_a_goal(number):
    goals = cards.goals(number)
    assert list(goals) == [f"G{k}" for k in range(1, len(goals) + 1)]
    assert len(goals) in (3, 4, 5)
    practised = [card.goals for card in cards.cards(number)]
    assert set().union(*practised) == set(goals)
    assert all(practised)
    assert all(not re.search(r"[$*`\n]|^you can", words) for words in goals.values())


def test_every_task_of_the_course_has_one_card():
    assert sorted(card.task for n in READY for card in cards.cards(n)) == sorted(TASKS)


# ---------------------------------------------------------------- what the record says


def test_an_empty_record_says_where_to_begin(store, tmp_path):
    for _ in range(2):
        assert "Begin with lesson 00" in said()
        assert "xaicourse pretest" in said()
        assert "Not begun" not in said()
        store()  # then a file that is there, and empty
    assert standing().begun == []
    assert xc.progress()._repr_html_().count("<table>") == 0


def test_tasks_and_predictions_are_counted(store):
    right = right_letters()
    wrong = next(letter for letter in "abc" if letter != right["05.P2"])
    votes = {
        **vote("05.P1", right["05.P1"]),
        **vote("05.P2", wrong, last=right["05.P2"]),  # the first choice counts
        **vote("05.P3", right["05.P3"], asked="00000000"),  # of another wording
        "05.P4": {"first": right["05.P4"], "last": "a"},  # of a version without marks
    }
    checks = {
        "05.1": PASSED,
        "05.2": {"tries": 3, "passed": True, "counted": False},
        "05.3": {"tries": 2, "passed": False, "counted": False},
    }
    store(checks, votes)
    five = standing().lessons["05"]
    assert (five.answered, five.right, five.older) == (4, 1, 2)
    assert five.predictions == sum(name[:2] == "05" for name in questions())
    states = ["passed", "passed, not counted", "tried", "open"]
    assert [five.tasks[f"05.{k}"] for k in (1, 2, 3, 4)] == states
    assert five.passed == 2
    assert five.reached() == 1  # G1 by 05.1; G2 needs 05.4 as well
    assert f"1 of 5 2 of {len(five.tasks)} 1 of 2 right, {five.predictions} in the lesson" in said()
    assert "earlier version: 2. They are kept" in said()
    assert "05.2 passed, not counted, 05.4 open" in said()


def test_an_extension_is_not_needed_for_a_goal(store):
    number = "05"
    core = {card.task: PASSED for card in cards.cards(number) if not card.extra}
    store(core)
    five = standing().lessons[number]
    assert five.next_task() is None
    assert five.reached() == 4  # G4 is practised by extensions only: they are asked then
    store({**core, "05.5": PASSED, "05.7": PASSED})
    assert standing().lessons[number].reached() == 5


def test_parts_that_cannot_be_understood_are_left_out_and_told(store):
    checks = {"05.1": PASSED, "05.2": 7, "05.3": {"tries": "x"}}
    store(checks, {"05.P1": ["a"], "05.P2": {"first": None}}, reviews={"05": ["a"]})
    found = standing()
    assert found.odd == 5
    assert found.lessons["05"].passed == 1
    assert "could not be understood and are not counted: 5" in said()


def test_a_record_of_a_later_version_counts(store):
    store({"05.1": PASSED, "77.1": PASSED}, {"77.P1": {"first": "a"}}, shelf=[1], version=9)
    assert standing().begun == ["05"]
    assert standing().odd == 0


def test_of_a_broken_record_all_whole_entries_count(store):
    file = store({"05.1": PASSED, "05.2": PASSED, "01.1": PASSED}, vote("05.P1", "b"))
    file.write_text(file.read_text().replace('\n  },\n  "05.2"', '\n  }}\n  "05.2"'))
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(file.read_text())
    found = standing()
    assert not found.whole
    assert found.lessons["05"].passed == 2
    assert (found.lessons["01"].passed, found.lessons["05"].answered) == (1, 1)
    assert "The record is damaged" in said()


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00\xff", '{"checks": 3}', "[" * 10_000])
def test_a_ruined_record_is_an_empty_one(store, content):
    store().write_text(content)
    assert standing().begun == []
    assert not standing().whole
    assert "Begin with lesson 00" in said()


def test_what_is_whole_of_a_broken_record_goes_on(store, monkeypatch):
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    file = store({"05.1": PASSED}, {"05.P1": {"first": "b", "last": "c"}})
    file.write_text(file.read_text()[:-3] + ",\n")
    assert record.store_check("05.2", passed=True, counted=True)
    stored = json.loads(file.read_text())
    assert stored["checks"] == {"05.1": PASSED, "05.2": PASSED}
    assert stored["predictions"] == {"05.P1": {"first": "b", "last": "c"}}
    assert file.with_name("p.json.damaged").exists()


# ---------------------------------------------------------------- what comes next


def core_of(*numbers):
    return {card.task: PASSED for n in numbers for card in cards.cards(n) if not card.extra}


@pytest.mark.parametrize(
    ("checks", "comes"),
    [
        ({"00.1": PASSED}, "Next: task 00.2, The effect of every patch (12 minutes), in lesson 00: "
                           "xaicourse open 00"),
        ({"00.1": PASSED, "00.2": PASSED}, "in the sheet of lesson 00: xaicourse open 00 --sheet"),
        (core_of("00"), "Next: lesson 01, Saliency (65 minutes): xaicourse open 01"),
        (core_of("00", "01"), "Next: lesson 02,"),
        ({"01.1": PASSED, "02.1": PASSED}, "Next: task 02.2,"),
        (core_of("05"), "Next: lesson 09,"),  # it needs only 05
        (core_of("16"), "Next: lesson 00,"),  # no later one whose needs were begun
        (core_of("00", "01", "02", "03", "04", "05"), "Next: lesson 07,"),  # 06 is optional
        (core_of(*MUST), "Next: lesson 06,"),  # then the optional ones
        ({**core_of(*MUST), "03.2": TRIED}, "Next: task 03.2,"),  # but first what was left open
        (core_of(*READY), "All tasks of the core are passed"),
    ],
)  # fmt: skip
def test_what_comes_next(store, checks, comes):
    store(checks)
    assert comes in said()


def test_a_pretest_says_where_to_begin_until_something_is_begun(store):
    answers = {name: item["right"] for name, item in pretest_items().items()}
    store(pretest=answers)
    assert "Next, by your pre-test:" in said()
    assert "begin with lesson 01" in said()
    store({"00.1": PASSED}, pretest=answers)
    assert "pre-test" not in said()


def pretest_items():
    from xaicourse.course.progress.pretest import ITEMS

    return ITEMS


# ---------------------------------------------------------------- how it is shown


def test_text_is_as_wide_as_other_messages(store):
    store(core_of("00", "01"), vote("05.P1", "b"))
    for number in (None, *READY):
        assert max(map(len, str(xc.progress(number)).splitlines())) <= 90


def test_the_table_of_a_notebook_says_the_same(store):
    store(core_of("00"), vote("05.P1", "b"))
    page = xc.progress()._repr_html_()
    words = " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())
    for part in ("00 Start here", "05 Integrated Gradients", "Next: task 05.1"):
        assert part in words
    for goal in (*cards.goals("00").values(), *cards.goals("05").values()):
        assert goal in words
    assert page.count("<details") == 3  # this lesson, the others, and one of them
    assert page.count("<details open>") == 1
    assert 'scope="col"' in page
    assert 'scope="row"' in page


def test_a_title_cannot_break_the_table(store, monkeypatch):
    monkeypatch.setattr(cards, "goals", lambda number: {"G1": "<b>&"})
    monkeypatch.setattr("xaicourse.course.progress.standing.goals", cards.goals)
    store(core_of("00"))
    assert "&lt;b&gt;&amp;" in xc.progress("00")._repr_html_()


def test_one_lesson_in_all_spellings(store):
    store()
    for name in ("05", "5", 5):
        assert "Goals of lesson 05, Integrated Gradients: you can" in str(xc.progress(name))
    with pytest.raises(ValueError, match=r"lesson must be one of 00 to 12, 15 to 17, got '13'"):
        xc.progress("13")


def test_runs_of_numbers():
    assert overview.runs([]) == []
    assert overview.runs(["00", "01", "02", "04"]) == ["00 to 02", "04"]


def test_status_prints_it_and_needs_no_torch(store):
    file = store(core_of("00"))
    code = (
        "import sys\nfrom xaicourse.cli import main\n"
        "code = main(['status'])\n"
        "print(code, sorted({'torch', 'numpy', 'matplotlib', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "00 Start here" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 []"
    assert file.name in done.stdout


def test_status_advises_what_is_typed_at_the_shell(store, capsys):
    store(reviews={"00.R1": {"asked": 1, "right": 1, "last": "a", "last_right": True, "turn": 1}})
    assert cli.main(["status"]) == 0
    assert "xaicourse review asks two more." in " ".join(capsys.readouterr().out.split())
    assert "xc.review() asks two more." in said()


def test_status_of_a_lesson_and_of_none(store, capsys):
    store()
    assert cli.main(["status", "5"]) == 0
    assert "05.1 open" in capsys.readouterr().out
    assert cli.main(["status", "99"]) == 2
    assert capsys.readouterr().err.startswith("xaicourse: error: lesson must be one of 00 to 12")
