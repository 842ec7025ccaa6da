"""What the texts of a lesson say of it: its goals, its sections, and the cards of its tasks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xaicourse.core.places import rooms

__all__ = ["Card", "cards", "goals", "sections"]

GOAL = re.compile(r"^- \*\*(G\d)\*\* (.+?)(?=\n- |\n\n|\n\"\"\")", re.M | re.S)
SECTION = re.compile(r"^## (\d+) · (.+)$", re.M)
CELL = re.compile(r"^# %%(.*)$", re.M)
HEADING = re.compile(r"^##{1,2} Task (\d\d\.\d+) · (.+)$", re.M)
GOALS = re.compile(r"\*\*Goals?\*\* ([G\d, ]+)")
MINUTES = re.compile(r"\*\*Minutes\*\* (\d+)")


@dataclass(frozen=True)
class Card:
    """The card of a task.

    Attributes
    ----------
    task : str
        Lesson and number, such as "05.2".
    title : str
        What its heading says.
    goals : tuple of str
        The goals of the lesson that it practises, such as ("G1", "G4").
    minutes : int
        How long it may take.
    where : str
        "lesson" or "sheet".
    extra : bool
        Whether it is an extension, beyond the core.
    """

    task: str
    title: str
    goals: tuple[str, ...]
    minutes: int
    where: str
    extra: bool


@cache
def goals(lesson: str) -> dict[str, str]:
    """Return the goals of a lesson: "G1" -> what one can do then.

    >>> goals("05")["G3"]
    'choose the number of steps by evidence.'
    """
    found = GOAL.findall(_text(lesson, "lesson"))
    return {name: " ".join(words.replace("$", "").split()).removeprefix("you can ")
            for name, words in found}  # fmt: skip


@cache
def sections(lesson: str) -> dict[int, str]:
    """Return the sections of a lesson: number -> title.

    >>> sections("05")[3]
    'The definition'
    """
    return {int(number): title for number, title in SECTION.findall(_text(lesson, "lesson"))}


@cache
def cards(lesson: str) -> tuple[Card, ...]:
    """Return the cards of a lesson's tasks: those in the lesson, then those in its sheet."""
    return tuple(card for where in ("lesson", "sheet") for card in _cards(lesson, where))


def _cards(lesson: str, where: str) -> Iterator[Card]:
    _, *parts = CELL.split(_text(lesson, where))
    for head, text in zip(parts[::2], parts[1::2], strict=True):
        for number, title in HEADING.findall(text):
            practised, minutes = GOALS.search(text), MINUTES.search(text)
            yield Card(
                number,
                title,
                tuple(re.findall(r"G\d", practised[1])) if practised else (),
                int(minutes[1]) if minutes else 0,
                where,
                '"deeper"' in head,
            )


def _text(lesson: str, name: str) -> str:
    return (_room(lesson) / f"{name}.py").read_text(encoding="utf-8")


def _room(lesson: str) -> Path:
    return next(room for room in rooms() if room.name[1:3] == lesson)
