"""Scores of all subsets of a few features: exact shares, and the area of any order."""

from itertools import pairwise
from math import factorial

import torch

__all__ = ["order_area", "shapley", "with_subsets"]


def with_subsets(x):
    """Return x (D,) with each subset of its features, the others 0, (2^D, D); all at the end."""
    bits = (torch.arange(2 ** len(x))[:, None] >> torch.arange(len(x))) & 1
    return bits * x


def shapley(values):
    """Return the Shapley values, (D,), from the scores of all subsets, (2^D,)."""
    features = (len(values) - 1).bit_length()
    shares = torch.zeros(features, dtype=values.dtype)
    for subset in range(len(values)):
        size = bin(subset).count("1")
        for i in range(features):
            if not subset >> i & 1:
                weight = factorial(size) * factorial(features - size - 1) / factorial(features)
                shares[i] += weight * (values[subset | 1 << i] - values[subset])
    return shares


def order_area(values, order):
    """Return the area under the score while features go in this order, over the share."""
    left, scores = len(values) - 1, [float(values[-1])]
    for i in order:
        left &= ~(1 << i)
        scores.append(float(values[left]))
    return sum((a + b) / 2 for a, b in pairwise(scores)) / len(order)
