"""Task 11.5: submit an input that convicts each of three functions."""

from functools import cached_property, partial

import torch

from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.integrate import OwnFunction, to_rows
from xaicourse.course.lessons.l11_which_path.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l11_which_path.right_ways import along, finer, moving

__all__ = ["BUG_HUNT"]

CONVICTED = 0.1  # the function is wrong by this much, relative to the larger result
PARTS = 40  # of each piece of a path, so that the quadrature is not to blame
MOST_POINTS = 30
BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}


class Evidence(Claim):
    """What is handed in for one function, and what it shows."""

    names: tuple[str, ...] = ()
    f: OwnFunction
    x: torch.Tensor

    def __init__(self, bug, answer, task):
        self.bug = bug
        super().__init__(answer, f"input {bug}")

    def read(self, answer):
        self.part = self.parts(answer, *self.names)

    def steady(self):
        return self.f.steady(self.x[:9])

    @property
    def shape(self):
        return tuple(self.x.shape)

    @property
    def truth(self):
        """What a right function gives, (D,)."""
        raise NotImplementedError

    @cached_property
    def yours(self):
        """What the function gives, (D,)."""
        raise NotImplementedError

    @cached_property
    def error(self):
        size = max(float(self.truth.norm()), float(self.yours.norm()), 1e-9)
        return float((self.truth - self.yours).norm()) / size

    @property
    def off(self):
        return f"{100 * self.error:.1g} %"


class Score(Evidence):
    """(f, x, step) for the function that looks for the other class."""

    names = ("f", "x", "step")

    def read(self, answer):
        super().read(answer)
        self.x = to_rows(self.part["x"], "x", self.what)
        self.f = OwnFunction(self.part["f"], self.x, self.what)
        try:
            self.step = float(self.part["step"])
        except (TypeError, ValueError):
            self.step = float("nan")
        self.start = float(self.f.value(self.x)[0])

    @cached_property
    def found(self):
        return moving(self.f, self.x, self.step)

    @property
    def truth(self):
        return self.found[0]

    @property
    def steps(self):
        return len(self.found[1]) - 1

    @property
    def reached(self):
        return float(self.f.value(self.found[1][:1])) < 0

    @cached_property
    def yours(self):
        return bug_a(self.f, self.x, self.step).detach()


class Way(Evidence):
    """(f, points) for the functions that follow a path."""

    names = ("f", "points")

    def read(self, answer):
        super().read(answer)
        self.x = to_rows(self.part["points"], "points", self.what)
        self.f = OwnFunction(self.part["f"], self.x, self.what)
        self.fine = finer(self.x, PARTS)
        self.steps, self.start, self.step = len(self.x) - 1, 0.0, 1.0

    @property
    def truth(self):
        return along(self.f, self.fine)

    @cached_property
    def yours(self):
        return BUGS[self.bug](self.f, self.fine).detach()

    @property
    def bent(self):
        """How far the points are from the straight line, as a share of its length."""
        part = torch.linspace(0, 1, len(self.x), dtype=self.x.dtype)[:, None]
        line = torch.lerp(self.x[:1], self.x[-1:], part)
        return float((self.x - line).norm()) / (1e-12 + float((self.x[-1] - self.x[0]).norm()))

    @property
    def turns(self):
        forward = (self.x[-1] - self.x[0]).sign()
        return bool((self.x.diff(dim=0) * forward < -1e-12).any())

    @property
    def linear(self):
        slopes = self.f.gradient(self.fine)
        return float((slopes - slopes[:1]).abs().max()) < 1e-6 * (1 + float(slopes.abs().max()))


FORMS = {"a": Score, "b": Way, "c": Way}

# ---------------------------------------------------------------- what hides a mistake


def plane(points):
    return points[:, 0] + 2 * points[:, 1] - 1


def bent(points):
    return points[:, 0] ** 2


