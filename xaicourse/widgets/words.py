"""Words under and about a panel's picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xaicourse.core.target import PerRow
from xaicourse.plot.printing import two_digits


def number(value: float) -> str:
    """Return a number with two digits."""
    return two_digits(value)[0]


def of_class(target: Any, labels: Sequence[str] | None) -> str:
    """Return " of <class>", or nothing for a model with one output."""
    index = target.classes[:1] if isinstance(target, PerRow) else getattr(target, "index", None)
    if not isinstance(index, tuple) or len(index) != 1:
        return ""
    return f" of {labels[index[0]] if labels is not None else f'class {index[0]}'}"


def side_by_side(plates: Sequence[str]) -> str:
    """Return what one to many plates show, from left to right, as sentences."""
    if len(plates) > 3:
        return f"From left to right: {', '.join(plates[:-1])}, and {plates[-1]}."
    places = {1: [""], 2: ["Left: ", "Right: "], 3: ["Left: ", "Middle: ", "Right: "]}
    return " ".join(
        f"{place}{text}." for place, text in zip(places[len(plates)], plates, strict=True)
    )
