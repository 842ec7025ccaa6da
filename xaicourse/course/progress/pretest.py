"""Twelve questions before the course: they say where to begin."""

import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from xaicourse.core.near_names import suggest_names
from xaicourse.core.places import refresher_page
from xaicourse.course.grading.messages import text
from xaicourse.course.grading.wrapping import say
from xaicourse.course.progress import record
from xaicourse.course.progress.asking import Question, ask_in_terminal, chosen, display, note, show
from xaicourse.course.progress.choices import status
from xaicourse.course.progress.names import known_name

__all__ = ["ITEMS", "pretest", "pretest_in_terminal", "route"]

ITEMS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
BASICS = tuple(ITEMS)[:9]  # what lesson 00 takes for granted
LESSON_00 = tuple(ITEMS)[9:]  # what it teaches
ENOUGH = 7  # of the basics right: then the gaps can be filled on the way


@suggest_names
def pretest(item: str | int | None = None, choice: str | None = None) -> None:
    """Ask twelve short questions, and say where to begin: refresher, lesson 00 or lesson 01.

    Each choice is answered with its reason. The answers are kept in the local record.

    Parameters
    ----------
    item : str or int, optional
        The number of one question; all are asked if left out.
    choice : str, optional
        The letter of a choice, to answer the question where there are no buttons.

    Raises
    ------
    ValueError
        If there is no such question, or it has no such choice.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.pretest(4, "a")  # doctest: +SKIP
    """
    view = _Route()
    if item is None:
        note(text("pretest/begin", count=len(ITEMS)))
        for name in ITEMS:
            show(_question(name, view))
        display(view)
        return
    question = _question(known_name("question of the pre-test", str(item), ITEMS), view)
    if choice is None:
        show(question)
        return
    say(question.answer(chosen(question, choice)))
    say(view.words())


def pretest_in_terminal(again: bool = False) -> None:
    """Ask at the command line what was not answered yet, and say where to begin."""
    view = _Route()
    if again:
        view.answers.clear()
    say(text("pretest/begin", count=len(ITEMS)))
    ask_in_terminal(_question(name, view) for name in ITEMS if name not in view.answers)
    print()
    say(view.words())
    if route(view.answers):
        say(text("pretest/again"))


def route(answers: Mapping[str, str]) -> str:
    """Return where to begin, in words; an empty text while answers are missing.

    >>> route({"1": "a"})
    ''
    """
    if not all(name in answers for name in ITEMS):
        return ""
    right = {name for name, item in ITEMS.items() if answers[name] == item["right"]}
    missed = [f"{name} ({ITEMS[name]['topic']})" for name in BASICS if name not in right]
    if len(BASICS) - len(missed) < ENOUGH:
        words = ", ".join(missed)
        return text("pretest/refresher", page=refresher_page(), sections=words)
    key = "pretest/lesson_01" if right >= set(LESSON_00) else "pretest/lesson_00"
    gaps = text("pretest/gaps", page=refresher_page(), sections=", ".join(missed)) * bool(missed)
    return f"{text(key)} {gaps}".strip()


def _question(name: str, view: "_Route") -> Question:
    item = ITEMS[name]
    typed = text("review/typed", function="pretest", question=name)
    words = f"{name}. {item['question']}"
    return Question(name, words, item["choices"], partial(_answer, name, view), typed)


def _answer(name: str, view: "_Route", letter: str) -> str:
    """Keep an answer, and return what is said to it."""
    view.take(name, letter)
    record.store_pretest({name: letter})
    item = ITEMS[name]
    key = "pretest/right" if letter == item["right"] else "pretest/not_right"
    return text(key, choice=letter, said=item["said"][letter])


class _Route:
    """Where to begin, brought up to date with each answer."""

    def __init__(self) -> None:
        self.answers = stored()
        self.line: Any = None

    def take(self, name: str, letter: str) -> None:
        self.answers[name] = letter
        if self.line is not None:
            self.line.value = self._html()

    def words(self) -> str:
        """Return where to begin, or how many answers are missing."""
        count = sum(name in self.answers for name in ITEMS)
        return route(self.answers) or text("pretest/missing", count=count, all=len(ITEMS))

    def _html(self) -> str:
        return status(self.words())

    def __repr__(self) -> str:
        return self.words()

    def _ipython_display_(self) -> None:
        try:
            import ipywidgets
        except ImportError:
            say(self.words())
            return
        self.line = ipywidgets.HTML(self._html())
        display(self.line)


def stored() -> dict[str, str]:
    """Return the answers in the record: item -> letter."""
    try:
        found, _ = record.look(record.progress_file())
    except OSError:
        return {}
    return {name: letter for name, letter in found.get("pretest", {}).items() if name in ITEMS}
