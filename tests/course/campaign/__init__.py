"""A campaign against the course: attacks on records, work copies, data, kernels, panels, checker.

``python -m tests.course.campaign`` makes all of them and prints the table; those that are quick and
always go the same way are tests as well. An attack holds if its function returns. None of them may
be weakened: mend what it finds.
"""

import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["ATTACKS", "Attack", "NotHere", "attack", "in_child", "interrupted", "lines_of", "made"]

KINDS = ("records", "work", "data", "kernels", "panels", "checker")


class NotHere(Exception):
    """This machine has no means for the attack (another user, a small disk)."""


@dataclass(frozen=True)
class Attack:
    """One attack; `slow` ones are left to the campaign itself."""

    kind: str
    name: str
    run: Callable[..., None]
    case: tuple
    slow: bool
    fault: str | None


ATTACKS: dict[str, Attack] = {}


def attack(
    kind: str, cases: Iterable[Any] = (), *, slow: bool = False, fault: str | None = None
) -> Callable:
    """Enter a function(place, patch, *case) in the table, once a case."""

    def enter(function: Callable) -> Callable:
        for number, case in enumerate(cases) if cases else [(None, ())]:
            name = f"{kind}/{function.__name__}"
            if number is not None:
                word = case if isinstance(case, str | int) else number
                name += f"/{''.join(c if c.isalnum() else '_' for c in str(word))[:30]}"
            while name in ATTACKS:
                name += "_"
            given = () if number is None else (case,)
            ATTACKS[name] = Attack(kind, name, function, given, slow, fault)
        return function

    return enter


@contextmanager
def made(attack: Attack):
    """Give an attack its folder and its patches, and clear up after it."""
    place = Path(tempfile.mkdtemp(prefix="campaign_"))
    here, mask = Path.cwd(), os.umask(0o022)
    os.umask(mask)
    patch = pytest.MonkeyPatch()
    patch.setenv("XAICOURSE_TEST", "0")
    patch.setenv("XAICOURSE_PROGRESS", str(place / "p.json"))
    try:
        yield place, patch
    finally:
        patch.undo()
        os.umask(mask)
        os.chdir(here)
        shutil.rmtree(place, ignore_errors=True)


def in_child(body: Callable[[], Any], user: int | None = None) -> Any:
    """Run a function in a forked copy, as another user if asked; return what it returned."""
    if user is not None and os.geteuid() != 0:
        raise NotHere("needs root, to become another user")
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            result = (True, body())
        except BaseException as error:
            result = (False, f"{type(error).__name__}: {error}")
        with os.fdopen(writing, "wb") as stream:
            stream.write(pickle.dumps(result))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        content = stream.read()
    os.waitpid(child, 0)
    if not content:
        return None  # it was killed
    fine, result = pickle.loads(content)
    assert fine, result
    return result


def lines_of(body: Callable[[], Any], files: tuple[str, ...], after: int) -> bool:
    """Run a function in a copy that dies, as from kill -9, after so many lines of these files.

    Returns whether it died; it did not if the function has fewer lines.
    """

    def run():
        left = [after]

        def look(frame, event, argument):
            if not frame.f_code.co_filename.endswith(files):
                return None
            if event == "line":
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), 9)
            return look

        sys.settrace(look)
        body()
        sys.settrace(None)
        return True

    return in_child(run) is None


def interrupted(body: Callable[[], Any], files: tuple[str, ...], after: int) -> bool:
    """Run a function that is interrupted, as by Ctrl-C, after so many lines of these files.

    Returns whether it came to its end.
    """
    left, old = [after], sys.gettrace()

    def look(frame, event, argument):
        if not frame.f_code.co_filename.endswith(files):
            return None
        if event == "line":
            left[0] -= 1
            if left[0] == -1:
                raise KeyboardInterrupt
        return look

    sys.settrace(look)
    try:
        body()
    except KeyboardInterrupt:
        return False
    finally:
        sys.settrace(old)
    return True
