"""The audit: after a forward pass, every operation between x and the outputs is accounted for.

Each node of the autograd graph there is *ruled* (it carries our backward), *transparent* (the chain
rule is all there is) or *refused* with its name. So what the mode could not see, a ReLU inside
compiled code, say, is never explained silently with the plain gradient.
"""

import re
from typing import Any

from torch import Tensor

from xaicourse.core.known import NODE_FACTORS
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.ruled import RuleSet

__all__ = ["audit", "nodes_that_follow", "operation_name"]

_RULED_NAME = "_ruled"


def operation_name(node: Any) -> str:
    """Return an autograd node's operation in lower case: ReluBackward0 -> relu."""
    name = re.sub(r"Backward\d*$", "", node.name().split("::")[-1])
    name = re.sub(r"(?<=\d)D", "d", name)  # AvgPool2D -> AvgPool2d
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def nodes_that_follow(start: Any, output: Tensor) -> list[Any]:
    """Return the autograd nodes on the ways from x's node `start` to an output."""
    follows: dict[Any, bool] = {start: True}
    order: list[Any] = []
    stack: list[tuple[Any, bool]] = [(output.grad_fn, False)]
    while stack:  # depth first without recursion: nets can be thousands of nodes deep
        node, children_done = stack.pop()
        if children_done:
            follows[node] = any(follows.get(n, False) for n, _ in node.next_functions if n)
            order.append(node)
        elif node not in follows:
            follows[node] = False
            stack.append((node, True))
            stack.extend((n, False) for n, _ in node.next_functions if n and n not in follows)
    return [node for node in order if follows[node]]


def audit(output: Tensor, start: Any, rules: RuleSet) -> None:
    """Raise unless every operation between x and an output is ruled or transparent.

    Raises
    ------
    UnsupportedOperationError
        It names the first operation that is neither.
    """
    nodes = nodes_that_follow(start, output)
    inside = {start, *nodes}
    for node in nodes:
        name = operation_name(node)
        if getattr(node, "_saved_training", False):
            name = "instance_norm"  # a batch-norm by the statistics of x itself: not affine
        if name == _RULED_NAME or name in rules.allow:
            continue
        factors = NODE_FACTORS.get(name, ())
        dependent = [
            place
            for place in factors
            if place < len(node.next_functions) and node.next_functions[place][0] in inside
        ]
        divides = (
            name == "div" and len(node.next_functions) > 1 and node.next_functions[1][0] in inside
        )
        is_product = len(dependent) > 1 or divides
        if is_product and "product" not in rules.allow:
            raise UnsupportedOperationError(
                f"{rules.method} is not defined where two activations are multiplied "
                f"({node.name()}), as in gates and attention; {rules.when_allowed} there with "
                "allow=('product',)"
            )
        if name not in rules.transparent and not is_product:
            raise UnsupportedOperationError(
                f"{rules.method} is not defined for the operation {name!r} ({node.name()}) in this "
                f"model: {rules.covers}, and the plain gradient would be used there silently. Use "
                "a model of covered operations in eager mode, another method, or "
                f"{rules.when_allowed} of this operation with allow=({name!r},)"
            )
