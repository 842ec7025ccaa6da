"""Judging an answer worked out on paper: named parts, each a row of numbers."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import torch

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.relation import relation
from xaicourse.course.grading.submission import is_missing, is_open, parts
from xaicourse.course.grading.verdict import Outcome

__all__ = ["by_hand", "near", "numbers_in", "with_one_part_wrong"]

Row = tuple[float, ...]
NEAR = 1e-3
WORDS = {"on": "1", "off": "0", "true": "1", "false": "0", "yes": "1", "no": "0"}


def numbers_in(value: Any, task: str) -> list[float]:
    """Return all numbers in a nested answer; fractions, "15/4", True and "on" are numbers."""
    if is_missing(value):
        refuse("general/not_done", status="not_done")
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in numbers_in(part, task)]
    if hasattr(value, "tolist"):  # tensors and arrays
        listed = value.tolist()
        return numbers_in(listed, task) if isinstance(listed, list) else [float(listed)]
    if isinstance(value, str):
        value = WORDS.get(value.strip().lower(), value.strip())
    if isinstance(value, float) and not math.isfinite(value):
        refuse("general/not_finite", where=task)
    try:
        return [float(Fraction(value))]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        if isinstance(value, float):  # NaN or infinite
            refuse("general/not_finite", where=task)
        refuse("general/wrong_type", kind=type(value).__name__, where=task)


def near(given: Sequence[float], wanted: Sequence[float], rounding: float = NEAR) -> bool:
    """Say whether two rows of numbers are equal up to rounding."""
    return all(abs(a - b) <= rounding for a, b in zip(given, wanted, strict=True))


def with_one_part_wrong(
    right: Mapping[str, Row], wrong_parts: Mapping[str, Mapping[str, Row]]
) -> dict[str, dict[str, Row]]:
    """Return mistake -> the right answer with the one part that this mistake spoils."""
    return {
        name: {**right, part: numbers}
        for part, wrong in wrong_parts.items()
        for name, numbers in wrong.items()
    }


def by_hand(
    task: str,
    right: Mapping[str, Row],
    wrong_parts: Mapping[str, Mapping[str, Row]],
    rounding: float = NEAR,
) -> Callable[[Any], Outcome]:
    """Return a grader that judges the parts in their order; the first wrong one gets the message.

    Parts that are still open come last, so that a student can hand in one after the other.
    Its texts are tasks/TASK/name, how_many, evidence, differs, passed, and misconceptions.
    """

    def grade(answer: Any) -> Outcome:
        part = parts(answer, tuple(right), messages.entry(f"tasks/{task}/name"))
        missing = [name for name, value in part.items() if is_open(value)]
        if len(missing) == len(part):
            refuse("general/not_done", status="not_done")
        given = {name: numbers_in(part[name], task) for name in part if name not in missing}
        for name, numbers in given.items():
            if len(numbers) != len(right[name]):
                wanted = len(right[name])
                refuse(f"tasks/{task}/how_many", part=name, given=len(numbers), wanted=wanted)
        for name, numbers in given.items():
            if near(numbers, right[name], rounding):
                continue
            evidence = messages.text(f"tasks/{task}/evidence", part=name, yours=show(numbers))
            wrong = wrong_parts[name].items()
            fits = [mistake for mistake, row in wrong if near(numbers, row, rounding)]
            if len(fits) == 1:
                text = messages.text(f"tasks/{task}/misconceptions/{fits[0]}")
                return Outcome("not_right", text, evidence, diagnosis=fits[0])
            text = messages.text(f"tasks/{task}/differs", part=name)
            seen = relation([torch.tensor(numbers)], [torch.tensor(right[name])])
            return Outcome("not_right", f"{text} {seen}".rstrip(), evidence)
        if missing:
            refuse("general/parts_open", status="not_done", open=", ".join(missing))
        return Outcome("passed", messages.text(f"tasks/{task}/passed"))

    return grade
