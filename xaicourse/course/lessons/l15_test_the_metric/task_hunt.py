"""Task 15.5: submit an input that convicts each of three metrics."""

from functools import partial

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.lessons.l15_test_the_metric.evidence import BUGS, CONVICTED, Evidence

__all__ = ["BUG_HUNT"]


def total(points):
    return points.sum(1)


def product(points):
    return points[:, 0] * points[:, 1] + points[:, 2]


def nearly(points):
    return points.sum(1) + 0.01 * points[:, 0] * points[:, 1]


def constant(points):
    return 0 * points.sum(1) + 2


ONES = [[1.0, 1.0, 1.0, 1.0]]
RIGHT = {
    "a": (total, ONES, [[5.0, 0.0, 0.0, 0.0]], 0.0),
    "b": (product, [[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]], 0.0),
    "c": (total, [[1.0, 1.0], [4.0, 4.0]], [[2.0, 1.0], [2.0, 1.0]], 0.0),
}


def hides(name, bug, says, when, **change):
    """Return what hides one mistake; its example changes the right input."""
    changed = dict(zip(Evidence.names, RIGHT[bug], strict=True)) | change
    return wrong(
        name,
        f"Input {{bug}}: {says}",
        lambda its: its.bug == bug and its.error < CONVICTED and when(its),
        RIGHT | {bug: tuple(changed.values())},
    )


UNFIT = [
    wrong(
        "other_shape",
        "x has shape {shape} and phi {of_phi}: they need the same, (N, D).",
        lambda its: its.shape != its.of_phi or len(its.shape) != 2,
    ),
    wrong(
        "size",
        "D must be from 2 to {most} and N at most {most}. Yours is {shape}.",
        lambda its: not 2 <= its.shape[1] <= its.most or its.shape[0] > its.most,
    ),
    wrong(
        "range",
        "Numbers in x and fill must lie between -{largest} and {largest}. You gave {number}.",
        lambda its: not abs(its.number) <= its.largest,
    ),
    wrong(
        "no_own_share",
        "Input {bug}: F is {smallest} at one of your x. A share of it needs a score above 0.",
        lambda its: its.bug == "c" and its.smallest <= 1e-3,
    ),
    wrong(
        "no_correlation",
        "Input {bug}: phi, or what single features take away, is the same for all features. Then "
        "there is no correlation.",
        lambda its: its.bug == "b" and its.flat,
    ),
]

MISTAKES = [
    hides(
        "nothing_to_remove",
        "a",
        "every choice of features takes away the same, nothing. F must change.",
        lambda its: float(its.yours.abs().max()) < 1e-9 and its.tied,
        F=constant,
    ),
    hides(
        "no_ties",
        "a",
        "all values of phi differ, so exactly half of the features reach the bar. When do more "
        "reach it?",
        lambda its: not its.any_equal,
        phi=[[4.0, 3.0, 2.0, 1.0]],
    ),
    hides(
        "ties_elsewhere",
        "a",
        "phi has equal values, but not at the bar, between the last feature to go and the first "
        "to stay.",
        lambda its: its.any_equal and not its.tied,
        phi=[[5.0, 5.0, 1.0, 0.0]],
    ),
    hides(
        "additive",
        "b",
        "each feature takes away the same, whatever went before. Then it does not matter that "
        "nothing is put back. Let two features work together.",
        lambda its: its.additive,
        F=total,
    ),
    hides(
        "hardly_together",
        "b",
        "two features work together, but so little that the correlation hardly moves.",
        lambda its: not its.additive,
        F=nearly,
    ),
    hides(
        "one_input",
        "c",
        "you gave one input, whose score is the largest of the curve. Which other number could be "
        "larger?",
        lambda its: its.shape[0] == 1,
        x=[[1.0, 1.0]],
        phi=[[2.0, 1.0]],
    ),
    hides(
        "equal_scores",
        "c",
        "all your inputs have about the same score, so the largest of all is also each one's own.",
        lambda its: its.equal_scores,
        x=[[1.0, 1.0], [1.0, 1.0]],
    ),
    wrong(
        "not_convicted",
        "Metric {bug} is off by only {off}.",
        lambda its: its.error < CONVICTED,
    ),
]

BUG_HUNT = claim_task(
    "15.5",
    {bug: partial(Evidence, bug) for bug in BUGS},
    name="15.5",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="All three metrics are convicted.",
    progress="Convicted: {done}. {reason}",
    evidence="Metric {bug} gives {given}; right is {truth}.",
    hints=(
        "a: how many features reach the bar? b: is a feature put back before the next one goes? "
        "c: by which number is the curve divided, and whose is it?",
        "a needs a map with equal values. b needs two features that work together. c needs two "
        "inputs.",
        "a: phi = [[1, 0, 0, 0]]. b: F = x1 x2 + x3 at x = (1, 2, 3) with phi = (1, 2, 3). c: two "
        "inputs with the scores 1 and 5.",
    ),
    bugs=BUGS,
)
