"""The audit: after a forward pass, every operation between x and the outputs is accounted for.

Each node of the autograd graph there is *ruled* (it carries our backward), *transparent* (the chain
rule is all there is) or *refused* with its name. So what the mode could not see, a ReLU inside
compiled code, say, is never explained silently with the plain gradient.
"""

import re
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._pytree import tree_map

from xaicourse.core.known import (
    LOOKED_UP,
    MULTIPLIES,
    NODE_FACTORS,
    TRANSPARENT,
    has_only_the_form_of,
    kind_of,
    plain_name,
)
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.reading import pad_in_a_circle, read_padding
from xaicourse.core.ruled import RuleSet

__all__ = [
    "audit",
    "call_name",
    "needs_allow",
    "nodes_that_follow",
    "operation_name",
    "visible",
    "what_to_do",
]

_RULED_NAME = "_ruled"

# node -> what its caller calls it, where these differ
_CALLED = {
    "mkldnn_rnn_layer": "lstm",
    "native_group_norm": "group_norm",
    "native_layer_norm": "layer_norm",
    "prelu_kernel": "prelu",
}
_INSTEAD = {
    "clamp": "If it is a ReLU, write torch.relu(z), or clamp with a number: z.clamp(min=0)",
    "maximum": "If it is a ReLU, write torch.relu(z) for torch.maximum(z, zeros)",
    **dict.fromkeys(
        ("softmax", "log_softmax"),
        "If it is the model's last layer, explain the logits in front of it, such as model[:-1] of "
        "an nn.Sequential; output='probability' or 'log_probability' puts their scale back",
    ),
}


def operation_name(node: Any) -> str:
    """Return an autograd node's operation in lower case: ReluBackward0 -> relu."""
    return _in_lower_case(node.name())


@lru_cache(LOOKED_UP)
def _in_lower_case(name: str) -> str:
    name = re.sub(r"Backward\d*$", "", name.split("::")[-1])
    name = re.sub(r"(?<=\d)D", "d", name)  # AvgPool2D -> AvgPool2d
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def nodes_that_follow(start: Any, output: Tensor) -> list[Any]:
    """Return the autograd nodes on the ways from the node `start`, or a set, to an output."""
    follows: dict[Any, bool] = dict.fromkeys(start if isinstance(start, set) else {start}, True)
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


def what_to_do(name: str, otherwise: str) -> str:
    """Return what can be done where an operation is refused."""
    return _INSTEAD.get(name, otherwise)


def call_name(func: Any) -> str:
    """Return the name by which a caller may allow a call."""
    return "product" if kind_of(func) in MULTIPLIES else plain_name(func)


def needs_allow(output: Tensor, inputs: list[Tensor], rules: RuleSet) -> set[str]:
    """Return the operations inside one call that are neither transparent nor moves."""
    inside = {torch.autograd.graph.get_gradient_edge(t).node for t in inputs}
    found = set()
    for node in nodes_that_follow(set(inside), output):
        if _is_product(node, inside):
            found.add("product")
        elif _name(node) not in rules.transparent:
            found.add(_name(node))
        inside.add(node)
    return found


def audit(output: Tensor, start: Any, rules: RuleSet) -> None:
    """Raise unless every operation between x and an output is ruled or transparent.

    Raises
    ------
    UnsupportedOperationError
        It names the first operation that is neither.
    """
    inside = {start}
    nodes = nodes_that_follow(start, output)
    for place, node in enumerate(nodes):
        is_product = _is_product(node, inside)
        inside.add(node)
        name = _name(node)
        known = name == _RULED_NAME or node in rules.moves or name in rules.transparent
        name = _CALLED.get(name, name)
        if known and not is_product:
            continue
        word = "product" if is_product else name
        if not rules.carries_relevance and {word, name, _name(node)} & set(rules.allow):
            continue
        if rules.carries_relevance:  # shared out call by call, never node by node
            word = _call_of(nodes[place:], rules)
            if word and name in TRANSPARENT:  # the step of a call that is not read, as torch.diff
                name = word
        advice = f"{rules.when_allowed} there with allow=({word!r},)" if word else "another method"
        if is_product:
            raise UnsupportedOperationError(
                f"{rules.method} is not defined where two activations are multiplied "
                f"({node.name()}), as in gates and attention{_which(node, rules)}; {advice}"
            )
        if name in rules.always:
            raise UnsupportedOperationError(
                f"{rules.method} has a rule for {name!r}, but here it is called where no call is "
                f"seen (torch.ops, torch.vmap, scripted or compiled code); call F.{name} there, or "
                f"{advice}"
            )
        raise UnsupportedOperationError(
            f"{rules.method} is not defined for the operation {name!r} ({node.name()}) in this "
            f"model: {rules.covers}, and the plain gradient would be used there silently. "
            f"{what_to_do(name, 'Use a model of covered operations in eager mode')}, or {advice}"
        )


def _which(node: Any, rules: RuleSet) -> str:
    """Say which products have a rule."""
    if "gate" not in rules.kinds:
        return ""
    if operation_name(node) in ("bmm", "mm"):
        return ". Rules for attention come with the lesson on transformers"
    return ", unless one of them is a gate (it ends in a sigmoid, hardsigmoid or softmax)"


def _call_of(nodes: list[Any], rules: RuleSet) -> str:
    """Return the call that the first of some nodes belongs to, "" where that was not seen."""
    for node in nodes:
        if node in rules.calls:
            return rules.calls[node]
        if _name(node) == _RULED_NAME:
            return ""
    return ""


def _name(node: Any) -> str:
    if getattr(node, "_saved_training", False):
        return "instance_norm"  # a batch-norm by the statistics of x itself: not affine
    return operation_name(node)


def _is_product(node: Any, inside: set[Any]) -> bool:
    """Tell whether a node multiplies, or divides by, what follows from x."""
    name = operation_name(node)
    groups = NODE_FACTORS.get(name, ())
    if not groups and name != "div":
        return False
    before = [n for n, _ in node.next_functions]
    if name == "div":
        return len(before) > 1 and before[1] in inside
    follow = [any(k < len(before) and before[k] in inside for k in group) for group in groups]
    return bool(follow) and all(follow)


# ---- before the call ----


def visible(func: Any, args: tuple, kwargs: dict) -> tuple[Any, tuple, dict]:
    """Return a call that the audit can see through in place of one that it cannot."""
    if func is F.pad and read_padding(args, kwargs)[0] == "circular":
        named = dict(zip(("input", "pad"), args, strict=False)) | kwargs
        if min(named["pad"]) >= 0:
            return pad_in_a_circle, (named["input"], tuple(named["pad"])), {}
    if has_only_the_form_of(func):  # x.type_as(y): nothing of y's numbers is in the result
        others, named = tree_map(_without_graph, (args[1:], kwargs))
        return func, (*args[:1], *others), named
    return func, args, kwargs


def _without_graph(leaf: Any) -> Any:
    return leaf.detach() if isinstance(leaf, Tensor) else leaf
