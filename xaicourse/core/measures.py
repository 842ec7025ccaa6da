r"""A weight w(alpha) on [0, 1] as a measure: its integral W, the inverse of W, its Gauss rule.

.. math:: W(\alpha) = \frac{\int_0^\alpha w}{\int_0^1 w}, \qquad
    \int_0^1 g\, w\, d\alpha \Big/ \int_0^1 w\, d\alpha \approx \sum_k q_k\, g(\alpha_k)

The Gauss rule of w is exact for polynomials g up to degree 2 n - 1, also where w has a pole that
can be integrated, a jump or a gap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xaicourse.core.checks import describe
from xaicourse.core.path import Nodes

__all__ = ["Measure", "measure"]

FIRST_PANELS = 32
PANEL_NODES = 16
CUT = 0.45  # a panel is cut here, not in the middle: its rule would not see a jump just there
MOST_ROUNDS = 400  # cuts: down to alpha = 1e-140
EXACT = 1e-13  # a panel is cut until that changes less of the whole
INSIDE = (1e-300, 1 - 2**-53)  # where w is asked: it may have a pole at 0 or at 1
UNCERTAIN = 1e-6  # more than that may not stay unknown


@dataclass(frozen=True, eq=False)
class Measure:
    """A weight on [0, 1], known by panels that are short where it is rough. Made by `measure`."""

    weight: Callable[[Tensor], Any]
    edges: Tensor  # (K + 1,) of the panels, float64
    mass: Tensor  # (K + 1,) the integral from 0 to each edge
    name: str

    @property
    def total(self) -> float:
        """The integral of w over [0, 1]."""
        return float(self.mass[-1])

    def cumulated(self, alpha: Tensor) -> Tensor:
        """Return W(alpha), from 0 to 1, in alpha's shape."""
        flat = alpha.flatten()
        k = (torch.searchsorted(self.edges, flat, right=True) - 1).clamp(0, len(self.edges) - 2)
        part = _integrals(self.weight, self.edges[k], flat, self.name)
        return ((self.mass[k] + part) / self.total).clamp(0, 1).view_as(alpha)

    def inverse(self, mass: Tensor) -> Tensor:
        """Return the alpha (S,) at which W is `mass` (S,), by bisection."""
        k = torch.searchsorted(self.mass / self.total, mass).clamp(1, len(self.mass) - 1)
        low, high = self.edges[k - 1], self.edges[k]
        for _ in range(60):
            middle = (low + high) / 2
            below = self.cumulated(middle) < mass
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return high

    @lru_cache(maxsize=32)  # noqa: B019  (of a few measures, a kilobyte each)
    def gauss(self, n: int) -> tuple[Tensor, Tensor]:
        """Return the n nodes and weights of the Gauss rule: (S,), (S,); the weights sum to 1.

        The polynomials that are orthogonal under w follow each other with three terms; the
        matrix of these has the nodes as its eigenvalues (Golub and Welsch, 1969).
        """
        points, p = self._fine_grid(n)
        p = p * _values(self.weight, points, self.name)
        q = (p / p.sum()).sqrt()  # Lanczos: polynomials times the root of their mass
        basis = q.new_zeros(n, len(q))
        matrix = torch.zeros(n, n, dtype=torch.float64)
        for k in range(n):
            basis[k] = q
            following = points * q
            matrix[k, k] = following @ q
            for _ in range(2):  # made orthogonal to all before, twice: rounding adds up else
                following = following - (basis[: k + 1] @ following) @ basis[: k + 1]
            step = following.norm()
            q = following / step
            if k + 1 < n:
                matrix[k, k + 1] = matrix[k + 1, k] = step
        nodes, vectors = torch.linalg.eigh(matrix)
        return nodes.clamp(0, 1), vectors[0].square()

    def _fine_grid(self, n: int) -> tuple[Tensor, Tensor]:
        """Return points and weights that are exact enough for polynomials of degree 2 n.

        Such a polynomial in cos(theta) = 1 - 2 alpha waves 2 n times, evenly in theta.
        """
        waves = 2 * n * (1 - 2 * self.edges).clamp(-1, 1).acos().diff() / torch.pi
        points, weights = [], []
        for low, high, m in zip(self.edges[:-1], self.edges[1:], waves.ceil(), strict=True):
            t, v = _legendre(PANEL_NODES + int(m))
            points.append((low + (high - low) * t).clamp(*INSIDE))
            weights.append((high - low) * v)
        return torch.cat(points), torch.cat(weights)

    def nodes(self, n: int, n_rows: int) -> Nodes:
        """Return the Gauss rule as nodes on a path: each segment has the mass of its node."""
        return Nodes(*(t.expand(n_rows, -1) for t in self._segments(n)))

    @lru_cache(maxsize=32)  # noqa: B019
    def _segments(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        alpha, weight = self.gauss(n)
        mass = (weight / weight.sum()).cumsum(0)
        edges = self.inverse(mass[:-1])
        left = torch.cat([torch.zeros(1, dtype=torch.float64), edges])
        right = torch.cat([edges, torch.ones(1, dtype=torch.float64)])
        return alpha, left, right


def measure(weight: Callable[[Tensor], Any], name: str = "weight") -> Measure:
    """Integrate a weight over [0, 1], or say that it cannot be done.

    Parameters
    ----------
    weight : callable
        w, from alphas (S,) in float64 to numbers of at least 0.
    name : str
        What the caller calls it, for messages.

    Raises
    ------
    ValueError
        If w is negative, NaN or infinite inside, 0 everywhere, or has no finite integral.
    """
    edges = torch.linspace(0, 1, FIRST_PANELS + 1, dtype=torch.float64)
    left, right = edges[:-1], edges[1:]
    whole = _integrals(weight, left, right, name)
    done: list[tuple[Tensor, Tensor]] = []  # left edges and integrals
    unknown = settled = 0.0
    for _ in range(MOST_ROUNDS):
        middle = left + CUT * (right - left)
        first = _integrals(weight, left, middle, name)
        second = _integrals(weight, middle, right, name)
        change = (first + second - whole).abs()
        total = settled + float((first + second).sum())
        rough = change > EXACT * total
        narrow = right - left < 64 * torch.finfo(torch.float64).eps * right
        unknown += float(change[rough & narrow].sum())
        ready = ~rough | narrow
        done.append((left[ready], whole[ready]))
        settled += float(whole[ready].sum())
        left, middle, right, first, second = (
            t[~ready] for t in (left, middle, right, first, second)
        )
        left, right = torch.cat([left, middle]), torch.cat([middle, right])
        whole = torch.cat([first, second])
        if len(left) == 0:
            break
    else:
        unknown += float(change[rough].sum())
        done.append((left, whole))
        settled += float(whole.sum())
    if unknown > UNCERTAIN * settled:
        raise ValueError(
            f"{name} has no integral over [0, 1] that could be found: it grows too fast near "
            f"alpha = {float(done[-1][0][0]):.2g}. Give one that can be integrated, such as "
            "alpha ** -0.5 instead of 1 / alpha"
        )
    if settled == 0:
        raise ValueError(f"{name} is 0 on all of [0, 1]; it must be above 0 somewhere")
    starts, masses = (torch.cat(parts) for parts in zip(*done, strict=True))
    order = starts.argsort()
    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    mass = torch.cat([zero, masses[order].cumsum(0)])
    return Measure(weight, torch.cat([starts[order], one]), mass, name)


@cache
def _legendre(n: int) -> tuple[Tensor, Tensor]:
    """Return Gauss-Legendre nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return torch.from_numpy((nodes + 1) / 2), torch.from_numpy(weights / 2)


def _integrals(weight: Callable[[Tensor], Any], left: Tensor, right: Tensor, name: str) -> Tensor:
    """Return the integral of w over each [left, right]: (K,)."""
    t, v = _legendre(PANEL_NODES)
    width = (right - left)[:, None]
    points = (left[:, None] + width * t).clamp(*INSIDE)  # (K, 16)
    return (_values(weight, points.flatten(), name).view_as(points) * v * width).sum(dim=1)


def _values(weight: Callable[[Tensor], Any], alpha: Tensor, name: str) -> Tensor:
    """Return w at alpha (S,), checked."""
    try:
        found = torch.as_tensor(weight(alpha), dtype=torch.float64)
    except Exception as error:
        raise ValueError(
            f"{name} must be a function of alpha, a tensor {tuple(alpha.shape)}, but "
            f"{describe(weight)} failed: {error}"
        ) from error
    if found.shape not in ((), alpha.shape):
        raise ValueError(
            f"{name} must give one number for each alpha, shape {tuple(alpha.shape)}, but it gives "
            f"{tuple(found.shape)}"
        )
    found = found.expand_as(alpha)
    bad = ~torch.isfinite(found) | (found < 0)
    if bool(bad.any()):
        at = int(bad.nonzero()[0])
        raise ValueError(
            f"{name} is {float(found[at]):.3g} at alpha = {float(alpha[at]):.3g}; it must be a "
            "finite number of at least 0 inside (0, 1)"
        )
    return found
