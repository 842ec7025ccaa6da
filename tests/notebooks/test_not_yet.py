"""The list of lessons that may break the newest rules gets shorter, never longer."""

from pathlib import Path

import nbformat
import pytest
from builder.lint_not_yet import NOT_YET
from builder.lint_outputs import lint_outputs
from builder.lint_source import lint_cells
from builder.source import read

from .conftest import ROOT

FIRST = {"00", "01", "02", "03", "04", "05", "06", "07", "08"}  # when the rules came


def test_no_lesson_joins_the_list():
    assert FIRST >= NOT_YET


@pytest.mark.parametrize("lesson", sorted(NOT_YET))
def test_a_lesson_that_keeps_every_rule_leaves_the_list(lesson):
    [room] = (ROOT / "xaicourse/course/lessons").glob(f"l{lesson}_*")
    source = read(room / "lesson.py")
    path = Path("notebooks") / f"{source.slug}.ipynb"
    stored = nbformat.read(ROOT / path, as_version=4)
    notes = [*lint_cells(source, ROOT), *lint_outputs(str(path), stored)]
    assert [note for note in notes if not note.is_error], f"take {lesson} off NOT_YET"
