"""A lesson from the template: one room and one test file, and everything takes it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("xaicourse", "tools", "data", "notebooks", "exercises", "solutions", "pyproject.toml",
          "tests/__init__.py", "tests/conftest.py", "tests/plain.py", "tests/lessons/__init__.py",
          "tests/lessons/conftest.py", "tests/course/__init__.py", "tests/course/conftest.py",
          "tests/test_house.py", "tests/course/test_every_task.py")  # fmt: skip

LOOK = """
import xaicourse as xc
from xaicourse.course.table import LESSONS
assert LESSONS["99"].title == "Made up" and LESSONS["99"].status == "ready"
assert [name for name in xc.exercise.TASKS if name.startswith("99")] == ["99.1", "99.2"]
assert xc.widgets.MadeUpPanel(slope=1.0).error is None
xc.predict("99.P1", "b")
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Copy the tree and add a made-up lesson to it."""
    root = tmp_path_factory.mktemp("tree")
    for name in NEEDED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, root / name)
    before = {path for path in root.rglob("*") if path.is_file()}
    said = run(root, "tools/new_lesson.py", "99", "Made up")
    added = {path.relative_to(root) for path in root.rglob("*") if path.is_file()} - {
        path.relative_to(root) for path in before
    }
    return root, added, said


def run(root, *command, code=0):
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_is_one_room_and_one_test_file(tree):
    _, added, said = tree
    rooms = {path.parts[:4] for path in added if path.parts[0] == "xaicourse"}
    assert rooms == {("xaicourse", "course", "lessons", "l99_made_up")}
    assert [path.as_posix() for path in added if path.parts[0] == "tests"] == [
        "tests/lessons/test_l99.py"
    ]
    assert len(added) == said.count("wrote ")


def test_table_tasks_panels_and_predictions_take_it(tree):
    run(tree[0], "-c", LOOK)


def test_its_tests_and_those_of_every_task_and_room_pass(tree):
    chosen = "99 or rooms or room_imports or arrows or circle or grows or floor"
    files = ("tests/lessons/test_l99.py", "tests/course/test_every_task.py", "tests/test_house.py")
    said = run(tree[0], "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", chosen)
    assert "failed" not in said
    assert int(said.rsplit(" passed", 1)[0].rsplit(maxsplit=1)[-1]) > 20


@pytest.mark.notebook
def test_the_builder_makes_its_notebooks(tree):
    said = run(tree[0], "tools/build.py", "--only", "99", "--draft", "--seconds", "300")
    assert "1 lesson(s), 0 error(s)" in said
    for folder in ("notebooks", "exercises", "solutions"):
        assert (tree[0] / folder / "99_made_up.ipynb").is_file()
    assert "0 error(s)" in run(tree[0], "tools/build.py", "--only", "99", "--check")


def test_its_texts_are_in_form(tree):
    room = "xaicourse/course/lessons/l99_made_up"
    own = ("--config", "tools/lessons_ruff.toml")
    texts = (f"{room}/lesson.py", f"{room}/sheet.py")
    for files, options in (((room, "tests/lessons/test_l99.py"), ()), (texts, own)):
        run(tree[0], "-m", "ruff", "check", "--no-cache", *options, *files)
        run(tree[0], "-m", "ruff", "format", "--check", "--no-cache", *options, *files)


def load():
    specification = importlib.util.spec_from_file_location(
        "new_lesson", ROOT / "tools/new_lesson.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_a_number_that_is_taken_or_no_number_is_refused(tree):
    said = run(tree[0], "tools/new_lesson.py", "99", "Again", code=2)
    assert "lesson 99 is there already: l99_made_up" in said
    with pytest.raises(ValueError, match="number must have two digits"):
        load().files_of("9", "Nine")
    with pytest.raises(ValueError, match="title must have letters"):
        load().files_of("98", "??")


def test_a_lesson_that_is_built_is_no_longer_planned():
    text = '# plan\n\n[09]\ntitle = "a"\n\n[10]\ntitle = "b"\nneeds = ["09"]\n\n[11]\ntitle = "c"\n'
    shorter = '# plan\n\n[09]\ntitle = "a"\n\n[11]\ntitle = "c"\n'
    assert load().without_plan(text, "10") == shorter
    assert load().without_plan(shorter, "11") == '# plan\n\n[09]\ntitle = "a"\n'
