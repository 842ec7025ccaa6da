"""Task 00.7: parts that matter together, and to each of which occlusion gives 0."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.integrate import OwnFunction, to_rows

__all__ = ["HIDDEN_PARTS"]


class HiddenParts(Claim):
    """(f, x): the effects of the features of x, one at a time and all at once."""

    largest = 10.0  # all numbers of x lie in [-10, 10]
    wanted = 0.5  # all features filled change f by more than this
    zero = 1e-6  # no effect is larger

    def read(self, answer):
        """Read f and one input (1, D)."""
        part = self.parts(answer, "f", "x")
        self.x = to_rows(part["x"], "x", self.what)
        self.shape = tuple(self.x.shape)
        self.number = float(self.x.abs().max())
        self.f = OwnFunction(part["f"], self.x, self.what)

    def steady(self):
        """f must be plain and stay the same."""
        return self.f.steady(torch.cat([self.x, self.greyed, 0 * self.x]))

    @property
    def greyed(self):
        """The input with one feature after the other filled, (D, D)."""
        return self.x.expand(self.x.shape[1], -1) * (1 - torch.eye(self.x.shape[1]).to(self.x))

    @cached_property
    def effects(self):
        """f(x) - f(x with that feature filled), (D,)."""
        return self.f.value(self.x) - self.f.value(self.greyed)

    @cached_property
    def together(self):
        """The effect of all features at once."""
        return float(self.f.value(self.x) - self.f.value(0 * self.x))

    @property
    def zeros(self):
        """Which features have the effect 0, (D,)."""
        return self.effects.abs() <= self.zero

    @property
    def is_sum(self):
        return abs(float(self.effects.sum()) - self.together) < 1e-4

    @property
    def each_takes_all(self):
        return bool((self.effects - self.together).abs().max() < 1e-4)


def larger(points):
    return torch.maximum(points[:, 0], points[:, 1])


RIGHT = {"f": larger, "x": [[1.0, 1.0]]}

UNFIT = [
    wrong(
        "one_input",
        "x must be one input with at least two features, shape (1, D). You gave shape {shape}.",
        lambda its: its.x.ndim != 2 or len(its.x) != 1 or its.x.shape[1] < 2,
    ),
    wrong(
        "range",
        "All numbers of x must lie between -{largest} and {largest}. Yours reach {number}.",
        lambda its: its.number > its.largest,
    ),
]

MISTAKES = [
    wrong(
        "nothing_changes",
        "All effects are 0, but with all features filled f changes by {together} only. Then the "
        "parts do not matter, and 0 is what they deserve. It must be more than {wanted}.",
        lambda its: bool(its.zeros.all()) and abs(its.together) <= its.wanted,
        RIGHT | {"f": lambda points: 0 * points.sum(1)},
    ),
    wrong(
        "adds_up",
        "The effects are {effects}, and they add up to the effect of all features, {together}. "
        "In such a function nothing can hide. The features must act together.",
        lambda its: its.is_sum and not its.zeros.all(),
        RIGHT | {"f": lambda points: points.sum(1)},
    ),
    wrong(
        "each_takes_all",
        "Each feature alone takes everything, {together}: each one is needed. You look for the "
        "opposite, features that can stand in for each other.",
        lambda its: its.each_takes_all and not its.zeros.all(),
        RIGHT | {"f": lambda points: points.prod(1)},
    ),
    wrong(
        "one_is_seen",
        "The effects are {effects}: some are 0, but not all. What is left when the feature with "
        "the largest effect is filled? It should be as good as before.",
        lambda its: bool(its.zeros.any()) and not its.zeros.all(),
        RIGHT | {"x": [[3.0, 2.0]]},
    ),
    wrong(
        "all_are_seen",
        "The effects are {effects}. All of them should be 0: with one feature filled, f must be "
        "the same as before.",
        lambda its: not its.zeros.all(),
        RIGHT | {"f": lambda points: points.sum(1) ** 2},
    ),
]

HIDDEN_PARTS = claim_task(
    "00.7",
    HiddenParts,
    name="00.7",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "Each effect is 0, and with all features filled f changes by {together}. Occlusion, one "
        "part at a time, cannot see parts that stand in for each other."
    ),
    hints=(
        "With one feature filled, f must stay as it is. So each feature must be able to replace "
        "the others. Which functions need only one of their inputs?",
        "max(x1, x2), or a sum that is cut off at a limit. Choose x so that one feature alone is "
        "enough.",
        "f = torch.maximum(x1, x2) at x = (1, 1): fill x1, and x2 still gives 1. Now fill both.",
    ),
)
