"""Where one stands: what the record says of every lesson, and what comes next."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from xaicourse.course.progress import record
from xaicourse.course.progress.cards import Card, cards, goals
from xaicourse.course.progress.earlier import MOVED
from xaicourse.course.progress.predictions import questions, wording
from xaicourse.course.table import LESSONS

__all__ = ["OfLesson", "Standing", "standing"]


@dataclass(frozen=True)
class OfLesson:
    """What the record says of one lesson.

    Attributes
    ----------
    number, title : str
        The lesson.
    tasks : dict of str to str
        Task -> "passed", "passed, not counted" (with the library's own method), "tried" or "open".
    predictions : int
        How many predictions the lesson asks.
    answered, right : int
        How many have a first choice, and how many of these were right.
    older : int
        How many were answered in other words: an earlier version asked them. They are not judged.
    """

    number: str
    title: str
    tasks: dict[str, str]
    predictions: int
    answered: int
    right: int
    older: int

    @property
    def passed(self) -> int:
        """How many tasks are passed."""
        return sum(map(self.is_passed, self.tasks))

    @property
    def begun(self) -> bool:
        """Whether anything was tried or predicted."""
        return self.answered > 0 or any(state != "open" for state in self.tasks.values())

    def is_passed(self, task: str) -> bool:
        """Say whether a task is passed."""
        return self.tasks[task].startswith("passed")

    def of_goals(self) -> dict[str, list[Card]]:
        """Return each goal in words with the cards of the tasks that practise it."""
        return {
            words: [card for card in cards(self.number) if name in card.goals]
            for name, words in goals(self.number).items()
        }

    def reached(self) -> int:
        """Return for how many goals all tasks of the core are passed."""
        core = [[c for c in cs if not c.extra] or cs for cs in self.of_goals().values()]
        return sum(all(self.is_passed(card.task) for card in one) for one in core)

    def next_task(self) -> Card | None:
        """Return the first task of the core that is not passed."""
        open_ones = (c for c in cards(self.number) if not c.extra and not self.is_passed(c.task))
        return next(open_ones, None)


@dataclass(frozen=True)
class Standing:
    """What a record says.

    Attributes
    ----------
    file : Path
        The record.
    whole : bool
        Whether all of it could be read.
    odd : int
        How many entries could not be understood.
    lessons : dict of str to OfLesson
        The lessons that are ready, by their numbers.
    reviews : dict
        Review question -> how often it was answered ("asked", "right"), and how last.
    pretest : dict of str to str
        The answers to the pre-test: item -> letter.
    """

    file: Path
    whole: bool
    odd: int
    lessons: dict[str, OfLesson]
    reviews: dict[str, dict[str, Any]]
    pretest: dict[str, str] = field(default_factory=dict)

    @cached_property
    def begun(self) -> list[str]:
        """The numbers of the lessons that were begun."""
        return [number for number, one in self.lessons.items() if one.begun]

    @property
    def next_lesson(self) -> str | None:
        """The lesson to go on with; None if all tasks of the core are passed.

        It is the last one begun while it has open tasks. Then one whose needs were begun, the next
        by number first; then what was left open, and the optional ones.
        """
        open_ones = [n for n in self.begun if self.lessons[n].next_task() is not None]
        if open_ones and open_ones[-1] == self.begun[-1]:
            return open_ones[-1]
        new = [n for n in self.lessons if n not in self.begun]
        can = [n for n in new if set(LESSONS[n].needs) & set(self.lessons) <= set(self.begun)]
        can = [n for n in can if not LESSONS[n].optional]
        later = [n for n in can if not self.begun or n > self.begun[-1]]
        return next(iter([*later, *can, *open_ones, *new]), None)


def standing(file: Path | None = None) -> Standing:
    """Read a record, that of the reader if none is named. A missing one is an empty one."""
    file = record.progress_file() if file is None else file
    found, whole = record.look(file)
    checks, odd_checks = _understood(found["checks"], "tries", int)
    votes, odd_votes = _understood(found["predictions"], "first", str)
    reviews, odd_reviews = _understood(found.get("reviews", {}), "asked", int)
    lessons = {
        number: _of_lesson(number, checks, votes)
        for number, lesson in LESSONS.items()
        if lesson.status == "ready"
    }
    return Standing(
        file,
        whole,
        odd_checks + odd_votes + odd_reviews,
        lessons,
        reviews,
        {k: v for k, v in found.get("pretest", {}).items() if isinstance(v, str)},
    )


def _understood(part: dict[str, Any], key: str, kind: type) -> tuple[dict[str, Any], int]:
    """Return the entries of a part that can be understood, under today's ids, and how many not."""
    found: dict[str, dict[str, Any]] = {}
    odd = 0
    for name, entry in part.items():
        if not isinstance(entry, dict) or not isinstance(entry.get(key), kind):
            odd += 1
        elif name not in MOVED:
            found[name] = entry
    for old, new in MOVED.items():
        entry = part.get(old)
        if isinstance(entry, dict) and isinstance(entry.get(key), kind):
            found[new] = _joined(found.get(new, {}), entry)
    return found, odd


def _joined(now: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Join an entry with that of an earlier id: what was passed stays passed."""
    passed = {k: bool(now.get(k)) or bool(old.get(k)) for k in ("passed", "counted") if k in old}
    return {**old, **now, **passed}


def _of_lesson(number: str, checks: dict[str, Any], votes: dict[str, Any]) -> OfLesson:
    asked = {name: question for name, question in questions().items() if name[:2] == number}
    chosen = {name: votes[name] for name in asked if name in votes}
    same = {name for name, vote in chosen.items() if vote.get("asked") == wording(name)}
    return OfLesson(
        number,
        LESSONS[number].title,
        {card.task: _state(checks.get(card.task)) for card in cards(number)},
        len(asked),
        len(chosen),
        sum(chosen[name]["first"] == asked[name].get("right") for name in same),
        len(chosen) - len(same),
    )


def _state(check: dict[str, Any] | None) -> str:
    if check is None:
        return "open"
    if not check.get("passed"):
        return "tried"
    return "passed" if check.get("counted", True) else "passed, not counted"
