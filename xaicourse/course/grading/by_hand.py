"""Reading numbers that were worked out by hand."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.submission import is_missing

__all__ = ["NEAR", "near", "numbers_in"]

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
