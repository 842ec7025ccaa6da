"""Task 09.5: two baselines with one score, from which Integrated Gradients gives two answers."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.own_path import OwnPath

__all__ = ["BREAK_IT"]


class TwoAnswers(Claim):
    """(f, x, first, second): two baselines, and what each says."""

    names = ("f", "x", "first", "second")
    largest, least_way, least_rise = 10.0, 0.5, 1.0
    wanted, equal, tie = 0.9, 0.01, 0.02

    def read(self, answer):
        """Read the two paths."""
        part = self.parts(answer, *self.names)
        self.paths = [
            OwnPath({"f": part["f"], "x": part["x"], "baseline": part[name]}, self.what)
            for name in ("first", "second")
        ]
        self.x = self.paths[0].x
        self.shape = tuple(self.x.shape)

    def steady(self):
        """f must be plain and stay the same."""
        return self.paths[0].steady()

    @property
    def number(self):
        """The largest number of x and of both baselines."""
        return max(float(torch.cat([p.x, p.baseline]).abs().max()) for p in self.paths)

    @property
    def way(self):
        """The shortest way of a feature."""
        return min(float(p.delta.abs().min()) for p in self.paths)

    @cached_property
    def rises(self):
        return [float(p.rise) for p in self.paths]

    @cached_property
    def first_shares(self):
        """The shares of the first map, as parts of its rise."""
        return rounded(self.paths[0].truth[0] / self.rises[0])

    @cached_property
    def second_shares(self):
        """The shares of the second map, as parts of its rise."""
        return rounded(self.paths[1].truth[0] / self.rises[1])

    @property
    def leans(self):
        """How much more feature 0 gets than feature 1, from both baselines."""
        return [a - b for a, b in (self.first_shares, self.second_shares)]


def rounded(shares):
    """Return shares without the noise of the integral."""
    return [round(share, 6) + 0.0 for share in shares.tolist()]


def smaller(points):
    return torch.minimum(points[:, 0], points[:, 1])


def total(points):
    return points[:, 0] + points[:, 1]


RIGHT = {"f": smaller, "x": [2.0, 2.0], "first": [-4.0, 0.0], "second": [0.0, -4.0]}

UNFIT = [
    wrong(
        "shape",
        "x must be one input with two numbers. Yours has shape {shape}.",
        lambda its: its.shape != (1, 2),
    ),
    wrong(
        "range",
        "All numbers lie between -{largest} and {largest}, yours reach {number}.",
        lambda its: its.number > its.largest,
    ),
    wrong(
        "short_way",
        "A feature travels only {way}. From both baselines both must travel at least {least_way}: "
        "a distance of 0 is the trick of lesson 05.",
        lambda its: its.way < its.least_way - 1e-9,
        RIGHT | {"f": total, "first": [0.0, 2.0], "second": [2.0, 0.0]},
    ),
]

MISTAKES = [
    wrong(
        "same_baseline",
        "Both baselines are the same.",
        lambda its: torch.equal(its.paths[0].baseline, its.paths[1].baseline),
        RIGHT | {"second": [-4.0, 0.0]},
    ),
    wrong(
        "small_rise",
        "The rises are {rises}. Both must be at least {least_rise}.",
        lambda its: min(its.rises) < its.least_rise,
        RIGHT | {"x": [-4.0, -4.0], "first": [2.0, 3.0], "second": [3.0, 2.0]},
    ),
    wrong(
        "other_scores",
        "The rises are {rises}: the baselines do not have the same score. Then it is no wonder "
        "that the answers differ.",
        lambda its: abs(its.rises[0] - its.rises[1]) > its.equal,
        RIGHT | {"second": [0.0, -5.0]},
    ),
    wrong(
        "exchanged_baselines",
        "Nearly there: from the first baseline feature 1 gets the rise, from the second feature 0. "
        "Exchange them.",
        lambda its: its.first_shares[1] >= its.wanted and its.second_shares[0] >= its.wanted,
        RIGHT | {"first": [0.0, -4.0], "second": [-4.0, 0.0]},
    ),
    wrong(
        "same_answer",
        "From both baselines the same feature gets the most: {first_shares} and {second_shares} of "
        "the rise.",
        lambda its: min(its.leans) > its.tie or max(its.leans) < -its.tie,
        RIGHT
        | {
            "f": lambda points: 3 * points[:, 0] + 0.5 * points[:, 1],
            "first": [0.0, 1.0],
            "second": [0.1, 0.4],
        },
    ),
    wrong(
        "not_opposite",
        "From the first baseline feature 0 must get at least {wanted} of the rise, from the second "
        "feature 1. Yours get {first_shares} and {second_shares} of it.",
        lambda its: its.first_shares[0] < its.wanted or its.second_shares[1] < its.wanted,
        RIGHT | {"f": total, "first": [-4.0, 0.0], "second": [0.0, -4.0]},
    ),
]

BREAK_IT = claim_task(
    "09.5",
    TwoAnswers,
    name="your counterexample",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "From two baselines with the same score the answers are opposite: {first_shares} and "
        "{second_shares} of the rise."
    ),
    evidence="The rises are {rises}, the shares {first_shares} and {second_shares}.",
    hints=(
        "You need an f that listens to one input on one side, and to the other input on another "
        "side. On the whole way from a baseline only one of the slopes may be large.",
        "The smaller of two inputs is such a function. Where is it the first input, all the way to "
        "x?",
        "f = torch.minimum(p[:, 0], p[:, 1]) at x = [2, 2]. From [-4, 0] the first input is the "
        "smaller one all the way. The second baseline is its mirror image.",
    ),
)
