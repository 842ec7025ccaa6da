"""Judging an answer worked out on paper: named parts, each a row of numbers."""

from collections.abc import Callable, Mapping
from typing import Any

from xaicourse.exercise import messages
from xaicourse.exercise.compare import refuse, show
from xaicourse.exercise.tasks.lesson01_toy import is_open, near, numbers_in
from xaicourse.exercise.tasks.submission import parts
from xaicourse.exercise.verdict import Outcome

__all__ = ["by_hand", "with_one_part_wrong"]

Row = tuple[float, ...]


def with_one_part_wrong(
    right: Mapping[str, Row], wrong_parts: Mapping[str, Mapping[str, Row]]
) -> dict[str, dict[str, Row]]:
    """Return mistake -> the right answer with the one part that this mistake spoils."""
    return {
        name: {**right, part: numbers}
        for part, wrong in wrong_parts.items()
        for name, numbers in wrong.items()
    }


def by_hand(
    task: str, right: Mapping[str, Row], wrong_parts: Mapping[str, Mapping[str, Row]]
) -> Callable[[Any], Outcome]:
    """Return a grader that judges the parts in their order; the first wrong one gets the message.

    Parts that are still open come last, so that a student can hand in one after the other.
    Its texts are tasks/TASK/name, how_many, evidence, differs, passed, and misconceptions.
    """

    def grade(answer: Any) -> Outcome:
        part = parts(answer, tuple(right), messages.entry(f"tasks/{task}/name"))
        missing = [name for name, value in part.items() if is_open(value)]
        if len(missing) == len(part):
            refuse("general/not_done", status="not_done")
        given = {name: numbers_in(part[name], task) for name in part if name not in missing}
        for name, numbers in given.items():
            if len(numbers) != len(right[name]):
                wanted = len(right[name])
                refuse(f"tasks/{task}/how_many", part=name, given=len(numbers), wanted=wanted)
        for name, numbers in given.items():
            if near(numbers, right[name]):
                continue
            evidence = messages.text(f"tasks/{task}/evidence", part=name, yours=show(numbers))
            fits = [wrong for wrong, row in wrong_parts[name].items() if near(numbers, row)]
            if len(fits) == 1:
                text = messages.text(f"tasks/{task}/misconceptions/{fits[0]}")
                return Outcome("not_right", text, evidence, diagnosis=fits[0])
            return Outcome("not_right", messages.text(f"tasks/{task}/differs", part=name), evidence)
        if missing:
            refuse("general/parts_open", status="not_done", open=", ".join(missing))
        return Outcome("passed", messages.text(f"tasks/{task}/passed"))

    return grade
