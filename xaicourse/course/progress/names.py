"""Names of tasks and questions as students type them: "5.1" is 05.1."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

from xaicourse.course.grading import messages
from xaicourse.course.grading.wrapping import say
from xaicourse.course.progress.earlier import MOVED

__all__ = ["known_name"]

NUMBERED = re.compile(r"(\d{1,2})\.([PR]?)(\d{1,2})")  # lesson, P: prediction, R: review, number


def known_name(kind: str, given: Any, known: Iterable[str]) -> str:
    """Return the name that is meant, or say which ones are near.

    A name of an earlier version is told, and stands for the one in its place.

    Parameters
    ----------
    kind : str
        "task" or "question", for the message.
    given : object
        What the student typed.
    known : iterable of str
        The names that there are.

    Raises
    ------
    ValueError
        If no name is meant.

    >>> known_name("task", "5.1", ["05.1", "05.2"])
    '05.1'
    """
    known = list(known)
    name = spelled_out(str(given))
    if name in known and isinstance(given, str):
        return name
    if (now := MOVED.get(name)) in known and isinstance(given, str):
        say(messages.text("words/moved", old=name, new=now))
        return now
    shown = repr(given)[:40]
    if other := _of_another_kind(kind, name):
        raise ValueError(f"{kind} {shown} is unknown; {other}")
    lesson = f"{int(name):02}" if name.isdecimal() and len(name) <= 2 else name[:2]
    own = [each for each in known if each.startswith(f"{lesson}.")]  # of the lesson come first
    if name.isdecimal() and len(name) <= 2 and own:
        raise ValueError(f"{kind} {shown} is unknown; lesson {lesson} has {', '.join(own)}")
    near = [name] if name in known else sorted(difflib.get_close_matches(name, own or known, n=3))
    if near:
        raise ValueError(f"{kind} {shown} is unknown; did you mean {' or '.join(map(repr, near))}?")
    raise ValueError(
        f"{kind} {shown} is unknown; a {kind} has the number of its lesson, such as {known[0]!r}"
    )


def _of_another_kind(kind: str, name: str) -> str:
    """Say what to call for a prediction that is checked, or a task that is predicted."""
    found = NUMBERED.fullmatch(name)
    if found is not None and kind == "task" and found[2] == "P":
        return f"so are predictions called: xc.predict({name!r}, choice)"
    if found is not None and kind == "question" and not found[2]:
        return f"so are tasks called: xc.check({name!r}, answer)"
    return ""


def spelled_out(name: str) -> str:
    """Write the number of the lesson with two digits: "5.p1" becomes "05.P1"."""
    plain = "".join(name.split()).upper()
    found = NUMBERED.fullmatch(plain)
    if found is None:
        return plain
    lesson, kind, number = found.groups()
    return f"{int(lesson):02}.{kind}{int(number)}"
