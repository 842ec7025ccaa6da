"""In which lesson each method and metric is taught: the course, far above, says it."""

from collections.abc import Mapping
from typing import Any

__all__ = ["LESSON_OF", "name_lessons", "say_lesson"]

LESSON_OF: dict[str, str] = {}  # name -> number of its lesson: see `name_lessons`
_WORDS: dict[str, str] = {}  # number -> "14 (to come)"
_READ: dict[str, Any] = {}  # the methods and metrics whose files were read so far


def name_lessons(lessons: Mapping[str, str], words: Mapping[str, str] | None = None) -> None:
    """Take from above which lesson introduces what, for records and for docstrings.

    `words` says how a lesson is told to a reader: some are still to come.
    """
    LESSON_OF.update(lessons)
    _WORDS.update(words or {})
    for function in _READ.values():
        say_lesson(function)


def say_lesson(function: Any) -> None:
    """Put its lesson into the docstring of a method or a metric, as soon as it is known."""
    name, text = function.__name__, function.__doc__
    _READ[name] = function
    number = LESSON_OF.get(name, "")
    line = f"Lesson {_WORDS.get(number, number)}."
    if name in LESSON_OF and text and line not in text:
        function.__doc__ = text.replace("\n\nParameters\n", f"\n\n{line}\n\nParameters\n", 1)
