"""What the functions of this folder are given: checked in one line each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["different", "share", "whole"]


def whole(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return a whole number from low to high, or say what would be one."""
    ends = f"from {low} to {high}" if high is not None else f"of at least {low}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number {ends}, got {value!r}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be a whole number {ends}, got {value!r}")
    return int(value)


def share(name: str, value: Any, *, open_: bool = False) -> float:
    """Return a share from 0 to 1 (`open_`: neither of both), or say what would be one."""
    ends = "between 0 and 1" if open_ else "from 0 to 1"
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number {ends}, got {value!r}") from None
    inside = 0 < number < 1 if open_ else 0 <= number <= 1
    if math.isnan(number) or not inside:
        raise ValueError(f"{name} must be a number {ends}, got {value!r}")
    return number


def different(name: str, values: Sequence[Any], least: int) -> tuple[Any, ...]:
    """Return names or numbers as a tuple, each once, or say what is wrong."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} must be a sequence of names, got {values!r}")
    found = tuple(int(value) if hasattr(value, "__index__") else value for value in values)
    wrong = [value for value in found if not isinstance(value, str | int)]
    if wrong:
        raise TypeError(f"{name} must hold texts or whole numbers, got {wrong[0]!r}")
    if len(found) < least:
        raise ValueError(f"{name} must hold at least {least}, got {len(found)}")
    twice = [value for place, value in enumerate(found) if value in found[:place]]
    if twice:
        raise ValueError(f"{name} must hold each name once, got {twice[0]!r} twice")
    return found
