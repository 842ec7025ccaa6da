"""Which tensors follow from x: parameters do not, nor what is made of them, nor what was made once.

``requires_grad`` does not tell, since weights have it, too. Most tensors carry a mark from the call
that made them. The others (made before the forward pass, or where we could not look), and those
that were overwritten since, are looked up in the autograd graph, which cannot be wrong.
"""

from typing import Any
from weakref import ref

import torch
from torch import Tensor

__all__ = ["Following", "reaches"]


class Following:
    """Tells whether a value follows from `inputs`, a tensor in the autograd graph."""

    def __init__(self, inputs: Tensor) -> None:
        self._reaches: dict[Any, bool] = {}
        if inputs.requires_grad:
            self._reaches[torch.autograd.graph.get_gradient_edge(inputs).node] = True
        # by id: the tensor (weakly, as another one may get its id), its version, whether it follows
        self._marks: dict[int, tuple[ref[Tensor], int, bool]] = {}
        self._leaf = inputs if inputs.requires_grad and inputs.is_leaf else None
        if inputs.requires_grad:
            self.mark(inputs, True)

    def __call__(self, value: Any) -> bool:
        """Tell whether a value is a tensor that follows from the inputs, as it is now."""
        if not isinstance(value, Tensor) or not value.requires_grad:
            return False
        if value.is_leaf:  # a parameter
            return value is self._leaf
        mark = self._marks.get(id(value))
        if mark is not None and mark[0]() is value and mark[1] == value._version:
            return mark[2]
        follows = reaches(value.grad_fn, self._reaches)
        self.mark(value, follows)
        return follows

    def mark(self, value: Tensor, follows: bool) -> None:
        """Note whether a tensor follows, until it is overwritten."""
        self._marks[id(value)] = (ref(value), value._version, follows)

    def known(self) -> list[Tensor]:
        """Return the tensors that are noted and still alive."""
        return [t for mark in self._marks.values() if (t := mark[0]()) is not None]


def reaches(start: Any, known: dict[Any, bool]) -> bool:
    """Tell whether a node of the autograd graph leads to one that does; `known` is filled up."""
    stack = [start]
    while stack:  # depth first without recursion: nets can be thousands of nodes deep
        node = stack[-1]
        if node in known:
            stack.pop()
            continue
        before = [n for n, _ in node.next_functions if n is not None]
        unknown = [n for n in before if n not in known]
        stack.extend(unknown)
        if not unknown:
            known[node] = any(known[n] for n in before)
    return known[start]
