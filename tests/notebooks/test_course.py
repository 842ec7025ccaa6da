"""The committed course itself: in step with its sources, and every empty sheet runs to its end."""

import nbformat
import pytest
from builder.course import ask_package, check, lessons, lint, load, orphans
from builder.environment import FIRST
from builder.execute import execute
from builder.lint_outputs import lint_empty_sheet

from .conftest import ROOT

SLUGS = lessons(ROOT)


@pytest.fixture(scope="module")
def registry():
    return ask_package()


def test_there_is_no_product_without_a_source():
    assert orphans(ROOT, SLUGS) == []


def test_the_package_says_its_methods_and_tasks(registry):
    assert "integrated_gradients" in registry.methods
    assert "05.2" in registry.tasks


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_is_clean_and_its_products_are_in_step(slug, registry):
    lesson = load(ROOT, slug, registry)
    found = lint(lesson, ROOT, registry) + check(lesson, ROOT)
    errors = [str(finding) for finding in found if finding.is_error]
    assert not errors, "\n".join(errors)


@pytest.mark.parametrize("slug", SLUGS)
def test_solutions_pasted_into_the_student_sheet_give_the_worked_sheet(slug):
    sheet, worked = (
        nbformat.read(ROOT / folder / f"{slug}.ipynb", as_version=4)
        for folder in ("exercises", "solutions")
    )
    solved = {cell.id: cell.source for cell in worked.cells if cell.cell_type == "code"}
    pasted = [solved.get(cell.id) for cell in sheet.cells if cell.cell_type == "code"]
    only_worked = {"solution", "instructor"}
    wanted = [
        cell.source
        for cell in worked.cells
        if cell.cell_type == "code" and not only_worked & set(cell.metadata.get("tags", []))
    ]
    assert pasted == wanted


@pytest.mark.notebook
@pytest.mark.parametrize("slug", SLUGS)
def test_an_empty_sheet_runs_and_says_not_done_yet(slug, tmp_path):
    sheet = nbformat.read(ROOT / "exercises" / f"{slug}.ipynb", as_version=4)
    ran = execute(sheet, ROOT / "exercises", FIRST, seconds=120).notebook
    assert not list(lint_empty_sheet(slug, ran))
