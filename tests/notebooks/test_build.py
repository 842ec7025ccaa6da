"""The whole builder on the sample course: products, refusals, freshness, round trip, nbval."""

import json
import subprocess
import sys

import nbformat
import pytest
from builder import products
from builder.environment import FIRST, SECOND, environment
from builder.execute import execute
from builder.work import in_work

from .conftest import LESSON, ROOM, SHEET

pytestmark = pytest.mark.notebook

LESSON_BOOK = "notebooks/90_sample.ipynb"
EXERCISE, SOLUTION = "exercises/90_sample.ipynb", "solutions/90_sample.ipynb"


def load(course, name):
    return nbformat.read(course.root / name, as_version=4)


def said(notebook) -> str:
    return "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []))


def test_all_products_are_made_and_nothing_else(built):
    made = {
        str(path.relative_to(built.root))
        for folder in ("notebooks", "exercises", "solutions")
        for path in (built.root / folder).rglob("*")
    }
    assert made == {LESSON_BOOK, EXERCISE, SOLUTION, "solutions/90_sample_plan.md"}


def test_the_lesson_is_committed_with_outputs_and_no_traces(built):
    text = (built.root / LESSON_BOOK).read_text(encoding="utf-8")
    assert '"one line\\n"' in text
    assert "widget-view" not in text
    assert "iopub" not in text
    assert str(built.root) not in text
    counts = [c.execution_count for c in load(built, LESSON_BOOK).cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_a_student_sheet_has_no_solution_and_no_output(built):
    text = (built.root / EXERCISE).read_text(encoding="utf-8")
    assert "secret" not in text
    assert "6 * 7" not in text
    assert "forty-two" not in text
    assert "SOLUTION" not in text
    assert "STUB" not in text
    cells = [cell for cell in load(built, EXERCISE).cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


def test_the_worked_sheet_passes_every_check(built):
    text = said(load(built, SOLUTION))
    assert "90.1: right" in text
    assert "90.2: right" in text


def test_an_empty_sheet_runs_to_its_end_and_a_filled_one_passes(built):
    sheet = load(built, EXERCISE)
    folder = built.root / "exercises"
    empty = execute(sheet, folder, FIRST).notebook
    assert "90.1: not done yet" in said(empty)
    assert "90.2: not done yet" in said(empty)
    solved = {cell.id: cell.source for cell in load(built, SOLUTION).cells}
    for cell in sheet.cells:
        cell.source = solved[cell.id]
    filled = execute(sheet, folder, FIRST, strict_checks=True).notebook
    assert "90.1: right" in said(filled)
    assert "90.2: right" in said(filled)


def test_building_again_gives_the_same_bytes(built):
    names = (LESSON_BOOK, EXERCISE, SOLUTION)
    before = [(built.root / name).read_bytes() for name in names]
    assert built.build() == 0
    assert [(built.root / name).read_bytes() for name in names] == before


def test_a_fresh_course_passes_the_check(built, capsys):
    assert built.build("--check") == 0
    assert "0 error(s)" in capsys.readouterr().out


def write(path, notebook):
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


@pytest.mark.parametrize("part", ["source", "tags", "id", "task", "lost cell", "counts", "outputs"])
def test_an_edited_product_fails_the_check(built, capsys, part):
    name = EXERCISE if part in ("task", "outputs") else LESSON_BOOK
    notebook = load(built, name)
    cell = next(c for c in notebook.cells if c.cell_type == "code" and c.metadata.get("tags"))
    if part == "source":
        cell.source += "\n"
    elif part == "tags":
        cell.metadata.tags = []
    elif part == "id":
        cell.id = "other"
    elif part == "task":
        notebook.cells[2].metadata.pop("xaicourse")
    elif part == "lost cell":
        notebook.cells.pop()
    elif part == "counts":
        cell.execution_count = None
    elif part == "outputs":
        cell.execution_count = 1
    write(built.root / name, notebook)
    assert built.build("--check") == 1
    assert f"error {name}" in capsys.readouterr().out


def test_a_changed_source_fails_the_check_for_each_product(built, capsys):
    built.change(SHEET, "6 * 7", "7 * 6")
    assert built.build("--check") == 1
    out = capsys.readouterr().out
    assert f"{EXERCISE}: the source changed" in out  # although its cells are the same
    assert f"{SOLUTION}: cell 4: another" in out
    assert LESSON_BOOK not in out


def test_missing_and_left_over_products_fail_the_check(built, capsys):
    (built.root / EXERCISE).unlink()
    (built.root / "solutions/90_sample_plan.md").write_text("another plan")
    write(built.root / "notebooks/91_gone.ipynb", load(built, LESSON_BOOK))
    assert built.build("--check") == 1
    out = capsys.readouterr().out
    assert f"{EXERCISE}: was never built" in out
    assert "90_sample_plan.md: another text" in out
    assert "91_gone.ipynb: no lesson" in out


def test_a_sheet_without_a_lesson_is_an_error(course, capsys):
    room = course.root / ROOM.replace("l90_sample", "l91_alone")
    room.mkdir()
    (room / "sheet.py").write_text("# %%\n")
    assert course.build() == 1
    assert "l91_alone has no lesson.py" in capsys.readouterr().out


def test_only_chooses_and_an_unknown_lesson_is_an_error(course, capsys):
    assert course.build("--only", "07") == 1
    assert "no lesson begins with '07'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (LESSON, "abs(-6)", "xc.threads()", "cell 8 prints another text"),
        (LESSON, "abs(-6)", "hash('a')", "cell 8 prints another text"),
        (LESSON, "abs(-6)", "1 / 0", "cell 8 raised ZeroDivisionError"),
        (LESSON, "Panel: the ramp again", "the ramp again", "without a description"),
        (SHEET, "answer = 6 * 7", "answer = 41", "90.1 is wrong"),
        (SHEET, "# STUB: answer = None", "# STUB: answer = 42", "not 'not done yet'"),
        (SHEET, '"the answer", answer', '"the answer", answer + 1', "raised TypeError"),
        (LESSON, 'tags=["panel"]', 'tags=["pannel"]', "[tags]"),
        (SHEET, "    ### END SOLUTION", "", "never closed"),
    ],
)
def test_a_bad_source_is_refused_and_nothing_written(course, capsys, name, old, new, message):
    course.change(name, old, new)
    assert course.build() == 1
    assert message in capsys.readouterr().out
    assert not list(course.root.rglob("*.ipynb"))


