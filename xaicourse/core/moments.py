"""Mean and variance of maps that come one at a time: nothing but the sums is kept."""

import torch
from torch import Tensor

from xaicourse.core.gradients import sum_dtype

__all__ = ["Moments"]


class Moments:
    """Mean and central sums of 2nd to `order`-th order, updated with one value v after the other.

    Welford's update (1962) and its extension to higher orders (Pebay 2008). E[v^2] - E[v]^2 would
    lose all digits where the mean is large and the spread is small.
    """

    def __init__(self, like: Tensor, order: int = 2) -> None:
        zero = torch.zeros_like(like, dtype=sum_dtype(like.device))
        self.n = 0
        self.order = order  # 2, or 4 for the error of the variance
        self.mean = zero
        self.M2 = zero.clone()  # sum of (v - mean)^2
        self.M3 = zero.clone()
        self.M4 = zero.clone()

    def add(self, value: Tensor) -> None:
        """Take in one more value."""
        self.n += 1
        n = self.n
        delta = value.to(self.mean.dtype) - self.mean
        step = delta / n
        term = delta * step * (n - 1)
        if self.order == 4:
            self.M4 = (
                self.M4
                + term * step**2 * (n**2 - 3 * n + 3)
                + 6 * step**2 * self.M2
                - 4 * step * self.M3
            )
            self.M3 = self.M3 + term * step * (n - 2) - 3 * step * self.M2
        self.M2 = self.M2 + term
        self.mean = self.mean + step

    @property
    def variance(self) -> Tensor:
        """The population variance: M2 / n."""
        return self.M2 / self.n

    @property
    def error_of_mean(self) -> Tensor:
        """Standard error of the mean; NaN for a single value."""
        if self.n == 1:
            return torch.full_like(self.mean, torch.nan)
        return (self.M2 / (self.n - 1) / self.n).sqrt()

    @property
    def error_of_variance(self) -> Tensor:
        """Standard error of the variance, from the fourth moment: sqrt((m4 - var^2) / n).

        NaN for fewer than four values, whose fourth moment follows from the second: of two it
        would be 0, as if the variance were known.
        """
        if self.n < 4:
            return torch.full_like(self.mean, torch.nan)
        return ((self.M4 / self.n - self.variance**2).clamp_min(0) / self.n).sqrt()
