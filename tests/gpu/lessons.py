"""The code cells of lessons 00 and 05, run on the device without a kernel."""

import importlib
import io
import linecache
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

from torch import Tensor, nn

import xaicourse as xc
from benchmarks._common import table
from tests.gpu.nets import network, waves
from tests.gpu.part import Clock, Part, Where, short
from tests.gpu.standins import is_here, is_missing

LESSONS = ("l00_start_here", "l05_integrated_gradients")
ROOMS = Path(xc.__file__).parent / "course" / "lessons"


def cells(lesson: str) -> list[str]:
    """Return the code cells of a lesson."""
    text = (ROOMS / lesson / "lesson.py").read_text(encoding="utf-8")
    found = re.split(r"(?m)^# %%", text)[1:]
    return [f"#{cell}" for cell in found if not cell.lstrip().startswith("[markdown]")]


def lessons(where: Where, clock: Clock) -> Part:
    """Run the cells of each lesson in order; a cell that lacks a package stops there."""
    part = Part("Lessons")
    lines = []
    with materials(where, part):
        for lesson in LESSONS:
            whole, stopped = _run(lesson, where, clock, part)
            lines.append((lesson, len(cells(lesson)), whole, stopped))
    heads = ("lesson", "code cells", "run to their end", "stopped at a missing package")
    part.text = table(heads, lines)
    return part


def _run(lesson: str, where: Where, clock: Clock, part: Part) -> tuple[int, int]:
    """Run one lesson; return how many cells ran to their end, and how many lacked something."""
    names: dict[str, Any] = {"__name__": "lesson"}
    whole = stopped = 0
    for number, cell in enumerate(cells(lesson)):
        if clock.over():
            part.missing.append(f"{lesson}, cell {number} and what follows: no time was left")
            break
        file = f"<{lesson}, cell {number}>"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        try:
            with redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(cell, file, "exec"), names)
                where.wait()
        except Exception as error:
            package = is_missing(error)
            # a name that a stopped cell would have made
            if package is None and not (stopped and isinstance(error, NameError)):
                part.failures.append(f"{lesson}, cell {number}: {short(error)}")
                continue
            stopped += 1
            why = f"needs {package}" if package else short(error)
            part.missing.append(f"{lesson}, cell {number}: {why}")
        else:
            whole += 1
    return whole, stopped


@contextmanager
def materials(where: Where, part: Part) -> Iterator[None]:
    """Give the lessons a network, and pictures where no photo can be read."""
    found = network(where)
    part.missing += found.missing
    plain = xc.zoo.load

    def load(name: str, *, device: Any = None, **settings: Any) -> nn.Module:
        if name != "efficientnet_lite0":
            return plain(name, device=device, **settings)
        return found.model.to(device or "cpu")

    def photo(name: str, *, device: Any = None) -> Tensor:
        return waves(name).to(device or "cpu")

    with mock.patch.object(xc.zoo, "load", load):
        if is_here("PIL"):
            yield
            return
        part.missing.append("Pillow is not here: waves take the place of photos")
        with (
            mock.patch.object(importlib.import_module("xaicourse.datasets.photos"), "photo", photo),
            mock.patch.object(xc.datasets, "photo", photo),
        ):
            yield
