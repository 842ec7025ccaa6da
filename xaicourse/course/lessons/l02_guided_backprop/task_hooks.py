"""Task 02.4: what a hook gives on six spellings of one net."""

from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.compare import refuse
from xaicourse.course.grading.submission import is_missing, parts
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["HOOKS_LOOK_AWAY", "OUTCOMES"]

OUTCOMES = {"A": "right", "B": "wrong", "C": "wrong", "D": "wrong", "E": "right", "F": "error"}
# net and wrong outcome -> what was misunderstood; any other outcome is refused without a name
MISTAKES = {
    ("a", "wrong"): "modules_missed",
    ("a", "error"): "modules_missed",
    ("b", "right"): "functional_seen",
    ("b", "error"): "functional_error",
    ("c", "right"): "shared_right",
    ("c", "error"): "shared_error",
    ("d", "right"): "relu6_seen",
    ("d", "error"): "relu6_error",
    ("e", "wrong"): "subclass_missed",
    ("e", "error"): "subclass_missed",
    ("f", "right"): "in_place_right",
    ("f", "wrong"): "in_place_silent",
}


def grade(answer: Any) -> Outcome:
    """Judge the six outcomes; the first wrong one gets the message."""
    what = messages.entry("tasks/02.4/name")
    part = parts(answer, tuple(name.lower() for name in OUTCOMES), what)
    if any(is_missing(value) for value in part.values()):
        refuse("general/not_done", status="not_done")
    given = {name: _outcome(name, value) for name, value in part.items()}
    wrong = [name for name, value in given.items() if value != OUTCOMES[name.upper()]]
    if not wrong:
        return Outcome("passed", messages.text("tasks/02.4/passed"))
    mistake = MISTAKES[wrong[0], given[wrong[0]]]
    evidence = messages.text("tasks/02.4/evidence", right=6 - len(wrong))
    text = messages.text(f"tasks/02.4/misconceptions/{mistake}")
    return Outcome("not_right", text, evidence, diagnosis=mistake)


def _outcome(name: str, value: Any) -> str:
    word = str(value).strip().lower()
    if word not in ("right", "wrong", "error"):
        refuse("tasks/02.4/no_outcome", net=name.upper(), given=word[:40])
    return word


HOOKS_LOOK_AWAY = Task(
    id="02.4",
    grade=grade,
    reference=OUTCOMES,
    misconceptions={
        mistake: OUTCOMES | {name.upper(): outcome} for (name, outcome), mistake in MISTAKES.items()
    },
)
