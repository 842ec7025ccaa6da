"""How a reader reports a mistake of the course: a text that is filled in already, made offline."""

import platform
import re

from xaicourse import __version__
from xaicourse.course.grading.messages import text
from xaicourse.course.progress.cards import cards, sections
from xaicourse.course.progress.names import known_name
from xaicourse.course.progress.predictions import questions
from xaicourse.course.table import LESSONS

__all__ = ["report"]


def report(
    place: str,
    section: str | int | None = None,
    quote: str | None = None,
    expected: str | None = None,
) -> str:
    """Return the text of a report: what is known is filled in, what is missing is asked for.

    Parameters
    ----------
    place : str
        The lesson, task or prediction: "05", "05.2" or "05.P3".
    section : str or int, optional
        The number of the lesson's section.
    quote : str, optional
        What the course says there, word by word.
    expected : str, optional
        What you expected, and why.

    Raises
    ------
    ValueError
        If there is no such lesson, task, prediction or section.
    """
    name, about = _place(place)
    number = name[:2]
    where = [text("report/lesson", number=number, title=LESSONS[number].title), *about]
    if section is not None:
        where.append(_section(number, str(section)))
    return text(
        "report/form",
        place=name,
        where=", ".join(where),
        version=__version__,
        python=platform.python_version(),
        system=platform.system(),
        quote=quote or text("report/no_quote"),
        expected=expected or text("report/no_expected"),
    ).strip()


def _place(place: str) -> tuple[str, list[str]]:
    """Return the id that is meant, and what a task or prediction is called."""
    if re.fullmatch(r"\d{1,2}", place.strip()):
        number = place.strip().zfill(2)
        if number not in _ready():
            raise ValueError(f"lesson must be one of {', '.join(_ready())}, got {place!r}")
        return number, []
    titles = {card.task: card.title for number in _ready() for card in cards(number)}
    name = known_name("task or prediction", place, [*titles, *questions()])
    if name in titles:
        return name, [text("report/task", task=name, title=titles[name])]
    return name, [text("report/prediction", question=name)]


def _ready() -> list[str]:
    return [one.number for one in LESSONS.values() if one.status == "ready"]


def _section(lesson: str, section: str) -> str:
    there = sections(lesson)
    if not section.isdigit() or int(section) not in there:
        known = ", ".join(map(str, there))
        raise ValueError(f"section of lesson {lesson} must be one of {known}, got {section!r}")
    return text("report/section", section=section, title=there[int(section)])
