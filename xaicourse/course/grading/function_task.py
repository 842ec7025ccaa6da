"""A task that asks for a function, as data: the right one, cases, mistakes with their words."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.mistakes import Mistake, without_steps
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome

__all__ = ["function_task"]


def function_task(
    id: str,
    right: Callable[..., Any],
    *,
    cases: Sequence[Case],
    mistakes: Sequence[Mistake],
    passed: str,
    hints: tuple[str, str, str],
    words: Mapping[str, Any] | None = None,
    grader: Callable[..., Callable[[Any], Outcome]] = CaseGrader,
    or_right: Sequence[Mistake] = (),
    parts: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Task:
    """Return the task.

    Parameters
    ----------
    id : str
        Lesson and number, such as "08.2".
    right : callable
        The right function; its steps are keyword-only parameters.
    cases : sequence of Case
        What is tried, the smallest first: see `case`.
    mistakes : sequence of Mistake
        See `swap`, `before`, `after` and `own`.
    passed : str
        What is said of a right answer.
    hints : tuple of str
        Three hints, from a nudge to almost the solution.
    words : mapping, optional
        Further messages of a grader of its own.
    grader : callable
        `CaseGrader`, or a class that is called with the same fields.
    or_right : sequence of Mistake
        Changes that are no mistakes; each makes a further form of every mistake as well.
    parts : mapping, optional
        What a right answer holds beside the function, which then stands under its own name. The
        task's own grader takes such an answer apart.
    **settings : object
        Further fields of the grader, such as `errors` and `not_finite`.

    Returns
    -------
    Task
        It hands out the right function without its steps.
    """

    def whole(function: Callable[..., Any], **changed: Any) -> Any:
        return {right.__name__: function, **parts, **changed} if parts else function

    answers: dict[str, Any] = {}  # name of a mistake -> a wrong answer
    forms: dict[str, list[Callable[..., Any]]] = defaultdict(list)  # its numbers, if they are wrong
    for mistake in mistakes:
        wrong = mistake.make(right)
        answers.setdefault(mistake.name, whole(wrong, **mistake.parts))
        if mistake.seen_in == "numbers" and not mistake.parts:
            forms[mistake.name] += [wrong, *(other.make(wrong) for other in or_right)]
    return Task(
        id,
        grade=grader(
            id,
            tuple(cases),
            right,
            {name: made[0] for name, made in forms.items()},
            also={name: tuple(made[1:]) for name, made in forms.items() if made[1:]},
            or_right=[other.make(right) for other in or_right],
            **settings,
        ),
        reference=whole(without_steps(right)),
        misconceptions=answers,
        words={
            "name": right.__name__,
            "passed": passed,
            "hints": list(hints),
            "cases": {each.name: each.says for each in cases},
            "misconceptions": {each.name: each.says for each in mistakes if each.says},
            **(words or {}),
        },
    )
