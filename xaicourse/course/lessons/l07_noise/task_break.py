"""Task 07.5: a case in which SmoothGrad is 0 and absolute values before the average are large."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import to_number
from xaicourse.course.grading.integrate import OwnFunction, to_rows

__all__ = ["TWO_AVERAGES"]

PAIRS = 2000  # of noise and its mirror image: what is odd in the noise cancels exactly
LARGE = 0.5  # the mean size of the slope is at least this
SMALL = 0.1  # and SmoothGrad is at most this share of it


class TwoAverages(Claim):
    """(f, x, sigma): SmoothGrad, and the mean size of the slope, of each number of x."""

    largest, low, high = 10.0, 0.01, 10.0  # numbers of x; sigma

    def read(self, answer):
        """Take one input in any form."""
        part = self.parts(answer, "f", "x", "sigma")
        self.x, self.function = to_rows(part["x"], "x", self.what), part["f"]
        self.shape, self.number = tuple(self.x.shape), float(self.x.abs().max())
        self.sigma = to_number(part["sigma"], self.what)

    def steady(self):
        self.f = OwnFunction(self.function, self.x, self.what)
        return self.f.steady(torch.cat([self.x, self.x + self.sigma, self.x - 0.7 * self.sigma]))

    def averages(self, wider=1):
        """Return |mean slope| and mean |slope| of each number, (D,) and (D,)."""
        generator = torch.Generator().manual_seed(0)
        shape = (PAIRS, *self.x.shape[1:])
        draws = torch.randn(shape, generator=generator, dtype=torch.float64)
        copies = self.x + wider * self.sigma * torch.cat([draws, -draws])
        slopes = self.f.gradient(copies).flatten(1)  # (2 PAIRS, D)
        return slopes.mean(0).abs(), slopes.abs().mean(0)

    @cached_property
    def both(self):
        return self.averages()

    @property
    def taken(self):
        """The number with the largest slope, counted from 1."""
        return int(self.both[1].argmax()) + 1

    @property
    def smooth(self):
        return float(self.both[0][self.taken - 1])

    @property
    def size(self):
        return float(self.both[1][self.taken - 1])

    @property
    def fits(self):
        """The first number for which both averages disagree, counted from 1; 0: for none."""
        smooths, sizes = self.both
        shown = (sizes >= LARGE) & (smooths <= SMALL * sizes)
        return int(shown.int().argmax()) + 1 if shown.any() else 0

    @property
    def open(self):
        return self.size < LARGE or self.smooth > SMALL * self.size

    @property
    def one_sign(self):
        return self.open and self.smooth > 0.99 * self.size

    def turns(self):
        """Whether slopes of both signs come with a larger sigma."""
        wider = (self.averages(factor) for factor in (3, 10, 30))
        return any(bool((a <= 0.5 * b)[self.taken - 1]) for a, b in wider)


# ---------------------------------------------------------------- the task


def valley(points):
    """Return f of a right example."""
    return points[:, 0] ** 2


RIGHT = {"f": valley, "x": [[0.0]], "sigma": 1.0}

UNFIT = [
    wrong(
        "one_row",
        "x should be one input with at most ten numbers, yours has shape {shape}.",
        lambda its: len(its.x) != 1 or its.x.numel() > 10,
    ),
    wrong(
        "range",
        "The numbers of x should lie between -{largest} and {largest}, yours reach {number}.",
        lambda its: its.number > its.largest,
    ),
    wrong(
        "sigma",
        "sigma should lie between {low} and {high}, you gave {sigma}.",
        lambda its: not its.low <= its.sigma <= its.high,
    ),
]

MISTAKES = [
    wrong(
        "other_number",
        "For input number {fits} (counted from 1) the two averages disagree, but the check takes "
        "the input number with the largest slope, here number {taken}. Leave that one out of f, or "
        "make its slope smaller.",
        lambda its: its.open and its.fits > 0,
        RIGHT | {"f": lambda p: p[:, 0] ** 2 + 10 * p[:, 1], "x": [[0.0, 0.0]]},
    ),
    wrong(
        "flat",
        "The slope is 0 everywhere around x, so both averages are 0.",
        lambda its: its.size < 1e-9,
        RIGHT | {"f": lambda p: 0 * p[:, 0] + 2},
    ),
    wrong(
        "sigma_too_small",
        "Your f has slopes of both signs, but with this sigma almost all noisy copies stay on one "
        "side. Move x or make sigma larger.",
        lambda its: its.one_sign and its.turns(),
        {"f": valley, "x": [[1.0]], "sigma": 0.1},
    ),
    wrong(
        "one_sign",
        "The slope has one sign everywhere around x, so both averages agree. You need a place "
        "where it changes its sign.",
        lambda its: its.one_sign,
        RIGHT | {"f": lambda p: 3 * p[:, 0]},
    ),
    wrong(
        "too_flat",
        "SmoothGrad is 0, but the slopes are so small that their mean size is below 0.5. Make f "
        "steeper or sigma larger.",
        lambda its: its.open and its.smooth <= SMALL * its.size,
        RIGHT | {"f": lambda p: 0.1 * p[:, 0] ** 2},
    ),
    wrong(
        "differs",
        "SmoothGrad is not small enough against the mean size. The slopes on both sides of x must "
        "cancel.",
        lambda its: its.open,
    ),
]

TWO_AVERAGES = claim_task(
    "07.5",
    TwoAverages,
    name="your answer (f, x, sigma)",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed=(
        "SmoothGrad is {smooth}, the mean size of the slope is {size}: two different questions."
    ),
    evidence="For your case: SmoothGrad {smooth}, mean size of the slope {size}.",
    hints=(
        "One input number is enough. You need a slope that is often +1 and as often -1 around x.",
        "Think of a valley or a hill, and put x exactly at its lowest or highest point. The noise "
        "goes to both sides.",
        "f = lambda p: p[:, 0] ** 2 at x = [[0.0]] has the slope 2 x: as often above 0 as below. "
        "With sigma = 1 the mean size is about 1.6.",
    ),
)
