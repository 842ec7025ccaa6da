"""Print a verdict or two digits: text that is the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from xaicourse.core.near_names import suggest_names

NOTHING = 1e-9  # below this a number is rounding noise, whose digits differ between machines


@suggest_names
def show(
    label: str, value: Any, unit: str = "", *, control: Mapping[str, Any] | None = None
) -> None:
    """Print a label and a verdict, or a number with at most two digits.

    Measured numbers differ in late digits from one machine to the next, and a lesson does
    not need them. True and False become yes and no.

    A share, a cosine or a "3 of 4" says nothing until we know what chance, a map that does
    not know the class, or another seed gets. Name that number in `control`: it is printed in
    the same line.

    Parameters
    ----------
    label : str
        What the value is.
    value : bool, number, str, array, Tensor, or a list of them
        The verdict or number.
    unit : str
        Printed after the number, and after the numbers of the controls.
    control : mapping of str to value, optional
        What we compare with, and what it gets: ``{"half of the area": 0.5}``. Several are
        joined by commas.

    Raises
    ------
    TypeError
        If the value, or that of a control, is none of these, or control is not a mapping from
        names.
    ValueError
        If control is empty.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.show("the gap is below 1 %", True)
    the gap is below 1 %: yes
    >>> xc.show("probability", 0.35871)
    probability: about 0.36
    >>> xc.show("rise", [13.24, -4.61])
    rise: about 13, -4.6
    >>> xc.show("own half's share", 0.64, control={"half of the area": 0.5})
    own half's share: about 0.64 (control: half of the area about 0.5)
    >>> xc.show("cosine above 0.9", True, control={"pixels shuffled": False, "other seed": True})
    cosine above 0.9: yes (control: pixels shuffled no, other seed yes)
    """
    unit = f" {unit}" if unit else ""
    print(f"{label}: {_with_about(value)}{unit}{_controls(control, unit)}")


def _with_about(value: Any) -> str:
    """Return the text of a value, with "about" in front if digits were dropped."""
    text, rounded = words(value)
    return f"about {text}" if rounded else text


def _controls(control: Mapping[str, Any] | None, unit: str) -> str:
    """Return " (control: name value, name value)", or nothing without a control."""
    if control is None:
        return ""
    example = 'such as {"half of the area": 0.5}'
    if not isinstance(control, Mapping):
        raise TypeError(f"control must be a mapping {example}, got {type(control).__name__}")
    if not control:
        raise ValueError(f"control names nothing to compare with; give a mapping {example}")
    for name in control:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"control must name what we compare with, {example}, got {name!r}")
    parts = [f"{name} {_with_about(value)}{unit}" for name, value in control.items()]
    return f" (control: {', '.join(parts)})"


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
