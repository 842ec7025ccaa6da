"""Task 05.4: an input that a student hands in, and what it shows of a wrong body."""

from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.claims import Claim
from xaicourse.course.grading.compare import distance, refuse
from xaicourse.course.grading.integrate import (
    OwnFunction,
    path_integral,
    reliable_integral,
    to_rows,
)
from xaicourse.course.grading.submission import is_missing, parts
from xaicourse.course.lessons.l05_integrated_gradients.bugs import bug_a, bug_b, bug_c

__all__ = ["BUGS", "Evidence"]

BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}
INCOMPLETE = 0.02  # shares that miss the rise by this much do not belong to a continuous f
MOST_STEPS = 2000


class Evidence(Claim):
    """An input (f, x, baseline, steps), and what it shows of one body."""

    def __init__(self, bug: str, answer: Any, task: str) -> None:
        self.bug = bug
        super().__init__(answer, messages.text("tasks/05.4/what", bug=bug))

    def read(self, answer: Any) -> None:
        """Take f, x (N, D), a baseline of its shape, and the number of steps."""
        part = parts(answer, ("f", "x", "baseline", "steps"), self.what)
        for key, value in part.items():
            if is_missing(value):
                refuse("general/part_missing", part=key, what=self.what)
        self.x = to_rows(part["x"], "x", self.what)
        baseline = to_rows(part["baseline"], "baseline", self.what)
        try:
            self.baseline = baseline.expand_as(self.x).clone()
        except RuntimeError:
            shape, expected = tuple(baseline.shape), tuple(self.x.shape)
            refuse("general/baseline_shape", what=self.what, shape=shape, expected=expected)
        self.delta = self.x - self.baseline
        self.steps = self.whole_number(part["steps"])
        self.f = OwnFunction(part["f"], self.x, self.what)

    def whole_number(self, value: Any) -> int:
        """Return the number of steps."""
        try:
            steps = int(value)
            fits = steps == float(value) and 1 <= steps <= MOST_STEPS
        except Exception:
            fits = False
        if not fits:
            refuse("tasks/05.4/steps", what=self.what, given=str(value)[:40], most=MOST_STEPS)
        return steps

    def steady(self):
        """f must be plain and stay the same."""
        return self.f.steady(torch.cat([self.x, self.baseline])[:8])

    @cached_property
    def yours(self) -> Tensor:
        """What the body gives, (N, D)."""
        return BUGS[self.bug](self.f, self.x, self.baseline, self.steps)

    @cached_property
    def truth(self) -> Tensor:
        """The integrated gradients of f, (N, D)."""
        truth = reliable_integral(self.f, self.x, self.baseline)
        rise = self.f.value(self.x) - self.f.value(self.baseline)  # (N,)
        size = torch.maximum(rise.abs(), truth.flatten(1).abs().sum(1)).max()
        if bool((truth.flatten(1).sum(1) - rise).abs().max() > INCOMPLETE * size):
            refuse("tasks/05.4/jump", bug=self.bug)
        return truth

    @cached_property
    def error(self) -> float:
        """By how much the body is wrong; the truth comes first, it refuses what is no answer."""
        return distance(self.truth, self.yours)

    @property
    def off(self) -> str:
        """The error in percent."""
        return f"{100 * self.error:.1g} %"

    @property
    def honest(self) -> float:
        """By how much the best right body is wrong with as many steps."""
        path = partial(path_integral, self.f.gradient, self.x, self.baseline)
        rules = ("midpoint", "left", "right")
        return min(distance(path(rule, self.steps), self.truth) for rule in rules)

    @cached_property
    def slopes(self) -> Tensor:
        """The gradients at four points of the path, (4, N, D)."""
        alphas = (0.0, 0.3, 0.7, 1.0)
        return torch.stack([self.f.gradient(self.baseline + a * self.delta) for a in alphas])
