"""Questions with choices, asked one after the other: buttons in a notebook, text elsewhere."""

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.wrapping import say, wrapped
from xaicourse.course.progress.choices import Choices

__all__ = ["Question", "ask_in_terminal", "chosen", "display", "note", "show"]


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    name : str
        Its id, such as "05.R1".
    words : str
        What is asked.
    choices : mapping of str to str
        Letter -> its text.
    answer : callable
        Takes a letter, keeps it, and returns what is said to it.
    typed : str
        What to type where there are no buttons.
    """

    name: str
    words: str
    choices: Mapping[str, str]
    answer: Callable[[str], str]
    typed: str


def show(question: Question) -> None:
    """Show a question with its choices: in a notebook as buttons, elsewhere as text."""
    choices = Choices(
        question.name,
        question.choices,
        question.answer,
        words=question.words,
        typed=question.typed,
    )
    display(choices)


def display(thing: Any) -> None:
    """Show a thing as a notebook does, or print it where there is none."""
    try:
        from IPython.display import display as shown
    except ImportError:
        shown = print
    shown(thing)


def note(text: str) -> None:
    """Show a sentence: in a notebook as one that wraps where the page ends."""
    display(_Note(text))


class _Note:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return wrapped(self.text)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.text)}</p>"


def chosen(question: Question, choice: str) -> str:
    """Return the letter that is meant by a choice, or say which ones there are."""
    letter = choice.strip().strip("()").lower() if isinstance(choice, str) else ""
    if letter not in question.choices:
        letters = ", ".join(question.choices)
        raise ValueError(
            f"choice is {choice!r}; question {question.name} has the choices {letters}"
        )
    return letter


def ask_in_terminal(questions: Iterable[Question]) -> bool:
    """Ask until all are answered; an empty line or the end of the input stops. Say whether all."""
    for question in questions:
        print()
        print(wrapped(question.words))
        for letter, words in question.choices.items():
            print(wrapped(f"({letter}) {words}"))
        letter = _typed(question)
        if letter is None:
            return False
        say(question.answer(letter))
    return True


def _typed(question: Question) -> str | None:
    letters = ", ".join(question.choices)
    while True:
        try:
            typed = input(messages.text("review/input", letters=letters) + " ")
        except EOFError:
            print()
            return None
        if not typed.strip():
            return None
        try:
            return chosen(question, typed)
        except ValueError:
            continue
