"""A student's f, an input x and a baseline: what the path between them shows, and what it hides."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.claims import Claim
from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.integrate import (
    OwnFunction,
    path_integral,
    reliable_integral,
    to_rows,
)

__all__ = ["OwnPath"]

INCOMPLETE = 0.02  # slopes that miss the rise by this share do not belong to a continuous f
HIDDEN = 0.05  # what autograd hides is at least this share of what is asked for
RULES = (("midpoint", 1000), ("gauss_legendre", 401))
ZERO = 1e-4  # |IG| of a feature, relative to a size: slopes that cancel, between kinks
ONE_SIGN = 1e-9  # the same where all slopes have one sign, so that only true zeros add up to 0
SHIFT = 1e-4  # the path is moved by so little to see whether it runs on a kink


class OwnPath(Claim):
    """A part of an answer: f (N, D...) -> (N,), x (N, D...), and a baseline that fits to x."""

    names = ("f", "x", "baseline")

    def read(self, answer: Any) -> None:
        """Keep all parts, and read f, x and the baseline."""
        self.part = self.parts(answer, *self.names)
        self.x = to_rows(self.part["x"], "x", self.what)
        baseline = to_rows(self.part["baseline"], "baseline", self.what)
        try:
            self.baseline = baseline.expand_as(self.x).clone()
        except RuntimeError:
            shapes: dict[str, Any] = {"shape": (*baseline.shape,), "expected": (*self.x.shape,)}
            refuse("general/baseline_shape", what=self.what, **shapes)
        self.delta = self.x - self.baseline
        self.f = OwnFunction(self.part["f"], self.x, self.what)

    def steady(self):
        """f must be plain and stay the same."""
        return self.f.steady(torch.cat([self.baseline, self.x, (self.x + self.baseline) / 2])[:9])

    # ------------------------------------------------------------ the whole map

    def integral(self, rule: str, steps: int, shift: Any = 0.0) -> Tensor:
        """Return the integrated gradients by one rule, (N, D...), on a path that may be moved."""
        return path_integral(self.f.gradient, self.x + shift, self.baseline + shift, rule, steps)

    @cached_property
    def rise(self) -> Tensor:
        """f(x) - f(baseline), (N,)."""
        return self.f.value(self.x) - self.f.value(self.baseline)

    @cached_property
    def truth(self) -> Tensor:
        """The integrated gradients, (N, D...), of an f that is smooth enough to know them."""
        truth = reliable_integral(self.f, self.x, self.baseline)
        shares = truth.flatten(1)
        size = torch.maximum(self.rise.abs(), shares.abs().sum(1)).max()
        if bool((shares.sum(1) - self.rise).abs().max() > INCOMPLETE * size):
            refuse("general/f_incomplete", what=self.what, name="f")
        return truth

    def points(self, count: int) -> Tensor:
        """Return the middles of this many pieces of the path of one input, (P, D...)."""
        alphas = ((torch.arange(count) + 0.5) / count).double()
        return self.baseline + alphas.reshape(-1, *[1] * (self.x.ndim - 1)) * self.delta

    # ------------------------------------------------------------ one feature

    def share_of(self, place: int, rules=RULES, shift: Any = 0.0) -> float:
        """Return the share of one feature; two rules that disagree are a sign of jumps."""
        maps = [self.integral(rule, steps, shift) for rule, steps in rules]
        return min((float(each.reshape(-1)[place]) for each in maps), key=abs)

    def closer_share_of(self, place: int, size: float) -> float:
        """Return a share; near a kink, where it is small beside `size`, with many steps."""
        share = self.share_of(place)
        near_zero = ZERO * size < abs(share) < 1e-2 * size
        return self.share_of(place, (("midpoint", 100_000),)) if near_zero else share

    def is_zero(self, share: float, place: int, size: float) -> bool:
        """Say whether a share is 0. In float32 a slope of 0 may be a small number of any sign."""
        slopes = self.f.gradient(self.points(500)).flatten(1)[:, place]
        one_sign = bool((slopes >= 0).all() or (slopes <= 0).all())
        exact = one_sign and self.f.dtype == torch.float64
        return abs(share) <= (ONE_SIGN if exact else ZERO) * size

    def at(self, place: int, value: float) -> Tensor:
        """Return x with another value of one feature."""
        changed = self.x.clone()
        changed.view(-1)[place] = value
        return changed

    def change_of(self, place: int, value: float) -> float:
        """Return by how much f changes with it."""
        return abs(float(self.f.value(self.at(place, value))) - float(self.f.value(self.x)))

    def shifts(self) -> list[Tensor]:
        """Return three ways to move a path a little."""
        drawn = [torch.Generator().manual_seed(seed) for seed in range(3)]
        return [SHIFT * torch.randn(self.x.shape, generator=g, dtype=torch.float64) for g in drawn]

    def measured_share(self, place: int, shift: Tensor) -> float:
        """Return a share from values of f alone, on a path that is moved a little.

        The differences reach from one point to the next, so that no jump falls between them.
        """
        points, step = self.points(2000) + shift, torch.zeros_like(self.x)
        step.view(-1)[place] = self.delta.view(-1)[place] / 4000
        return float((self.f.value(points + step) - self.f.value(points - step)).sum())

    def missing_of(self, place: int, size: float) -> float:
        """Return what slopes do not show of the rise, or of a share that they say is 0.

        0 if they show all of it; `size` is what counts as large.
        """
        if self.delta.view(-1)[place] == 0:
            return 0.0  # 0 times anything: no gradient is needed to know it
        whole, rise = self.integral(*RULES[0]), float(self.rise)
        missing = rise - float(whole.sum())
        if abs(missing) > INCOMPLETE * max(abs(rise), size, float(whole.abs().sum())):
            return missing
        worst = max((self.measured_share(place, shift) for shift in self.shifts()), key=abs)
        return worst if abs(worst) > HIDDEN * size else 0.0

    def runs_on_kink(self, place: int, size: float) -> bool:
        """Say whether a share is another one on paths beside this one."""
        straight = self.share_of(place)
        beside = [self.share_of(place, shift=shift) for shift in self.shifts()]
        return max(abs(share - straight) for share in beside) > HIDDEN * size

    def steepest(self, start: Tensor, end: Tensor) -> tuple[float, Tensor]:
        """Return the size and the place of a jump on a line: halve its steepest piece."""
        ends = torch.linspace(0, 1, 2001, dtype=torch.float64)
        points = start + ends.reshape(-1, *[1] * (self.x.ndim - 1)) * (end - start)  # (P, D...)
        k = int(self.f.value(points).diff().abs().argmax())
        left, right = points[k, None], points[k + 1, None]
        for _ in range(30):
            middle = (left + right) / 2
            low, half, high = self.f.value(torch.cat([left, middle, right]))
            left, right = (left, middle) if abs(half - low) >= abs(high - half) else (middle, right)
        return abs(float(self.f.value(right) - self.f.value(left))), left
