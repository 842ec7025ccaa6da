"""Task 01.5: a feature whose gradient is 0 and which decides."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show, show_apart
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["BREAK_THE_GRADIENT"]

LARGEST = 10.0  # all numbers of x lie in [-10, 10]
FLAT = 1e-6  # |gradient| of the feature is below this
DECIDES = 0.5  # setting the feature to 0 changes f by more than this
MEASURED = 0.02  # the slope, measured from values of f, may be as large as this share of the change


def grade(answer: Any) -> Outcome:
    """Judge (f, x, feature)."""
    what = messages.entry("tasks/01.5/name")
    part = parts(answer, ("f", "x", "feature"), what)
    refuse_open_parts(part, what)
    x = to_rows(part["x"], "x", what)
    if len(x) != 1:
        refuse("tasks/01.5/one_row", shape=tuple(x.shape))
    if float(x.abs().max()) > LARGEST:
        refuse("tasks/01.5/range", number=show(float(x.abs().max())), largest=show(LARGEST))
    place = _feature(part["feature"], x)

    f = OwnFunction(part["f"], x, what)
    deleted = x.clone()
    deleted.view(-1)[place] = 0.0
    f.require_plain(torch.cat([x, deleted, (x + deleted) / 2]))
    change = abs(float(f.value(deleted)) - float(f.value(x)))
    slopes = _slopes(f, x)
    slope = float(slopes[place])
    if change <= DECIDES or abs(slope) >= FLAT:
        _refuse_other_feature(f, x, place, slopes)
    if change <= DECIDES:
        _refuse_small_change(f, x, place, change, slope)
    if abs(slope) >= FLAT:
        refuse("tasks/01.5/not_flat", slope=show(slope), wanted=show(FLAT))
    _refuse_software_zero(f, x, place, change)
    return Outcome("passed", messages.text("tasks/01.5/passed", change=show(change)))


def _feature(value: Any, x: Tensor) -> int:
    """Return the place of the feature in the flattened input."""
    shape = tuple(x.shape[1:])
    try:
        index = [int(i) for i in torch.as_tensor(value).reshape(-1)]
        if len(index) == len(shape) + 1 and index[0] == 0:
            index = index[1:]  # (0, i): the batch axis was counted
        if len(index) == 1:
            return range(x.numel())[index[0]]
        return int(torch.arange(x.numel()).reshape(shape)[tuple(index)])
    except Exception:
        refuse("tasks/01.5/feature", given=str(value)[:40], last=x.numel() - 1)


def _slopes(f: OwnFunction, x: Tensor) -> Tensor:
    """Return the slope in each feature, (D,): 0 if nothing of f can be differentiated, as in x > 1.

    Whether such a 0 is one of f itself is measured afterwards.
    """
    if not f(x.detach().requires_grad_()).requires_grad:
        return torch.zeros(x.numel(), dtype=x.dtype)
    return f.gradient(x).reshape(-1)


def _refuse_other_feature(f: OwnFunction, x: Tensor, place: int, slopes: Tensor) -> None:
    """Say so if another feature than the given one has no slope and decides."""
    for other in range(min(x.numel(), 20)):
        deleted = x.clone()
        deleted.view(-1)[other] = 0.0
        change = abs(float(f.value(deleted)) - float(f.value(x)))
        if other != place and change > DECIDES and abs(float(slopes[other])) < FLAT:
            name = "other_feature"
            key = f"tasks/01.5/misconceptions/{name}"
            refuse(key, diagnosis=name, other=other, given=place)


def _refuse_small_change(
    f: OwnFunction, x: Tensor, place: int, change: float, slope: float
) -> None:
    """Say whether the two sides were exchanged, the feature is unused, or the change too small."""
    others = x.repeat(81, *[1] * (x.ndim - 1))
    others.view(81, -1)[:, place] = torch.linspace(-LARGEST, LARGEST, 81, dtype=x.dtype)
    largest = float((f.value(others) - f.value(x)).abs().max())
    if float(x.reshape(-1)[place]) == 0:
        name = "already_zero"
    elif abs(slope) >= FLAT and change < 1e-6:
        name = "exchanged"
    elif largest <= 1e-9:
        name = "unused"
    else:
        shown, wanted = show_apart(change, DECIDES)
        refuse("tasks/01.5/small_change", change=shown, wanted=wanted)
    refuse(f"tasks/01.5/misconceptions/{name}", diagnosis=name)


def _refuse_software_zero(f: OwnFunction, x: Tensor, place: int, change: float) -> None:
    """Refuse a 0 that comes from autograd and not from f: `detach`, or a point on a kink."""
    step = 1e-5 if f.dtype == torch.float64 else 1e-2
    moved = x.repeat(2, *[1] * (x.ndim - 1))
    moved.view(2, -1)[:, place] += torch.tensor([step, -step], dtype=x.dtype)
    rise = (f.value(moved) - f.value(x)).abs() / step  # slopes to both sides
    if float(rise.max()) > MEASURED * change:
        name = "software_zero"
        text = show(float(rise.max()))
        refuse(f"tasks/01.5/misconceptions/{name}", diagnosis=name, slope=text)


# ---------------------------------------------------------------- right and wrong submissions


def _saturated(points):
    return 1 - torch.relu(1 - points[:, 0]) + 0 * points[:, 1]


def _second_only(points):
    return 3 * points[:, 1] + 0 * points[:, 0]


def _detached(points):
    return 2 * points[:, 0].detach() + points[:, 1]


def _two_features(points):
    return 1 - torch.relu(1 - points[:, 0]) + 0.1 * points[:, 1]


def _touches_zero_twice(points):
    return points[:, 0] * (points[:, 0] - 2)


_RIGHT = {"f": _saturated, "x": [[2.0, 1.0]], "feature": 0}

BREAK_THE_GRADIENT = Task(
    id="01.5",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "exchanged": _RIGHT | {"f": _touches_zero_twice},
        "other_feature": {"f": _two_features, "x": [[2.0, 1.0]], "feature": 1},
        "unused": _RIGHT | {"f": _second_only},
        "already_zero": {"f": _saturated, "x": [[0.0, 1.0]], "feature": 0},
        "software_zero": _RIGHT | {"f": _detached},
    },
)
