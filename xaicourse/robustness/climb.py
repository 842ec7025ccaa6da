"""Projected gradient ascent: steps uphill that stay near x and within the limits of inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.chunks import sum_dtype
from xaicourse.robustness.ball import Limits, as_limits, box

__all__ = ["NORMS", "Ball", "climb", "make_ball"]

NORMS = ("linf", "l2")


@dataclass(frozen=True, eq=False)
class Ball:
    """All inputs of a batch that are within eps of x in a norm, and within the limits."""

    x: Tensor  # (n, ...)
    eps: float
    norm: str
    low: Tensor  # (n, ...)
    high: Tensor

    def uphill(self, slope: Tensor) -> Tensor:
        """Return the step of length 1 that rises most, (n, ...); 0 where the slope is 0."""
        if self.norm == "linf":
            return slope.sign()
        return slope / column(length(slope), slope).clamp_min(torch.finfo(slope.dtype).tiny)

    def project(self, point: Tensor) -> Tensor:
        """Return inputs that are allowed, to the last bit, near these."""
        if self.norm == "linf":
            return point.clamp(self.low, self.high)
        shift = point - self.x
        least = max(self.eps, torch.finfo(shift.dtype).tiny)  # a ball of size 0 is x alone
        shrink = (self.eps / length(shift).clamp_min(least)).to(shift.dtype)
        inside = self.x + shift * column(shrink, shift)
        while bool((outside := self.distance(inside) > self.eps).any()):  # by its last bits
            shrink = torch.where(outside, shrink * (1 - 2**-20), shrink)
            inside = self.x + shift * column(shrink, shift)
        return inside.clamp(self.low, self.high)  # x is allowed: this leads no farther from it

    def distance(self, point: Tensor) -> Tensor:
        """Return how far the points are from x, (n,)."""
        exact = sum_dtype(point.device)
        return length(point.to(exact) - self.x.to(exact))

    def random_point(self, chance: torch.Generator, rows: int = 1) -> Tensor:
        """Return a random point of the ball for each x; `rows` is 1 where all get the same draw."""
        x, draw = self.x, torch.rand if self.norm == "linf" else torch.randn
        u = draw((rows, *x.shape[1:]), generator=chance).to(x.dtype).to(x.device)  # of the CPU
        if self.norm == "linf":
            return self.project(x + self.eps * (2 * u - 1))
        radius = self.eps * torch.rand(rows, generator=chance).to(x.dtype).to(x.device)
        return self.project(x + self.uphill(u) * column(radius, u))


def make_ball(x: Tensor, eps: float, norm: Any, limits: Limits) -> Ball:
    """Return the ball, or raise for a norm that there is not or limits that do not hold x."""
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
    if norm == "linf":
        return Ball(x, eps, norm, *box(x, eps, limits))
    low, high = (-torch.inf, torch.inf) if limits is None else as_limits(limits, x)
    return Ball(x, eps, norm, x.new_tensor(low), x.new_tensor(high))


def climb(
    ball: Ball, start: Tensor, step: float, steps: int, slope: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return where so many steps lead, (n, ...)."""
    point = start
    for _ in range(steps):
        point = ball.project(point + step * ball.uphill(slope(point)))
    return point


def length(v: Tensor) -> Tensor:
    """Return the Euclidean length of each row, (n,)."""
    return v.flatten(1).norm(dim=1)


def column(per_row: Tensor, v: Tensor) -> Tensor:
    """Return one number a row, (n,), in a shape that multiplies v (n, ...)."""
    return per_row.view(-1, *[1] * (v.dim() - 1))
