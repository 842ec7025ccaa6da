"""In which lesson each method and metric is taught: the course, far above, says it."""

from collections.abc import Mapping
from typing import Any

__all__ = ["LESSON_OF", "name_lessons", "say_lesson"]

LESSON_OF: dict[str, str] = {}  # name -> number of its lesson: see `name_lessons`
_READ: dict[str, Any] = {}  # the methods and metrics whose files were read so far


def name_lessons(lessons: Mapping[str, str]) -> None:
    """Take from above which lesson introduces what, for records and for docstrings."""
    LESSON_OF.update(lessons)
    for function in _READ.values():
        say_lesson(function)


def say_lesson(function: Any) -> None:
    """Put its lesson into the docstring of a method or a metric, as soon as it is known."""
    name, text = function.__name__, function.__doc__
    _READ[name] = function
    line = f"Lesson {LESSON_OF.get(name)}."
    if name in LESSON_OF and text and line not in text:
        function.__doc__ = text.replace("\n\nParameters\n", f"\n\n{line}\n\nParameters\n", 1)
