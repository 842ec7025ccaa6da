"""A task that asks for a function, as data: the right one, cases, mistakes with their words."""

from collections import defaultdict
from collections.abc import Callable, Sequence
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
    words: dict[str, str] | None = None,
    grader: Callable[..., Callable[[Any], Outcome]] = CaseGrader,
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
    words : dict, optional
        Further messages of a grader of its own.
    grader : callable
        `CaseGrader`, or a class that is called with the same fields.
    **settings : object
        Further fields of the grader, such as `errors` and `not_finite`.

    Returns
    -------
    Task
        It hands out the right function without its steps.
    """
    forms: dict[str, list[Callable[..., Any]]] = defaultdict(list)
    for mistake in mistakes:
        forms[mistake.name].append(mistake.make(right))
    traces = {mistake.name for mistake in mistakes if mistake.seen_in == "traces"}
    wrong = {name: made[0] for name, made in forms.items()}
    return Task(
        id,
        grade=grader(
            id,
            tuple(cases),
            right,
            {name: function for name, function in wrong.items() if name not in traces},
            also={name: tuple(made[1:]) for name, made in forms.items() if made[1:]},
            **settings,
        ),
        reference=without_steps(right),
        misconceptions=wrong,
        words={
            "name": right.__name__,
            "passed": passed,
            "hints": list(hints),
            "cases": {each.name: each.says for each in cases},
            "misconceptions": {each.name: each.says for each in mistakes if each.says},
            **(words or {}),
        },
    )
