"""Rerunning the committed notebooks: which files, and how compared."""

from types import SimpleNamespace

import pytest
import rerun


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Replace the repository by an empty one and pytest by a recorder."""
    for name in ("notebooks/05_ig", "solutions/05_ig", "exercises/05_ig", "notebooks/06_patterns"):
        path = tmp_path / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    made = SimpleNamespace(runs=[], codes=[0, 0], root=tmp_path)

    def run(command, *, cwd, check):
        made.runs.append(command)
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
    assert names(lax) == ["exercises/05_ig.ipynb"]


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
