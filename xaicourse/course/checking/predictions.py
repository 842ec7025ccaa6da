"""Predictions: a vote is stored before the answer is read; a class can count its votes."""

import warnings
from collections import Counter
from collections.abc import Iterable
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from xaicourse.core.places import rooms
from xaicourse.course.checking import record
from xaicourse.course.checking.names import known_name
from xaicourse.course.grading import messages
from xaicourse.course.grading.wrapping import say
from xaicourse.course.table import read_room

__all__ = ["histogram", "predict", "questions"]


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Return all prediction questions: id -> question and choices (letter -> text)."""
    return {
        name: question
        for room in rooms()
        for name, question in read_room(room).get("predictions", {}).items()
    }


def predict(question: str, choice: str | None) -> None:
    """Store a prediction and say so.

    Parameters
    ----------
    question : str
        The question, such as "05.P1".
    choice : str or None
        The letter of a choice, such as "b". None means that no choice was made yet.

    Raises
    ------
    ValueError
        If there is no such question, or it has no such choice.
    """
    name = known_name("question", question, questions())
    choices = ", ".join(questions()[name]["choices"])
    if choice is None or choice is Ellipsis:
        say(messages.text("words/no_choice", question=name, choices=choices))
        return
    letter = choice.strip().strip("()").lower() if isinstance(choice, str) else ""
    if letter not in questions()[name]["choices"]:
        raise ValueError(f"choice is {choice!r}; question {name} has the choices {choices}")
    stored = record.store_prediction(name, letter)
    say(messages.text("words/stored" if stored else "words/not_stored", choice=letter))


def histogram(files: Iterable[str | PathLike[str]]) -> dict[str, dict[str, int]]:
    """Count the first votes in several progress files, without names.

    Parameters
    ----------
    files : iterable of path
        Progress files, one a student.

    Returns
    -------
    dict
        Question -> choice -> number of votes. Every choice is listed, also with 0 votes.

    Raises
    ------
    FileNotFoundError
        If a file is not there.

    Warns
    -----
    UserWarning
        If a file is damaged; its votes are not counted.
    """
    counts = {question: Counter() for question in questions()}
    for file in files:
        if not Path(file).is_file():
            raise FileNotFoundError(f"files: there is no file {str(file)!r}")
        for question, vote in _votes(Path(file)).items():
            first = vote.get("first") if isinstance(vote, dict) else None
            if question in counts and str(first) in questions()[question]["choices"]:
                counts[question][first] += 1
    return {
        question: {letter: votes[letter] for letter in questions()[question]["choices"]}
        for question, votes in counts.items()
    }


def _votes(file: Path) -> dict[str, Any]:
    try:
        return record.read_progress(file)["predictions"]
    except ValueError as error:
        warnings.warn(f"files: {file} is not counted; {error}", stacklevel=3)
        return {}
