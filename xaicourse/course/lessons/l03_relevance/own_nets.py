"""Nets that a student hands in as lists of layers, for the claims of lesson 03."""

from typing import Any

from torch import Tensor

from xaicourse.course.grading.claims import Claim, wrong
from xaicourse.course.grading.integrate import to_rows

__all__ = ["NET_FAULTS", "NetClaim"]


class NetClaim(Claim):
    """An input x, and nets [(W, b), ...] with W of shape (out, in) and one output."""

    wide = 10.0  # all numbers of x lie in [-10, 10]

    def keep(self, x: Any, **nets: Any) -> None:
        """Keep the input and the nets, up to the first that is at fault."""
        self.x = to_rows(x, "x", self.what)
        self.shape = tuple(self.x.shape)
        self.nets: list[tuple[list[Tensor], list[Tensor]]] = []
        self.fault = ""  # what is wrong with the net called `name`
        for self.name, net in nets.items():
            self.fault = self._fault_of(net)
            if self.fault:
                return

    def _fault_of(self, net: Any) -> str:
        """Keep a net; say what is wrong with it."""
        if not isinstance(net, (list, tuple)) or not 1 <= len(net) <= 6:
            return "layers"
        weights, biases, self.inputs = [], [], self.shape[-1]
        for layer in net:
            if not isinstance(layer, (list, tuple)) or len(layer) != 2:
                return "layers"
            W, b = (to_rows(numbers, self.name, self.what) for numbers in layer)
            self.given, self.bias = tuple(W.shape), b.numel()
            if W.ndim != 2 or W.shape[1] != self.inputs or self.bias != len(W):
                return "shapes"
            weights.append(W)
            biases.append(b.flatten())
            self.inputs = len(W)
        self.nets.append((weights, biases))
        return "" if self.inputs == 1 else "outputs"


NET_FAULTS = [
    wrong(
        "one_row",
        "x should have shape (1, D) and numbers from -10 to 10, yours has shape {shape}.",
        lambda its: len(its.shape) != 2 or its.shape[0] != 1 or float(its.x.abs().max()) > its.wide,
    ),
    wrong(
        "layers",
        "The net {name!r} should be a list of one to six layers (W, b).",
        lambda its: its.fault == "layers",
    ),
    wrong(
        "shapes",
        "In the net {name!r} a layer has W of shape {given} and {bias} biases; W should be (out, "
        "{inputs}), with one bias for each output.",
        lambda its: its.fault == "shapes",
    ),
    wrong(
        "outputs",
        "The net {name!r} should end with one output, it has {inputs}.",
        lambda its: its.fault == "outputs",
    ),
]
