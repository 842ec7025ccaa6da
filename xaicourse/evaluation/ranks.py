"""Ranks in which equal values share the mean of their places."""

import torch
from torch import Tensor

__all__ = ["midranks"]


def midranks(values: Tensor) -> Tensor:
    """Return the rank of each entry in its row, (N, U): 1 is the smallest."""
    ordered, place = values.contiguous().sort(dim=1)
    below = torch.searchsorted(ordered, ordered)  # how many are smaller
    up_to = torch.searchsorted(ordered, ordered, right=True)  # and how many are not larger
    ranks = (below + up_to + 1).to(values.dtype) / 2
    return torch.empty_like(ranks).scatter_(1, place, ranks)
