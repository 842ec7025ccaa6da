"""Which tensors follow from x: parameters do not, nor what is made of them, nor what was made once.

``requires_grad`` does not tell, since weights have it, too. Most tensors carry a mark from the call
that made them. The others (made before the forward pass, or where we could not look), and those
that were overwritten since, are looked up in the autograd graph, which cannot be wrong.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

__all__ = ["Following"]


class Following:
    """Tells whether a value follows from `inputs`, a tensor in the autograd graph."""

    def __init__(self, inputs: Tensor) -> None:
        self._reaches: dict[Any, bool] = {}
        if inputs.requires_grad:
            self._reaches[torch.autograd.graph.get_gradient_edge(inputs).node] = True
        self._marks: WeakTensorKeyDictionary = WeakTensorKeyDictionary()
        if inputs.requires_grad:
            self.mark(inputs, True)

    def __call__(self, value: Any) -> bool:
        """Tell whether a value is a tensor that follows from the inputs, as it is now."""
        if not isinstance(value, Tensor) or not value.requires_grad:
            return False
        version, follows = self._marks.get(value) or (-1, False)
        if version == value._version:
            return follows
        if value.grad_fn is None:  # a parameter
            return False
        follows = self._looked_up(value.grad_fn)
        self.mark(value, follows)
        return follows

    def mark(self, value: Tensor, follows: bool) -> None:
        """Note whether a tensor follows, until it is overwritten."""
        self._marks[value] = (value._version, follows)

    def _looked_up(self, start: Any) -> bool:
        stack = [start]
        while stack:  # depth first without recursion: nets can be thousands of nodes deep
            node = stack[-1]
            if node in self._reaches:
                stack.pop()
                continue
            before = [n for n, _ in node.next_functions if n is not None]
            unknown = [n for n in before if n not in self._reaches]
            stack.extend(unknown)
            if not unknown:
                self._reaches[node] = any(self._reaches[n] for n in before)
        return self._reaches[start]
