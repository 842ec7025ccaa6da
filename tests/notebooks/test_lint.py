"""Every rule of the linter catches what it is for, and nothing in the sample."""

import pytest
from builder.course import METHODS, Registry, lint
from builder.lint_code import calls_without_target, code_problems
from builder.lint_source import CORE_CELLS
from builder.prose import word_count
from builder.source import Cell

from .conftest import LESSON, ROOM, SHEET


def errors(course, registry=None) -> list[str]:
    found = lint(course.load(), course.root, registry or course.registry)
    return [str(finding) for finding in found if finding.is_error]


def test_the_sample_is_clean(course):
    assert errors(course) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        (LESSON, 'tags=["panel"]', 'tags=["pannel"]', "tag 'pannel' is not in the table"),
        (LESSON, "# ## Predict", "# # Predict", "a second H1"),
        (LESSON, "# ## Predict", "# ### Predict", "of level 3 under level 1"),
        (LESSON, "# # 90", "# ## 90", "has to hold the one H1"),
        (SHEET, "# # 90", "# Title\n# 90", "has to hold the one H1"),
        (LESSON, "- **G2** ", "- **G4** ", "goals are"),
        (LESSON, "# - **G3** you can say why.", "# .", "goals are"),
        (SHEET, "**Goals** G1, G3", "**Goals** G1, G2", "no task practises goal G3"),
        (SHEET, "**Goals** G1, G3", "**Goals** G1, G3, G7", "task 90.2 names G7"),
        (LESSON, ' tags=["symbols"]', "", "no notation card"),
        (LESSON, "# - $x$ is a number.", "\n".join(["# - $x$"] * 4), "4 new symbols"),
        (LESSON, 'xc.predict("90.P1")', "None", "answers 90.P1 before"),
        (LESSON, '"90.P1"', '"90.1"', 'write xc.predict("90.P1"'),
        (LESSON, "Answer to 90.P1", "Six", "no <summary>Answer to 90.P1"),
        (LESSON, "abs(-6)", 'xc.predict("90.P1", 1)', "asked twice"),
        (LESSON, "# Six.", "# <summary>Answer to 90.P1</summary>", "answered twice"),
        (LESSON, "# Six.", "# See the oracle.", "'oracle' is a project word"),
        (SHEET, "# What is the answer?", "# Two legs", "'legs' is a project word"),
        (LESSON, "# Six.", "# ![](six.png)", "has no alt text"),
        (LESSON, "# Six.", "# [Six](../notebooks/six.ipynb#six)", "does not exist"),
        (LESSON, "abs(-6)", "abs(-6)  # NBVAL_SKIP", "NBVAL_SKIP as a comment"),
        (LESSON, 'tags=["panel"]', 'tags=["nbval-skip"]', "tag 'nbval-skip' is not"),
        (LESSON, "abs(-6)", "xc.integrated_gradients(f, 2)", "without target="),
        (LESSON, "# %%\n# cat", "# %% [raw]\n# cat", "a raw cell"),
    ],
)
def test_a_rule_catches_its_case(course, name, old, new, rule):
    course.change(name, old, new)
    assert any(rule in error for error in errors(course)), errors(course)


def test_one_core_cell_more_is_too_long_and_deeper_cells_are_free(course):
    lesson = course.root / ROOM / LESSON
    cells = course.read(LESSON).cells
    not_read = {"deeper", "check", "fold", "machinery"}
    core = [cell for cell in cells if not not_read & set(cell.tags)]
    read = [cell for cell in core if (cell.kind, cell.tags) != ("code", ("question",))]
    more = "".join(f"\n# %% [markdown]\n# word {n}\n" for n in range(CORE_CELLS + 1 - len(read)))
    text = lesson.read_text(encoding="utf-8")
    lesson.write_text(text + more, encoding="utf-8")
    assert [f"{CORE_CELLS + 1} cells to read" in error for error in errors(course)] == [True]
    for tag in ("machinery",):
        one_less = more.replace("[markdown]", f'[markdown] tags=["{tag}"]', 1)
        lesson.write_text(text + one_less, encoding="utf-8")
        with_tasks = [error for error in errors(course) if "cells to read" in error]
        assert with_tasks == [], tag
    lesson.write_text(text.replace("## What to remember", "### What") + more, encoding="utf-8")
    assert errors(course) == []


