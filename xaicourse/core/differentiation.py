"""Autograd, where torch is right; and what it needs for a batch norm to be.

In eval mode on a CPU, torch 2.14 takes the gradient y' of a batch norm for laid out in memory as
its input is. Where one of the two is transposed, as after ``h.transpose(1, 2).view(n, c, l, 1)``,
the numbers of x' belong to other places: the gradient is wrong, and there is no error. So what
arrives is laid out as the input first.
"""

from typing import Any

import torch
from torch import Tensor

__all__ = ["differentiated", "lay_out_gradients"]

NODE = "NativeBatchNormBackward0"


def differentiated(score: Tensor, x: Tensor, keep_graph: bool) -> Tensor | None:
    """Return the gradient of the sum of `score` in x, None where there is none."""
    lay_out_gradients(score)
    return torch.autograd.grad(score.sum(), x, create_graph=keep_graph, allow_unused=True)[0]


def lay_out_gradients(score: Tensor) -> None:
    """Let each batch norm in the graph of `score` get its gradient in the layout of its input."""
    seen: set[Any] = set()
    stack: list[Any] = [score.grad_fn]
    while stack:
        node: Any = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name() == NODE:
            # what is kept of the input is its form: the node itself would close a circle
            node.register_prehook(_laid_out_as(torch.empty_like(node._saved_input, device="meta")))
        stack.extend(before for before, _ in node.next_functions)


def _laid_out_as(u: Tensor) -> Any:
    def lay_out(grads: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...] | None:
        grad = grads[0]
        if grad is None or grad.dim() < 4 or grad.stride() == u.stride():
            return None
        laid = torch.empty_strided(u.shape, u.stride(), dtype=grad.dtype, device=grad.device)
        return (laid.copy_(grad), *grads[1:])

    return lay_out
