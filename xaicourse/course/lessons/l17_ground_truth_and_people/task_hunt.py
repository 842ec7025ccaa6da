"""Task 17.5: submit an input that convicts each of three functions."""

from functools import partial

from xaicourse.course.grading.claims import claim_task, wrong
from xaicourse.course.lessons.l17_ground_truth_and_people.evidence import (
    BUGS,
    CONVICTED,
    MapEvidence,
    TrialEvidence,
)

__all__ = ["BUG_HUNT"]

MASK = [[1, 0], [0, 0]]
RIGHT = {
    "a": ([[1.0, -0.5], [0.2, 0.1]], MASK),
    "b": ([[1.0, 1.0], [1.0, 0.0]], MASK),
    "c": [("ann", 1, "right", "left"), ("ann", 2, "left", "left"), ("bob", 1, "right", "left")],
}


def hides(name, bug, says, when, **example):
    """Return what hides the mistake of this function."""
    return wrong(
        name,
        f"Input {{bug}}: {says}",
        lambda its: its.bug == bug and its.error < CONVICTED and when(its),
        RIGHT | example,
    )


UNFIT = [
    wrong(
        "grid",
        "Input {bug} must be a map and a mask of one shape, with at most 400 finite numbers.",
        lambda its: its.bug != "c" and its.unreadable,
    ),
    wrong(
        "trials",
        'Input {bug} must be a list of at most 400 trials: (rater, item, "left" or "right", "left" '
        'or "right" or None).',
        lambda its: its.unreadable,
    ),
    wrong(
        "no_mark",
        "Input {bug}: the mask is empty, so nobody can say what is right.",
        lambda its: its.has_no_mark,
        RIGHT | {"a": (RIGHT["a"][0], [[0, 0], [0, 0]])},
    ),
    wrong(
        "zero_map",
        "Input {bug}: the map is 0 everywhere, so nobody can say what is right.",
        lambda its: its.is_zero,
        RIGHT | {"b": ([[0.0, 0.0], [0.0, 0.0]], MASK)},
    ),
    wrong(
        "nothing_told",
        "Input {bug}: nobody answered, so there is no share.",
        lambda its: its.bug == "c" and its.says_nothing,
        RIGHT | {"c": [("ann", 1, "left", None)]},
    ),
]

MISTAKES = [
    hides(
        "one_sign",
        "a",
        "all values have one sign. There this mistake has no effect.",
        lambda its: its.has_one_sign,
        a=([[1.0, 0.5], [0.2, 0.1]], MASK),
    ),
    hides(
        "same_share",
        "a",
        "values of both signs, but the share comes out nearly right. Let the signs inside and "
        "outside differ.",
        lambda its: not its.has_one_sign,
        a=([[2.0, -1.0], [2.0, -1.0]], [[1, 1], [0, 0]]),
    ),
    hides(
        "one_largest",
        "b",
        "one value alone is the largest. There this mistake has no effect.",
        lambda its: its.how_many == 1,
        b=([[1.0, 0.9], [0.8, 0.0]], MASK),
    ),
    hides(
        "all_inside",
        "b",
        "all {how_many} largest values lie on the mark, and a full hit is right.",
        lambda its: its.hits == its.how_many,
        b=([[1.0, 1.0], [0.0, 0.0]], [[1, 1], [0, 0]]),
    ),
    hides(
        "all_outside",
        "b",
        "none of the {how_many} largest values lies on the mark, and a miss is right.",
        lambda its: its.hits == 0,
        b=([[0.0, 1.0], [1.0, 0.0]], MASK),
    ),
    hides(
        "always_left",
        "c",
        "A always stands on the left, and there the function counts the right thing.",
        lambda its: its.stands == {"left"},
        c=[("ann", 1, "left", "left"), ("ann", 2, "left", "right")],
    ),
    hides(
        "balanced",
        "c",
        "the share of the left and the share of A are the same here. Where must A stand if "
        "somebody likes the left side?",
        lambda its: True,
        c=[
            ("ann", 1, "right", "left"),
            ("ann", 2, "right", "right"),
            ("bob", 1, "left", "left"),
            ("bob", 2, "left", "right"),
        ],
    ),
    wrong(
        "not_convicted",
        "Input {bug}: the function says {yours}, and right is {truth}. A difference of 0.1 is "
        "asked.",
        lambda its: its.error < CONVICTED,
    ),
]

BUG_HUNT = claim_task(
    "17.5",
    {
        "a": partial(MapEvidence, "a"),
        "b": partial(MapEvidence, "b"),
        "c": partial(TrialEvidence, "c"),
    },
    name="17.5",
    right=RIGHT,
    unfit=UNFIT,
    mistakes=MISTAKES,
    passed="All three functions are convicted.",
    progress="Convicted: {done}. {reason}",
    evidence="Function {bug} says {yours}; right is {truth}.",
    hints=(
        "a: for which maps is a sum no size? b: when is there more than one largest value? c: what "
        "does the function never look at?",
        "a needs values of both signs. b needs equal largest values, on the mark and beside it. c "
        "needs a rater who likes the left, while A stands on the right.",
        'a: [[1, -0.5], [0.2, 0.1]] with the mask [[1, 0], [0, 0]]. b: a constant map. c: [("ann", '
        '1, "right", "left")].',
    ),
    bugs=BUGS,
)
