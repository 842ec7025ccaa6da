"""Quadrature rules: every one of them is a right way to integrate along the path."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["RULES", "nodes"]


def _left(n: int) -> tuple[Tensor, Tensor]:
    return torch.arange(n) / n, torch.full((n,), 1 / n)


def _right(n: int) -> tuple[Tensor, Tensor]:
    return torch.arange(1, n + 1) / n, torch.full((n,), 1 / n)


def _midpoint(n: int) -> tuple[Tensor, Tensor]:
    return (torch.arange(n) + 0.5) / n, torch.full((n,), 1 / n)


def _trapezoid(n: int) -> tuple[Tensor, Tensor]:
    """The true trapezoid: n intervals, n + 1 nodes."""
    weights = torch.full((n + 1,), 1 / n)
    weights[[0, -1]] /= 2
    return torch.arange(n + 1) / n, weights


def _trapezoid_of_nodes(n: int) -> tuple[Tensor, Tensor]:
    """The trapezoid on n nodes, n - 1 intervals."""
    return _trapezoid(n - 1) if n > 1 else _left(1)


def _mean_of_nodes(n: int) -> tuple[Tensor, Tensor]:
    """The plain mean over n evenly spaced nodes, both ends included."""
    return torch.linspace(0, 1, n), torch.full((n,), 1 / n)


def _mean_of_more_nodes(n: int) -> tuple[Tensor, Tensor]:
    return _mean_of_nodes(n + 1)


def _gauss_legendre(n: int) -> tuple[Tensor, Tensor]:
    places, weights = np.polynomial.legendre.leggauss(n)
    return torch.from_numpy((places + 1) / 2), torch.from_numpy(weights / 2)


RULES = {
    "midpoint": _midpoint,
    "left": _left,
    "right": _right,
    "trapezoid": _trapezoid,
    "trapezoid_of_nodes": _trapezoid_of_nodes,
    "mean_of_nodes": _mean_of_nodes,
    "mean_of_more_nodes": _mean_of_more_nodes,
    "gauss_legendre": _gauss_legendre,
}


def nodes(rule: str, steps: int) -> tuple[Tensor, Tensor]:
    """Return (alphas, weights) of a rule in float64; the weights sum to 1."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return RULES[rule](steps)
    finally:
        torch.set_default_dtype(default)
