"""Rerunning the committed notebooks: which files, and how compared."""

from types import SimpleNamespace

import nbformat
import pytest
import rerun
from nbformat.v4 import new_code_cell, new_notebook

LESSON = "notebooks/05_ig"


def with_task(name):
    """Return a lesson with one solved task, as it is stored."""
    facts = {"task": "05.2", "in_work": "answer = None"}
    cell = new_code_cell("answer = 1", metadata={"xaicourse": facts}, execution_count=1)
    return new_notebook(cells=[cell])


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Replace the repository by an empty one and pytest by a recorder."""
    for name in ("notebooks/05_ig", "solutions/05_ig", "exercises/05_ig", "notebooks/06_patterns"):
        path = tmp_path / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(nbformat.writes(with_task(name) if name == LESSON else new_notebook()))
    made = SimpleNamespace(runs=[], codes=[0, 0], root=tmp_path, ran=[])

    def run(command, *, cwd, check):
        made.runs.append(command)
        made.ran.append({name: nbformat.read(name, 4) for name in command if "ipynb" in name})
        return SimpleNamespace(returncode=made.codes[len(made.runs) - 1])

    monkeypatch.setattr(rerun, "ROOT", tmp_path)
    monkeypatch.setattr(rerun.subprocess, "run", run)
    return made


def names(command):
    return [f"{part.split('/')[-2]}/{part.split('/')[-1]}" for part in command if "ipynb" in part]


def test_lessons_and_solutions_are_strict_and_sheets_are_not(commands):
    assert rerun.main([]) == 0
    strict, lax = commands.runs
    assert "--nbval" in strict
    assert "--nbval-lax" in lax
    assert names(strict) == [
        *("notebooks/05_ig.ipynb", "notebooks/06_patterns.ipynb", "solutions/05_ig.ipynb"),
    ]
    assert names(lax)[0] == "exercises/05_ig.ipynb"
    for command in (strict, lax):  # side by side, all cells of one in one kernel
        assert command[command.index("--dist") + 1] == "loadfile"


def test_one_lesson_can_be_chosen_and_lax_compares_nothing(commands):
    assert rerun.main(["05", "--lax"]) == 0
    assert names(commands.runs[0]) == ["notebooks/05_ig.ipynb", "solutions/05_ig.ipynb"]
    assert "--nbval" not in commands.runs[0]


@pytest.mark.parametrize("codes", [[1, 0], [0, 1]])
def test_one_failure_is_a_failure_and_both_parts_are_run(commands, codes):
    commands.codes = codes
    assert rerun.main([]) == 1
    assert len(commands.runs) == 2


def test_a_course_without_notebooks_does_not_pass(commands):
    assert rerun.main(["07"]) == 2
    assert commands.runs == []


def test_lessons_with_tasks_are_run_with_nothing_solved_from_below_the_root(commands):
    assert rerun.main([]) == 0
    (strict, lax) = commands.ran
    (path,) = set(lax) - {str(commands.root / "exercises/05_ig.ipynb")}
    assert path.endswith("/05_ig.ipynb")
    assert path.startswith(str(commands.root))
    assert [cell.source for cell in lax[path].cells] == ["answer = None"]
    assert "in_work" not in lax[path].cells[0].metadata.xaicourse
    stored = strict[str(commands.root / f"{LESSON}.ipynb")]
    assert [cell.source for cell in stored.cells] == ["answer = 1"]
    assert not list(commands.root.glob(".rerun-*"))


def test_the_workshop_can_be_chosen_by_itself(commands):
    (commands.root / "notebooks/workshop.ipynb").write_text(nbformat.writes(new_notebook()))
    commands.codes = [0]
    assert rerun.main(["workshop"]) == 0
    assert names(commands.runs[0]) == ["notebooks/workshop.ipynb"]
