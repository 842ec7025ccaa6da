"""The catalogue of all messages that a student sees, ready to be translated.

The sentences that all tasks share stand in `words.toml` beside this file, those of one lesson
in the `words.toml` of its room, or beside the mistakes that they name, in its task files.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from xaicourse.core.places import rooms

__all__ = ["catalogue", "enter", "entry", "text", "with_places"]

GENERAL = Path(__file__).with_name("words.toml")


_entered: set[str] = set()  # tasks whose words stand in their task file


@cache
def catalogue() -> dict[str, Any]:
    """Return all messages: those of words.toml, and those that tasks have entered so far."""
    whole: dict[str, Any] = {"sections": {}, "tasks": {}}
    for file in (GENERAL, *(room / "words.toml" for room in rooms())):
        if file.exists():
            for part, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
                whole.setdefault(part, {}).update(words)
    return whole


def enter(task: str, words: Mapping[str, Any]) -> None:
    """Enter the messages of a task that stand in its own file."""
    if task in catalogue()["tasks"] and task not in _entered:
        raise ValueError(f"task {task} has words both in words.toml and in its own file")
    _entered.add(task)
    catalogue()["tasks"][task] = words


def entry(key: str) -> Any:
    """Return what stands in the catalogue under a key such as "tasks/05.2/hints"."""
    value = catalogue()
    for part in key.split("/"):
        if not isinstance(value, dict) or part not in value:
            raise KeyError(f"the catalogue has no entry {key!r} ({part!r} is missing)")
        value = value[part]
    return value


def text(key: str, **fields: Any) -> str:
    """Return a message with its fields filled in; {section_...} names a place in the lesson."""
    return entry(key).format(**_places(), **fields)


def with_places(template: str) -> str:
    """Return a hint, which may hold braces of its own, with its {section_...} filled in."""
    for name, place in _places().items():
        template = template.replace(f"{{{name}}}", place)
    return template


def _places() -> dict[str, str]:
    return {f"section_{name}": place for name, place in entry("sections").items()}
