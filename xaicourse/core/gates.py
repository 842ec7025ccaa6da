"""What tells a gate from a signal where two activations are multiplied.

A gate opens and closes: it ends in a sigmoid, a hardsigmoid or a softmax, so that its numbers lie
between bounds that are not negative. It may have been moved, expanded, scaled or resized since, and
a sigmoid may be spelled out, ``relu6(z + 3) / 6``: so what is followed are the bounds. A tanh has
bounds, too, but of both signs, and is a signal; so is a relu6 as it is.

The deviation in a norm that is written out, ``(x - m) / sqrt(v + eps)``, is told in the same way: a
mean or a variance became the root of one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

    @property
    def is_gate(self) -> bool:
        """Whether what has these bounds is a gate; a clamp's only if they are 0 and 1."""
        if self.gate:
            return self.low > -1e-6
        return abs(self.low) < NEARLY and abs(self.high - 1) < NEARLY

    def mapped(self, step: Affine) -> "Bounds":
        """Return the bounds after ``scale * x + shift``."""
        s, t = _ends(step.scale, 1.0), _ends(step.shift, 0.0)
        corners = [a * b for a in (self.low, self.high) for b in s]
        return Bounds(min(corners) + t[0], max(corners) + t[1], self.gate)

    def times(self, other: "Bounds") -> "Bounds":
        """Return the bounds of a product."""
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Bounds(min(corners), max(corners), self.gate and other.gate)


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
        return known[0] if known else _clamped(name, args, kwargs)
    if len(known) < len(before) or isinstance(operation, Join):  # a Join has constants
        return None
    if isinstance(operation, Affine):
        return known[0].mapped(operation)
    if kind == "product" and len(known) == 2:
        return known[0].times(known[1])
    if kind in KEEPS_BOUNDS and name != "sum":
        low, high = min(b.low for b in known), max(b.high for b in known)
        return Bounds(low, high, all(b.gate for b in known))
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


def _clamped(name: str, args: tuple, kwargs: Mapping[str, Any]) -> Bounds | None:
    if name == "relu6":
        return Bounds(0.0, 6.0, gate=False)
    words = {"hardtanh": ("min_val", "max_val"), "clamp": ("min", "max")}.get(name)
    if words is None:
        return None
    given = dict(zip(words, args[1:], strict=False)) | {k: kwargs[k] for k in words if k in kwargs}
    default = (-1.0, 1.0) if name == "hardtanh" else (None, None)
    low, high = (given.get(w, d) for w, d in zip(words, default, strict=True))
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    return Bounds(float(low), float(high), gate=False)
