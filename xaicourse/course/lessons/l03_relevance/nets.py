"""Small dense ReLU nets as lists of weights and biases, for the tasks of lesson 03."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["numbers", "run"]


def numbers(turn: float, *shape: int) -> Tensor:
    """Return numbers of mixed signs that follow no simple rule."""
    count = torch.Size(shape).numel()
    return 1.5 * torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


def run(
    weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """Return each layer's inputs (N, in) and its sums (N, out); the last sums are the logits."""
    inputs, sums = [], []
    for W, b in zip(weights, biases, strict=True):
        inputs.append(x)
        sums.append(x @ W.T + b)
        x = sums[-1].relu()
    return inputs, sums
