"""Maps with a known mean and standard error, for the tasks on error bars."""

import torch
from torch import Tensor

__all__ = ["made_maps"]


def made_maps(ratios: list[float], sizes: list[float], n: int) -> Tensor:
    """Return n maps (n, P) whose pixel p has mean / standard error = ratios[p] exactly.

    Its spread over the maps, with n - 1 in the denominator, is sizes[p].
    """
    turn = torch.arange(1.0, n + 1, dtype=torch.float64)[:, None]
    place = torch.arange(1.0, len(ratios) + 1, dtype=torch.float64)
    pattern = torch.sin((1.7 + 0.31 * place) * turn**1.3)  # (n, P)
    pattern = pattern - pattern.mean(0)
    pattern = pattern / pattern.std(0)
    mean = torch.tensor(ratios, dtype=torch.float64) / n**0.5
    return (torch.tensor(sizes, dtype=torch.float64) * (mean + pattern)).float()
