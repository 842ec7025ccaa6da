"""What a call is given: its leaves, most of which are the arguments themselves.

torch's trees look into every kind of container, which costs more than a small operation.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

__all__ = ["leaves_of", "taken_apart"]

_LEAVES = (Tensor, nn.Parameter, int, float, bool, str, type(None), torch.dtype, torch.device)


def _is_leaf(value: Any) -> bool:
    """Tell whether there is no tensor inside a value: a stride (2, 2) may stay as it is."""
    return type(value) in _LEAVES or (
        type(value) is tuple and all(type(part) is int for part in value)
    )


def leaves_of(*values: Any) -> list[Any]:
    """Return what tensors, numbers, lists and so on hold, in their order: most are leaves."""
    found = []
    for value in values:
        if type(value) in _LEAVES:
            found.append(value)
        elif _is_leaf(value):  # a stride (2, 2): its numbers
            found += value
        else:
            found += tree_leaves(value)
    return found


def taken_apart(
    args: tuple, kwargs: dict[str, Any]
) -> tuple[list[Any], Callable[[list[Any]], tuple[tuple, dict[str, Any]]]]:
    """Return the leaves of a call's arguments, and how they are put together again."""
    leaves = [*args, *kwargs.values()]
    if all(map(_is_leaf, leaves)):  # most calls, and much faster
        n = len(args)
        return leaves, lambda new: (tuple(new[:n]), dict(zip(kwargs, new[n:], strict=True)))
    leaves, tree = tree_flatten((args, kwargs))
    return leaves, lambda new: tree_unflatten(new, tree)
