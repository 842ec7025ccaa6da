"""Small dense ReLU nets as lists of weights and biases, for the tasks of lesson 03."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.cases import Case, case

__all__ = ["dense", "numbers", "run"]

WORDS = ("none", "one", "two", "three", "four", "five")


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


def dense(name: str, sizes: Sequence[int], target: list[int], turn: float, **more: Any) -> Case:
    """Return a case: a net with layers of these sizes, and one input for each target."""
    pairs = list(pairwise(sizes))
    numbers_of = (len(pairs), len(target), sizes[0], sizes[-1])
    layers, inputs, features, classes = (WORDS[number] for number in numbers_of)
    says = f"layers: {layers}, inputs: {inputs} of {features} features, classes: {classes}"
    return case(
        name,
        says,
        weights=[numbers(turn + k, after, before) for k, (before, after) in enumerate(pairs)],
        biases=[numbers(turn + 0.3 + k, after) for k, (_, after) in enumerate(pairs)],
        x=numbers(turn + 0.7, len(target), sizes[0]),
        target=torch.tensor(target),
        **more,
    )
