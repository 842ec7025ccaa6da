r"""What an attack on a map wants, as a loss of the shares of the map, which sum to 1 in each row.

.. math:: R_i = \frac{\sum_c \lvert\Phi_{ci}\rvert}{\sum_{c,j} \lvert\Phi_{cj}\rvert}
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int

__all__ = ["GOALS", "Goal", "centre", "shares", "strongest"]

GOALS = ("top_k", "mass_centre", "toward", "region")


def shares(phi: Tensor) -> Tensor:
    """Return R, (n, H, W) of the map of an image (n, C, H, W), else of the map's shape."""
    size = phi.abs()
    if phi.dim() >= 4:
        size = size.sum(dim=1)
    whole = size.flatten(1).sum(dim=1).view(-1, *[1] * (size.dim() - 1))
    return size / whole.clamp_min(torch.finfo(size.dtype).tiny)  # a map of zeros has no shares


def strongest(R: Tensor, k: int) -> Tensor:
    """Return where the k largest shares are, (n, P) True and False; of equal ones the first."""
    order = R.flatten(1).argsort(dim=1, descending=True, stable=True)
    return torch.zeros_like(order, dtype=torch.bool).scatter_(1, order[:, :k], value=True)


def centre(R: Tensor) -> Tensor:
    """Return the centre of mass, (n, axes), in pixels."""
    found = []
    for axis in range(1, R.dim()):
        others = [a for a in range(1, R.dim()) if a != axis]
        along = R.sum(dim=others) if others else R  # (n, length)
        found.append(along @ torch.arange(R.shape[axis], dtype=R.dtype).to(R.device))
    return torch.stack(found, dim=1)


NOTHING = torch.empty(0)


@dataclass(frozen=True, eq=False)
class Goal:
    """A loss of each row's shares R, which the attack makes small; `before` holds R at x."""

    kind: str
    before: Tensor  # (n, ...)
    k: int = 50
    given: Tensor = NOTHING  # the shares or the mask that the caller gave, (n, ...)

    def loss(self, R: Tensor) -> Tensor:
        """Return the loss of each row, (n,)."""
        if self.kind == "mass_centre":
            return -(centre(R) - centre(self.before)).square().sum(dim=1)
        if self.kind == "toward":
            return (R - self.given).square().flatten(1).sum(dim=1)
        if self.kind == "region":
            return -(R * self.given).flatten(1).sum(dim=1)
        return (R.flatten(1) * strongest(self.before, self.k)).sum(dim=1)

    def of_rows(self, rows: Tensor) -> "Goal":
        """Return the goal of some of the rows."""
        given = self.given[rows] if self.kind in ("region", "toward") else NOTHING
        return Goal(self.kind, self.before[rows], self.k, given)


def make_goal(kind: Any, before: Tensor, k: Any, region: Any, toward: Any) -> Goal:
    """Check what was asked for against the shares at x, (N, ...)."""
    if kind not in GOALS:
        raise ValueError(f"goal must be one of {', '.join(GOALS)}, got {kind!r}")
    for name, needed, value in (("region", "region", region), ("toward", "toward", toward)):
        if (kind == needed) != (value is not None):
            what = "needs" if kind == needed else "has no use for"
            raise ValueError(f"goal {kind!r} {what} {name}=")
    pixels = before[0].numel()
    if kind == "top_k" and not check_positive_int(k, "k") < pixels:
        raise ValueError(f"k must be below the {pixels} pixels of a map, got {k}")
    given = NOTHING
    if kind == "region":
        given = made_mask(region, before)
    if kind == "toward":
        given = made_shares(toward, before)
    return Goal(kind, before, k, given)


def made_mask(region: Any, before: Tensor) -> Tensor:
    """Return the mask of each row, (N, ...), as numbers 0 and 1."""
    mask = _tensor("region", region)
    row = tuple(before.shape[1:])
    if tuple(mask.shape) not in (row, (1, *row), tuple(before.shape)):
        raise ValueError(
            f"region must be a mask of the map's pixels, shape {row}, or one a row, "
            f"{tuple(before.shape)}, got {tuple(mask.shape)}"
        )
    if not torch.equal(mask.bool().to(mask.dtype), mask):
        raise ValueError("region must be True and False, or 1 and 0")
    return mask.to(before.dtype).to(before.device).expand_as(before)


def made_shares(toward: Any, before: Tensor) -> Tensor:
    """Return the shares of the map that is aimed at, of each row, (N, ...)."""
    aim = _tensor("toward", toward)
    if aim.dim() == before.dim() - 1:
        aim = aim[None]
    if not aim.is_floating_point() or not bool(torch.isfinite(aim).all()):
        raise ValueError("toward must hold finite floating point numbers")
    R = shares(aim.detach()).to(before.dtype).to(before.device)
    if tuple(R.shape[1:]) != tuple(before.shape[1:]) or len(R) not in (1, len(before)):
        raise ValueError(
            f"toward must be a map for all rows or one a row, with {tuple(before.shape[1:])} "
            f"pixels, got shape {tuple(aim.shape)}"
        )
    if not bool((R.flatten(1).sum(dim=1) > 0).all()):
        raise ValueError("toward must not be 0 everywhere: it has no shares to aim at")
    return R.expand_as(before)


def _tensor(name: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(value).__name__}")
    return value.clone() if value.is_inference() else value
