"""Task 05.6: a feature with an attribution of 0 that matters."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show, to_number
from xaicourse.course.grading.integrate import OwnFunction, path_integral, to_rows
from xaicourse.course.grading.submission import parts, refuse_open_parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["BREAK_IT"]

RANGE = 10.0  # all numbers of x, of the baseline and the other value lie in [-10, 10]
MATTERS = 0.5  # setting the feature to the other value changes f by more than this
ZERO = 1e-4  # |IG| of the feature, relative to that change: slopes that cancel, between kinks
ONE_SIGN = 1e-9  # the same where all slopes have one sign, so that only true zeros add up to 0
INCOMPLETE = 0.02  # the whole map may miss the rise by this share of the largest number there is
SHIFT = 1e-4  # the path is moved by so little to see whether it runs on a kink


def grade(answer: Any) -> Outcome:
    """Judge (f, x, baseline, feature, value)."""
    what = messages.entry("tasks/05.6/name")
    if isinstance(answer, (list, tuple)) and len(answer) == 4:
        answer = (*answer, None)  # the value is still open
    part = parts(answer, ("f", "x", "baseline", "feature", "value"), what)
    refuse_open_parts(part, what)
    x, baseline = _one_row(part["x"], "x", what), _one_row(part["baseline"], "baseline", what)
    if baseline.shape != x.shape and baseline.numel() == 1:
        baseline = baseline.expand_as(x).clone()
    if baseline.shape != x.shape:
        shape, expected = tuple(baseline.shape), tuple(x.shape)
        refuse("general/baseline_shape", what=what, shape=shape, expected=expected)
    place = _feature(part["feature"], x)
    value = to_number(part["value"], what)
    _require_range(value, "value")

    f = OwnFunction(part["f"], x, what)
    with f.steady(torch.cat([baseline, x, (x + baseline) / 2])):
        return _judge(f, x, baseline, place, value)


def _judge(f: OwnFunction, x: Tensor, baseline: Tensor, place: int, value: float) -> Outcome:
    change = _change(f, x, place, value)
    if change <= MATTERS:
        _refuse_small_change(f, x, place, change)
    share = _share(f, x, baseline, place)
    if ZERO * change < abs(share) < 1e-2 * change:  # a kink on the path: look closer
        share = _share(f, x, baseline, place, (("midpoint", 100_000),))
    one_sign = _slopes_have_one_sign(f, x, baseline, place)
    if abs(share) > (ONE_SIGN if one_sign else ZERO) * change:
        _refuse_nonzero(f, x, baseline, place, share, value)
    _require_honest_gradient(f, x, baseline, place, change)
    changed = x.clone()
    changed.view(-1)[place] = value
    _refuse_jump(f, x, changed, place, change)
    return Outcome("passed", messages.text("tasks/05.6/passed", change=show(change)))


# ---------------------------------------------------------------- reading


def _one_row(value: Any, name: str, what: str) -> Tensor:
    rows = to_rows(value, name, what)
    if len(rows) != 1:
        refuse("tasks/05.6/one_row", name=name, shape=tuple(rows.shape))
    for number in (float(rows.min()), float(rows.max())):
        _require_range(number, name)
    return rows


def _require_range(number: float, name: str) -> None:
    if not -RANGE <= number <= RANGE:
        refuse("tasks/05.6/range", name=name, number=show(number), largest=show(RANGE))


def _feature(value: Any, x: Tensor) -> int:
    """Return the place of the feature in the flattened row."""
    shape = tuple(x.shape[1:])
    try:
        index = [int(i) for i in torch.as_tensor(value).reshape(-1)]
        if len(index) == len(shape) + 1 and index[0] == 0:
            index = index[1:]  # (0, i): the batch axis was counted
        if len(index) == 1 and len(shape) != 1:
            place = range(x.numel())[index[0]]
        else:
            place = int(torch.arange(x.numel()).reshape(shape)[tuple(index)])
    except Exception:
        refuse("tasks/05.6/feature", given=str(value)[:40], last=x.numel() - 1)
    return place


# ---------------------------------------------------------------- judging


def _change(f: OwnFunction, x: Tensor, place: int, value: float) -> float:
    changed = x.clone()
    changed.view(-1)[place] = value
    return abs(float(f.value(changed)) - float(f.value(x)))


RULES = (("midpoint", 1000), ("gauss_legendre", 401))


def _share(f: OwnFunction, x: Tensor, baseline: Tensor, place: int, rules=RULES) -> float:
    """Return IG of one feature; two rules that disagree are a sign of jumps."""
    by_rule = [
        float(path_integral(f.gradient, x, baseline, rule, steps).reshape(-1)[place])
        for rule, steps in rules
    ]
    return min(by_rule, key=abs)


def _refuse_small_change(f: OwnFunction, x: Tensor, place: int, change: float) -> None:
    """Say whether the feature is not used at all or only this value is too weak."""
    others = torch.linspace(-RANGE, RANGE, 81).tolist()
    largest = max(_change(f, x, place, other) for other in others)
    diagnosis = "unused" if largest <= 1e-9 else None
    key = "tasks/05.6/misconceptions/unused" if diagnosis else "tasks/05.6/small_change"
    refuse(key, diagnosis=diagnosis, change=show(change), wanted=show(MATTERS))


def _slopes_have_one_sign(f: OwnFunction, x: Tensor, baseline: Tensor, place: int) -> bool:
    """Say so for an f in float64: in float32 a slope of 0 may be a small number of any sign."""
    if f.dtype != torch.float64:
        return False
    alphas = ((torch.arange(500) + 0.5) / 500).double().reshape(-1, *[1] * (x.ndim - 1))
    slopes = f.gradient(baseline + alphas * (x - baseline)).flatten(1)[:, place]
    return bool((slopes >= 0).all() or (slopes <= 0).all())


def _refuse_nonzero(
    f: OwnFunction, x: Tensor, baseline: Tensor, place: int, share: float, value: float
) -> None:
    """Say whether the feature before has the 0, or the gradient at x and not the attribution."""
    if place > 0:
        before = abs(_share(f, x, baseline, place - 1))
        if before < 1e-9 and _change(f, x, place - 1, value) > MATTERS:
            name = "counted_from_one"
            key = f"tasks/05.6/misconceptions/{name}"
            refuse(key, diagnosis=name, given=place, before=place - 1, share=show(share))
    slope = float(f.gradient(x).reshape(-1)[place])
    if abs(slope) < 1e-9:
        name = "gradient_is_zero"
        refuse(f"tasks/05.6/misconceptions/{name}", diagnosis=name, share=show(share))
    refuse("tasks/05.6/not_zero", share=show(share))


def _refuse_jump(f: OwnFunction, x: Tensor, changed: Tensor, place: int, change: float) -> None:
    """Refuse an f that jumps between x and the changed x."""
    jump, where = _largest_jump(f, x, changed, place)
    if jump > 0.05 * change:
        refuse("tasks/05.6/jump", feature=place, place=show(where), change=show(jump))


def _largest_jump(f: OwnFunction, x: Tensor, changed: Tensor, place: int) -> tuple[float, float]:
    """Return the size of a jump and where it is: halve the steepest piece 30 times."""
    ends = torch.linspace(0, 1, 2001, dtype=torch.float64).reshape(-1, *[1] * (x.ndim - 1))
    points = x + ends * (changed - x)  # (P, D...)
    steepest = int(f.value(points).diff().abs().argmax())
    left, right = points[steepest, None], points[steepest + 1, None]
    for _ in range(30):
        middle = (left + right) / 2
        values = f.value(torch.cat([left, middle, right]))
        first = abs(float(values[1] - values[0])) >= abs(float(values[2] - values[1]))
        left, right = (left, middle) if first else (middle, right)
    jump = abs(float(f.value(right) - f.value(left)))
    return jump, float(left.reshape(-1)[place])


def _require_complete(
    f: OwnFunction, x: Tensor, baseline: Tensor, place: int, change: float
) -> None:
    """Refuse an f whose map does not add up to its rise: slopes are hidden, wherever they are."""
    parts_of_rise = path_integral(f.gradient, x, baseline, "midpoint", 1000)
    rise = float(f.value(x) - f.value(baseline))
    missing = rise - float(parts_of_rise.sum())
    if abs(missing) > INCOMPLETE * max(abs(rise), change, float(parts_of_rise.abs().sum())):
        _refuse_made_up(f, x, baseline, place, change, missing)


def _require_honest_gradient(
    f: OwnFunction, x: Tensor, baseline: Tensor, place: int, change: float
) -> None:
    """Refuse zeros that come from autograd and not from f: jumps, detach, a path on a kink.

    The integral of the slope, measured by values of f alone on slightly moved paths, must be 0 too.
    """
    delta = float((x - baseline).reshape(-1)[place])
    if delta == 0:
        return  # 0 times anything: no gradient is needed to know it
    _require_complete(f, x, baseline, place, change)
    worst = max((_measured_share(f, x, baseline, place, seed) for seed in range(3)), key=abs)
    if abs(worst) > 0.05 * change:
        _refuse_made_up(f, x, baseline, place, change, worst)


def _refuse_made_up(
    f: OwnFunction, x: Tensor, baseline: Tensor, place: int, change: float, missing: float
) -> None:
    """Say why autograd gives a 0 that f does not have: a jump, a kink, or something hidden."""
    jump, where = _largest_jump(f, baseline, x, place)
    if jump > 0.05 * change:
        key = "tasks/05.6/jump"
        refuse(key, diagnosis="autograd_only", feature=place, place=show(where), change=show(jump))
    straight = _share(f, x, baseline, place)
    beside = [_share(f, x + s, baseline + s, place) for s in (_shifted(x, k) for k in range(3))]
    on_kink = max(abs(share - straight) for share in beside) > 0.05 * change
    key = "tasks/05.6/on_kink" if on_kink else "tasks/05.6/misconceptions/autograd_only"
    refuse(key, diagnosis="autograd_only", share=show(missing))


def _shifted(x: Tensor, seed: int) -> Tensor:
    """Return by how much a path is moved."""
    generator = torch.Generator().manual_seed(seed)
    return SHIFT * torch.randn(x.shape, generator=generator, dtype=torch.float64)


def _measured_share(f: OwnFunction, x: Tensor, baseline: Tensor, place: int, seed: int) -> float:
    """Return delta times the mean slope from values of f, on a path that is moved a little.

    The differences reach from one point to the next, so that no jump falls between them.
    """
    shift = _shifted(x, seed)
    count, delta = 2000, x - baseline
    alphas = ((torch.arange(count) + 0.5) / count).double().reshape(-1, *[1] * (x.ndim - 1))
    points = baseline + shift + alphas * delta  # (P, D...)
    step = torch.zeros(x.numel(), dtype=torch.float64)
    step[place] = delta.reshape(-1)[place] / (2 * count)
    step = step.reshape(x.shape)
    return float((f.value(points + step) - f.value(points - step)).sum())


# ---------------------------------------------------------------- right and wrong submissions


def _smaller(points):
    return torch.minimum(points[:, 0], points[:, 1])


def _second_only(points):
    return 3 * points[:, 1]


def _detached(points):
    return 2 * points[:, 0].detach() + points[:, 1]


def _saturated(points):
    return 1 - torch.relu(1 - points[:, 0]) + 0 * points[:, 1]


_RIGHT = {"f": _smaller, "x": [[3.0, 2.0]], "baseline": [[0.0, 0.0]], "feature": 0, "value": 0.0}

BREAK_IT = Task(
    id="05.6",
    grade=grade,
    reference=_RIGHT,
    misconceptions={
        "unused": _RIGHT | {"f": _second_only},
        "gradient_is_zero": _RIGHT | {"f": _saturated},
        "autograd_only": _RIGHT | {"f": _detached},
        "counted_from_one": _RIGHT | {"feature": 1},
    },
)
