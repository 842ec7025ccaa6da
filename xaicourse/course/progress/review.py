"""Two questions from earlier lessons: what is asked again after a while stays longer."""

import html
import tomllib
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from xaicourse.core.near_names import suggest_names
from xaicourse.core.places import rooms
from xaicourse.course.grading.messages import text
from xaicourse.course.grading.wrapping import say
from xaicourse.course.progress import record
from xaicourse.course.progress.asking import Question, ask_in_terminal, chosen, display, note, show
from xaicourse.course.progress.cards import sections
from xaicourse.course.progress.names import known_name
from xaicourse.course.progress.standing import Standing, standing
from xaicourse.course.table import LESSONS

__all__ = ["due", "review", "review_in_terminal", "review_items"]

BACK = (1, 3)  # from how many lessons back a question is taken
_answered: set[str] = set()  # since they were asked last: only the first answer counts


@cache
def review_items() -> dict[str, dict[str, Any]]:
    """Return the questions of all rooms: id -> question, choices, right, why, section."""
    files = (room / "review.toml" for room in rooms())
    found = [tomllib.loads(f.read_text(encoding="utf-8")) for f in files if f.exists()]
    return {name: item for items in found for name, item in items.items()}


@suggest_names
def review(about: str | None = None, choice: str | None = None) -> None:
    """Ask two questions, one from the lesson before and one from three lessons back.

    Of each lesson the question comes first that was answered wrong last, then one that was never
    asked, then the one that was asked longest ago. The answer says what is right, why, and where
    it stands. Answers are kept in the local record, apart from predictions.

    Parameters
    ----------
    about : str, optional
        The lesson that you are in, such as "08"; the last one begun if left out. Or a question,
        such as "05.R1".
    choice : str, optional
        The letter of a choice, to answer the question where there are no buttons.

    Raises
    ------
    ValueError
        If there is no such lesson, question or choice.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.review("05.R2", "b")
    You chose b. Right is (a) it does not travel; from another baseline it may get a share.
    The distance is a factor of the formula, so 0 comes out whatever the slopes are. The
    baseline is part of the question: name it. It stands in lesson 05, section 6 (Compared
    with what?).
    """
    if choice is not None or (isinstance(about, str) and "." in about):
        name = known_name("review question", about, review_items())
        if choice is None:
            _ask(name)
        else:
            question = _question(name)
            say(question.answer(chosen(question, choice)))
        return
    names = due(standing(), about)
    if not names:
        note(text("review/nothing", command='xc.review("05")'))
    for name in names:
        _ask(name)


def review_in_terminal(lesson: str | None = None) -> None:
    """Ask the two questions at the command line, and read the answers."""
    names = due(standing(), lesson)
    if not names:
        say(text("review/nothing", command="xaicourse review 05"))
    _answered.difference_update(names)
    ask_in_terminal(_question(name) for name in names)


def due(found: Standing, lesson: str | None = None) -> list[str]:
    """Return the two questions whose turn it is, from one and from three lessons back."""
    if lesson is None and not found.begun:
        return []
    here = found.begun[-1] if lesson is None else str(lesson).strip().zfill(2)
    if here not in LESSONS:
        raise ValueError(f"lesson must be one of {', '.join(LESSONS)}, got {lesson!r}")
    before = [number for number in found.lessons if number < here]
    back = [number for number in before if number in found.begun]
    back = back or (before if lesson is not None else [])
    names: list[str] = []
    for far in BACK if back else ():
        of_lesson = back[max(0, len(back) - far)]
        items = [name for name in review_items() if name.startswith(f"{of_lesson}.")]
        names += sorted(set(items) - set(names), key=lambda name: _turn(found, name))[:1]
    return names


def _turn(found: Standing, name: str) -> tuple[int, int, str]:
    """Return what orders questions: wrong before never asked before right, longest ago first."""
    entry = found.reviews.get(name)
    if entry is None:
        return 1, 0, name
    turn = entry.get("turn")
    return 2 if entry.get("last_right") is True else 0, turn if isinstance(turn, int) else 0, name


def _ask(name: str) -> None:
    """Show a question, and folded below it where the answer stands."""
    _answered.discard(name)
    show(_question(name))
    display(_Place(name))


def _question(name: str) -> Question:
    item = review_items()[name]
    typed = text("review/typed", function="review", question=name)
    words = text("review/ask", lesson=name[:2], question=item["question"])
    return Question(name, words, item["choices"], partial(_answer, name), typed)


def _answer(name: str, letter: str) -> str:
    """Keep the first answer, and return what is said to it."""
    item = review_items()[name]
    right = item["right"]
    if name not in _answered:
        _answered.add(name)
        record.store_review(name, letter, right=letter == right)
    key = "review/right" if letter == right else "review/not_right"
    shown = f"({right}) {item['choices'][right]}."
    return f"{text(key, choice=letter, right=shown, why=item['why'])} {_where(name)}"


def _where(name: str) -> str:
    lesson, section = name[:2], review_items()[name]["section"]
    return text("review/where", lesson=lesson, section=section, title=sections(lesson)[section])


class _Place:
    """Where an answer stands: a folded link in a notebook in work/, nothing as text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return ""

    def _repr_html_(self) -> str:
        lesson, section = self.name[:2], review_items()[self.name]["section"]
        room = next(room.name for room in rooms() if room.name[1:3] == lesson)
        heading = f"{section} · {sections(lesson)[section]}".replace(" ", "-")
        link = f"../notebooks/{room[1:]}.ipynb#{quote(heading)}"
        words = html.escape(_where(self.name))
        return (
            f"<details><summary>{text('review/place')}</summary>"
            f'<a href="{link}">{words}</a></details>'
        )