def product(points):
    return points[:, 0] * points[:, 1] + points[:, 0]


def line(points):
    return 2 * points[:, 0] - points[:, 1]


QUARTER = [[1.0, 0.0], [0.92, 0.38], [0.71, 0.71], [0.38, 0.92], [0.0, 1.0]]
BACK = [[0.0, 0.0], [2.0, 0.5], [1.0, 1.0]]
STRAIGHT = [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]
CORNER = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
RIGHT = {"a": (plane, [1.0, 1.0], 0.1), "b": (bent, QUARTER), "c": (bent, BACK)}


def hides(name, bugs, says, when, *given):
    """Return what hides these mistakes; its example is given for the first of them."""
    return wrong(
        name,
        f"Input {{bug}}: {says}",
        lambda its: its.bug in bugs and its.error < CONVICTED and when(its),
        RIGHT | {bugs[0]: given},
    )


NO_EFFECT = "there this mistake has no effect."

MISTAKES = [
    wrong(
        "other_class_at_once",
        "Input a: f(x) is {start}, below 0: x belongs to the other class already. Begin above 0.",
        lambda its: its.bug == "a" and its.start < 0,
        RIGHT | {"a": (lambda p: plane(p) - 100, [1.0, 1.0], 0.1)},
    ),
    wrong(
        "never_reached",
        "Input a: a right function does not reach the other class within 100 steps either.",
        lambda its: its.bug == "a" and not its.reached,
        RIGHT | {"a": (lambda p: plane(p) + 100, [1.0, 1.0], 0.1)},
    ),
    hides(
        "one_step_is_enough",
        "a",
        f"the other class is reached in {{steps}} step, and {NO_EFFECT} When does it matter where "
        "the second step begins?",
        lambda its: its.steps <= 1,
        plane, [1.0, 1.0], 3.0,
    ),
    hides(
        "straight",
        "b",
        f"your points lie on a straight line, and {NO_EFFECT} What is different on a bent way?",
        lambda its: its.bent < 1e-6,
        bent, STRAIGHT,
    ),
    hides(
        "linear",
        "b",
        f"the slopes of f are the same everywhere, and {NO_EFFECT} Take a curved f.",
        lambda its: its.linear,
        line, QUARTER,
    ),
    hides(
        "no_turn",
        "c",
        f"no input turns back on your way, and {NO_EFFECT}",
        lambda its: not its.turns,
        bent, CORNER,
    ),
    wrong("not_convicted", "Function {bug} is off by only {off}.", lambda i: i.error < CONVICTED),
]  # fmt: skip

UNFIT = [
    wrong(
        "one_row",
        "x should be one input, yours has shape {shape}.",
        lambda its: its.bug == "a" and len(its.x) != 1,
    ),
    wrong(
        "step",
        "step must be a number above 0.",
        lambda its: not 0 < its.step < 1e6,
    ),
    wrong(
        "points",
        "points must be two or more points, and at most 30. Yours have shape {shape}.",
        lambda its: its.bug != "a" and not 2 <= len(its.x) <= MOST_POINTS,
    ),
]

BUG_HUNT = claim_task(
    "11.5",
    {bug: partial(FORMS[bug], bug) for bug in BUGS},
    name="11.5",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="All three functions are convicted.",
    progress="Convicted: {done}. {reason}",
    evidence="Function {bug} gives {yours}; the truth is {truth}.",
    hints=(
        "a: where does each step begin? b: which way is each gradient multiplied by? c: what "
        "happens on a piece that leads away from the end?",
        "a needs a search of two steps or more. b needs a bent way and a curved f. c needs a way "
        "that turns back.",
        "a: f = x1 + 2 x2 - 1 from (1, 1) with the step 0.1. b: f = x1 ** 2 on a quarter of a "
        "circle. c: f = x1 ** 2 on the way (0, 0), (2, 0.5), (1, 1).",
    ),
    bugs=BUGS,
)
