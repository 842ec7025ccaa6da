"""The lessons of the course, read from the room.toml of each room and from planned.toml."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from xaicourse.core.lesson_of import name_lessons
from xaicourse.core.places import rooms

__all__ = ["LESSONS", "LESSON_OF", "TRACKS", "Lesson", "depths", "in_words", "read_room", "way"]

PLANNED = Path(__file__).with_name("planned.toml")


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    number : str
        Two digits, in the order of the ideas.
    title : str
        A few words.
    needs : tuple of str
        Numbers of the lessons that must come first.
    status : str
        "ready" or "planned".
    minutes : int
        How long a reader needs; 0 if nobody knows yet.
    methods : tuple of str
        The methods and metrics that it introduces.
    optional : bool
        Whether a reader who is short of time may skip it.
    """

    number: str
    title: str
    needs: tuple[str, ...] = ()
    status: Literal["ready", "planned"] = "planned"
    minutes: int = 0
    methods: tuple[str, ...] = ()
    optional: bool = False


@cache
def read_room(room: Path) -> dict[str, Any]:
    """Return what stands in a room's room.toml."""
    return tomllib.loads((room / "room.toml").read_text(encoding="utf-8"))


def cards() -> dict[str, dict[str, Any]]:
    """Return number -> card, in the order of the numbers: lessons that are there or planned."""
    planned = tomllib.loads(PLANNED.read_text(encoding="utf-8"))
    found = {room.name[1:3]: read_room(room) for room in rooms()} | planned
    return dict(sorted(found.items()))


def lesson(number: str, card: Mapping[str, Any]) -> Lesson:
    """Make a lesson of its card."""
    return Lesson(
        number,
        card["title"],
        tuple(card["needs"]),
        card.get("status", "planned"),
        card.get("minutes", 0),
        tuple(card.get("methods", ())),
        card.get("optional", False),
    )


def tracks() -> dict[str, tuple[str, ...]]:
    """Return the ways through the course: name -> numbers of its lessons in their order."""
    places: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, card in cards().items():
        for name, place in card.get("tracks", {}).items():
            places[name].append((place, number))
    found = {name: tuple(n for _, n in sorted(pairs)) for name, pairs in sorted(places.items())}
    return {**found, "all": tuple(LESSONS)}


def way(track: str) -> str:
    """Return a track in words: lessons of one lab are joined, and some are still to come.

    >>> way("workshop")
    '00, 01, 05, 02, 04'
    """
    places: dict[int, list[str]] = defaultdict(list)
    for number, card in cards().items():
        if track in card.get("tracks", {}):
            places[card["tracks"][track]].append(in_words(number))
    return ", ".join(" + ".join(places[place]) for place in sorted(places))


def in_words(number: str) -> str:
    """Return the number of a lesson, as one tells it to a reader.

    >>> in_words("05"), in_words("18")
    ('05', '18 (to come)')
    """
    return number if LESSONS[number].status == "ready" else f"{number} (to come)"


LESSONS: dict[str, Lesson] = {number: lesson(number, card) for number, card in cards().items()}
TRACKS = tracks()  # no lesson of a track needs one that the track skips
# name of a method or metric -> the number of its lesson
LESSON_OF = {name: one.number for one in LESSONS.values() for name in one.methods}
name_lessons(LESSON_OF, {number: in_words(number) for number in LESSONS})


def depths(lessons: Mapping[str, Lesson] | Sequence[Lesson] = LESSONS) -> dict[str, int]:
    """Return number -> how many lessons stand one behind the other before it.

    >>> depths()["05"]
    2
    """
    table = lessons if isinstance(lessons, Mapping) else {one.number: one for one in lessons}
    found: dict[str, int] = {}

    def depth(number: str, path: tuple[str, ...]) -> int:
        if number in path:
            raise ValueError(f"lessons need each other in a circle: {' -> '.join((*path, number))}")
        if number not in table:
            raise ValueError(f"lesson {path[-1]} needs lesson {number}, which does not exist")
        if number not in found:
            before = [depth(needed, (*path, number)) for needed in table[number].needs]
            found[number] = 1 + max(before, default=-1)
        return found[number]

    for number in table:
        depth(number, ())
    return found
