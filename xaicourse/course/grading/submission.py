"""Reading answers that have several parts: a dictionary, or a tuple in the stated order."""

from collections.abc import Mapping, Sequence
from typing import Any

from xaicourse.course.grading.compare import refuse

__all__ = ["is_missing", "is_open", "parts", "refuse_open_parts", "require_parts", "whole_number"]


PLACEHOLDERS = {"", "todo", "tbd", "fixme"}


def is_missing(value: Any) -> bool:
    """Say whether this part was left open: None, `...`, or a word that only holds the place."""
    if isinstance(value, str):
        return value.strip(" .?!-_").lower() in PLACEHOLDERS
    return value is None or value is Ellipsis


def parts(answer: Any, names: Sequence[str], what: str) -> dict[str, Any]:
    """Return name -> part for a dictionary with these keys or a sequence in this order.

    A part that is not there is None. Keys may differ in upper and lower case.
    """
    wanted = ", ".join(names)
    if isinstance(answer, Mapping):
        given = {str(key).strip().lower(): value for key, value in answer.items()}
        unknown = [key for key in given if key not in names]
        if unknown:
            refuse("general/unknown_part", part=unknown[0], expected=wanted, what=what)
        return {name: given.get(name) for name in names}
    if isinstance(answer, (list, tuple)):
        if len(answer) != len(names):
            refuse("general/number_of_parts", given=len(answer), expected=wanted, what=what)
        return dict(zip(names, answer, strict=True))
    refuse("general/parts_type", kind=type(answer).__name__, expected=wanted, what=what)


def is_open(value: Any) -> bool:
    """Say whether a part, or a number inside it, was left open."""
    if isinstance(value, (list, tuple)):
        return any(is_open(inside) for inside in value)
    return is_missing(value)


def require_parts(part: Mapping[str, Any], what: str) -> None:
    """Say which part is still open, if one is."""
    for name, value in part.items():
        if is_missing(value):
            refuse("general/part_missing", status="not_done", part=name, what=what)


def refuse_open_parts(part: Mapping[str, Any], what: str) -> None:
    """Say that nothing is done yet, or which part is still open."""
    missing = [name for name, value in part.items() if is_open(value)]
    if len(missing) == len(part):
        refuse("general/not_done", status="not_done")
    if missing:
        refuse("general/part_missing", status="not_done", part=missing[0], what=what)


def whole_number(value: Any, name: str, most: int, what: str) -> int:
    """Return a part that is a whole number from 1 to `most`."""
    try:
        fits = int(value) == float(value) and 1 <= int(value) <= most
    except Exception:
        fits = False
    if not fits:
        refuse("general/part_whole", what=what, part=name, most=most, given=str(value)[:40])
    return int(value)
