"""What a student calls: check an answer, get a hint, go on with the reference."""

import math
import os
import sys
from pathlib import Path
from typing import Any

from xaicourse.core.near_names import suggest_names
from xaicourse.course.checking import guard
from xaicourse.course.checking.client import Client, Crashed, OutOfMemory, Stray, TimedOut
from xaicourse.course.checking.packing import pack
from xaicourse.course.checking.usable import as_handed_in, usable
from xaicourse.course.grading import messages
from xaicourse.course.grading.submission import is_missing
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import (
    AnswerNotRight,
    Outcome,
    Settled,
    Verdict,
    line,
    outcome_from,
)
from xaicourse.course.grading.wrapping import say
from xaicourse.course.lessons.tasks import TASKS
from xaicourse.course.progress import record
from xaicourse.course.progress.earlier import earlier_answer
from xaicourse.course.progress.names import known_name

__all__ = ["check", "hint", "or_reference", "warm_up"]

SECONDS = 30.0  # the longest time for one answer; a usual one takes less than one second
MOST_SECONDS = 86_400.0

_client = Client()
_tries: dict[str, int] = {}
_hints: dict[str, int] = {}
_passed: dict[str, Any] = {}  # task -> the answer that passed last


@suggest_names
def check(task: str, *answer: Any, strict: bool = False, graded: bool | None = None) -> Verdict:
    """Check an answer, print the verdict in words and return it.

    Parameters
    ----------
    task : str
        The task, such as "05.2".
    *answer : object
        What the task asks for: a function, numbers, a dictionary. Several are taken as a tuple.
    strict : bool
        Raise `AnswerNotRight` when the answer did not pass.
    graded : bool, optional
        Do not count answers that call the library's own method. Default: XAICOURSE_GRADED=1.

    Returns
    -------
    Verdict
        Has `passed`, `diagnosis`, `message` and `notes`.

    Raises
    ------
    TypeError
        If the answer is missing.
    ValueError
        If there is no such task.
    AnswerNotRight
        With ``strict=True``, if the answer did not pass.
    """
    record_of_task = _find(task)
    if not answer:
        raise TypeError(f"check({task!r}, answer): the answer is missing")
    given = as_handed_in(answer[0]) if len(answer) == 1 else answer
    verdict = _judge(record_of_task, given, _is_graded(graded))
    _remember(verdict, given)
    say(verdict.message)
    if strict and not verdict.passed:
        raise AnswerNotRight(verdict.message)
    return verdict


def hint(task: str, level: int | None = None) -> None:
    """Print a hint: the next one at each call, three in all.

    Parameters
    ----------
    task : str
        The task, such as "05.2".
    level : int, optional
        1, 2 or 3, to see one hint again.

    Raises
    ------
    ValueError
        If there is no such task, or no such hint.
    """
    record_of_task = _find(task)
    task, hints = record_of_task.id, record_of_task.hints
    if level is None:
        level = min(_hints.get(task, 0) + 1, len(hints))
        _hints[task] = level
    if level not in range(1, len(hints) + 1):
        raise ValueError(f"level is {level!r}; task {task} has hints 1 to {len(hints)}")
    say(messages.text("words/hint", level=level, levels=len(hints), text=hints[level - 1]))


def or_reference(task: str, answer: Any) -> Any:
    """Return the student's answer if it passed, the reference otherwise.

    With this, a task that is left open never stops the rest of a sheet. A line is printed when the
    reference is used. What an answer gives in another form (NumPy, half precision, a list, a tensor
    that hangs on a graph) comes back in the reference's form, so that the next cells can use it.

    Parameters
    ----------
    task : str
        The task, such as "05.2".
    answer : object
        The student's answer, as it was given to `check`.

    Returns
    -------
    object
        `answer` itself, or one that calls it and hands on what it gives in the reference's form;
        or a right answer of the same kind.

    Raises
    ------
    ValueError
        If there is no such task.
    """
    record_of_task = _find(task)
    task, answer = record_of_task.id, as_handed_in(answer)
    if (earlier := earlier_answer(task, answer)) is not None:
        guard.note_reference()
        say(_earlier_task(task))
        return earlier
    if task in _passed and _passed[task] is answer:
        return usable(record_of_task, answer)
    if _judge(record_of_task, answer, graded=False).passed:  # it was never checked, or was changed
        _passed[task] = answer
        return usable(record_of_task, answer)
    guard.note_reference()
    say(messages.text("words/reference", task=task))
    return record_of_task.reference


