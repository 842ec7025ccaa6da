"""Products of two activations of which one is the signal, and so gets all relevance.

The other one is a gate (gates.py), the 1 / deviation of a norm that is written out, or a function
of the signal itself, as in ``u * tanh(softplus(u))``. A product of two signals is not read.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from xaicourse.core.known import kind_of, plain_name
from xaicourse.core.made import Memory
from xaicourse.core.operations import Mixture, Operation, Signal
from xaicourse.core.reading import as_function

__all__ = ["read_signal"]

Follows = Callable[[Any], bool]


def read_signal(
    func: Any, args: tuple, kwargs: Mapping[str, Any], follows: Follows, memory: Memory
) -> Operation | None:
    """Return what is signal in a product, a quotient or ``torch.lerp``, or None if it is not clear.

    Also where x is repeated along a constant, ``x[:, :1] * c``, and for c / x.
    """
    kind = kind_of(func)
    if kind == "mixture":
        return _read_fading(args, kwargs, follows, memory)
    if kind not in ("product", "quotient"):
        return None
    if any(kwargs.get(word) is not None for word in ("out", "rounding_mode")):
        return None
    inputs = as_function(func, args, kwargs, follows)[0]
    if len(inputs) == 1:
        return _read_repeated(func, args, kwargs, inputs[0])
    a, b = inputs
    signal = None
    if kind == "product" and _is_gate(a, memory) != _is_gate(b, memory):
        signal, gate = (a, b) if _is_gate(b, memory) else (b, a)
        closed = gate.detach() == 0
        return Signal("gate", (signal,), nothing=closed if bool(closed.any()) else None)
    common = memory.common(inputs)
    source = next((s.tensor for s in common if s.each), None)
    if source is not None:  # u * tanh(u): an activation of u
        return Signal(plain_name(func), (source,))
    if common:
        signal = _normed(kind, a, b, memory)
    return None if signal is None else Signal("norm", (signal,))


def _is_gate(t: Tensor, memory: Memory) -> bool:
    bounds = memory.of(t).bounds
    return bounds is not None and bounds.is_gate


def _normed(kind: str, a: Tensor, b: Tensor, memory: Memory) -> Tensor | None:
    """Return what is divided by a deviation or multiplied by 1 / deviation, or None."""
    of_a, of_b = memory.of(a).scale, memory.of(b).scale
    if kind == "quotient":
        return a if of_b == "deviation" and not of_a else None
    if of_a and of_b:
        return None
    return {"1 / deviation": a}.get(of_b) if of_b else {"1 / deviation": b}.get(of_a)


def _read_repeated(func: Any, args: tuple, kwargs: Mapping[str, Any], x: Tensor) -> Signal:
    others = [t for t in tree_leaves((args, dict(kwargs))) if isinstance(t, Tensor) and t is not x]
    is_product = kind_of(func) == "product"
    return Signal(plain_name(func), (x,), nothing=others[0] == 0 if is_product and others else None)


def _read_fading(
    args: tuple, kwargs: Mapping[str, Any], follows: Follows, memory: Memory
) -> Mixture | None:
    """Return ``torch.lerp(a, b, gate)`` = (1 - gate) a + gate b as a sum of a and b."""
    weight = args[2] if len(args) > 2 else kwargs.get("weight")
    if not isinstance(weight, Tensor) or not follows(weight) or not _is_gate(weight, memory):
        return None
    inputs, function = as_function(
        torch.lerp, args, kwargs, lambda t: t is not weight and follows(t)
    )
    return Mixture("lerp", inputs, function=function) if inputs else None
