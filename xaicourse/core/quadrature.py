"""Quadrature rules on [0, 1]: nodes alpha_k and weights w_k with sum w_k = 1."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int

__all__ = ["QUADRATURES", "check_quadrature", "quadrature"]

QUADRATURES = ("left", "right", "midpoint", "trapezoid", "gauss_legendre")


def quadrature(name: str, steps: int) -> tuple[Tensor, Tensor]:
    r"""Return the nodes and weights of a quadrature rule on [0, 1], as float64 tensors.

    .. math:: \int_0^1 g(\alpha)\,d\alpha \approx \sum_k w_k\, g(\alpha_k), \qquad \sum_k w_k = 1

    Parameters
    ----------
    name : str
        ``"left"``, ``"right"``, ``"midpoint"``, ``"trapezoid"`` or ``"gauss_legendre"``.
    steps : int
        How many nodes. The trapezoid takes it as the number of intervals: ``steps + 1`` nodes.

    Returns
    -------
    nodes, weights : Tensor (S,)

    Raises
    ------
    ValueError
        If the name is unknown or `steps` is below 1.
    """
    check_quadrature(name, also=())
    n = check_positive_int(steps, "steps")
    k = torch.arange(n, dtype=torch.float64)
    equal = torch.full((n,), 1 / n, dtype=torch.float64)
    if name == "left":
        return k / n, equal
    if name == "right":
        return (k + 1) / n, equal
    if name == "midpoint":
        return (k + 0.5) / n, equal
    if name == "trapezoid":  # n intervals have n + 1 nodes, the two ends count half
        nodes = torch.arange(n + 1, dtype=torch.float64) / n
        weights = torch.full((n + 1,), 1 / n, dtype=torch.float64)
        weights[0] = weights[-1] = 0.5 / n
        return nodes, weights
    if name == "gauss_legendre":  # NumPy gives the rule on [-1, 1]
        nodes, weights = np.polynomial.legendre.leggauss(n)
        return torch.from_numpy((nodes + 1) / 2), torch.from_numpy(weights / 2)
    raise AssertionError(name)  # check_quadrature knows no other


def check_quadrature(name: Any, also: tuple[str, ...] = ("adaptive",)) -> None:
    """Raise unless `name` is a quadrature rule, or one of the names in `also`."""
    if name not in (known := QUADRATURES + also):
        raise ValueError(f"quadrature must be one of {', '.join(known)}, got {name!r}")
