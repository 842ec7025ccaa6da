"""Task 11.6: two ways that never turn back give one input opposite signs."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.grading.integrate import feature_place
from xaicourse.course.grading.own_path import OwnPath

__all__ = ["BREAK_IT"]


class TwoWays(OwnPath):
    """(f, x, baseline, feature): what it gets if it moves first, and if it moves last."""

    names = ("f", "x", "baseline", "feature")
    largest = 10.0
    least = 0.5  # size of each share

    def read(self, answer):
        super().read(answer)
        self.shape, self.last = tuple(self.x.shape), self.x.numel() - 1
        self.given = str(self.part["feature"])[:40]
        self.place = feature_place(self.part["feature"], self.x)
        numbers = torch.cat([self.x.flatten(), self.baseline.flatten()])
        self.number = float(numbers[numbers.abs().argmax()])

    def exchanged(self, here, there, place):
        """The point here, with one number of the point there."""
        point = here.clone()
        point.view(-1)[place] = there.view(-1)[place]
        return point

    def gain(self, place):
        """What an input gets if it moves first, and if it moves last."""
        early = self.f.value(self.exchanged(self.baseline, self.x, place))
        late = self.f.value(self.exchanged(self.x, self.baseline, place))
        before, after = self.f.value(self.baseline), self.f.value(self.x)
        return float(early - before), float(after - late)

    @cached_property
    def gains(self):
        return self.gain(self.place)

    @property
    def first(self):
        return self.gains[0]

    @property
    def late(self):
        return self.gains[1]

    @property
    def way(self):
        return float(self.delta.reshape(-1)[self.place])

    @property
    def another(self):
        """Another input that does what is asked; -1 if there is none."""
        return next(
            (
                k
                for k in range(self.x.numel())
                if k != self.place
                and min(self.gain(k)) <= -self.least < self.least <= max(self.gain(k))
            ),
            -1,
        )


def turns(points):
    """x2 helps while x1 is small, and hurts when x1 is large."""
    return points[:, 1] * (1 - points[:, 0])


def adds(points):
    return 2 * points[:, 0] - points[:, 1]


def helps_more(points):
    return points[:, 1] * (1 + points[:, 0])


def weak(points):
    return 0.2 * turns(points)


def fades(points):
    return points[:, 1] * (2 - points[:, 0])


RIGHT = {"f": turns, "x": [[2.0, 1.0]], "baseline": [[0.0, 0.0]], "feature": 1}

UNFIT = [
    wrong(
        "one_row",
        "x must be one input, shape (1, D). You gave shape {shape}.",
        lambda its: len(its.x) != 1,
    ),
    wrong(
        "range",
        "All numbers must lie between -{largest} and {largest}. You gave {number}.",
        lambda its: not abs(its.number) <= its.largest,
    ),
    wrong(
        "feature",
        "feature must be a whole number from 0 to {last} (features are counted from 0). You gave "
        "{given}.",
        lambda its: its.place < 0,
    ),
    wrong(
        "one_feature",
        "With one input there is one way only. Take two inputs or more.",
        lambda its: its.x.numel() < 2,
    ),
]

MISTAKES = [
    wrong(
        "does_not_move",
        "Feature {place} does not move, so it gets 0 on each of these ways.",
        lambda its: its.way == 0,
        RIGHT | {"x": [[2.0, 0.0]]},
    ),
    wrong(
        "other_feature",
        "Feature {place} gets {first} and {late}. Feature {another} does what is asked: features "
        "are counted from 0.",
        lambda its: its.another >= 0 and its.first * its.late >= 0,
        RIGHT | {"f": lambda p: p[:, 1] * (1 - p[:, 0]), "feature": 0},
    ),
    wrong(
        "no_interaction",
        "Feature {place} gets {first} on both ways: its gain does not depend on the other inputs. "
        "Multiply them.",
        lambda its: abs(its.first - its.late) < 1e-6 * (1 + abs(its.first)),
        RIGHT | {"f": adds},
    ),
    wrong(
        "one_is_zero",
        "Feature {place} gets {first} if it moves first and {late} if it moves last: one of them "
        "is 0. Can the other inputs turn its slope round?",
        lambda its: min(abs(its.first), abs(its.late)) < 1e-6,
        RIGHT | {"f": fades},
    ),
    wrong(
        "same_sign",
        "Feature {place} gets {first} if it moves first and {late} if it moves last: the same "
        "sign. The other inputs have to turn its slope round.",
        lambda its: its.first * its.late > 0,
        RIGHT | {"f": helps_more},
    ),
    wrong(
        "too_small",
        "The signs differ, {first} and {late}. Each must be at least {least} in size.",
        lambda its: min(abs(its.first), abs(its.late)) < its.least,
        RIGHT | {"f": weak},
    ),
]

BREAK_IT = claim_task(
    "11.6",
    TwoWays,
    name="11.6",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="First {first}, last {late}: two ways without a turn, and the sign is a choice.",
    hints=(
        "When the feature moves first, the others stand at the baseline. When it moves last, they "
        "stand at x. What must change in between?",
        "Its slope has to turn round: multiply the feature by something that is above 0 at the "
        "baseline and below 0 at x.",
        "f = x2 (1 - x1) from (0, 0) to (2, 1): x2 gains 1 if it moves first, and -1 if it moves "
        "last.",
    ),
)
