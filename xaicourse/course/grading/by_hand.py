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

__all__ = ["by_hand", "finite_number", "near", "numbers_in", "with_one_part_wrong"]

Row = tuple[float, ...]
NEAR = 1e-3
COARSE = 0.05  # numbers this near, and relative to the largest one ...
SMALL = 0.02  # ... this near, are the right ones with too few digits
WORDS = {"on": "1", "off": "0", "true": "1", "false": "0", "yes": "1", "no": "0"}


def numbers_in(value: Any) -> list[float]:
    """Return all numbers in a nested answer; fractions, "15/4", True and "on" are numbers."""
    if is_missing(value):
        refuse("general/not_done", status="not_done")
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in numbers_in(part)]
    if hasattr(value, "tolist"):  # tensors and arrays
        return numbers_in(value.tolist())
    if not isinstance(value, str):
        return [finite_number(value)]
    try:
        return [finite_number(Fraction(WORDS.get(value.strip().lower(), value.strip())))]
    except (ValueError, ZeroDivisionError):
        refuse("general/hand_text", given=value[:40])


def finite_number(value: Any) -> float:
    """Return one number as a float, or say what to write instead."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        refuse("general/hand_type", kind=type(value).__name__)
    if not math.isfinite(number):
        refuse("general/hand_not_finite")
    return number


def near(given: Sequence[float], wanted: Sequence[float], rounding: float = NEAR) -> bool:
    """Say whether two rows of numbers are equal up to rounding."""
    return all(abs(a - b) <= rounding for a, b in zip(given, wanted, strict=True))


def _coarse(given: Sequence[float], wanted: Sequence[float], rounding: float) -> str:
    """Say that the numbers are rounded too far, or nothing."""
    error = max(abs(a - b) for a, b in zip(given, wanted, strict=True))
    if error > COARSE or error > SMALL * max(map(abs, wanted)):
        return ""
    asked = math.floor(-math.log10(rounding))
    return messages.text("general/relation_coarse", error=show(error), asked=asked)


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
        given = {name: numbers_in(part[name]) for name in part if name not in missing}
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
            seen = _coarse(numbers, right[name], rounding) or relation(
                [torch.tensor(numbers)], [torch.tensor(right[name])], asked=0
            )
            return Outcome("not_right", f"{text} {seen}".rstrip(), evidence)
        if missing:
            refuse("general/parts_open", status="not_done", open=", ".join(missing))
        return Outcome("passed", messages.text(f"tasks/{task}/passed"))

    return grade
