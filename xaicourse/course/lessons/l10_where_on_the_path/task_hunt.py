"""Task 10.5: submit an input that convicts each of three functions."""

from functools import partial

import torch

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.lessons.l10_where_on_the_path.evidence import (
    BUGS,
    CONVICTED,
    HONEST,
    Evidence,
)

__all__ = ["BUG_HUNT"]

# ---------------------------------------------------------------- what hides a mistake


def line(points):
    return 2 * points[:, 0] - points[:, 1]


def falls(points):
    return 3 - points[:, 0] ** 2 - points[:, 1]


def cancels(points):
    late = torch.relu(points[:, 0] + points[:, 1] - 1)
    return points[:, 0] + points[:, 1] - late + 3 * (points[:, 0] - points[:, 1]) * late


def starts_flat(points):
    return points[:, 0] ** 2 + points[:, 1] ** 2


def returns(points):
    return points[:, 0] * (2 - points[:, 1])


def stops(points):
    return points.clamp(max=0.2).sum(1)


def one_direction(points):
    return points[:, 0] ** 2 + points[:, 0]


def constant(points):
    return (0 * points).sum(1) + 3


X, ZERO = [1.0, 2.0], [0.0, 0.0]
RIGHT = {
    "a": (falls, X, ZERO, 100),
    "b": (cancels, [1.0, 1.0], ZERO, 20),
    "c": (starts_flat, X, ZERO, 2),
}


def hides(name, bugs, says, when, *, error=CONVICTED, **change):
    """Return what hides these mistakes; its example changes the right input for the first."""
    changed = dict(zip(Evidence.names, RIGHT[bugs[0]], strict=True)) | change
    return wrong(
        name,
        f"Input {{bug}}: {says}",
        lambda its: its.error < error and its.bug in bugs and when(its),
        RIGHT | {bugs[0]: tuple(changed.values())},
    )


NO_EFFECT = "this mistake has no effect."
ANY = float("inf")  # with few steps a right function is wrong as well

MISTAKES = [
    hides(
        "no_rise",
        "a",
        "first and last score are equal. There is no rise, so nobody can say what 0.9 of it is.",
        lambda its: its.has_no_rise,
        error=ANY,
        f=returns,
    ),
    hides(
        "rising",
        "a",
        f"the score rises from baseline to x. There {NO_EFFECT} In which direction does the bar "
        "look?",
        lambda its: float(its.rise) > 0,
        error=ANY,
        f=starts_flat,
    ),
    hides(
        "straight",
        "c",
        f"where the slope of f is the same everywhere, {NO_EFFECT} Try a curved f.",
        lambda its: its.is_straight and bool(its.slopes.any()) and bool(its.delta.any()),
        error=ANY,
        f=line,
    ),
    wrong(
        "too_coarse",
        "Function {bug} is wrong here, but a right one with steps = {steps} is not much better. "
        "Take more steps or a smoother f.",
        lambda its: CONVICTED <= its.error < HONEST * its.honest,
    ),
    hides(
        "no_path",
        "abc",
        "x and the baseline are equal. Then every result is 0.",
        lambda its: not its.delta.any(),
        baseline=X,
    ),
    hides(
        "constant",
        "abc",
        "f does not change on the path. Then every result is 0.",
        lambda its: not its.slopes.any(),
        f=constant,
    ),
    hides(
        "changes_everywhere",
        "b",
        f"f changes in each tenth of the path, so each gets gradients, and {NO_EFFECT} Where would "
        "nobody look?",
        lambda its: its.always_changes,
        f=line,
    ),
    hides(
        "flat_in_all",
        "b",
        "where your f does not change, all its slopes are 0, so nobody misses them. When is a sum "
        "of slopes 0, though the slopes are large?",
        lambda its: its.is_flat_in_all,
        f=stops,
    ),
    hides(
        "one_direction",
        "c",
        f"all gradients share the change in the same way, and {NO_EFFECT} The gradient needs two "
        "inputs, and a direction that changes.",
        lambda its: its.has_one_direction,
        f=one_direction,
    ),
    hides(
        "many_steps",
        "c",
        "with so many steps this mistake is small. Try fewer.",
        lambda its: its.steps > 20,
        steps=200,
    ),
    hides(
        "slope_at_the_start",
        "c",
        "the gradient at the baseline is not 0, and its direction is nearly the right one. Which "
        "gradient does the first step take, and when would it be of no use?",
        lambda its: its.first_slope > 1e-6,
        baseline=[0.8, 1.2],
    ),
    wrong("not_convicted", "Function {bug} is off by only {off}.", lambda i: i.error < CONVICTED),
]

UNFIT = [
    wrong("one_row", "x should be one input, yours has shape {shape}.", lambda its: len(its.x) != 1)
]

BUG_HUNT = claim_task(
    "10.5",
    {bug: partial(Evidence, bug) for bug in BUGS},
    name="10.5",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="All three functions are convicted.",
    progress="Convicted: {done}. {reason}",
    evidence="Function {bug} gives {yours} with steps = {steps}; the truth is {truth}.",
    hints=(
        "a: when does the loop stop, and for which scores is that too early? b: which parts of the "
        "path get no gradient? c: where in each step is the gradient taken?",
        "a needs a score with another direction. b needs a flat stretch on which two inputs work "
        "against each other. c needs a start where the gradient is of no use.",
        "a: f = -x1 - x2. b: a score that rises at first, then f adds relu(x1 + x2 - 1) times "
        "(x1 - x2) on a path with x1 = x2. c: f = x1 ** 2 + x2 ** 2 from 0, with 2 steps.",
    ),
    bugs=BUGS,
)