def warm_up() -> None:
    """Start the checker's process in the background, so that the first check need not wait."""
    _client.start()


# ---------------------------------------------------------------- the way of an answer


def _find(task: str) -> Task:
    return TASKS[known_name("task", task, TASKS)]


def _is_graded(graded: bool | None) -> bool:
    return os.environ.get("XAICOURSE_GRADED") == "1" if graded is None else graded


def _judge(task: Task, answer: Any, graded: bool) -> Verdict:
    """Return the verdict on an answer; nothing that the answer does can raise here."""
    reply: dict[str, Any] = {}
    try:
        if earlier_answer(task.id, answer) is not None:
            raise Settled(Outcome("not_done", _earlier_task(task.id)))
        reply = _ask(task, _packed(answer), graded)
        outcome = outcome_from({key: reply[key] for key in Outcome.__dataclass_fields__})
    except Settled as settled:
        outcome = settled.outcome
    outcome, counted = _count(outcome, reply.get("library_calls", []), graded)
    printed = reply.get("printed", "")
    tries = _tries.get(task.id, 0) + 1
    return Verdict(
        task=task.id,
        passed=outcome.status == "passed",
        diagnosis=outcome.diagnosis,
        message=line(task.id, outcome, tries=tries, printed=printed),
        notes=outcome.notes,
        status=outcome.status,
        counted=counted,
        printed=printed,
    )


def _earlier_task(task: str) -> str:
    return messages.text("words/earlier_task", task=task, lesson=task[:2])


def _packed(answer: Any) -> list[Any]:
    """Return the answer as it is sent. Its own methods run here, and might raise anything."""
    try:
        missing = is_missing(answer)
    except Exception as error:
        text = messages.text("general/odd_answer", error=type(error).__name__)
        raise Settled(Outcome("not_right", text)) from None
    if missing:
        raise Settled(Outcome("not_done", messages.text("general/not_done")))
    return pack(answer)


def _ask(task: Task, packed: list[Any], graded: bool) -> dict[str, Any]:
    seconds = _seconds()
    request = {
        "task": task.id,
        "answer": packed,
        "path": [folder for folder in sys.path if type(folder) is str],
        "folder": _folder(),
    }
    try:
        return _client.ask(request, seconds, fresh=graded)
    except TimedOut:
        key = {"key": "general/too_slow", "seconds": f"{seconds:g}"}
    except Crashed:
        key = {"key": "general/crashed"}
    except OutOfMemory:
        key = {"key": "general/memory"}
    except Stray:
        key = {"key": "general/stray"}
    raise Settled(Outcome("not_right", messages.text(**key)))


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted or moved
        return ""


_said: set[str] = set()  # settings that were complained about


def _seconds() -> float:
    """Return the longest time for one answer: XAICOURSE_CHECK_SECONDS, if that is a time."""
    given = os.environ.get("XAICOURSE_CHECK_SECONDS")
    if given is None:
        return SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if 0 < seconds <= MOST_SECONDS:
        return seconds
    if given not in _said:
        _said.add(given)
        say(messages.text("words/seconds", given=given, seconds=f"{SECONDS:g}"))
    return SECONDS


def _count(outcome: Outcome, library_calls: list[str], graded: bool) -> tuple[Outcome, bool]:
    """An answer that calls the library's own method is fine for going on, but is not counted."""
    if outcome.status != "passed" or not library_calls:
        return outcome, outcome.status == "passed"
    text = messages.text("general/library_used", method=library_calls[0])
    if graded:
        return Outcome("not_right", text, diagnosis="library_used"), False
    return Outcome("passed", outcome.message, notes=(text, *outcome.notes)), False


def _remember(verdict: Verdict, answer: Any) -> None:
    task = verdict.task
    if verdict.status != "not_done":
        _tries[task] = _tries.get(task, 0) + 1
    if verdict.passed:
        _passed[task] = answer
    else:
        _passed.pop(task, None)
    if verdict.status != "not_done":
        record.store_check(task, passed=verdict.passed, counted=verdict.counted)
