"""Task 12.5: submit an input that convicts each of three functions."""

from functools import cached_property, partial

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.grading.compare import distance
from xaicourse.course.lessons.l12_beyond_pixels.bugs import bug_a, bug_b, bug_c
from xaicourse.course.lessons.l12_beyond_pixels.steps_claim import UNFIT_STEPS, Steps

__all__ = ["BUG_HUNT"]

CONVICTED = 0.1  # the function is wrong by this much, relative to the larger result
BUGS = {"a": bug_a, "b": bug_b, "c": bug_c}


class Evidence(Steps):
    """An input (f, thresholds, x, baseline), and what it shows of one function."""

    def __init__(self, bug, answer, task):
        self.bug = bug
        super().__init__(answer, f"input {bug}")

    @cached_property
    def yours(self):
        """What the function gives, (D,)."""
        return BUGS[self.bug](self.f.value, self.thresholds, self.x[0], self.baseline[0])

    @property
    def error(self):
        return distance(self.truth, self.yours)

    @property
    def off(self):
        return f"{100 * self.error:.1g} %"

    @property
    def from_zero(self):
        return not self.baseline.any()

    @property
    def in_order_of_thresholds(self):
        """Whether the features cross in the order of the thresholds' sizes."""
        x, x0 = self.x[0].tolist(), self.baseline[0].tolist()
        by_size = sorted(
            (theta, i)
            for i, each in enumerate(self.thresholds)
            for theta in each
            if (x[i] > theta) != (x0[i] > theta)
        )
        by_place = [i for _, movers in self.places for i in movers]
        return [i for _, i in by_size] == by_place


# ---------------------------------------------------------------- what hides a mistake


def above(points, feature, theta):
    return (points[:, feature] > theta).to(points.dtype)


def both(points):
    return above(points, 0, 0.5) + above(points, 1, 0.5)


def later(points):
    return above(points, 0, 0.5) + 2 * above(points, 1, 0.9)


def uneven(points):
    return above(points, 0, 1.0) + 3 * above(points, 1, 0.5)


def smooth(points):
    return 2 * points[:, 0] + above(points, 1, 0.5)


def constant(points):
    return 0 * points[:, 0] + 3


ZERO = [0.0, 0.0]
RIGHT = {
    "a": (both, [[0.5], [0.5]], [1.0, 1.0], ZERO),
    "b": (later, [[0.5], [0.9]], [1.0, 1.0], [0.2, 0.2]),
    "c": (uneven, [[1.0], [0.5]], [4.0, 1.0], ZERO),
}


def hides(name, bugs, says, when, **change):
    """Return what hides these mistakes; its example changes the right input for the first."""
    changed = dict(zip(Evidence.names, RIGHT[bugs[0]], strict=True)) | change
    return wrong(
        name,
        f"Input {{bug}}: {says}",
        lambda its: its.error < CONVICTED and its.bug in bugs and when(its),
        RIGHT | {bugs[0]: tuple(changed.values())},
    )


MISTAKES = [
    wrong(
        "not_a_step",
        "Input {bug}: f changes by {slope} between two crossings. It may only jump, and thresholds "
        "must name all places where it does.",
        lambda its: its.slope > 1e-9,
        RIGHT | {"a": (smooth, [[], [0.5]], [1.0, 1.0], ZERO)},
    ),
    hides(
        "no_crossing",
        "abc",
        "nobody crosses a threshold on this way, so all results are 0.",
        lambda its: not its.places,
        x=[0.4, 0.3],
    ),
    hides(
        "no_jump",
        "abc",
        "f does not jump on this way, so all results are 0.",
        lambda its: not its.levels.sub(its.levels[0, 0]).any(),
        f=constant,
    ),
    hides(
        "no_tie",
        "a",
        "each crossing has a place of its own. There this mistake has no effect.",
        lambda its: not its.ties,
        x=[1.0, 2.0],
    ),
    hides(
        "from_zero",
        "b",
        "the baseline is 0. There this mistake has no effect.",
        lambda its: its.from_zero,
        baseline=ZERO,
    ),
    hides(
        "same_order",
        "c",
        "the features cross in the order of their thresholds' sizes. There this mistake has no "
        "effect: who could cross early although the threshold is large?",
        lambda its: its.in_order_of_thresholds,
        x=[1.5, 1.0],
    ),
    wrong("not_convicted", "Function {bug} is off by only {off}.", lambda i: i.error < CONVICTED),
]

BUG_HUNT = claim_task(
    "12.5",
    {bug: partial(Evidence, bug) for bug in BUGS},
    name="12.5",
    right=RIGHT,
    unfit=[wrong(*line) for line in UNFIT_STEPS],
    mistakes=MISTAKES,
    passed="All three functions are convicted, one of them although its sums are always right.",
    progress="Convicted: {done}. {reason}",
    evidence="Function {bug} gives {yours}; the truth is {truth}.",
    hints=(
        "a: who else may cross at this very place? b: at which points is f asked? c: in which "
        "order are the features named?",
        "a needs two crossings at one place. b needs a baseline that is not 0. c needs a feature "
        "with a large threshold that crosses early.",
        "a: 1[x1 > .5] + 1[x2 > .5] from (0, 0) to (1, 1). b: 1[x1 > .5] + 2 1[x2 > .9] from "
        "(.2, .2) to (1, 1). c: 1[x1 > 1] + 3 1[x2 > .5] from (0, 0) to (4, 1).",
    ),
    bugs=BUGS,
)
