"""A student's step function with its thresholds: its walk, its Shapley values, what it hides."""

from functools import cached_property

import torch

from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.own_path import OwnPath
from xaicourse.course.lessons.l12_beyond_pixels.task_tie import share_jump
from xaicourse.course.lessons.l12_beyond_pixels.task_tree import in_order

__all__ = ["SAME_PLACE", "UNFIT_STEPS", "Steps"]

SAME_PLACE = 1e-9  # crossings that are nearer than this are one
INSIDE = torch.tensor([0.02, 0.13, 0.37, 0.5, 0.71, 0.98], dtype=torch.float64)
MOST_FEATURES = 5


class Steps(OwnPath):
    """(f, thresholds, x, baseline): a function that only jumps, where its thresholds say."""

    names = ("f", "thresholds", "x", "baseline")
    most, largest = MOST_FEATURES, 100.0

    def read(self, answer):
        super().read(answer)
        self.shape, self.features = tuple(self.x.shape), self.x.shape[-1]
        self.given = self.part["thresholds"]
        try:
            each = [self.given[k] for k in range(len(self.given))]
            self.thresholds = [[float(t) for t in torch.as_tensor(one).reshape(-1)] for one in each]
        except Exception:
            kind = type(self.given).__name__
            refuse("general/part_not_numbers", part="thresholds", what=self.what, kind=kind)
        self.lists = len(self.thresholds)

    @property
    def size(self):
        return float(torch.cat([self.x, self.baseline]).abs().max())

    @cached_property
    def places(self):
        """Where features cross: [(alpha, [feature, ...])]; those at one place together."""
        found = []
        for alpha, i in in_order(self.thresholds, self.x[0], self.baseline[0]):
            if found and alpha - found[-1][0] < SAME_PLACE:
                if i not in found[-1][1]:
                    found[-1][1].append(i)
            else:
                found.append((alpha, [i]))
        return found

    @cached_property
    def ends(self):
        """The ends of the pieces between two places."""
        return torch.tensor([0.0, *(a for a, _ in self.places), 1.0], dtype=torch.float64)

    def at(self, alphas):
        """The points of the way at some places, (P, D)."""
        return self.baseline + alphas[:, None] * self.delta

    @cached_property
    def levels(self):
        """f at some places of each piece, (pieces, 6)."""
        width = self.ends.diff()
        alphas = self.ends[:-1, None] + INSIDE * width[:, None]
        return self.f.value(self.at(alphas.flatten())).view(len(width), -1)

    @property
    def slope(self):
        """By how much f changes inside a piece."""
        return float((self.levels - self.levels[:, :1]).abs().max())

    @cached_property
    def truth(self):
        """What each feature gets on the walk, ties shared over all orders, (D,)."""
        middles = self.at((self.ends[1:] + self.ends[:-1]) / 2)
        total = torch.zeros(self.features, dtype=torch.float64)
        for k, (_, movers) in enumerate(self.places):
            total += share_jump(self.f.value, middles[k], middles[k + 1], movers)
        return total

    @cached_property
    def shapley(self):
        """The Shapley values between baseline and x, (D,)."""
        return share_jump(
            self.f.value, self.baseline[0], self.x[0], list(range(self.features))
        )  # fmt: skip

    @property
    def whole(self):
        """f(x) minus f(baseline)."""
        return float(self.rise)

    @property
    def ties(self):
        return any(len(movers) > 1 for _, movers in self.places)

    @property
    def closest(self):
        """The smallest distance of two places, in alpha."""
        return float(self.ends[1:-1].diff().min()) if len(self.places) > 1 else 1.0


UNFIT_STEPS = (
    ("one_row", "{what}: x must be one input, yours has shape {shape}.", lambda i: len(i.x) != 1),
    (
        "too_many",
        "{what}: {features} features are too many. Take at most {most}.",
        lambda its: its.features > its.most,
    ),
    (
        "range",
        "{what}: all numbers of x and the baseline must lie between -{largest} and {largest}.",
        lambda its: its.size > its.largest,
    ),
    (
        "lists",
        "{what}: thresholds must be one list for each of the {features} features, such as "
        "[[0.5], []]; you gave {lists}.",
        lambda its: its.lists != its.features,
    ),
)
