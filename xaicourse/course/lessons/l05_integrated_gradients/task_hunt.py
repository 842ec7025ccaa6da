"""Task 05.4: submit an input that convicts each of three wrong bodies."""

from collections.abc import Callable
from functools import partial
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.claims import ClaimGrader, Wrong, wrong
from xaicourse.course.grading.compare import distance, refuse
from xaicourse.course.grading.submission import is_missing, parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled, sentence
from xaicourse.course.lessons.l05_integrated_gradients.evidence import BUGS, Evidence

__all__ = ["BUG_HUNT"]

CONVICTED = 0.05  # the body is wrong by at least this much, relative to the larger result ...
HONEST = 4.0  # ... and a right body with as many steps is at least this many times better


# ---------------------------------------------------------------- what hides a mistake


def line(points):
    return 2 * points[:, 0] - points[:, 1]


def bend(points):
    return points[:, 0] ** 2 * points[:, 1]


def constant(points):
    return (0 * points).sum(1) + 3


ONE = ([[1.0, 2.0]], [[0.0, 0.0]])
TWO = ([[1.0, 2.0], [3.0, -1.0]], [[0.0, 0.0], [0.0, 0.0]])
EQUAL = ([[1.0, 2.0], [1.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]])
FROM_ELSEWHERE = ([[1.0, 2.0]], [[1.5, -1.0]])
RIGHT = {"a": (line, *ONE, 4), "b": (bend, *FROM_ELSEWHERE, 50), "c": (line, *TWO, 10)}


def hides(name: str, says: str, when: Callable[[Evidence], bool], **example: Any) -> Wrong:
    """Return the one property of an input that hides a bug, and an input that has it."""
    return wrong(name, says, lambda its: its.error < CONVICTED and when(its), RIGHT | example)


MISTAKES = [
    wrong(
        "too_coarse",
        "Function {bug} is wrong for your input, but a right function with steps = {steps} is "
        "almost as wrong. Take more steps or a smoother f.",
        lambda its: CONVICTED <= its.error < HONEST * its.honest,
    ),
    hides(
        "no_path",
        "Input {bug}: x and the baseline are equal. Then every result is 0.",
        lambda its: bool((its.delta == 0).all()),
        a=(line, [[1.0, 2.0]], [[1.0, 2.0]], 4),
    ),
    hides(
        "constant",
        "Input {bug}: f does not change on the path. Then every result is 0.",
        lambda its: bool((its.slopes == 0).all()),
        a=(constant, *ONE, 4),
    ),
    hides(
        "many_steps",
        "Input {bug}: with so many steps this mistake is small. Try fewer.",
        lambda its: its.bug == "a" and its.steps > 20,
        a=(line, *ONE, 200),
    ),
    hides(
        "zero_baseline",
        "Input {bug}: with a baseline of 0 this mistake has no effect. Compare the points with "
        "the formula.",
        lambda its: its.bug == "b" and bool((its.baseline == 0).all()),
        b=(bend, *ONE, 50),
    ),
    hides(
        "straight",
        "Input {bug}: the slope of your f is the same everywhere, so it does not matter at which "
        "points it is measured. Try a curved f.",
        lambda its: its.bug == "b" and distance(its.slopes[1:], its.slopes[:-1]) < 1e-6,
        b=(line, *FROM_ELSEWHERE, 50),
    ),
    hides(
        "one_row",
        "Input {bug}: with N = 1 this mistake has no effect.",
        lambda its: its.bug == "c" and len(its.x) == 1,
        c=(line, *ONE, 10),
    ),
    hides(
        "equal_rows",
        "Input {bug}: x - x' is the same everywhere in the batch, so this mistake has no effect.",
        lambda its: (
            its.bug == "c" and distance(its.delta, its.delta[-1:].expand_as(its.delta)) < 1e-6
        ),
        c=(line, *EQUAL, 10),
    ),
    wrong(
        "not_convicted",
        "Function {bug} is off by only {off} for your input.",
        lambda its: its.error < CONVICTED,
    ),
]


# ---------------------------------------------------------------- grading


def grade(answer: Any) -> Outcome:
    """Judge three inputs, one for each body."""
    inputs = parts(answer, tuple(BUGS), messages.entry("tasks/05.4/name"))
    if all(is_missing(given) for given in inputs.values()):
        refuse("general/not_done", status="not_done")
    judged = {bug: judge(bug, given) for bug, given in inputs.items()}
    failures = [outcome for outcome in judged.values() if outcome.status != "passed"]
    if not failures:
        return Outcome("passed", messages.text("tasks/05.4/passed"))
    convicted = ", ".join(bug for bug, outcome in judged.items() if outcome.status == "passed")
    first = failures[0]
    text = messages.text(
        "tasks/05.4/progress",
        convicted=convicted or messages.text("tasks/05.4/nobody"),
        reason=sentence(first.message),
    )
    only_open = all(outcome.status == "not_done" for outcome in failures)
    status = "not_done" if only_open else "not_right"
    return Outcome(status, text, first.evidence, diagnosis=first.diagnosis)


def judge(bug: str, given: Any) -> Outcome:
    """Say whether this input convicts the body, or why it does not."""
    try:
        if is_missing(given):
            refuse("tasks/05.4/missing", status="not_done", bug=bug)
        return ClaimGrader("05.4", partial(Evidence, bug), (), MISTAKES)(given)
    except Settled as settled:
        return settled.outcome


BUG_HUNT = Task(
    "05.4",
    grade,
    reference=RIGHT,
    misconceptions={line.name: line.example for line in MISTAKES if line.example},
    bugs=BUGS,
    words={
        "name": "the answer to 05.4",
        "what": "input {bug}",
        "passed": "All three functions are convicted.",
        "progress": "Convicted: {convicted}. {reason}",
        "nobody": "none yet",
        "missing": "The input for {bug} is still open.",
        "steps": "{what}: steps must be a whole number from 1 to {most}, not {given}.",
        "jump": (
            "Input {bug}: the slopes that autograd gives do not add up to the rise of your f. "
            "Does f jump (such as x > 1 or round), or detach its input? Choose a continuous f."
        ),
        "evidence": (
            "With your input function {bug} gives {yours} for steps = {steps}; "
            "the truth is {truth}."
        ),
        "refused": {line.name: line.says for line in MISTAKES if not line.example},
        "misconceptions": {line.name: line.says for line in MISTAKES if line.example},
        "hints": [
            "Read each function line by line beside the formula. Which points are used? How many "
            "are there, and what is the sum divided by? What is it multiplied by, for each input "
            "of the batch?",
            "Choose f so that you know the true answer. A linear f shows wrong weights. A wrong "
            "path shows only where the slope changes. Mistakes between the inputs of a batch need "
            "inputs that differ.",
            "a: a linear f with few steps (for instance 4). b: a curved f, such as x1 * x1 * x2, "
            "and a baseline that is not 0, with many steps. c: two inputs with different x - x'.",
        ],
    },
)
