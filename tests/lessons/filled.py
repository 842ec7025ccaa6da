"""Lessons and sheets filled with their worked answers, in any form, and run in this process.

A tiny network stands in for EfficientNet-Lite0, and answers are judged without the checker's
process: this looks for cells that stop, not for numbers.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.course.checking import TASKS, checking
from xaicourse.course.grading.verdict import Outcome, Settled, Verdict, line

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))  # the press is no package that is installed

from builder import regions  # noqa: E402
from builder.source import Cell, Source, read  # noqa: E402

ROOMS = sorted((ROOT / "xaicourse/course/lessons").glob("l*_*/"))
Form = Callable[[str, Any], Any]  # (task, answer) -> the answer in another form

# Lesson -> its first cell that asks for layers of the true network, which the small one has not,
# or (09) that trains networks. All its tasks stand before it.
LAST_CELL = {"l02_guided_backprop": 43, "l08_biases": 31, "l09_compared_with_what": 45}


def sources() -> Iterator[Source]:
    """Yield each sheet, and each lesson with tasks inside."""
    for room in ROOMS:
        lesson = read(room / "lesson.py")
        if any("task" in cell.tags for cell in lesson.cells):
            yield lesson
        yield read(room / "sheet.py")


def as_it_is(task: str, answer: Any) -> Any:
    """Return the worked answer."""
    return answer


def run(source: Source, form: Form = as_it_is) -> dict[str, Verdict]:
    """Run all code cells of a source; return the verdicts of its checks."""
    names: dict[str, Any] = {"__name__": "__main__"}
    end = None if source.is_sheet else LAST_CELL.get(f"l{source.slug}")
    with stand_ins(positive=source.lesson != "00") as verdicts:
        for place, cell in enumerate(source.cells[:end]):
            if cell.kind != "code" or "hint" in cell.tags:  # lesson 00 tries a wrong answer there
                continue
            exec(_compiled(source, cell), names)  # our own source
            if "task" in cell.tags:
                for name in _handed_in(source.cells[place + 1 :]):
                    if _is_made_in(name, cell):
                        names[name] = form(_task(source.cells[place + 1 :]), names[name])
    return verdicts


def _compiled(source: Source, cell: Cell) -> Any:
    return compile(regions.worked(cell), f"{source.path}, cell {cell.number}", "exec")


def _check(cells: tuple[Cell, ...]) -> ast.Module:
    """Return the next check."""
    return ast.parse(next(cell.text for cell in cells if "check" in cell.tags))


def _task(cells: tuple[Cell, ...]) -> str:
    words = [node.value for node in ast.walk(_check(cells)) if isinstance(node, ast.Constant)]
    return next(word for word in words if word in TASKS)


def _handed_in(cells: tuple[Cell, ...]) -> list[str]:
    """Return the names that the next check uses."""
    found = [node.id for node in ast.walk(_check(cells)) if isinstance(node, ast.Name)]
    return [name for name in dict.fromkeys(found) if name != "xc"]


def _is_made_in(name: str, cell: Cell) -> bool:
    """Say whether a cell defines a name or gives it a value."""
    for node in ast.walk(ast.parse(regions.worked(cell))):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return True
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return True
    return False


# ---------------------------------------------------------------- stand-ins


class Small(nn.Module):
    """A network for photos (N, 3, 224, 224) with 1000 logits, drawn at random.

    Its parts have the names that they have in the true network, and 7 x 7 cells each. Positive
    weights leave no class activation map empty; weights of both signs tell classes apart.
    """

    def __init__(self, positive: bool) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 32, stride=32), nn.ReLU())
        self.blocks = nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1) for _ in range(16)))
        self.head = nn.Sequential(nn.Conv2d(4, 6, 1), nn.ReLU())
        self.classifier = nn.Linear(6, 1000)
        generator = torch.Generator().manual_seed(0)
        for weight in self.parameters():
            drawn = torch.randn(weight.shape, generator=generator)
            size = weight[0].numel()
            weight.data = drawn.abs() / size if positive else drawn / size**0.5
            weight.requires_grad_(False)
        self.eval()

    def forward(self, photos: Tensor) -> Tensor:
        """Return the logits."""
        return self.classifier(self.head(self.blocks(self.stem(photos))).mean((2, 3)))


@contextmanager
def stand_ins(positive: bool) -> Iterator[dict[str, Verdict]]:
    """Judge in this process and load the small network; yield the verdicts as they come."""
    verdicts: dict[str, Verdict] = {}
    load = xc.zoo.load

    def small(name: str, **settings: Any) -> nn.Module:
        return Small(positive) if name == "efficientnet_lite0" else load(name, **settings)

    def judge(task: Any, answer: Any, graded: bool) -> Verdict:
        if answer is None:  # a sheet asks for the reference of a task that stands in its lesson
            return Verdict(task.id, False, None, "", (), "not_done")
        verdicts[task.id] = judged(task.id, answer)
        return verdicts[task.id]

    with (
        mock.patch.object(xc.zoo, "load", small),
        mock.patch.object(checking, "_judge", judge),
        mock.patch.object(checking, "_passed", {}),
    ):
        yield verdicts


def judged(task: str, answer: Any) -> Verdict:
    """Return the verdict on an answer, without the checker's process."""
    try:
        outcome = TASKS[task].grade(answer)
    except Settled as settled:
        outcome = settled.outcome
    except Exception as error:
        outcome = Outcome("not_right", f"the grader stopped: {error!r}")
    passed = outcome.status == "passed"
    message = line(task, outcome, tries=2)
    return Verdict(task, passed, outcome.diagnosis, message, outcome.notes, outcome.status)


def is_function(answer: Any) -> bool:
    """Say whether an answer is a function of the sheet."""
    return isinstance(answer, FunctionType)