def test_three_ignored_outputs_are_too_many(course):
    cell = '\n# %% tags=["deeper", "nbval-ignore-output"]\na{} = 1\n'
    course.append(LESSON, cell.format(1) + cell.format(2))
    assert errors(course) == []
    course.append(LESSON, cell.format(3))
    assert any("3 cells nbval-ignore-output" in error for error in errors(course))


def test_the_length_of_a_lesson_is_only_noted(course):
    notes = [str(f) for f in lint(course.load(), course.root, course.registry) if not f.is_error]
    assert any("words; 1800 to 3000" in note for note in notes)


def test_a_missing_plan_and_a_missing_sheet_are_errors(course):
    (course.root / ROOM / "plan.md").unlink()
    assert any("plan is missing" in error for error in errors(course))
    (course.root / ROOM / SHEET).unlink()
    assert any("has no exercise sheet" in error for error in errors(course))


def test_a_task_of_the_checker_without_a_card_is_an_error(course):
    registry = Registry(tasks=frozenset({"90.1", "90.2", "90.3", "90.4", "91.1"}))
    found = [error for error in errors(course, registry) if "the checker knows" in error]
    assert len(found) == 1
    assert "90.4" in found[0]


def problems(code: str) -> list[str]:
    return [text for _, text in code_problems(Cell(1, "code", code, (), None, "id"))]


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("%matplotlib inline", "magic"),
        ("x = 1\n!ls", "magic"),
        ("x = 1;", "semicolon"),
        ("a = 1; b = 2", "semicolon"),
        ("x.cuda()", "device=device"),
        ("torch.manual_seed(0)", "generator"),
        ("from torch import manual_seed", "generator"),
        ("widgets.Output()", "Panel"),
        ("from ipywidgets import Output", "Panel"),
        ("@interact\ndef f(x): pass", "Panel"),
        ("W.interactive_output(f, {})", "Panel"),
        ("interactive(f)", "Panel"),
        ("clear_output()", "Panel"),
        ("from torch import *", "import *"),
        ("sys.path.append('..')", "sys.path"),
        ("\n".join(["a = 1"] * 26), "26 lines"),
        ("a = '" + "x" * 88 + "'", "columns"),
        ("def f(:", "not plain Python"),
    ],
)
def test_forbidden_code_is_found(code, part):
    assert any(part in problem for problem in problems(code)), problems(code)


@pytest.mark.parametrize(
    "code",
    [
        "torch.cuda.is_available()",
        "torch.Generator().manual_seed(0)",
        "print('a; b')  # a; b",
        "\n".join(["a = 1"] * 25),
        "a % b",
    ],
)
def test_harmless_code_is_left_alone(code):
    assert problems(code) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("xc.integrated_gradients(f, x)", ["integrated_gradients"]),
        ("xc.integrated_gradients(f, x, baseline=0)", ["integrated_gradients"]),
        ("xc.integrated_gradients(f, x, 3)", []),
        ("xc.gradient(f, x, target=None)", []),
        ("my.gradient(f, x)", []),
    ],
)
def test_methods_name_their_target(code, found):
    assert calls_without_target(code, set(METHODS)) == found


def test_words_are_what_one_reads():
    text = (
        "# One two\n```python\nno = 1\n```\n$a + b$ is **three**-fold, <b>see</b> [here](x/y.md)."
    )
    # One two, formula, is, three, fold, see, here
    assert word_count(text) == 8
