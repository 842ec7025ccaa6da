"""The nbgrader export against the schema of cell metadata, version 3."""

import re
from types import SimpleNamespace

import nbformat
import pytest
from builder.course import Registry

from .conftest import LESSON, ROOM, SHEET

KEYS = {"schema_version", "grade_id", "grade", "solution", "locked", "task"}


@pytest.fixture
def exported(course):
    assert course.build("--nbgrader", str(course.root / "out")) == 0
    path = course.root / "out" / "source" / "90_sample" / "90_sample.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def marked(notebook):
    return [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


def test_every_marked_cell_keeps_the_schema(exported):
    names = set()
    for cell in marked(exported):
        metadata = cell.metadata.nbgrader
        assert set(metadata) == KEYS | ({"points"} if metadata.grade else set())
        assert metadata.schema_version == 3
        assert all(type(metadata[key]) is bool for key in ("grade", "solution", "locked", "task"))
        assert re.fullmatch(r"[a-zA-Z0-9_\-]+", metadata.grade_id)
        assert metadata.grade_id not in names
        names.add(metadata.grade_id)
        if cell.cell_type == "markdown":  # nbgrader demands both or neither
            assert metadata.grade
            assert metadata.solution


def test_solutions_checks_and_answers_have_their_parts(exported):
    kinds = {
        cell.metadata.nbgrader.grade_id: (
            cell.metadata.nbgrader.grade,
            cell.metadata.nbgrader.solution,
            cell.metadata.nbgrader.locked,
        )
        for cell in marked(exported)
    }
    assert kinds == {
        "task-90-1-solution": (False, True, False),
        "task-90-1-check": (True, False, True),
        "task-90-2-solution": (False, True, False),
        "task-90-2-check": (True, False, True),
        "task-90-2-answer": (True, True, False),
    }


def test_points_of_the_card_are_shared_out(exported):
    points = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.get("points") for c in marked(exported)
    }
    assert points["task-90-1-check"] == 1
    assert points["task-90-2-check"] == points["task-90-2-answer"] == 2


def test_checks_are_strict_and_still_the_same_call(exported):
    checks = [cell.source for cell in marked(exported) if "check" in cell.metadata.tags]
    assert checks[0] == 'xc.check("90.1", answer, strict=True)'
    calls = []

    package = SimpleNamespace(
        check=lambda task, answer, strict: calls.append((task, answer, strict))
    )

    exec(checks[1], {"xc": package, "double": 2})
    assert calls == [("90.2", 2, True)]


def test_cutting_as_nbgrader_does_leaves_no_solution_and_binds_the_value(exported):
    text = "\n".join(cell.source for cell in exported.cells)
    cut = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", text, flags=re.DOTALL)
    assert "6 * 7" in text
    assert "secret" in text
    assert "6 * 7" not in cut
    assert "secret" not in cut
    assert "forty-two" not in text  # reasoning cells are for the worked sheet only
    assert "answer = None" in cut
    assert "    # result = ..." in cut


def test_two_checks_of_a_task_share_its_points(course):
    course.change(SHEET, "# ## Where you are now", "# ### More")
    course.append(SHEET, '\n# %% tags=["check"]\nxc.check("90.2", double)  # again\n')
    assert course.build("--nbgrader", str(course.root / "out")) == 0
    notebook = nbformat.read(course.root / "out/source/90_sample/90_sample.ipynb", as_version=4)
    points = [c.metadata.nbgrader.get("points", 0) for c in marked(notebook)]
    assert sum(points) == pytest.approx(1 + 4)


def test_the_lesson_with_its_tasks_is_a_second_notebook_of_the_assignment(exported, course):
    folder = course.root / "out" / "source" / "90_sample"
    assert sorted(file.name for file in folder.iterdir()) == [
        *("90_sample.ipynb", "90_sample_lesson.ipynb"),
    ]
    lesson = nbformat.read(folder / "90_sample_lesson.ipynb", as_version=4)
    nbformat.validate(lesson)
    assert [cell.metadata.nbgrader.grade_id for cell in marked(lesson)] == [
        *("task-90-3-solution", "task-90-3-check"),
    ]
    text = "\n".join(cell.source for cell in lesson.cells)
    assert "thrice" in text  # the lesson goes on
    assert "One product is enough" not in text  # what our answer's fold says
    cut = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", text, flags=re.DOTALL)
    assert "hidden" in text
    assert "hidden" not in cut
    assert 'xc.check("90.3", triple, strict=True)' in text


def test_a_lesson_without_tasks_is_not_exported(course):
    path = course.root / ROOM / LESSON
    text = path.read_text(encoding="utf-8")
    start, end = text.index("# %% [markdown]\n# ### Task"), text.index('# %% tags=["own-model"]')
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    course.registry = Registry(tasks=frozenset({"90.1", "90.2"}))
    assert course.build("--nbgrader", str(course.root / "out")) == 0
    made = [file.name for file in (course.root / "out").rglob("*.ipynb")]
    assert made == ["90_sample.ipynb"]
