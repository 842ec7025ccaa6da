"""Task 05.6: an f, an input and a feature, and whether its share is a 0 that f itself has."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.claims import Claim
from xaicourse.course.grading.compare import refuse, to_number
from xaicourse.course.grading.integrate import OwnFunction, path_integral, to_rows

__all__ = ["ZeroShare"]

ZERO = 1e-4  # |IG| of the feature, relative to that change: slopes that cancel, between kinks
ONE_SIGN = 1e-9  # the same where all slopes have one sign, so that only true zeros add up to 0
INCOMPLETE = 0.02  # the whole map may miss the rise by this share of the largest number there is
RULES = (("midpoint", 1000), ("gauss_legendre", 401))
SHIFT = 1e-4  # the path is moved by so little to see whether it runs on a kink


class ZeroShare(Claim):
    """(f, x, baseline, feature, value): a feature that gets 0, and the value that changes f."""

    largest = 10.0  # all numbers of x, of the baseline and the other value lie in [-10, 10]
    wanted = 0.5  # setting the feature to the other value changes f by more than this

    def read(self, answer: Any) -> None:
        """Take the five parts; of a tuple of four the value is still open."""
        if isinstance(answer, (list, tuple)) and len(answer) == 4:
            answer = (*answer, None)
        self.part = self.parts(answer, "f", "x", "baseline", "feature", "value")
        self.x = to_rows(self.part["x"], "x", self.what)
        self.baseline = to_rows(self.part["baseline"], "baseline", self.what)
        self.value = to_number(self.part["value"], self.what)
        if self.baseline.numel() == 1:
            self.baseline = self.baseline.expand_as(self.x).clone()
        if self.baseline.shape[1:] != self.x.shape[1:]:
            shape, expected = tuple(self.baseline.shape), tuple(self.x.shape)
            refuse("general/baseline_shape", what=self.what, shape=shape, expected=expected)
        value = torch.tensor([self.value])
        self.numbers = {"x": self.x, "baseline": self.baseline, "value": value}

    @cached_property
    def place(self) -> int:
        """The place of the feature in the flattened input; -1 if there is no such feature."""
        shape = tuple(self.x.shape[1:])
        try:
            index = [int(i) for i in torch.as_tensor(self.part["feature"]).reshape(-1)]
            if len(index) == len(shape) + 1 and index[0] == 0:
                index = index[1:]  # (0, i): the batch axis was counted
            if len(index) == 1 and len(shape) != 1:
                return range(self.x.numel())[index[0]]
            return int(torch.arange(self.x.numel()).reshape(shape)[tuple(index)])
        except Exception:
            return -1

    @cached_property
    def f(self) -> OwnFunction:
        return OwnFunction(self.part["f"], self.x, self.what)

    def steady(self):
        """f must be plain and stay the same."""
        return self.f.steady(torch.cat([self.baseline, self.x, (self.x + self.baseline) / 2]))

    # ------------------------------------------------------------ shape and range

    @property
    def not_one(self) -> str:
        """Which of x and baseline is more than one input."""
        return next((name for name in ("x", "baseline") if len(self.numbers[name]) != 1), "")

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.numbers[self.not_one].shape)

    @property
    def too_large(self) -> str:
        """Which of x, baseline and value leaves [-10, 10]."""
        largest = {name: numbers.abs().max() for name, numbers in self.numbers.items()}
        return next((name for name, n in largest.items() if not n <= self.largest), "")

    @property
    def number(self) -> float:
        """The number that does so."""
        numbers = self.numbers[self.too_large].flatten()
        return float(numbers[numbers.abs().argmax()])

    @property
    def given(self) -> str:
        return str(self.part["feature"])[:40]

    @property
    def last(self) -> int:
        return self.x.numel() - 1

    # ------------------------------------------------------------ what the feature does to f

    def at(self, place: int, value: float) -> Tensor:
        """Return x with another value of one feature."""
        changed = self.x.clone()
        changed.view(-1)[place] = value
        return changed

    def change_of(self, place: int, value: float) -> float:
        return abs(float(self.f.value(self.at(place, value))) - float(self.f.value(self.x)))

    @cached_property
    def change(self) -> float:
        """By how much f changes with the value."""
        return self.change_of(self.place, self.value)

    @property
    def largest_change(self) -> float:
        """The same with any value."""
        others = torch.linspace(-self.largest, self.largest, 81).tolist()
        return max(self.change_of(self.place, other) for other in others)

    # ------------------------------------------------------------ its share

    def share_of(self, place: int, rules=RULES, shift: Any = 0.0) -> float:
        """Return IG of one feature; two rules that disagree are a sign of jumps."""
        ends = self.x + shift, self.baseline + shift
        maps = [path_integral(self.f.gradient, *ends, rule, steps) for rule, steps in rules]
        return min((float(each.reshape(-1)[place]) for each in maps), key=abs)

    @cached_property
    def share(self) -> float:
        share = self.share_of(self.place)
        if ZERO * self.change < abs(share) < 1e-2 * self.change:  # a kink: look closer
            share = self.share_of(self.place, (("midpoint", 100_000),))
        return share

    @property
    def has_share(self) -> bool:
        """Whether its share is not 0."""
        tolerance = ONE_SIGN if self.slopes_have_one_sign else ZERO
        return abs(self.share) > tolerance * self.change

    @cached_property
    def slopes_have_one_sign(self) -> bool:
        """For an f in float64: in float32 a slope of 0 may be a small number of any sign."""
        if self.f.dtype != torch.float64:
            return False
        slopes = self.f.gradient(self.path(500)).flatten(1)[:, self.place]
        return bool((slopes >= 0).all() or (slopes <= 0).all())

    @property
    def before(self) -> int:
        return self.place - 1

    @property
    def zero_stands_before(self) -> bool:
        """Whether the feature before has the 0."""
        zero = self.place > 0 and abs(self.share_of(self.before)) < 1e-9
        return zero and self.change_of(self.before, self.value) > self.wanted

    @property
    def slope_at_x(self) -> float:
        return abs(float(self.f.gradient(self.x).reshape(-1)[self.place]))

    # ------------------------------------------------------------ zeros that autograd makes up

    def path(self, count: int) -> Tensor:
        """Return the middles of this many pieces of the path, (P, D...)."""
        alphas = ((torch.arange(count) + 0.5) / count).double()
        return self.baseline + alphas.reshape(-1, *[1] * (self.x.ndim - 1)) * (
            self.x - self.baseline
        )

    def shifted(self, seed: int) -> Tensor:
        """Return by how much a path is moved."""
        generator = torch.Generator().manual_seed(seed)
        return SHIFT * torch.randn(self.x.shape, generator=generator, dtype=torch.float64)

    def measured_share(self, seed: int) -> float:
        """Return the share from values of f alone, on a path that is moved a little.

        The differences reach from one point to the next, so that no jump falls between them.
        """
        points = self.path(2000) + self.shifted(seed)  # (P, D...)
        step = torch.zeros_like(self.x)
        step.view(-1)[self.place] = (self.x - self.baseline).view(-1)[self.place] / 4000
        return float((self.f.value(points + step) - self.f.value(points - step)).sum())

    @cached_property
    def missing(self) -> float:
        """What the slopes do not show of the rise, or of the share; 0 if they show all of it."""
        if self.x.view(-1)[self.place] == self.baseline.view(-1)[self.place]:
            return 0.0  # 0 times anything: no gradient is needed to know it
        whole = path_integral(self.f.gradient, self.x, self.baseline, "midpoint", 1000)
        rise = float(self.f.value(self.x) - self.f.value(self.baseline))
        missing = rise - float(whole.sum())
        if abs(missing) > INCOMPLETE * max(abs(rise), self.change, float(whole.abs().sum())):
            return missing
        worst = max((self.measured_share(seed) for seed in range(3)), key=abs)
        return worst if abs(worst) > 0.05 * self.change else 0.0

    @property
    def hidden(self) -> bool:
        return self.missing != 0

    @property
    def on_kink(self) -> bool:
        """Whether the share is another one on paths beside this one."""
        straight = self.share_of(self.place)
        beside = [self.share_of(self.place, shift=self.shifted(seed)) for seed in range(3)]
        return max(abs(share - straight) for share in beside) > 0.05 * self.change

    @cached_property
    def steepest(self) -> tuple[float, float]:
        """Size and place of a jump, on the path or up to the value: halve the steepest piece."""
        start, end = self.x, self.at(self.place, self.value)
        if self.hidden:
            start, end = self.baseline, self.x
        ends = torch.linspace(0, 1, 2001, dtype=torch.float64)
        points = start + ends.reshape(-1, *[1] * (self.x.ndim - 1)) * (end - start)  # (P, D...)
        k = int(self.f.value(points).diff().abs().argmax())
        left, right = points[k, None], points[k + 1, None]
        for _ in range(30):
            middle = (left + right) / 2
            low, half, high = self.f.value(torch.cat([left, middle, right]))
            left, right = (left, middle) if abs(half - low) >= abs(high - half) else (middle, right)
        jump = abs(float(self.f.value(right) - self.f.value(left)))
        return jump, float(left.reshape(-1)[self.place])

    @property
    def jump(self) -> float:
        return self.steepest[0]

    @property
    def where(self) -> float:
        return self.steepest[1]

    @property
    def jumps(self) -> bool:
        return self.jump > 0.05 * self.change
