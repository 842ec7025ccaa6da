"""Task 02.5: guided backpropagation shows a feature that the function does not use."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.core.gradients import ask, gradients
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.rules import Rules
from xaicourse.exercise import messages
from xaicourse.exercise.compare import refuse, show
from xaicourse.exercise.task import Task
from xaicourse.exercise.tasks.integrate import OwnFunction, to_rows
from xaicourse.exercise.tasks.submission import is_missing, parts
from xaicourse.exercise.verdict import Outcome
from xaicourse.methods.vanilla.relu_rules import guided_rule

__all__ = ["SHOWS_NOTHING"]

LARGEST = 10.0  # all numbers of x lie in [-10, 10]
SHOWN = 0.5  # |guided map| of the feature is above this
SAME = 1e-6  # f changes by less than this share of its size


def grade(answer: Any) -> Outcome:
    """Judge (f, x, feature)."""
    what = messages.entry("tasks/02.5/name")
    part = parts(answer, ("f", "x", "feature"), what)
    if all(is_missing(value) for value in part.values()):
        refuse("general/not_done", status="not_done")
    for key, given in part.items():
        if is_missing(given):
            refuse("general/part_missing", status="not_done", part=key, what=what)
    x = to_rows(part["x"], "x", what)
    if len(x) != 1 or x.ndim != 2:
        refuse("tasks/02.5/one_row", shape=tuple(x.shape))
    if float(x.abs().max()) > LARGEST:
        refuse("tasks/02.5/range", number=show(float(x.abs().max())), largest=show(LARGEST))
    place = _feature(part["feature"], x)
    f = OwnFunction(part["f"], x, what)
    others = _others(x, place)
    f.require_plain(others[:5])

    shown = float(_guided(f, x)[0, place])
    change = _largest_change(f, others)
    if change > SAME:
        name = "used" if abs(shown) > SHOWN else "exchanged"
        refuse(
            f"tasks/02.5/misconceptions/{name}", diagnosis=name, change=show(change),
            shown=show(shown),
        )  # fmt: skip
    if shown == 0:
        refuse("tasks/02.5/misconceptions/also_blank", diagnosis="also_blank")
    if abs(shown) <= SHOWN:
        refuse("tasks/02.5/too_small", shown=show(shown), wanted=show(SHOWN))
    return Outcome("passed", messages.text("tasks/02.5/passed", shown=show(shown)))


def _feature(value: Any, x: Tensor) -> int:
    try:
        return range(x.shape[1])[int(torch.as_tensor(value).reshape(()))]
    except Exception:
        refuse("tasks/02.5/feature", given=str(value)[:40], features=x.shape[1])


def _others(x: Tensor, place: int) -> Tensor:
    """Return x, and five rows elsewhere, each with 41 values of the feature: (6 * 41, D)."""
    generator = torch.Generator().manual_seed(0)
    draw = torch.rand((5, x.shape[1]), generator=generator, dtype=x.dtype)
    rows = torch.cat([x, LARGEST * (2 * draw - 1)])  # (6, D)
    rows = rows.repeat_interleave(41, dim=0)
    rows[:, place] = torch.linspace(-LARGEST, LARGEST, 41, dtype=x.dtype).repeat(6)
    return rows


def _largest_change(f: OwnFunction, others: Tensor) -> float:
    """Return how much f changes with the feature alone, relative to the size of f."""
    values = f.value(others).reshape(6, 41)
    return float((values.amax(1) - values.amin(1)).max()) / (1 + float(values.abs().max()))


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


def _nothing(points):
    u = torch.relu(points[:, 0])
    return u - torch.relu(points[:, 0]) + points[:, 1]


def _uses_it(points):
    return 2 * torch.relu(points[:, 0]) + points[:, 1]


def _second_only(points):
    return 3 * torch.relu(points[:, 1]) + 0 * points[:, 0]


def _guided_drops_it(points):
    return points[:, 1] - torch.relu(points[:, 0])


_RIGHT = {"f": _nothing, "x": [[2.0, 1.0]], "feature": 0}

SHOWS_NOTHING = Task(
    id="02.5",
    goal="G5",
    level=3,
    minutes=12,
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "used": _RIGHT | {"f": _uses_it},
        "exchanged": _RIGHT | {"f": _guided_drops_it},
        "also_blank": _RIGHT | {"f": _second_only},
    },
)
