"""Task 00.4: one colour scale for several maps, with zero in the middle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call, require_function
from xaicourse.course.grading.cases import apart
from xaicourse.course.grading.compare import as_numbers, refuse, show
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["CASES", "SHARED_LIMITS"]

SYMMETRIC = 1e-4  # how far low and -high may be apart, relative to high
LEAST, MOST = 0.3, 1.2  # of the largest size: room for every percentile rule, and for a margin
SAME = 1e-3


@dataclass(frozen=True, eq=False)
class Case:
    """Several maps of one shape."""

    name: str
    maps: Sequence[Tensor]

    def copies(self) -> list[Tensor]:
        """Return fresh maps."""
        return [one.clone() for one in self.maps]


def _map(turn: float, strength: float, shift: float = 0.0) -> Tensor:
    """Make a map (4, 6) whose values spread evenly between -strength and strength, if unshifted."""
    values = (torch.arange(24.0) * turn + 0.1) % 1  # evenly in [0, 1)
    return strength * (2 * values - 1 + shift).reshape(4, 6)


CASES = (
    Case("signed", [_map(0.618, 2.0), _map(0.755, 3.0, 0.4)]),
    Case("hundred", [_map(0.618, 0.05, 0.3), _map(0.414, 5.0, -0.3), _map(0.755, 0.5)]),
    Case("strong_first", [_map(0.414, 40.0, 0.2), _map(0.618, 0.4)]),
    Case("below_zero", [-_map(0.618, 1.0, 1.1), -_map(0.755, 4.0, 1.2)]),
    Case("above_zero", [_map(0.755, 4.0, 1.2), _map(0.618, 1.0, 1.1)]),
    Case("opposite", [_map(0.618, 6.0), -_map(0.618, 6.0)]),
    Case("five", [_map(0.414, 9.0), *(_map(turn, 0.2) for turn in (0.618, 0.755, 0.3, 0.9))]),
    Case("one_zero", [torch.zeros(4, 6), _map(0.414, 1.5, -0.5)]),
    Case("all_zero", [torch.zeros(4, 6), torch.zeros(4, 6)]),
)


# ---------------------------------------------------------------- right and wrong answers


def shared_limits(maps):
    """Return (-limit, limit) with the largest size of all maps; (-1, 1) if all are zero."""
    limit = max(float(one.abs().max()) for one in maps)
    return (-limit, limit) if limit > 0 else (-1.0, 1.0)


def min_max(maps):
    return min(float(one.min()) for one in maps), max(float(one.max()) for one in maps)


def zero_to_max(maps):
    return 0.0, shared_limits(maps)[1]


def zero_to_largest_value(maps):
    return 0.0, min_max(maps)[1]


def own_scales(maps):
    return [shared_limits([one]) for one in maps]


def own_scales_min_max(maps):
    return [min_max([one]) for one in maps]


def first_map(maps):
    return shared_limits(maps[:1])


def last_map(maps):
    return shared_limits(maps[-1:])


def weakest_map(maps):
    limit = min(float(one.abs().max()) for one in maps)
    return (-limit, limit) if limit > 0 else (-1.0, 1.0)


def without_abs(maps):
    high = min_max(maps)[1]
    return -high, high


def only_high(maps):
    return shared_limits(maps)[1]


def ends_exchanged(maps):
    low, high = shared_limits(maps)
    return high, low


def mean_sizes(maps):
    limit = float(torch.stack(list(maps)).abs().mean())
    return (-limit, limit) if limit > 0 else (-1.0, 1.0)


def percentiles_of_signs(maps):
    values = torch.stack(list(maps)).flatten()
    return float(values.quantile(0.05)), float(values.quantile(0.95))


def always_one(maps):
    return -1.0, 1.0


def zero_map_forgotten(maps):
    limit = max(float(one.abs().max()) for one in maps)
    return -limit, limit


def largest_above_zero(maps):
    """The size of the smallest value: a map that is positive everywhere gets no scale."""
    limit = abs(min_max(maps)[0])
    return -limit, limit


def _around_zero(limit):
    return (-limit, limit) if limit > 0 else (-1.0, 1.0)


def mean_of_largest(maps):
    return _around_zero(sum(float(one.abs().max()) for one in maps) / len(maps))


def sum_of_largest(maps):
    return _around_zero(sum(float(one.abs().max()) for one in maps))


def summed_maps(maps):
    return _around_zero(float(torch.stack(list(maps)).sum(0).abs().max()))


def mean_map(maps):
    return _around_zero(float(torch.stack(list(maps)).mean(0).abs().max()))


def spread(maps):
    return _around_zero(float(torch.stack(list(maps)).std()))


def median(maps):
    return _around_zero(float(torch.stack(list(maps)).abs().median()))


def _percentiles(share):
    def limits(maps):
        values = torch.stack(list(maps)).flatten()
        return float(values.quantile(share)), float(values.quantile(1 - share))

    return limits


WRONG: dict[str, Callable] = {
    function.__name__: function
    for function in (
        min_max,
        zero_to_max,
        zero_to_largest_value,
        own_scales,
        own_scales_min_max,
        first_map,
        last_map,
        weakest_map,
        without_abs,
        only_high,
        ends_exchanged,
        mean_sizes,
        percentiles_of_signs,
        always_one,
        zero_map_forgotten,
        largest_above_zero,
        mean_of_largest,
        sum_of_largest,
        summed_maps,
        mean_map,
        spread,
        median,
    )
}
ALSO = {
    "largest_above_zero": [
        lambda maps: _around_zero(max(abs(float(one.min())) for one in maps)),
    ],
    "percentiles_of_signs": [_percentiles(share) for share in (0.01, 0.02, 0.025, 0.1)],
    "spread": [lambda maps: _around_zero(float(torch.stack(list(maps)).std(correction=0)))],
}


# ---------------------------------------------------------------- grading


def grade(answer: Any) -> Outcome:
    """Judge ``answer(maps)`` by what its two numbers do for all maps."""
    require_function(answer, "shared_limits")
    given = [_ask(answer, case) for case in CASES]
    faults = [_fault(got, case) for got, case in zip(given, CASES, strict=True)]
    wrong = [k for k, fault in enumerate(faults) if fault]
    if not wrong:
        return Outcome("passed", messages.text("tasks/00.4/passed"))
    case, got, fault = CASES[wrong[0]], given[wrong[0]], faults[wrong[0]]
    evidence = messages.text(
        "tasks/00.4/evidence",
        lows=show([float(one.min()) for one in case.maps]),
        highs=show([float(one.max()) for one in case.maps]),
        yours=show(got),
    )
    name = diagnose(given, wrong)
    if name is not None:
        text = messages.text(f"tasks/00.4/misconceptions/{name}")
        return Outcome("not_right", text, evidence, diagnosis=name)
    where = messages.text(f"tasks/00.4/cases/{case.name}")
    text = messages.text(f"tasks/00.4/faults/{fault}", where=where)
    return Outcome("not_right", text, evidence)


def _fault(got: Tensor, case: Case) -> str:
    """Return what is wrong with the limits for these maps, or nothing."""
    if got.squeeze().shape != (2,):
        return "not_two"
    low, high = got.flatten().tolist()
    largest = max(float(one.abs().max()) for one in case.maps)
    if not high > 0 or not low < high:
        return "no_width"
    if abs(low + high) > SYMMETRIC * high:
        return "not_symmetric"
    if largest > 0 and not LEAST * largest <= high <= MOST * largest:
        return "too_narrow" if high < LEAST * largest else "too_wide"
    return ""


def diagnose(given: Sequence[Tensor], wrong: Sequence[int]) -> str | None:
    """Return the one misconception that gives the same limits for all maps that are not 0."""
    if [CASES[k].name for k in wrong] == ["all_zero"] and not given[wrong[0]].any():
        return "zero_map_forgotten"  # whichever rule the other limits follow
    fits = [
        name
        for name, function in WRONG.items()
        if name != "zero_map_forgotten"
        and any(_agrees(given, form) for form in (function, *ALSO.get(name, ())))
    ]
    return fits[0] if len(fits) == 1 else None


def _agrees(given: Sequence[Tensor], wrong: Callable) -> bool:
    """Compare wherever no map is 0: how those are treated is a question of its own."""
    return all(
        apart(got, as_numbers(wrong(case.copies()))) <= SAME
        for got, case in zip(given, CASES, strict=True)
        if all(bool(one.any()) for one in case.maps)
    )


def _ask(answer: Any, case: Case) -> Tensor:
    where = messages.text(f"tasks/00.4/cases/{case.name}")
    maps = case.copies()
    got = call(answer, {"maps": maps}, where)
    if len(maps) != len(case.maps) or any(
        not torch.equal(one.detach(), before) for one, before in zip(maps, case.maps, strict=True)
    ):
        refuse("general/changes_input", name="maps")
    if got is None:
        refuse("general/returned_none", status="not_done")
    if got is Ellipsis:
        refuse("general/not_done", status="not_done")
    try:
        numbers = as_numbers(got)
    except Exception:
        refuse("general/wrong_type", kind=type(got).__name__, where=where)
    if not bool(torch.isfinite(numbers).all()):
        refuse("general/not_finite", where=where)
    return numbers


SHARED_LIMITS = Task("00.4", grade, shared_limits, WRONG, calls=[{"maps": CASES[0].maps}])
