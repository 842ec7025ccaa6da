"""What tells a gate from a signal where two activations are multiplied.

A gate opens and closes: it ends in a sigmoid, a hardsigmoid or a softmax, so that its numbers lie
between bounds that are not negative. It may have been moved, expanded, scaled or resized since, and
a sigmoid may be spelled out, ``relu6(z + 3) / 6``: so what is followed are the bounds. A tanh has
bounds, too, but of both signs, and is a signal. A clamp makes a gate if it is half open at 0, as
``relu6(z + 3) / 6`` is; ``relu6(z)`` and ``z.clamp(0, 1)`` are signals, or pixels.

The deviation in a norm that is written out, ``(x - m) / sqrt(v + eps)``, is told in the same way: a
mean or a variance became the root of one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from xaicourse.core.known import KEEPS_BOUNDS, KEEPS_NUMBERS, kind_of, name_of, plain_name
from xaicourse.core.operations import Affine, Join, Operation

__all__ = ["Bounds", "bounds_of", "read_half", "scale_of"]

Follows = Callable[[Any], bool]

NEARLY = 1e-2  # 6 * (1 / 6) in 16 bits


@dataclass(frozen=True)
class Bounds:
    """All numbers of a tensor lie between `low` and `high`, whatever x is."""

    low: float
    high: float
    gate: bool  # bent by a sigmoid, a tanh, a softmax; a clamp alone may also bound a signal
    middle: float | None = None  # what z = 0 became, while nothing but numbers shifted z

    @property
    def is_gate(self) -> bool:
        """Whether what has these bounds is a gate; a clamp's only if they are 0 and 1."""
        if self.gate:
            return self.low > -1e-6
        return abs(self.low) < NEARLY and abs(self.high - 1) < NEARLY

    def mapped(self, step: Affine) -> "Bounds | None":
        """Return the bounds after ``scale * x + shift``."""
        s, t = _ends(step.scale, 1.0), _ends(step.shift, 0.0)
        middle = None
        if self.middle is not None and s[0] == s[1] and t[0] == t[1]:
            middle = self.middle * s[0] + t[0]
        if self.high == INFINITE:
            return None if middle is None else replace(self, middle=middle)
        corners = [a * b for a in (self.low, self.high) for b in s]
        return Bounds(min(corners) + t[0], max(corners) + t[1], self.gate, middle)

    def times(self, other: "Bounds") -> "Bounds | None":
        """Return the bounds of a product."""
        if INFINITE in (self.high, other.high):
            return None
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Bounds(min(corners), max(corners), self.gate and other.gate)

    def clamped(self, low: float, high: float) -> "Bounds | None":
        """Return the bounds after a clamp; None where the result may be a signal."""
        if self.high < INFINITE:
            start, end = (min(max(b, low), high) for b in (self.low, self.high))
            return Bounds(start, end, self.gate)
        half_open = self.middle is not None and abs(low + high - 2 * self.middle) < NEARLY
        return Bounds(low, high, gate=False) if half_open else None


INFINITE = float("inf")
UNSHIFTED = Bounds(-INFINITE, INFINITE, gate=False, middle=0.0)


def _ends(constant: Tensor | None, default: float) -> tuple[float, float]:
    if constant is None or constant.numel() == 0:
        return default, default
    return float(constant.min()), float(constant.max())


def read_half(func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows) -> Join | None:
    """Return the half of ``F.glu(x)`` that is the signal; the other half is its gate."""
    given = dict(zip(("input", "dim"), args, strict=False)) | dict(kwargs)
    x: Any = given.get("input")
    dim = given.get("dim", -1)
    if plain_name(func) != "glu" or not follows(x):
        return None
    return Join("glu", (x,), function=lambda x: x.chunk(2, dim)[0])


def bounds_of(
    func: Any,
    args: tuple,
    kwargs: Mapping[str, Any],
    operation: Operation | None,
    step: Affine | None,  # the call itself, also where `operation` is a layer with it
    before: Sequence[Bounds | None],  # of what follows from x among the arguments
) -> Bounds | None:
    """Return the bounds of a call's result, None where none are known."""
    name, kind = name_of(func), kind_of(func)
    if (name or plain_name(func)) in ("sigmoid", "hardsigmoid", "softmax", "softmin"):
        return Bounds(0.0, 1.0, gate=True)
    if name in ("tanh", "erf"):
        return Bounds(-1.0, 1.0, gate=True)
    known = [b for b in before if b is not None]
    if kind == "bend elsewhere":
        ends = _ends_of_clamp(name, args, kwargs)
        return None if ends is None else (known[0] if known else UNSHIFTED).clamped(*ends)
    if isinstance(step, Affine) and len(before) == 1:
        return (known[0] if known else UNSHIFTED).mapped(step)
    if len(known) < len(before) or isinstance(operation, Join):  # a Join has constants
        return None
    if kind == "product" and len(known) == 2:
        return known[0].times(known[1])
    if kind in KEEPS_BOUNDS and name != "sum":
        low, high = min(b.low for b in known), max(b.high for b in known)
        same = len({b.middle for b in known}) == 1
        return Bounds(low, high, all(b.gate for b in known), known[0].middle if same else None)
    return None


def scale_of(func: Any, args: tuple, before: Sequence[str]) -> str:
    """Return "statistic", "deviation" or "1 / deviation" where a call's result is one, or ""."""
    name, kind = name_of(func) or plain_name(func), kind_of(func)
    if name in ("mean", "sum", "var"):
        return "statistic"
    if name in ("std", "norm", "linalg_norm", "linalg_vector_norm"):
        return "deviation"
    last = before[0] if len(before) == 1 else ""
    power = args[1] if name == "pow" and len(args) > 1 else {"sqrt": 0.5, "rsqrt": -0.5}.get(name)
    if last == "statistic" and not isinstance(power, Tensor) and power in (0.5, -0.5):
        return "deviation" if power > 0 else "1 / deviation"
    if last == "deviation" and (name == "reciprocal" or kind == "turned quotient"):
        return "1 / deviation"
    keeps = kind in KEEPS_NUMBERS | {"sum", "product", "quotient", "bend elsewhere"}
    return last if keeps else ""


def _ends_of_clamp(name: str, args: tuple, kwargs: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return between which numbers a call clamps, None where they are no numbers."""
    if name == "relu6":
        return 0.0, 6.0
    words = {
        "hardtanh": ("min_val", "max_val"),
        "clamp": ("min", "max"),
        "clamp_min": ("min",),
    }.get(name)
    if words is None:
        return None
    given = dict(zip(words, args[1:], strict=False)) | {k: kwargs[k] for k in words if k in kwargs}
    default = (-1.0, 1.0) if name == "hardtanh" else (None, None)
    low, high = (given.get(w, d) for w, d in zip((*words, "max")[:2], default, strict=True))
    low, high = -INFINITE if low is None else low, INFINITE if high is None else high
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    return float(low), float(high)
