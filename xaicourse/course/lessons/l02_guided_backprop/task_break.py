"""Task 02.5: a map of guided backpropagation that is upside down.

It shows a feature that the function does not use, and hides one that it uses.
"""

from typing import Any

import torch
from torch import Tensor

from xaicourse.core.gradients import ask, gradients
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.rules import Rules
from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
from xaicourse.methods.vanilla.relu_rules import guided_rule

__all__ = ["UPSIDE_DOWN"]

LARGEST = 10.0  # all numbers of x lie in [-10, 10]
SHOWN = 0.5  # a slope or a map above this size shows the feature
ZERO = 1e-6  # rounding
SAME = {torch.float64: 1e-6, torch.float32: 1e-5}  # a smaller change of f is rounding
FAR = (-1000.0, -100.0, -30.0, -15.0, 15.0, 30.0, 100.0, 1000.0)


def grade(answer: Any) -> Outcome:
    """Judge (f, x, unused, used)."""
    what = messages.entry("tasks/02.5/name")
    part = parts(answer, ("f", "x", "unused", "used"), what)
    refuse_open_parts(part, what)
    x = to_rows(part["x"], "x", what)
    if len(x) != 1 or x.ndim != 2 or x.shape[1] < 2:
        refuse("tasks/02.5/one_row", shape=tuple(x.shape))
    if float(x.abs().max()) > LARGEST:
        refuse("tasks/02.5/range", number=show(float(x.abs().max())), largest=show(LARGEST))
    unused, used = (_feature(part[name], name, x) for name in ("unused", "used"))
    if unused == used:
        refuse("tasks/02.5/same_feature", feature=unused)
    f = OwnFunction(part["f"], x, what)
    with f.steady(_others(x, unused)[:5]):
        slope, guided = f.gradient(x)[0], _guided(f, x)[0]
        name = _mistake(f, x, slope, guided, unused, used)
        if name is not None and _mistake(f, x, slope, guided, used, unused) is None:
            name = "misconceptions/exchanged"
    fields = {
        "unused": unused,
        "used": used,
        "shown": show(float(guided[unused])),
        "hidden": show(float(guided[used])),
        "slope": show(float(slope[used])),
        "wanted": show(SHOWN),
    }
    if name is not None:
        diagnosis = name.rpartition("/")[2] if "/" in name else None
        refuse(f"tasks/02.5/{name}", diagnosis=diagnosis, **fields)
    return Outcome("passed", messages.text("tasks/02.5/passed", **fields))


def _mistake(
    f: OwnFunction, x: Tensor, slope: Tensor, guided: Tensor, unused: int, used: int
) -> str | None:
    """Return the key of what is wrong, or None."""
    if _changes_with(f, x, unused):
        return "misconceptions/not_unused"
    if abs(float(guided[unused])) <= ZERO:
        return "misconceptions/also_blank"
    if abs(float(guided[unused])) <= SHOWN:
        return "too_small"
    if abs(float(guided[used])) > ZERO:
        return "misconceptions/shown_too"
    if abs(float(slope[used])) > SHOWN:
        return None
    return "too_flat" if _changes_with(f, x, used) else "misconceptions/uses_nothing"


def _feature(value: Any, name: str, x: Tensor) -> int:
    try:
        return range(x.shape[1])[int(torch.as_tensor(value).reshape(()))]
    except Exception:
        refuse("tasks/02.5/feature", part=name, given=str(value)[:40], features=x.shape[1])


def _others(x: Tensor, place: int) -> Tensor:
    """Return x and rows elsewhere, near and far, each with 49 values of the feature."""
    generator = torch.Generator().manual_seed(0)
    draw = 2 * torch.rand((10, x.shape[1]), generator=generator, dtype=x.dtype) - 1
    size = torch.tensor([LARGEST] * 6 + [100.0] * 4, dtype=x.dtype)
    ends = LARGEST * torch.tensor([[1.0], [-1.0]], dtype=x.dtype).expand(2, x.shape[1])
    rows = torch.cat([x, size[:, None] * draw, ends])  # (13, D)
    values = torch.cat([torch.linspace(-LARGEST, LARGEST, 41), torch.tensor(FAR)]).to(x.dtype)
    others = rows.repeat_interleave(len(values), dim=0)
    others[:, place] = values.repeat(len(rows))
    return others


def _changes_with(f: OwnFunction, x: Tensor, place: int) -> bool:
    """Say whether f changes with one feature, anywhere."""
    others = _others(x, place)
    values = f.value(others).reshape(13, -1)  # one line for each place of the other features
    sizes = others.abs().amax(1).reshape(13, -1)  # rounding grows with the numbers in f
    for near in (slice(0, 41), slice(None)):
        change = values[:, near].amax(1) - values[:, near].amin(1)
        size = 1 + sizes[:, near].amax(1) + values[:, near].abs().amax(1)
        if float((change / size).max()) > SAME[f.dtype]:
            return True
    return False


def _guided(f: OwnFunction, x: Tensor) -> Tensor:
    """Return the map of guided backpropagation, by the package's rule."""
    rules = Rules("guided backprop", guided_rule)
    try:
        function: Any = f.f  # what the student wrote
        question = ask(lambda points: function(points).reshape(-1), x.to(f.dtype), rules=rules)
        return gradients(question)[0].double()
    except UnsupportedOperationError as error:
        refuse("tasks/02.5/refused", error=str(error).split(":")[0].split(";")[0])
    except ValueError:  # x is not in the graph at all
        return torch.zeros_like(x)


# ---------------------------------------------------------------- right and wrong submissions


def _upside_down(points):
    """Return relu(x1) - relu(x1) - relu(x2): only x2 counts, and its signal is negative."""
    first, second = points[:, 0], points[:, 1]
    return torch.relu(first) - torch.relu(first) - torch.relu(second)


def _both_used(points):
    return 2 * torch.relu(points[:, 0]) - torch.relu(points[:, 1])


def _second_only(points):
    return 0 * points[:, 0] - 3 * torch.relu(points[:, 1])


def _second_shown(points):
    first, second = points[:, 0], points[:, 1]
    return torch.relu(first) - torch.relu(first) + torch.relu(second)


def _constant(points):
    first, second = points[:, 0], points[:, 1]
    return torch.relu(first) - torch.relu(first) + 0 * second


_RIGHT = {"f": _upside_down, "x": [[2.0, 1.0]], "unused": 0, "used": 1}

UPSIDE_DOWN = Task(
    id="02.5",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "not_unused": _RIGHT | {"f": _both_used},
        "exchanged": _RIGHT | {"unused": 1, "used": 0},
        "also_blank": _RIGHT | {"f": _second_only},
        "shown_too": _RIGHT | {"f": _second_shown},
        "uses_nothing": _RIGHT | {"f": _constant},
    },
)
