"""The catalogue of all messages that a student sees: `words.toml`, ready to be translated."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["entry", "text", "with_places"]


@cache
def _catalogue() -> dict[str, Any]:
    file = resources.files("xaicourse.course.grading") / "words.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def entry(key: str) -> Any:
    """Return what stands in the catalogue under a key such as "tasks/05.2/hints"."""
    value = _catalogue()
    for part in key.split("/"):
        if not isinstance(value, dict) or part not in value:
            raise KeyError(f"words.toml has no entry {key!r} ({part!r} is missing)")
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