def test_a_draft_is_written_in_spite_of_findings(course, capsys):
    course.change(LESSON, 'tags=["panel"]', 'tags=["pannel"]')
    assert course.build("--draft") == 1
    assert "[tags]" in capsys.readouterr().out
    assert (course.root / LESSON_BOOK).exists()


def test_new_prose_keeps_the_outputs_without_execution(built, capsys):
    built.change(LESSON, "Two times three is six.", "Three times two is six.")
    before = said(load(built, LESSON_BOOK))
    assert built.build("--no-execute") == 0
    assert "Three times two" in (built.root / LESSON_BOOK).read_text(encoding="utf-8")
    assert said(load(built, LESSON_BOOK)) == before != ""
    assert built.build("--check") == 0
    built.change(LESSON, "abs(-6)", "abs(6)")
    assert built.build("--no-execute") == 1
    assert "its code changed" in capsys.readouterr().out


def nbval(course, mode, *names):
    command = [
        sys.executable,
        "-m",
        "pytest",
        mode,
        "--nbval-current-env",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    command += ["--nbval-cell-timeout=120", "--nbval-kernel-startup-timeout=180"]
    command += ["--nbval-sanitize-with", str(course.root / "tools" / "sanitize.cfg"), *names]
    done = subprocess.run(
        command, cwd=course.root, env=environment(), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_strict_nbval_passes_and_sees_one_changed_digit(built):
    code, out = nbval(built, "--nbval", "notebooks", "solutions")
    assert code == 0, out
    assert "16 passed" in out  # 10 code cells of the lesson, 6 of the worked sheet
    path = built.root / LESSON_BOOK
    text = path.read_text(encoding="utf-8")
    assert text.count('"6"') == 1
    path.write_text(text.replace('"6"', '"7"'), encoding="utf-8")
    code, out = nbval(built, "--nbval", "notebooks")
    assert code == 1, out
    assert "1 failed" in out


def test_lax_nbval_runs_the_student_sheet(built):
    code, out = nbval(built, "--nbval-lax", "exercises")
    assert code == 0, out


def test_both_environments_differ_where_text_must_not():
    assert FIRST["XAICOURSE_BATCH_SIZE"] != SECOND["XAICOURSE_BATCH_SIZE"]
    assert FIRST["OMP_NUM_THREADS"] == "1"
    assert FIRST.keys() <= SECOND.keys()


def test_facts_of_the_source_stand_in_the_notebook(built):
    facts = json.loads((built.root / EXERCISE).read_text(encoding="utf-8"))["metadata"]["xaicourse"]
    assert facts == {
        "lesson": "90",
        "product": "exercise",
        "source": f"{ROOM}/sheet.py",
        "sha256": built.read(SHEET).sha256,
    }


def in_work_of(course):
    """Return the lesson as `xaicourse open` gives it to a student."""
    return in_work(load(course, LESSON_BOOK))


def source_of(notebook, *, tag, task="90.3"):
    """Return the text of the one cell of a task that has a tag."""
    (cell,) = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("xaicourse", {}).get("task") == task
        and tag in cell.metadata.get("tags", [])
    ]
    return cell.source


def test_the_stored_lesson_shows_the_worked_task_and_its_check_has_passed(built):
    lesson = load(built, LESSON_BOOK)
    assert source_of(lesson, tag="task").endswith("    hidden = 3\n    return hidden * x")
    assert source_of(lesson, tag="fold") == (
        "<details><summary>Our reasoning for 90.3</summary>\n\n"
        "One product is enough. The usual mistake is to add three.\n</details>"
    )
    assert "90.3: right\n" in said(lesson)
    assert "thrice two is 6\n" in said(lesson)


def test_a_student_gets_the_stub_and_our_code_folded_with_the_reasoning(built):
    lesson = in_work_of(built)
    assert source_of(lesson, tag="task").splitlines()[2:] == [
        "    # YOUR CODE HERE",
        '    raise NotImplementedError("Task 90.3: write me")',
        "    result = ...",
    ]
    fold = source_of(lesson, tag="fold")
    assert fold.startswith(
        "<details><summary>Our answer to 90.3</summary>\n\n```python\ndef triple"
    )
    assert "    return hidden * x\n```\n\nOne product is enough." in fold
    assert fold.endswith("\n</details>")
    assert all(cell.get("outputs", []) == [] for cell in lesson.cells)
    assert "in_work" not in nbformat.writes(lesson)


def test_a_student_can_leave_a_task_of_the_lesson_open_or_solve_it_and_go_on(built):
    lesson = in_work_of(built)
    folder = built.root / "notebooks"
    unsolved = said(execute(lesson, folder, FIRST).notebook)
    assert "90.3: not done yet\n90.3: a reference is used\nthrice two is 6\n" in unsolved
    for cell in lesson.cells:
        cell.source = cell.source.replace("    result = ...", "    return x + x + x")
        cell.source = cell.source.replace(
            '    raise NotImplementedError("Task 90.3: write me")\n', ""
        )
    solved = said(execute(lesson, folder, FIRST).notebook)
    assert "90.3: right\nthrice two is 6\n" in solved


def test_a_cell_for_the_stored_lesson_only_is_left_out_in_work(built):
    built.change(
        LESSON, "# %%\nthrice", '# %% [markdown] tags=["instructor"]\n# Ask.\n\n# %%\nthrice'
    )
    assert built.build("--no-execute") == 0
    assert "Ask." in [cell.source for cell in load(built, LESSON_BOOK).cells]
    assert "Ask." not in [cell.source for cell in in_work_of(built).cells]


@pytest.mark.parametrize("fact", ["in_work", "task"])
def test_what_a_lesson_s_cell_keeps_for_work_is_compared(built, capsys, fact):
    notebook = load(built, LESSON_BOOK)
    cell = next(c for c in notebook.cells if "in_work" in c.metadata.get("xaicourse", {}))
    cell.metadata.xaicourse[fact] = "another"
    write(built.root / LESSON_BOOK, notebook)
    assert built.build("--check") == 1
    assert f"error {LESSON_BOOK}: cell 11: another metadata" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden = 3", "hidden = 4", f"{LESSON_BOOK}, cell 12 raised AssertionError"),
        ("or_reference(", "or_unknown(", f"{LESSON_BOOK}, cell 14 raised AttributeError"),
        (
            'thrice = xc.or_reference("90.3", triple)',
            "thrice = triple",
            "with nothing solved, cell 14 raised NotImplementedError",
        ),
        (
            "    # STUB: result = ...",
            "    # STUB: return 3 * x\n    # STUB: raise NotImplementedError",
            "says '90.3: right' on an empty sheet",
        ),
    ],
)
def test_a_lesson_that_does_not_run_in_both_forms_is_refused(course, capsys, old, new, message):
    course.change(LESSON, old, new)
    assert course.build() == 1
    assert message in capsys.readouterr().out
    assert not list(course.root.rglob("*.ipynb"))


@pytest.mark.fault("J7")
def test_machinery_is_folded_and_nothing_else(built):
    hidden = [
        cell.source
        for cell in load(built, LESSON_BOOK).cells
        if cell.metadata.get("jupyter", {}).get("source_hidden")
    ]
    assert hidden == ["assert thrice(2) == 6"]


@pytest.mark.fault("J8")
def test_there_is_space_between_a_fold_and_the_text_behind_it(built):
    texts = [cell.source for cell in load(built, LESSON_BOOK).cells if "Answer to" in cell.source]
    assert len(texts) == 1
    assert texts[0].endswith("Six.\n</details>\n\n<br>\n\nAnd what is three times two?")
    assert products.spaced("<details>\na\n</details>") == "<details>\na\n</details>"
