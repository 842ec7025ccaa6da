"""Task 05.4: submit an input that convicts each of three wrong bodies."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import distance, refuse, show
from xaicourse.course.grading.integrate import (
    OwnFunction,
    path_integral,
    reliable_integral,
    to_rows,
)
from xaicourse.course.grading.submission import is_missing, parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled, sentence
from xaicourse.course.lessons.l05_integrated_gradients.bugs import bug_a, bug_b, bug_c

__all__ = ["BUGS", "BUG_HUNT"]

BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}
CONVICTED = 0.05  # the body is wrong by at least this much, relative to the larger result ...
HONEST = 4.0  # ... and a right body with as many steps is at least this many times better
INCOMPLETE = 0.02  # shares that miss the rise by this much do not belong to a continuous f
MOST_STEPS = 2000


def grade(answer: Any) -> Outcome:
    """Judge three inputs, one for each body."""
    inputs = parts(answer, tuple(BUGS), messages.entry("tasks/05.4/name"))
    if all(is_missing(given) for given in inputs.values()):
        refuse("general/not_done", status="not_done")
    failures = {name: why for name in BUGS if (why := _failure(name, inputs[name])) is not None}
    if not failures:
        return Outcome("passed", messages.text("tasks/05.4/passed"))
    convicted = ", ".join(name for name in BUGS if name not in failures)
    first = next(iter(failures.values()))
    text = messages.text(
        "tasks/05.4/progress",
        convicted=convicted or messages.text("tasks/05.4/nobody"),
        reason=sentence(first.message),
    )
    only_open = all(failure.status == "not_done" for failure in failures.values())
    status = "not_done" if only_open else "not_right"
    return Outcome(status, text, first.evidence, diagnosis=first.diagnosis)


def _failure(name: str, given: Any) -> Outcome | None:
    """Return why this input does not convict body `name`; None when it does."""
    try:
        if is_missing(given):
            refuse("tasks/05.4/missing", status="not_done", bug=name)
        return _judge(name, given)
    except Settled as settled:
        return settled.outcome


def _judge(name: str, given: Any) -> Outcome | None:
    what = messages.text("tasks/05.4/what", bug=name)
    part = parts(given, ("f", "x", "baseline", "steps"), what)
    for key, value in part.items():
        if is_missing(value):
            refuse("general/part_missing", part=key, what=what)
    x, baseline = _inputs(part, what)
    steps = _steps(part["steps"], what)
    f = OwnFunction(part["f"], x, what)
    with f.steady(torch.cat([x, baseline])[:8]):
        return _convicts(name, f, x, baseline, steps)


def _convicts(name: str, f: OwnFunction, x: Tensor, baseline: Tensor, steps: int) -> Outcome | None:
    """Return None if the input shows the bug, else why it does not."""
    truth = reliable_integral(f, x, baseline)
    rise = f.value(x) - f.value(baseline)  # (N,)
    if float((truth.flatten(1).sum(1) - rise).abs().max()) > INCOMPLETE * float(
        torch.maximum(rise.abs(), truth.flatten(1).abs().sum(1)).max()
    ):
        refuse("tasks/05.4/jump", bug=name)
    got = BUGS[name](f, x, baseline, steps)
    error = distance(got, truth)
    honest = min(
        distance(path_integral(f.gradient, x, baseline, rule, steps), truth)
        for rule in ("midpoint", "left", "right")
    )
    if error >= CONVICTED and error >= HONEST * honest:
        return None
    evidence = messages.text(
        "tasks/05.4/evidence", bug=name, yours=show(got), expected=show(truth), steps=steps
    )
    if error >= CONVICTED:
        text = messages.text("tasks/05.4/too_coarse", bug=name, steps=steps)
        return Outcome("not_right", text, evidence)
    reason = _reason(name, f, x, baseline, steps)
    if reason is None:
        text = messages.text("tasks/05.4/not_convicted", bug=name, error=f"{100 * error:.1g} %")
        return Outcome("not_right", text, evidence)
    text = messages.text(f"tasks/05.4/misconceptions/{reason}", bug=name)
    return Outcome("not_right", text, evidence, diagnosis=reason)


def _inputs(part: dict[str, Any], what: str) -> tuple[Tensor, Tensor]:
    x = to_rows(part["x"], "x", what)
    baseline = to_rows(part["baseline"], "baseline", what)
    try:
        baseline = baseline.expand_as(x).clone()
    except RuntimeError:
        shape, expected = tuple(baseline.shape), tuple(x.shape)
        refuse("general/baseline_shape", what=what, shape=shape, expected=expected)
    return x, baseline


def _steps(value: Any, what: str) -> int:
    try:
        steps = int(value)
        fits = steps == float(value) and 1 <= steps <= MOST_STEPS
    except Exception:
        fits = False
    if not fits:
        refuse("tasks/05.4/steps", what=what, given=str(value)[:40], most=MOST_STEPS)
    return steps


def _reason(name: str, f: OwnFunction, x: Tensor, baseline: Tensor, steps: int) -> str | None:
    """Name the one property of this input that hides the bug, if it is plain to see."""
    delta = x - baseline
    if float(delta.abs().max()) == 0:
        return "no_path"
    slopes = torch.stack([f.gradient(baseline + a * delta) for a in (0.0, 0.3, 0.7, 1.0)])
    if float(slopes.abs().max()) == 0:
        return "constant"
    if name == "a" and steps > 20:
        return "many_steps"
    if name == "b" and float(baseline.abs().max()) == 0:
        return "zero_baseline"
    if name == "b" and distance(slopes[1:], slopes[:-1]) < 1e-6:
        return "straight"
    if name == "c" and len(x) == 1:
        return "one_row"
    if name == "c" and distance(delta, delta[-1:].expand_as(delta)) < 1e-6:
        return "equal_rows"
    return None


# ---------------------------------------------------------------- right and wrong submissions


def _line(points):
    return 2 * points[:, 0] - points[:, 1]


def _bend(points):
    return points[:, 0] ** 2 * points[:, 1]


def _constant(points):
    return (0 * points).sum(1) + 3


_ONE_ROW = ([[1.0, 2.0]], [[0.0, 0.0]])
_TWO_ROWS = ([[1.0, 2.0], [3.0, -1.0]], [[0.0, 0.0], [0.0, 0.0]])
_RIGHT = {
    "a": (_line, *_ONE_ROW, 4),
    "b": (_bend, [[1.0, 2.0]], [[1.5, -1.0]], 50),
    "c": (_line, *_TWO_ROWS, 10),
}
_WRONG = {
    "no_path": {"a": (_line, [[1.0, 2.0]], [[1.0, 2.0]], 4)},
    "constant": {"a": (_constant, *_ONE_ROW, 4)},
    "many_steps": {"a": (_line, *_ONE_ROW, 200)},
    "zero_baseline": {"b": (_bend, *_ONE_ROW, 50)},
    "straight": {"b": (_line, [[1.0, 2.0]], [[1.5, -1.0]], 50)},
    "one_row": {"c": (_line, *_ONE_ROW, 10)},
    "equal_rows": {"c": (_line, [[1.0, 2.0], [1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]], 10)},
}

BUG_HUNT = Task(
    id="05.4",
    grade=grade,
    reference=_RIGHT,
    misconceptions={name: _RIGHT | change for name, change in _WRONG.items()},
    bugs=BUGS,
)
