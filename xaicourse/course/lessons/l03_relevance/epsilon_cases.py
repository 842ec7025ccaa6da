"""The nets on which LRP-epsilon is tried."""

import torch

from xaicourse.course.grading.cases import case
from xaicourse.course.lessons.l03_relevance.nets import dense

__all__ = ["CASES", "ZERO_SUMS"]

CASES = (
    dense(
        "one_layer",
        "one layer, one input of three features, four classes",
        [3, 4],
        [2],
        0.9,
        epsilon=0.5,
    ),
    dense(
        "two_layers",
        "two layers, one input of four features, three classes",
        [4, 6, 3],
        [1],
        1.3,
        epsilon=0.4,
    ),
    dense(
        "batch",
        "three layers, three inputs of five features, four classes",
        [5, 7, 6, 4],
        [2, 0, 3],
        0.6,
        epsilon=1.0,
    ),
    dense(
        "small_epsilon",
        "two layers, two inputs, epsilon = 1e-6",
        [4, 8, 3],
        [2, 1],
        1.7,
        epsilon=1e-6,
    ),
)

# Whole numbers, so that zeros are exact however they are added up. Hidden sums: (0, 4, 2) and
# (2, 4, -1); scores: (7, 0) and (11, 0), of which 7 and 0 are explained.
ZERO_SUMS = case(
    "zero_sums",
    "two layers, two inputs, some sums z exactly 0",
    weights=[
        torch.tensor([[1.0, -1.0], [1.0, 1.0], [-1.0, 2.0]]),
        torch.tensor([[1.0, 2.0, -1.0], [-2.0, 1.0, -2.0]]),
    ],
    biases=[torch.tensor([0.0, 0.0, 0.0]), torch.tensor([1.0, 0.0])],
    x=torch.tensor([[2.0, 2.0], [3.0, 1.0]]),
    target=torch.tensor([0, 1]),
    epsilon=0.5,
)
