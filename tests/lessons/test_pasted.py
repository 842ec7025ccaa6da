"""No task is solved by pasting a function that stands above it or in an earlier lesson.

Each such function is called with the task's arguments, by equal names and then in every order. A
few are close enough to be judged; none may pass. (What stands in a lesson as lines and not as a
function is pasted by hand: PASTED in pasted/lNN.py.)
"""

import ast
import importlib
import inspect
import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import xaicourse as xc
from tests.lessons.filled import ROOMS, Cell, judged, read, regions
from xaicourse.course.checking import TASKS
from xaicourse.course.checking.usable import _calls
from xaicourse.course.grading.cases import apart
from xaicourse.course.grading.compare import as_numbers

# Tasks that a pasted function solves. This list may only shrink: their lessons are rewritten.
NOT_YET: set[str] = set()

FUNCTIONS = [name for name, task in TASKS.items() if callable(task.reference)]
ORDERS = 60  # orders of arguments that are tried for one function
LONGEST = 1000  # numbers in a result
NEAR = 1e-3  # of the right result of the first call, so that it is worth a judgement


# ---------------------------------------------------------------- what can be pasted


def above(task: str) -> Iterator[Cell]:
    """Yield the code cells that a student has read before this task, without its own answer."""
    for room in ROOMS:
        lesson, sheet = read(room / "lesson.py"), read(room / "sheet.py")
        for source in (lesson, sheet):
            if source.lesson > task[:2] or (source.is_sheet and source.lesson != task[:2]):
                continue
            for cell in source.cells:
                if cell.task == task and "task" in cell.tags:
                    return
                if cell.kind == "code" and not (source.is_sheet and "task" in cell.tags):
                    yield cell


def pasted(task: str) -> dict[str, Callable[..., Any]]:
    """Return the functions above a task, in a space of names like that of a notebook."""
    space: dict[str, Any] = {"xc": xc, "torch": torch, "np": np, "device": torch.device("cpu")}
    found: dict[str, Callable[..., Any]] = {}
    for cell in above(task):
        for node in filter(_makes_no_use_of_a_model, ast.parse(regions.worked(cell)).body):
            if isinstance(node, ast.FunctionDef):
                _leave_out_unknown(node, space)
            exec(compile(ast.Module([node], []), f"cell {cell.number}", "exec"), space)
            if isinstance(node, ast.FunctionDef):
                found[f"{node.name}, {cell.id}"] = space[node.name]
    return found


def _makes_no_use_of_a_model(node: ast.stmt) -> bool:
    """Say whether a statement is a definition, an import, or gives a name to plain numbers."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        try:
            return ast.literal_eval(node.value) is not None
        except ValueError:
            return False
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef))


def _leave_out_unknown(node: ast.FunctionDef, space: dict[str, Any]) -> None:
    """Leave out default values that are made of what the lesson computes."""
    for defaults in (node.args.defaults, node.args.kw_defaults):
        for place, default in enumerate(defaults):
            parts = ast.walk(default) if default is not None else ()
            if any(isinstance(part, ast.Name) and part.id not in space for part in parts):
                defaults[place] = ast.Constant(None, lineno=1, col_offset=0)


# ---------------------------------------------------------------- as a student would call it


def calls_in_each_order(function: Callable[..., Any], names: list[str]) -> Iterator[Any]:
    """Yield the function with the task's arguments handed on in different orders."""
    parameters = inspect.signature(function).parameters.values()
    own = [p.name for p in parameters]
    needed = [p.name for p in parameters if p.default is p.empty]
    for wanted in {tuple(needed), tuple(own)}:
        same = [name for name in wanted if name in names]
        others = [name for name in names if name not in same]
        open_ones = [name for name in wanted if name not in same]
        orders = itertools.permutations(others, len(open_ones))
        for order in itertools.islice(orders, ORDERS):
            chosen = {**{name: name for name in same}, **dict(zip(open_ones, order, strict=True))}
            yield _handing_on(function, names, chosen)


def _handing_on(function: Callable[..., Any], names: list[str], chosen: dict[str, str]) -> Any:
    def answer(*given: Any) -> Any:
        by_name = dict(zip(names, given, strict=True))
        return function(**{own: by_name[name] for own, name in chosen.items()})

    return answer


def is_near(task: str, answer: Callable[..., Any]) -> bool:
    """Say whether the first call comes near to the right result, or cannot be compared."""
    arguments = next(_calls(TASKS[task]))
    right = TASKS[task].reference(**arguments)
    try:
        found = answer(*next(_calls(TASKS[task])).values())
    except Exception:
        return False
    if not is_small(found):
        return False
    try:
        return apart(as_numbers(found), as_numbers(right)) <= NEAR
    except Exception:
        return True


def is_small(found: Any) -> bool:
    """Say whether a result could be that of a probe."""
    if isinstance(found, (list, tuple)):
        return len(found) <= LONGEST and all(map(is_small, found))
    return not hasattr(found, "shape") or torch.Size(found.shape).numel() <= LONGEST


def solved_by(task: str) -> list[str]:
    """Return the functions above a task that solve it."""
    names = list(inspect.signature(TASKS[task].reference).parameters)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, function in pasted(task).items():
            answers = calls_in_each_order(function, names)
            if any(is_near(task, a) and judged(task, a).passed for a in answers):
                found.append(name)
    return found


@pytest.mark.parametrize("task", FUNCTIONS)
def test_no_pasted_function_solves_a_task(task):
    found = solved_by(task)
    print(task, "is solved by", found or "nothing", "above it")
    if task in NOT_YET:
        assert found, f"{task} is mended: take it out of NOT_YET"
    else:
        assert found == []


# ---------------------------------------------------------------- pasted by hand

BY_HAND = {
    task: attempt
    for path in sorted(Path(__file__).with_name("pasted").glob("l*.py"))
    for task, attempt in importlib.import_module(f"tests.lessons.pasted.{path.stem}").PASTED.items()
}

# Lessons that are being rewritten: their attempts come with them. This list may only shrink.
UNTRIED: set[str] = set()


@pytest.mark.parametrize("task", BY_HAND)
def test_pasted_lines_do_not_pass(task):
    attempt, name = BY_HAND[task]
    verdict = judged(task, attempt)
    print(verdict.message)
    assert (verdict.passed, verdict.diagnosis) == (False, name), verdict.message


def test_each_function_task_keeps_one_attempt():
    lessons = {task[:2] for task in BY_HAND}
    assert lessons & UNTRIED == set(), "take it out of UNTRIED"
    assert {task for task in FUNCTIONS if task[:2] not in UNTRIED} == set(BY_HAND)
