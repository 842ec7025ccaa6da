"""Arguments that an answer does not look at: each is changed, and the answer is asked again.

Only what was seen is said. An argument counts as not used if the right results move with it and
those of the answer stay as they are, in every case in which the right ones move.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from xaicourse.course.grading import messages

__all__ = ["unused"]

Case = Any  # cases.py imports this file
Ask = Callable[[Case], Tensor | None]
Apart = Callable[[Tensor | None, Tensor | None], float]

MOVED = 0.05  # the change must move the right result by this much to be a test
STILL = 1e-6  # and the answer's by no more than this


def unused(cases: Sequence[Case], right: Ask, ask: Ask, apart: Apart) -> str:
    """Return a sentence on each argument that the answer does not use, or an empty text."""

    def stays(pairs: Iterable[tuple[Case, Case]]) -> bool:
        moved = [
            pair for pair in pairs if MOVED < apart(*(right(case) for case in pair)) < float("inf")
        ]
        return bool(moved) and all(apart(*(ask(case) for case in pair)) <= STILL for pair in moved)

    names = [name for name, value in cases[0].values.items() if _other(value) is not None]
    never = [name for name in names if stays(_changed(cases, name, _other))]
    if len(never) == len(names):
        return ""  # a fixed result, which does not depend on anything
    said = [messages.text("general/argument_not_used", name=name) for name in never]
    said += [
        messages.text("general/first_entry_only", name=name)
        for name in names
        if name not in never and stays(_changed(cases, name, _behind_the_first))
    ]
    return " ".join(said)


def _changed(
    cases: Sequence[Case], name: str, change: Callable[[Any], Any]
) -> Iterable[tuple[Case, Case]]:
    """Yield each case beside the same one with another value of this argument."""
    for case in cases:
        value = change(case.values[name])
        if value is not None:
            yield case, replace(case, values={**case.values, name: value})


def _other(value: Any) -> Any:
    """Return another value of an argument of the same kind; None if it is no such number."""
    if isinstance(value, float):
        return 1.7 * value
    if isinstance(value, Tensor) and value.is_floating_point() and value.ndim:
        return 0.8 * value.roll(1, -1) + 0.1 * value.abs().max()
    if isinstance(value, Tensor) and value.ndim == 1 and len(value.unique()) == len(value) > 2:
        return value.roll(1)  # an order of things
    if type(value) is list and value:
        parts = [_other(part) for part in value]
        return None if any(part is None for part in parts) else parts
    return None


def _behind_the_first(value: Any) -> Any:
    """Return another tensor with the same first entry; None if there is no other entry."""
    if not isinstance(value, Tensor) or value.ndim < 2 or len(value) < 2:
        return None
    other = _other(value)
    if other is not None:
        other[0] = value[0]
    return other
