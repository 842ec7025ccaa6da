"""Reading numbers that were worked out by hand."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse, show
from xaicourse.course.grading.submission import is_missing

__all__ = ["NEAR", "coarse", "finite_number", "in_any_form", "near", "numbers_in"]

NEAR = 1e-3
COARSE = 0.05  # numbers this near, and relative to the largest one ...
SMALL = 0.02  # ... this near, are the right ones with too few digits
WORDS = {"on": "1", "off": "0", "true": "1", "false": "0", "yes": "1", "no": "0"}


def numbers_in(value: Any, texts: bool = True) -> list[float]:
    """Return all numbers in a nested answer: fractions, True and, with `texts`, "15/4" and "on"."""
    if is_missing(value):
        refuse("general/not_done", status="not_done")
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in numbers_in(part, texts)]
    if hasattr(value, "tolist"):  # tensors and arrays
        return numbers_in(value.tolist(), texts)
    if not isinstance(value, str):
        return [finite_number(value)]
    try:
        if not texts:
            raise ValueError
        return [finite_number(Fraction(WORDS.get(value.strip().lower(), value.strip())))]
    except (ValueError, ZeroDivisionError):
        refuse("general/hand_text", given=value[:40])


def in_any_form(answer: Any, lengths: Mapping[str, int]) -> dict[str, list[float]]:
    """Return the numbers of each part, of an answer whose parts have no names in the sheet.

    ``((1, 2), 3)``, ``(1, 2, 3)``, ``(3, (1, 2))`` and a dictionary, in which a key may hold the
    name of a part, are the same. No texts: the sheet goes on with the numbers.
    """
    if isinstance(answer, Mapping):  # what a key names comes last, in the order of the parts
        part = {key: next((n for n in lengths if n in str(key).lower()), "") for key in answer}
        answer = [answer[key] for name in ("", *lengths) for key in answer if part[key] == name]
    values = [numbers_in(value, False) for value in as_list(answer)]
    by_length = {len(value): value for value in values}
    if len(values) == len(by_length) and by_length.keys() == set(lengths.values()):
        return {name: by_length[length] for name, length in lengths.items()}
    flat = [number for value in values for number in value]
    wanted = sum(lengths.values())
    if len(flat) != wanted:
        status = "not_done" if len(flat) < wanted else "not_right"
        refuse("general/hand_how_many", status=status, wanted=wanted, given=len(flat))
    numbers = iter(flat)
    return {name: [next(numbers) for _ in range(length)] for name, length in lengths.items()}


def as_list(answer: Any) -> list[Any]:
    """Return the parts of an answer, or the answer as its only part."""
    return list(answer) if isinstance(answer, (list, tuple)) else [answer]


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


def coarse(given: Sequence[float], wanted: Sequence[float], rounding: float) -> str:
    """Say that the numbers are rounded too far, or nothing."""
    error = max(abs(a - b) for a, b in zip(given, wanted, strict=True))
    if error > COARSE or error > SMALL * max(map(abs, wanted)):
        return ""
    asked = math.floor(-math.log10(rounding))
    return messages.text("general/relation_coarse", error=show(error), asked=asked)
