"""Batch-norm in eval mode, whose backward pass in PyTorch depends on how tensors are stored.

Where a picture has an axis of length 1, (1, C, L, 1) say, it is laid out as usual and with the
channels last at once. If the arriving gradient is stored in the other of these two ways than the
input was, PyTorch 2.14 on a CPU mixes the channels up, without an error. So the gradient is stored
here as the input is.
"""

from typing import Any

import torch
from torch import Tensor

__all__ = ["with_safe_batch_norms"]


def with_safe_batch_norms(score: Tensor) -> Tensor:
    """Return a score, in whose graph the batch-norms get gradients laid out as their inputs are."""
    seen: set[Any] = set()
    found: list[Any] = [score.grad_fn]
    while found:
        node = found.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        found += [before for before, _ in node.next_functions]
        if node.name() == "NativeBatchNormBackward0" and _is_ambiguous(
            node._input_metadata[0].shape
        ):
            _lay_out(node)
    return score


def _is_ambiguous(shape: torch.Size) -> bool:
    """Tell whether a shape (N, C, ...) can be laid out as usual and channels last at once."""
    return len(shape) > 3 and 1 in (shape[0], *shape[2:])


def _lay_out(node: Any) -> None:
    try:
        z = node._saved_input
    except RuntimeError:  # it was overwritten, as autograd will say
        return
    strides = torch.empty_like(z, device="meta").stride()  # of one that is expanded: without 0

    def stored_alike(grads: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        grad, *others = grads
        if grad is None or grad.stride() == strides:
            return grads
        alike = torch.empty_strided(grad.shape, strides, dtype=grad.dtype, device=grad.device)
        return alike.copy_(grad), *others

    node.register_prehook(stored_alike)
