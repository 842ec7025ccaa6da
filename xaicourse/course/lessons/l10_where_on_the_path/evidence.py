"""What an input shows of one of the three functions of task 10.5."""

from functools import cached_property

import torch

from xaicourse.course.grading.compare import distance, refuse
from xaicourse.course.grading.own_path import OwnPath
from xaicourse.course.grading.submission import whole_number
from xaicourse.course.lessons.l10_where_on_the_path.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l10_where_on_the_path.right_places import (
    decision_nodes_everywhere,
    important_direction,
    left_part,
)

CONVICTED = 0.1  # the function is wrong by this much, relative to the larger result ...
HONEST = 4.0  # ... and a right one with as many steps is this many times better
FINE = (2000, 1501)  # steps of two sums that have to agree
ROUGH = 0.01
MOST_STEPS = 500
BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}
RIGHTS = {"a": left_part, "b": decision_nodes_everywhere, "c": important_direction}


class Evidence(OwnPath):
    """An input (f, x, baseline, steps), and what it shows of one function."""

    names = ("f", "x", "baseline", "steps")

    def __init__(self, bug, answer, task):
        self.bug = bug
        super().__init__(answer, f"input {bug}")

    def read(self, answer):
        super().read(answer)
        self.shape = tuple(self.x.shape)
        self.steps = whole_number(self.part["steps"], "steps", MOST_STEPS, self.what)

    def right(self, steps):
        """What a right function gives, (1, D)."""
        return RIGHTS[self.bug](self.f, self.x, self.baseline, steps)

    @cached_property
    def truth(self):
        fine, other = (self.right(steps) for steps in FINE)
        if distance(fine, other) > ROUGH:
            refuse("general/f_not_integrable", what=self.what, name="f")
        return fine

    @cached_property
    def yours(self):
        """What the function gives, (1, D)."""
        return BUGS[self.bug](self.f, self.x, self.baseline, self.steps)

    @cached_property
    def error(self):
        return distance(self.truth, self.yours)

    @property
    def off(self):
        return f"{100 * self.error:.1g} %" if self.error >= 1e-4 else "less than 0.01 %"

    @property
    def honest(self):
        """How wrong a right function is with as many steps."""
        return distance(self.right(self.steps), self.truth)

    @cached_property
    def slopes(self):
        return self.f.gradient(self.points(200))

    @property
    def has_no_rise(self):
        """Whether the first and last score are equal, and others lie between."""
        return abs(float(self.rise)) < 1e-6 * float(self.changes.abs().sum())

    @property
    def is_straight(self):
        """Whether the slopes are the same everywhere."""
        return bool((self.slopes - self.slopes[:1]).abs().max() < 1e-6)

    @property
    def has_one_direction(self):
        """Whether the squared slopes share in the same way everywhere, also at the baseline."""
        square = torch.cat([self.f.gradient(self.baseline), self.slopes]).flatten(1) ** 2
        shares = square / square.sum(1, keepdim=True).clamp_min(1e-18)
        return bool((shares - shares[:1]).abs().max() < 1e-6)

    @property
    def changes(self):
        """Change of f in each of 200 pieces of the path."""
        ends = torch.linspace(0, 1, 201, dtype=torch.float64)[:, None]
        return self.f.value(self.baseline + ends * self.delta).diff()

    @property
    def always_changes(self):
        """Whether f changes in each tenth of the path by a twentieth of the whole or more."""
        return bool((self.tenths > 0.05 * self.tenths.sum()).all())

    @property
    def tenths(self):
        """Size of the change of f in each tenth of the path."""
        return self.changes.reshape(10, 20).sum(1).abs()

    @property
    def is_flat_in_all(self):
        """Whether no input has a slope in the tenths in which f does not change."""
        pulls = (self.slopes * self.delta).flatten(1).abs().sum(1).reshape(10, 20)
        flat = self.tenths < 1e-3 * self.tenths.sum()
        return bool(flat.any()) and float(pulls[flat].mean()) < 1e-3 * float(pulls.mean())

    @property
    def first_slope(self):
        return float(self.f.gradient(self.baseline).abs().max())
