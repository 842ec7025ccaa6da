"""Task 10.6: IDGI gives most of the rise to an input that does not move."""

from functools import cached_property

import torch

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.grading.integrate import feature_place
from xaicourse.course.grading.own_path import OwnPath
from xaicourse.course.lessons.l10_where_on_the_path.right_places import important_direction

__all__ = ["BREAK_IT"]


class Credit(OwnPath):
    """(f, x, baseline, feature): what IDGI gives to an input that stays where it is."""

    names = ("f", "x", "baseline", "feature")
    largest = 10.0
    wanted = 0.5  # more than this share of the rise
    least = 0.5  # size of the rise
    moves = 1e-9  # a way below this is none

    def read(self, answer):
        super().read(answer)
        self.shape, self.last = tuple(self.x.shape), self.x.numel() - 1
        self.given = str(self.part["feature"])[:40]
        self.place = feature_place(self.part["feature"], self.x)
        self.before = self.place - 1
        numbers = torch.cat([self.x.flatten(), self.baseline.flatten()])
        self.number = float(numbers[numbers.abs().argmax()])

    @property
    def way(self):
        return float(self.delta.reshape(-1)[self.place])

    @cached_property
    def shares(self):
        """What each input gets, as a share of the rise, (D,)."""
        found = important_direction(self.f, self.x, self.baseline, 1000)
        return found.reshape(-1) / self.total

    @property
    def total(self):
        return float(self.rise)

    @property
    def share(self):
        return float(self.shares[self.place])

    @property
    def best(self):
        """The unmoved input with the largest share; -1 if all move."""
        still = self.delta.reshape(-1).abs() <= self.moves
        return int(torch.where(still, self.shares, -torch.inf).argmax()) if still.any() else -1

    @property
    def slope(self):
        return float(self.f.gradient(self.points(200)).flatten(1)[:, self.place].abs().max())

    @cached_property
    def missing(self):
        """What the slopes do not show of the rise."""
        shown = self.integral("midpoint", 1000)
        missing = self.total - float(shown.sum())
        return (
            missing if abs(missing) > 0.02 * max(abs(self.total), float(shown.abs().sum())) else 0
        )

    @property
    def jump(self):
        return self.steepest(self.baseline, self.x)[0]


def steep(points):
    return points[:, 0] + 3 * points[:, 1]


def gentle(points):
    return 3 * points[:, 0] + points[:, 1]


def equal(points):
    return points[:, 0] + points[:, 1]


def blind(points):
    return 3 * points[:, 0] + 0 * points[:, 1]


def small(points):
    return 0.1 * (points[:, 0] + 3 * points[:, 1])


def steps(points):
    return torch.floor(3 * points[:, 0] + 0.5) + 0.01 * points[:, 0] + 3 * points[:, 1]


RIGHT = {"f": steep, "x": [[1.0, 0.0]], "baseline": [[0.0, 0.0]], "feature": 1}

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
]

MISTAKES = [
    wrong(
        "no_path",
        "x and the baseline are equal, so nothing rises.",
        lambda its: not its.delta.any(),
        RIGHT | {"x": [[0.0, 0.0]]},
    ),
    wrong(
        "small_rise",
        "The rise of f is {total}. Its size must be at least {least}.",
        lambda its: abs(its.total) < its.least,
        RIGHT | {"f": small},
    ),
    wrong(
        "jump",
        "Your f jumps on the path: {missing} of its rise is not in its slopes. f must be "
        "continuous.",
        lambda its: its.missing != 0,
        RIGHT | {"f": steps},
    ),
    wrong(
        "counted_from_one",
        "Feature {place} moves, feature {before} stays and gets more than half: features are "
        "counted from 0.",
        lambda its: (
            abs(its.way) > its.moves
            and its.best == its.before >= 0
            and float(its.shares[its.before]) > its.wanted
        ),
        RIGHT | {"f": lambda p: 3 * p[:, 0] + p[:, 1], "x": [[0.0, 1.0]], "feature": 1},
    ),
    wrong(
        "the_other",
        "Feature {place} moves by {way}. Name the one that does NOT move.",
        lambda its: (
            abs(its.way) > its.moves and its.best >= 0 and float(its.shares[its.best]) > its.wanted
        ),
        RIGHT | {"feature": 0},
    ),
    wrong(
        "it_moves",
        "Feature {place} moves by {way}. It must have the same number in x and in the baseline.",
        lambda its: abs(its.way) > its.moves,
        RIGHT | {"f": gentle, "feature": 0},
    ),
    wrong(
        "no_slope",
        "On the path f does not change with feature {place}: its slope is 0, and so is its share. "
        "The slope has to be there, the move not.",
        lambda its: its.slope < 1e-9,
        RIGHT | {"f": blind},
    ),
    wrong(
        "only_half",
        "The feature gets half of the rise. MORE than half is asked: make f steeper in it.",
        lambda its: abs(its.share - its.wanted) < 1e-3,
        RIGHT | {"f": equal},
    ),
    wrong(
        "too_little",
        "IDGI gives the feature the share {share} of the rise. It shares by squared slopes: where "
        "must f be steeper?",
        lambda its: its.share <= its.wanted,
        RIGHT | {"f": gentle},
    ),
]

BREAK_IT = claim_task(
    "10.6",
    Credit,
    name="10.6",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="IDGI gives the share {share} of the rise to an input that never moved.",
    hints=(
        "IDGI asks for slopes, not for ways. Which input can have a large slope without moving?",
        "Two inputs: the first moves and makes f rise, the second stays at its baseline, and f is "
        "steeper in the second.",
        "f = x1 + 3 x2 from (0, 0) to (1, 0): the squared slopes are 1 and 9.",
    ),
)
