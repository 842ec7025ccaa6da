"""Task 15.4: a function whose exact shares have a removal score below zero."""

from functools import cached_property
from itertools import permutations

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.lessons.l15_test_the_metric.subsets import order_area, shapley, with_subsets

__all__ = ["BREAK_IT"]


class Paradox(Claim):
    """(F, x): exact shares, and the ABPC of the order that they give."""

    names = ("f", "x")
    largest, most, wanted = 10.0, 6, -0.01

    def read(self, answer):
        part = self.parts(answer, *self.names)
        self.x = to_rows(part["x"], "x", self.what)
        self.shape = tuple(self.x.shape)
        self.features = self.x[0].numel()
        self.number = float(self.x.flatten()[self.x.abs().argmax()])
        self.f = OwnFunction(part["f"], self.x, self.what, name="F")

    def steady(self):
        """F must be plain and stay the same."""
        return self.f.steady(torch.cat([self.x, 0 * self.x, self.x / 2]))

    @cached_property
    def values(self):
        """F of x with each subset of its features, the others 0, (2^D,)."""
        return self.f.value(with_subsets(self.x[0]))

    @property
    def rise(self):
        return float(self.values[-1] - self.values[0])

    @cached_property
    def shares(self):
        """The exact shares: Shapley values, which are fair to features that work together."""
        return shapley(self.values)

    @cached_property
    def scores(self):
        """ABPC, in parts of the rise, for each order that agrees with the shares."""
        found = []
        for order in permutations(range(self.features)):
            ranked = self.shares[list(order)]
            if bool((ranked.diff() <= 1e-9).all()):
                turned = order_area(self.values, order[::-1]) - order_area(self.values, order)
                found.append(turned / abs(self.rise))
        return found

    @property
    def score(self):
        """The best of them: ties are in the map's favour."""
        return max(self.scores)

    @property
    def luckless(self):
        return min(self.scores)

    @cached_property
    def additive(self):
        """Whether the shares of the features add up in each subset."""
        bits = (torch.arange(len(self.values))[:, None] >> torch.arange(self.features)) & 1
        return bool(
            ((self.values - self.values[0] - bits.double() @ self.shares).abs() < 1e-6).all()
        )


def together(p):
    return 0.2 * (p[:, 0] + p[:, 1]) + p[:, 2] * p[:, 3] * (1 - p[:, 0]) * (1 - p[:, 1])


def lesson(p):
    return p[:, 0] * p[:, 1] + 0.6 * p[:, 2]


def line(p):
    return 4 * p[:, 0] + 3 * p[:, 1] + 2 * p[:, 2] + p[:, 3]


def pairs(p):
    return p[:, 0] * p[:, 1] + p[:, 2] * p[:, 3]


def lucky(p):
    """Four equal shares: the score depends on who goes first."""
    return together(p) - (p[:, 0] + p[:, 1]) / 30


RIGHT = {"f": together, "x": [[1.0, 1.0, 1.0, 1.0]]}

UNFIT = [
    wrong("one_row", "x must be one input, (1, D). Yours is {shape}.", lambda i: len(i.x) != 1),
    wrong(
        "range",
        "All numbers must lie between -{largest} and {largest}.",
        lambda its: not abs(its.number) <= its.largest,
    ),
    wrong(
        "too_many",
        "At most {most} features: yours has {features}.",
        lambda its: its.features > its.most,
    ),
]

MISTAKES = [
    wrong(
        "no_rise",
        "F is the same at x and where all features are 0. There is nothing to share out.",
        lambda its: abs(its.rise) < 1e-3,
        RIGHT | {"f": lambda p: p[:, 0] - p[:, 1]},
    ),
    wrong(
        "falls",
        "F falls from all features 0 to x, by {rise}. Turn its sign: the score should rise.",
        lambda its: its.rise < 0,
        RIGHT | {"f": lambda p: -line(p)},
    ),
    wrong(
        "too_few",
        "With {features} features it cannot be: the score of the exact order is never below 0 for "
        "three or fewer. Take four.",
        lambda its: its.features < 4,
        {"f": lesson, "x": [[1.0, 1.0, 1.0]]},
    ),
    wrong(
        "additive",
        "Your F is a plain sum. There the exact order is the best of all. Let features work "
        "together.",
        lambda its: its.additive,
        RIGHT | {"f": line},
    ),
    wrong(
        "only_by_luck",
        "Some shares are equal. With one order among equals the score is {luckless}, with another "
        "{score}. It must be below 0 for every one.",
        lambda its: its.score > its.wanted > its.luckless,
        RIGHT | {"f": lucky},
    ),
    wrong(
        "still_above",
        "The score of the exact order is {score} of the rise. It must be below 0: the order turned "
        "round has to do better.",
        lambda its: its.score > its.wanted,
        RIGHT | {"f": pairs},
    ),
]

BREAK_IT = claim_task(
    "15.4",
    Paradox,
    name="15.4",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="The exact shares get {score} of the rise, and the same map upside down the opposite.",
    evidence="Exact shares: {shares}.",
    hints=(
        "A removal curve asks for few subsets only: the first k and the last k of the order. "
        "Shares ask all of them.",
        "Make one subset large that the curve does ask: the two LEAST important features, alone. "
        "They work together only while the others are gone.",
        "F = 0.2 x1 + 0.2 x2 + x3 x4 (1 - x1) (1 - x2) at x = (1, 1, 1, 1).",
    ),
)
