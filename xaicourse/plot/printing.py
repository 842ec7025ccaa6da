"""Print a verdict or two digits: text that is the same on every machine."""

from __future__ import annotations

import math
from typing import Any

NOTHING = 1e-9  # below this a number is rounding noise, whose digits differ between machines


def show(label: str, value: Any, unit: str = "") -> None:
    """Print a label and a verdict, or a number with at most two digits.

    Measured numbers differ in late digits from one machine to the next, and a lesson does
    not need them. True and False become yes and no.

    Parameters
    ----------
    label : str
        What the value is.
    value : bool, number, str, array, Tensor, or a list of them
        The verdict or number.
    unit : str
        Printed after the number.

    Raises
    ------
    TypeError
        If the value is none of these.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.show("the gap is below 1 %", True)
    the gap is below 1 %: yes
    >>> xc.show("probability", 0.35871)
    probability: about 0.36
    >>> xc.show("rise", [13.24, -4.61])
    rise: about 13, -4.6
    """
    text, rounded = words(value)
    unit = f" {unit}" if unit else ""
    print(f"{label}: {'about ' if rounded else ''}{text}{unit}")


def words(value: Any) -> tuple[str, bool]:
    """Return the text of a value, and whether it was rounded."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().tolist()
    elif hasattr(value, "tolist"):  # NumPy arrays and numbers
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        pairs = [words(v) for v in value]
        return ", ".join(text for text, _ in pairs), any(rounded for _, rounded in pairs)
    if isinstance(value, bool):
        return ("yes" if value else "no"), False
    if isinstance(value, int):
        return str(value), False
    if isinstance(value, float):
        return two_digits(value)
    if isinstance(value, str):
        return str(value), False
    raise TypeError(
        f"value must be a verdict, a number, a tensor or a text, got {type(value).__name__}"
    )


def two_digits(number: float) -> tuple[str, bool]:
    """Return a float with two significant digits, and whether digits were dropped."""
    if math.isnan(number):
        return "not a number", False
    if math.isinf(number):
        return ("infinity" if number > 0 else "minus infinity"), False
    if abs(number) < NOTHING:
        return "0", False
    short = float(f"{number:.2g}")
    text = f"{short:.0f}" if 10 <= abs(short) < 1e6 else f"{short:.2g}"
    return text, True
