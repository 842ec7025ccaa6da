"""What an input shows of one of the three functions of task 17.5."""

from functools import cached_property
from typing import Any

import torch

from xaicourse.course.grading.claims import Claim
from xaicourse.course.grading.compare import as_numbers, refuse
from xaicourse.course.lessons.l17_ground_truth_and_people.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l17_ground_truth_and_people.scores import localise

__all__ = ["BUGS", "CONVICTED", "MapEvidence", "TrialEvidence"]

CONVICTED = 0.1  # the function is wrong by this much
MOST = 400  # pixels, or trials
SIDES = ("left", "right")
BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}


def is_trial(trial):
    """Say whether this is (rater, item, where A stood, what was picked)."""
    return len(trial) == 4 and trial[2] in SIDES and trial[3] in (*SIDES, None)


class Evidence(Claim):
    """An input, what the function says of it (`yours`), and what is right (`truth`)."""

    yours: Any
    truth: Any

    def __init__(self, bug, answer, task):
        self.bug = bug
        super().__init__(answer, f"input {bug}")

    @property
    def error(self):
        return abs(self.yours - self.truth) if self.is_number else float("inf")

    @property
    def is_number(self):
        return self.yours == self.yours and abs(self.yours) != float("inf")


class MapEvidence(Evidence):
    """A map and a mask, for the functions a (mass) and b (hit)."""

    def read(self, answer):
        """Take two grids of numbers in any form."""
        part = self.parts(answer, "map", "mask")
        self.heat, mask = (self._grid(part[name], name) for name in ("map", "mask"))
        if self.heat.shape != mask.shape:
            shapes: dict[str, Any] = {
                "shape": tuple(mask.shape),
                "expected": tuple(self.heat.shape),
            }
            refuse("general/wrong_shape", where="the mask", **shapes)
        self.mask = mask != 0
        self.unreadable = self.heat.numel() > MOST or not bool(torch.isfinite(self.heat).all())

    def _grid(self, value, name):
        try:
            grid = as_numbers(value)
        except Exception:
            refuse("general/wrong_type", kind=type(value).__name__, where=f"the {name}")
        return grid.reshape(grid.shape[-2:]) if grid.ndim > 2 else torch.atleast_2d(grid)

    @property
    def scores(self):
        """Right mass, rank and hit."""
        return localise(self.heat[None, None], self.mask[None, None])[0]

    @cached_property
    def truth(self):
        return float(self.scores[0 if self.bug == "a" else 2])

    @cached_property
    def yours(self):
        return float(BUGS[self.bug](self.heat, self.mask))

    @property
    def has_one_sign(self):
        return bool((self.heat >= 0).all() or (self.heat <= 0).all())

    @property
    def largest(self):
        """Which pixels have the largest size."""
        return self.heat.abs() == self.heat.abs().max()

    @property
    def has_no_mark(self):
        return not bool(self.mask.any())

    @property
    def is_zero(self):
        return not bool(self.heat.any())

    @property
    def how_many(self):
        return int(self.largest.sum())

    @property
    def hits(self):
        return int((self.largest & self.mask).sum())


class TrialEvidence(Evidence):
    """Trials of a forced choice, for function c (the share of A)."""

    has_no_mark = is_zero = False

    def read(self, answer):
        """Take a list of (rater, item, where A stood, what was picked)."""
        try:
            self.trials = [tuple(trial) for trial in answer]
            self.unreadable = len(self.trials) > MOST or not all(map(is_trial, self.trials))
        except TypeError:
            self.unreadable = True

    @property
    def told(self):
        return [trial for trial in self.trials if trial[3] is not None]

    @property
    def says_nothing(self):
        return not self.told

    @cached_property
    def truth(self):
        """The share of A among all answers."""
        return sum(picked == side for _, _, side, picked in self.told) / len(self.told)

    @cached_property
    def yours(self):
        return float(bug_c(self.trials))

    @property
    def stands(self):
        """Where A stood in the trials that were answered."""
        return {side for _, _, side, _ in self.told}
