"""Task 05.4: submit an input that convicts each of three wrong bodies."""

from functools import cached_property, partial

import torch

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.grading.compare import distance
from xaicourse.course.grading.own_path import OwnPath
from xaicourse.course.grading.submission import whole_number
from xaicourse.course.lessons.l05_integrated_gradients.bugs import bug_a, bug_b, bug_c

__all__ = ["BUG_HUNT"]

CONVICTED = 0.05  # the body is wrong by this much, relative to the larger result ...
HONEST = 4.0  # ... and a right body with as many steps is this many times better
MOST_STEPS = 2000
BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}


class Evidence(OwnPath):
    """An input (f, x, baseline, steps), and what it shows of one body."""

    names = ("f", "x", "baseline", "steps")

    def __init__(self, bug, answer, task):
        self.bug = bug
        super().__init__(answer, f"input {bug}")

    def read(self, answer):
        super().read(answer)
        self.steps = whole_number(self.part["steps"], "steps", MOST_STEPS, self.what)

    @cached_property
    def yours(self):
        """What the body gives, (N, D)."""
        return BUGS[self.bug](self.f, self.x, self.baseline, self.steps)

    @cached_property
    def error(self):
        """How wrong the body is; the truth comes first, it refuses what is no answer."""
        return distance(self.truth, self.yours)

    @property
    def off(self):
        return f"{100 * self.error:.1g} %"

    @property
    def honest(self):
        """How wrong the best right body is with as many steps."""
        rules = ("midpoint", "left", "right")
        return min(distance(self.integral(rule, self.steps), self.truth) for rule in rules)

    @cached_property
    def slopes(self):
        """The gradients at four points of the path, (4, N, D)."""
        alphas = (0.0, 0.3, 0.7, 1.0)
        return torch.stack([self.f.gradient(self.baseline + a * self.delta) for a in alphas])


# ---------------------------------------------------------------- what hides a mistake


def line(points):
    return 2 * points[:, 0] - points[:, 1]


def bend(points):
    return points[:, 0] ** 2 * points[:, 1]


def constant(points):
    return (0 * points).sum(1) + 3


X, ZERO = [1.0, 2.0], [0.0, 0.0]
RIGHT = {
    "a": (line, [X], [ZERO], 4),
    "b": (bend, [X], [[1.5, -1.0]], 50),
    "c": (line, [X, [3.0, -1.0]], [ZERO], 10),
}


def hides(name, bugs, says, when, **change):
    """Return what hides these bugs; its example changes the right input for the first of them."""
    return wrong(
        name,
        f"Input {{bug}}: {says}",
        lambda its: its.error < CONVICTED and its.bug in bugs and when(its),
        RIGHT | {bugs[0]: dict(zip(Evidence.names, RIGHT[bugs[0]], strict=True)) | change},
    )


def all_equal(values):
    """Say whether (N, ...) holds N times the same."""
    return distance(values, values[:1].expand_as(values)) < 1e-6


NO_EFFECT = "this mistake has no effect."
ALL_ZERO = "Then every result is 0."

MISTAKES = [
    wrong(
        "too_coarse",
        "Function {bug} is wrong here, but a right one with steps = {steps} is almost as wrong. "
        "Take more steps or a smoother f.",
        lambda its: CONVICTED <= its.error < HONEST * its.honest,
    ),
    hides(
        "no_path",
        "abc",
        f"x and the baseline are equal. {ALL_ZERO}",
        lambda its: not its.delta.any(),
        baseline=[X],
    ),
    hides(
        "constant",
        "abc",
        f"f does not change on the path. {ALL_ZERO}",
        lambda its: not its.slopes.any(),
        f=constant,
    ),
    hides(
        "many_steps",
        "a",
        "with so many steps this mistake is small. Try fewer.",
        lambda its: its.steps > 20,
        steps=200,
    ),
    hides(
        "zero_baseline",
        "b",
        f"with a baseline of 0 {NO_EFFECT} Compare the points with the formula.",
        lambda its: not its.baseline.any(),
        baseline=[ZERO],
    ),
    hides(
        "straight",
        "b",
        f"where the slope of f is the same everywhere, {NO_EFFECT} Try a curved f.",
        lambda its: all_equal(its.slopes),
        f=line,
    ),
    hides("one_row", "c", f"with N = 1 {NO_EFFECT}", lambda its: len(its.x) == 1, x=[X]),
    hides(
        "equal_rows",
        "c",
        f"x - x' is the same everywhere in the batch, so {NO_EFFECT}",
        lambda its: all_equal(its.delta),
        x=[X, X],
    ),
    wrong("not_convicted", "Function {bug} is off by only {off}.", lambda i: i.error < CONVICTED),
]

BUG_HUNT = claim_task(
    "05.4",
    {bug: partial(Evidence, bug) for bug in BUGS},
    name="05.4",
    right=RIGHT,
    mistakes=MISTAKES,
    passed="All three functions are convicted.",
    progress="Convicted: {done}. {reason}",
    evidence="Function {bug} gives {yours} with steps = {steps}; the truth is {truth}.",
    hints=(
        "Read each function beside the formula. Which points are used, and how many? What is the "
        "sum divided and multiplied by, for each input of the batch?",
        "A linear f shows wrong weights. A wrong path shows only where the slope changes; a "
        "mistake within a batch, only for different inputs.",
        "a: a linear f with 4 steps. b: a curved f, such as x1 * x1 * x2, a baseline that is not "
        "0, and many steps. c: two inputs with different x - x'.",
    ),
    bugs=BUGS,
)
