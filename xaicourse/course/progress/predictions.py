"""Predictions: a vote is stored and answered at once; a class can count its votes.

Question, choices and what is said to each choice stand in the room.toml of the lesson. Which
choice is right stands there, too; no answer to a choice says it. `progress` counts them.
"""

import hashlib
import json
import warnings
from collections import Counter
from collections.abc import Iterable
from functools import cache
from os import PathLike
from pathlib import Path
from types import EllipsisType
from typing import Any

from xaicourse.core.places import rooms
from xaicourse.course.grading import messages
from xaicourse.course.grading.wrapping import say
from xaicourse.course.progress import record
from xaicourse.course.progress.asking import display
from xaicourse.course.progress.choices import Choices
from xaicourse.course.progress.names import known_name
from xaicourse.course.table import read_room

__all__ = ["histogram", "predict", "questions", "right_letters", "wording"]


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Return all prediction questions: id -> question and choices (letter -> text)."""
    return {
        name: question
        for room in rooms()
        for name, question in read_room(room).get("predictions", {}).items()
    }


def right_letters() -> dict[str, str]:
    """Return question -> its right letter, for the tests and the linter: no lesson shows it."""
    return {
        name: question["right"] for name, question in questions().items() if "right" in question
    }


def wording(name: str) -> str:
    """Return a mark of what a question asks: another one as soon as its words change."""
    question = questions()[name]
    words = json.dumps([question.get("question"), list(question["choices"].items())])
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def predict(question: str, choice: str | EllipsisType | None = ...) -> None:
    """Show the choices of a question as buttons, or answer a choice and store it.

    The answer to a choice says why it is tempting and what decides. It does not say which
    choice is right. The first choice is kept beside the last one.

    Parameters
    ----------
    question : str
        The question, such as "05.P1".
    choice : str or None, optional
        The letter of a choice, such as "b". Left out, the choices appear as buttons, and as a
        list where there are no buttons. None means that no choice was made yet.

    Raises
    ------
    ValueError
        If there is no such question, or it has no such choice.
    """
    name = known_name("question", question, questions())
    if choice is ...:
        _show(name)
        return
    letters = ", ".join(questions()[name]["choices"])
    if choice is None:
        say(messages.text("words/no_choice", question=name, choices=letters))
        return
    letter = choice.strip().strip("()").lower() if isinstance(choice, str) else ""
    if letter not in questions()[name]["choices"]:
        raise ValueError(f"choice is {choice!r}; question {name} has the choices {letters}")
    say(_answer(name, letter))


def _show(name: str) -> None:
    """Show the choices: in a notebook as buttons, elsewhere as text."""
    choices = Choices(name, questions()[name]["choices"], lambda letter: _answer(name, letter))
    display(choices)
    if not choices.buttons:
        say(messages.text("words/no_buttons"))


def _answer(name: str, letter: str) -> str:
    """Store a choice, and return what is said to it."""
    stored = record.store_prediction(name, letter, wording(name))
    said = questions()[name].get("said", {}).get(letter)
    if said is None:  # a lesson that is not yet rewritten
        return messages.text("words/stored" if stored else "words/not_stored", choice=letter)
    answer = messages.text("words/answered", choice=letter, said=said)
    return answer if stored else f"{answer} {messages.text('words/not_kept')}"


def histogram(
    files: Iterable[str | PathLike[str]], lesson: str | None = None
) -> dict[str, dict[str, int]]:
    """Count the first votes in several progress files, without names.

    Parameters
    ----------
    files : iterable of path
        Progress files, one a student: each one's ``work/.progress.json``.
    lesson : str, optional
        Only the questions of this lesson, such as "05".

    Returns
    -------
    dict
        Question -> choice -> number of votes. Every choice is listed, also with 0 votes.

    Raises
    ------
    FileNotFoundError
        If a file is not there.
    ValueError
        If no lesson of this number asks for predictions.

    Warns
    -----
    UserWarning
        If a file is damaged; its votes are not counted.
    """
    counts = {question: Counter() for question in _of_lesson(lesson)}
    for file in files:
        if not Path(file).is_file():
            raise FileNotFoundError(f"files: there is no file {str(file)!r}")
        for question, vote in _votes(Path(file)).items():
            if question not in counts or not isinstance(vote, dict):
                continue
            first, mark = vote.get("first"), wording(question)
            if vote.get("asked", mark) == mark and str(first) in questions()[question]["choices"]:
                counts[question][first] += 1
    return {
        question: {letter: votes[letter] for letter in questions()[question]["choices"]}
        for question, votes in counts.items()
    }


def _of_lesson(lesson: str | None) -> list[str]:
    """Return the questions of one lesson, or all."""
    if lesson is None:
        return list(questions())
    number = str(lesson).strip().zfill(2)
    found = [question for question in questions() if question.partition(".")[0] == number]
    if not found:
        numbers = sorted({question.partition(".")[0] for question in questions()})
        raise ValueError(f"lesson is {lesson!r}; predictions are asked in {', '.join(numbers)}")
    return found


def _votes(file: Path) -> dict[str, Any]:
    try:
        return record.read_progress(file)["predictions"]
    except ValueError as error:
        warnings.warn(f"files: {file} is not counted; {error}", stacklevel=3)
        return {}
