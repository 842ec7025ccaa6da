"""Copies in work/ that an earlier version made still run, and records of it still count."""

import inspect
import json

import matplotlib.pyplot as plt
import pytest
import torch

import xaicourse as xc
from tests.course.older import asked as older
from xaicourse.course.checking import TASKS
from xaicourse.course.progress import earlier, names, standing
from xaicourse.course.progress.names import known_name
from xaicourse.course.progress.predictions import questions

TABLE = older.asked()
SOLVED = sorted(older.HERE.glob("20*_solutions_*.json"))
UNSOLVED = sorted({*older.HERE.glob("20*.json")} - {*SOLVED})


def found(name):
    thing = xc
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


def test_the_table_is_of_whole_versions():
    assert (len(UNSOLVED), len(SOLVED)) == (4, 2)
    tasks = {name for names in TABLE["ids"].values() for name in names}
    assert len(tasks) >= 100
    assert {"04.P6", "08.1", "00.7"} <= tasks
    assert len(TABLE["calls"]) >= 70
    assert [5, "alt", "photo"] not in TABLE["calls"]["check"]
    assert any("steps" in call for call in TABLE["calls"]["integrated_gradients"])


@pytest.mark.parametrize("function", TABLE["ids"])
def test_every_id_of_an_earlier_version_is_known(function):
    known = questions() if function == "predict" else TASKS
    for name in TABLE["ids"][function]:
        assert known_name("id", name, known) in known


@pytest.mark.parametrize("name", TABLE["names"])
def test_every_name_of_an_earlier_version_is_there(name):
    assert found(name) is not None


@pytest.mark.parametrize("name", TABLE["calls"])
def test_every_call_of_an_earlier_version_fits_the_signature(name):
    signature = inspect.signature(found(name))
    for count, *keywords in TABLE["calls"][name]:
        signature.bind_partial(*[None] * max(0, count), **dict.fromkeys(keywords))


def run(copy, capsys):
    """Run all code cells of a copy, and return what they print in one line."""
    namespace = {"__name__": "__main__"}
    try:
        for number, code in enumerate(older.code_of(json.loads(copy.read_text(encoding="utf-8")))):
            try:
                exec(compile(code, f"{copy.name}, code cell {number}", "exec"), namespace)
            except Exception as error:
                raise AssertionError(f"code cell {number} stops: {error!r}\n{code}") from error
    finally:
        plt.close("all")
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("copy", UNSOLVED, ids=lambda copy: copy.stem)
def test_an_older_copy_runs_to_its_end(copy, capsys):
    said = run(copy, capsys)
    assert "not done yet" in said or "notebooks" in copy.name
    assert "not right" not in said
    if "exercises_08" in copy.name:
        assert said.count("Your copy of task 08.1 is of an earlier version of the course") == 2


@pytest.mark.parametrize("copy", SOLVED, ids=lambda copy: copy.stem)
def test_what_was_right_in_an_older_copy_is_right(copy, capsys):
    said = run(copy, capsys)
    number = copy.name.split("_")[2]
    assert "not right" not in said
    assert said.count(" passed.") >= 5 - (number == "08")  # 08.1 has become another task
    assert ("not done yet" in said) == (number == "08")
    assert f"{number}.2 passed." in said


# ---------------------------------------------------------------- a task that became another one


def test_the_answer_to_the_earlier_task_is_right():
    """f(x) = 2 relu(x1 - x2) + 3 relu(2 x2 - x1 - 1) - relu(x1 + x2 - 1) + 1."""
    right = earlier.EARLIER_ANSWERS["08.1"]

    def shares(x):
        x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        b = torch.tensor([0.0, -1, -1, 1], dtype=torch.float64, requires_grad=True)
        sums = torch.stack([x[0] - x[1], 2 * x[1] - x[0], x[0] + x[1]]) + b[:3]
        f = torch.tensor([2.0, 3, -1], dtype=torch.float64) @ sums.relu() + b[3]
        of_x, of_b = torch.autograd.grad(f, (x, b))
        return (of_x * x).tolist(), (of_b * b).tolist()

    assert shares([1.0, 3.0]) == (right["inputs"], [*right["hidden_biases"], right["output_bias"]])
    assert shares([1.0, 4.0]) == (right["inputs_moved"], right["biases_moved"])


def test_an_earlier_task_is_neither_blamed_nor_counted(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XAICOURSE_PROGRESS", str(tmp_path / "p.json"))
    monkeypatch.setenv("XAICOURSE_TEST", "0")
    parts = dict.fromkeys(earlier.EARLIER_ANSWERS["08.1"])
    for answer in (parts, earlier.EARLIER_ANSWERS["08.1"]):
        verdict = xc.check("08.1", answer)
        assert (verdict.status, verdict.passed) == ("not_done", False)
        assert "xaicourse reset 08 --task 08.1" in verdict.message
    assert not (tmp_path / "p.json").exists()
    given = xc.or_reference("08.1", parts)
    given["inputs"].append(3)
    assert xc.or_reference("08.1", parts)["inputs"] == [-4, 15]


@pytest.mark.parametrize("answer", [{"inputs": 1}, None, 3, [1], {1: 2}, {}])
def test_other_answers_are_todays(answer):
    assert earlier.earlier_answer("08.1", answer) is None
    assert earlier.earlier_answer("05.1", answer) is None
    assert set(xc.or_reference("08.1", answer)) == set(TASKS["08.1"].reference)


# ---------------------------------------------------------------- ids that moved


def test_the_table_leads_from_ids_that_are_gone_to_ids_that_are_there():
    today = {*TASKS, *questions()}
    assert set(earlier.MOVED) & today == set()
    assert set(earlier.MOVED.values()) <= today
    assert all(("P" in old) == ("P" in new) for old, new in earlier.MOVED.items())
    assert set(earlier.EARLIER_ANSWERS) <= set(TASKS)


def test_a_task_that_moved_is_checked_under_its_new_id_and_told(monkeypatch, capsys):
    monkeypatch.setitem(names.MOVED, "05.91", "05.1")
    assert xc.check("5.91", ((3.75, -2.75), 0.25)).passed
    said = capsys.readouterr().out
    assert said.startswith("05.91 is called 05.1 today")
    assert "05.1 passed." in said


def test_records_under_earlier_ids_count(tmp_path, monkeypatch):
    monkeypatch.setitem(earlier.MOVED, "05.91", "05.1")
    monkeypatch.setitem(earlier.MOVED, "05.92", "05.2")
    checks = {
        "05.91": {"tries": 2, "passed": True, "counted": False},
        "05.92": {"tries": 1, "passed": False, "counted": False},
        "05.2": {"tries": 1, "passed": True, "counted": True},
    }
    file = tmp_path / "p.json"
    votes = {"04.P7": {"first": "a", "last": "a"}}
    file.write_text(json.dumps({"version": 1, "checks": checks, "predictions": votes}))
    lessons = standing.standing(file).lessons
    assert lessons["05"].tasks["05.1"] == "passed, not counted"
    assert lessons["05"].tasks["05.2"] == "passed"
    four = lessons["04"]
    assert (four.answered, four.right, four.older) == (1, 0, 1)
