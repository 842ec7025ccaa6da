"""Task 01.5: a feature whose gradient is 0 and which decides."""

from contextlib import contextmanager
from functools import cached_property

import torch
from torch import relu

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.compare import show_apart
from xaicourse.course.grading.integrate import OwnFunction, feature_place, to_rows

__all__ = ["BREAK_THE_GRADIENT"]

MEASURED = 0.02  # the slope, measured from values of f, may be as large as this share of the change
VALUES = torch.linspace(-10, 10, 81)  # of the feature, to see whether f changes with it at all


class FlatAndDecides(Claim):
    """(f, x, feature): its slope at x, and what setting it to 0 changes."""

    largest = 10.0  # all numbers of x lie in [-10, 10]
    wanted = 0.5  # setting the feature to 0 changes f by more than this
    flat = 1e-6  # its slope is below this in size

    def read(self, answer):
        """Take x and the feature."""
        part = self.parts(answer, "f", "x", "feature")
        self.x, self.answer = to_rows(part["x"], "x", self.what), part["f"]
        self.shape, self.last = tuple(self.x.shape), self.x.numel() - 1
        self.number, self.given = float(self.x.abs().max()), str(part["feature"])[:40]
        self.place = feature_place(part["feature"], self.x) if len(self.x) == 1 else -1

    @contextmanager
    def steady(self):
        """Judge f, which must be plain and stay the same."""
        self.f = OwnFunction(self.answer, self.x, self.what)
        deleted = self.with_values(self.place, torch.zeros(1))
        with self.f.steady(torch.cat([self.x, deleted, (self.x + deleted) / 2])):
            self.change, self.slope = self.effect(self.place), float(self.slopes[self.place])
            yield

    def with_values(self, place, values):
        """Return x once for each value of one feature."""
        others = self.x.repeat(len(values), *[1] * (self.x.ndim - 1))
        others.view(len(values), -1)[:, place] = values.to(self.x)
        return others

    def effect(self, place):
        """Return by how much f changes when one feature is set to 0."""
        deleted = self.with_values(place, torch.zeros(1))
        return abs(float(self.f.value(deleted)) - float(self.f.value(self.x)))

    @cached_property
    def slopes(self):
        """The slope in each feature, (D,): 0 if nothing of f can be differentiated, as in x > 1."""
        if not self.f(self.x.detach().requires_grad_()).requires_grad:
            return torch.zeros(self.x.numel())  # whether it is f's own 0 is measured below
        return self.f.gradient(self.x).reshape(-1)

    @property
    def small(self):
        return self.change <= self.wanted

    @property
    def nearly(self):
        """The change with so many digits that it is not shown as the one that is wanted."""
        return show_apart(self.change, self.wanted)[0]

    @property
    def steep(self):
        return abs(self.slope) >= self.flat

    @cached_property
    def other(self):
        """Another feature that has no slope and decides; -1 if there is none."""
        for place in range(min(self.x.numel(), 20)):
            flat = abs(float(self.slopes[place])) < self.flat
            if place != self.place and flat and self.effect(place) > self.wanted:
                return place
        return -1

    @property
    def does_nothing(self):
        """Whether f stays the same for all values of the feature, the others as they are."""
        values = self.f.value(self.with_values(self.place, VALUES))
        return float((values - self.f.value(self.x)).abs().max()) <= 1e-9

    @cached_property
    def measured(self):
        """The larger of the slopes to both sides of x, from values of f."""
        step = 1e-5 if self.f.dtype == torch.float64 else 1e-2
        sides = self.x.reshape(-1)[self.place] + torch.tensor([step, -step]).double()
        rise = self.f.value(self.with_values(self.place, sides)) - self.f.value(self.x)
        return float(rise.abs().max()) / step


def example(f, x=(2.0, 1.0), feature=0):
    """Return an answer; its f is given as a function of the two features (N,)."""
    return {"f": lambda p: f(p[:, 0], p[:, 1]), "x": [list(x)], "feature": feature}


def saturated(a, b):
    return 1 - relu(1 - a) + 0.1 * b


UNFIT = [
    wrong(
        "one_row",
        "x must be one input, (1, D). It has shape {shape}.",
        lambda its: len(its.x) != 1,
    ),
    wrong(
        "range",
        "The numbers of x must lie between -{largest} and {largest}. You gave {number}.",
        lambda its: its.number > its.largest,
    ),
    wrong(
        "feature",
        "feature must be an index into x: the first number of x has the index 0, the last one "
        "{last}. You gave {given}.",
        lambda its: its.place < 0,
    ),
]

MISTAKES = [
    wrong(
        "other_feature",
        "Feature {other} has no slope and decides, but you handed in feature {place}. The first "
        "feature has the index 0.",
        lambda its: (its.small or its.steep) and its.other >= 0,
        example(saturated, feature=1),
    ),
    wrong(
        "already_zero",
        "The feature is 0 in x, so deleting it changes nothing. Give it another value.",
        lambda its: its.small and float(its.x.reshape(-1)[its.place]) == 0,
        example(saturated, x=(0.0, 1.0)),
    ),
    wrong(
        "exchanged",
        "The other way round: your feature has a slope, but deleting it changes nothing. Asked is "
        "no slope, and a large change.",
        lambda its: its.steep and its.change < 1e-6,
        example(lambda a, b: a * (a - 2)),
    ),
    wrong(
        "unused",
        "At this x, with the other numbers as they are, f does not change with the feature, "
        "whatever its value. It must decide: deleting it has to change f by more than {wanted}.",
        lambda its: its.small and its.does_nothing,
        example(lambda a, b: 3 * b + 0 * a),
    ),
    wrong(
        "small_change",
        "Deleting the feature changes f by {nearly}. It must change by more than {wanted}.",
        lambda its: its.small,
    ),
    wrong(
        "not_flat",
        "The feature decides, but its slope at x is {slope}. It must be below {flat} in size: go "
        "to where f is flat.",
        lambda its: its.steep,
    ),
    wrong(
        "software_zero",
        "The 0 comes from the software and not from f: next to x, f has a slope of {measured} in "
        "this feature. Is there a detach, or does x lie exactly on a kink?",
        lambda its: its.measured > MEASURED * its.change,
        example(lambda a, b: 2 * a.detach() + b),
    ),
]

BREAK_THE_GRADIENT = claim_task(
    "01.5",
    FlatAndDecides,
    name="your example (f, x, feature)",
    right=example(lambda a, b: 1 - relu(1 - a) + 0 * b),
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="The slope is 0, and without the feature f changes by {change}.",
    hints=(
        "Where is a function flat, after it has risen? Think of section 7: a score that cannot "
        "rise any further.",
        "Many shapes work: 1 - relu(1 - x1) at x1 = 2, a sigmoid far to the right, a parabola at "
        "its top.",
        "f = lambda p: 1 - torch.relu(1 - p[:, 0]), x = [[2.0]], feature = 0. At x1 = 2 the slope "
        "is 0, and without x1 the score falls from 1 to 0.",
    ),
)
