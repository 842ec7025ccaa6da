"""The local file that remembers what was chosen and passed. Nothing leaves the machine."""

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from xaicourse.core.files import locked, write_atomically
from xaicourse.core.places import work_folder

__all__ = [
    "look", "progress_file", "read_progress", "store_check", "store_prediction", "store_pretest",
    "store_review",
]  # fmt: skip

NAME = ".progress.json"
PARTS = ("predictions", "checks")
LATER = ("reviews", "pretest")  # parts that are there from their first entry on
OWN = {"first": "predictions", "tries": "checks", "turn": "reviews"}  # what only they have
ENTRY = re.compile(r'"([^"\n]+)":\s*(\{[^{}]*\})')


def progress_file() -> Path:
    """Return where progress is kept: XAICOURSE_PROGRESS, the work folder, or the user's data.

    Raises
    ------
    FileNotFoundError
        If the user has no home folder to keep it in.
    """
    try:
        if given := os.environ.get("XAICOURSE_PROGRESS"):
            return Path(given).expanduser()
        work = work_folder()
        return _user_data() / "progress.json" if work is None else work / NAME
    except RuntimeError as error:  # Path.home() of a user who has none
        raise FileNotFoundError(f"there is no place to keep progress: {error}") from error


def _user_data() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "xaicourse"


def read_progress(file: Path) -> dict[str, Any]:
    """Return the content of a progress file, with what other versions of the course keep in it.

    Raises
    ------
    OSError
        If the file is there and cannot be read now. It may be whole: nothing may replace it.
    ValueError
        If it was read, and it is damaged.
    """
    try:
        stored = json.loads(file.read_bytes())  # UTF-8, or what Windows' programs make of it
    except FileNotFoundError:
        stored = {}
    except RecursionError as error:
        raise ValueError(f"{file.name} is nested too deeply") from error
    stored = {"version": 1, **_no_parts(), **stored} if _is_table(stored) else None
    parts = [] if stored is None else [stored.get(part, {}) for part in (*PARTS, *LATER)]
    if stored is None or not all(map(_is_table, parts)):
        raise ValueError(f"{file.name} holds no record of progress")
    return stored | {part: dict(stored[part]) for part in PARTS}


def look(file: Path) -> tuple[dict[str, Any], bool]:
    """Return what can be read of a record, and whether that is all of it. Nothing is changed."""
    try:
        return read_progress(file), True
    except ValueError:
        return _whole_entries(file.read_bytes()), False


def _whole_entries(content: bytes) -> dict[str, Any]:
    """Return the entries of a damaged record that can be read, each by itself."""
    progress: dict[str, Any] = {"version": 1, **_no_parts()}
    for name, text in ENTRY.findall(content.decode(errors="replace")):
        with contextlib.suppress(ValueError, RecursionError):
            entry = json.loads(text)
            for part in (OWN[key] for key in OWN if key in entry):
                progress.setdefault(part, {})[name] = entry
    return progress


def _no_parts() -> dict[str, dict[str, Any]]:
    return {part: {} for part in PARTS}


def _is_table(thing: Any) -> bool:
    return isinstance(thing, dict)


def store_prediction(question: str, choice: str, asked: str | None = None) -> bool:
    """Store a vote; the first one is kept beside the last. Return whether it was stored.

    `asked` marks the wording of the question. A vote on another wording is no first vote on this
    one: it is kept under "earlier".
    """

    def change(progress: dict[str, Any]) -> None:
        old = _entry(progress["predictions"], question)
        if asked is not None and "first" in old and old.get("asked") != asked:
            before = old.get("earlier")
            before = before if isinstance(before, list) else []
            old = {"earlier": [*before, old["first"]]}
        mark = {} if asked is None else {"asked": asked}
        progress["predictions"][question] = {"first": choice, **old, **mark, "last": choice}

    return _update(change)


def store_check(task: str, *, passed: bool, counted: bool) -> bool:
    """Store that a task was tried and whether it passed. Return whether it was stored."""

    def change(progress: dict[str, Any]) -> None:
        old = _entry(progress["checks"], task)
        tries = old.get("tries", 0) if isinstance(old.get("tries"), int) else 0
        progress["checks"][task] = {
            **old,
            "tries": tries + 1,
            "passed": bool(old.get("passed")) or passed,
            "counted": bool(old.get("counted")) or (passed and counted),
        }

    return _update(change)


def store_review(item: str, choice: str, *, right: bool) -> bool:
    """Store an answer to a review question, apart from predictions. Return whether it was stored.

    "turn" counts the answers of all items, so that the longest ago is known without a clock.
    """

    def change(progress: dict[str, Any]) -> None:
        reviews = progress.setdefault("reviews", {})
        turns = [
            turn for name in reviews if isinstance(turn := _entry(reviews, name).get("turn"), int)
        ]
        old = _entry(reviews, item)
        count = {key: n for key in ("asked", "right") if isinstance(n := old.get(key), int)}
        reviews[item] = {
            **old,
            "asked": count.get("asked", 0) + 1,
            "right": count.get("right", 0) + right,
            "last": choice,
            "last_right": right,
            "turn": max(turns, default=0) + 1,
        }

    return _update(change)


def store_pretest(choices: dict[str, str]) -> bool:
    """Store the answers to the pre-test: item -> letter. Return whether they were stored."""

    def change(progress: dict[str, Any]) -> None:
        progress["pretest"] = {**progress.get("pretest", {}), **choices}

    return _update(change)


def _entry(part: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(entry) if isinstance(entry := part.get(name), dict) else {}


def _update(change: Callable[[dict[str, Any]], None]) -> bool:
    """Read, change and write the file. A disk that cannot be written never stops a lesson."""
    if os.environ.get("XAICOURSE_TEST") == "1":
        return True
    try:
        file = progress_file()
        with locked(file):
            _change_file(file, change)
    except (OSError, MemoryError, RecursionError):  # what was there is there still
        return False
    return True


def _change_file(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    put_aside = None
    try:
        progress = read_progress(file)
    except ValueError:
        progress, _ = look(file)  # what of it is whole goes on
        put_aside = _put_aside(file)
    try:
        change(progress)
        write_atomically(file, (json.dumps(progress, indent=1, sort_keys=True) + "\n").encode())
    except BaseException:
        if put_aside is not None:
            put_aside.replace(file)
        raise


def _put_aside(file: Path) -> Path:
    """Rename a damaged file to NAME.damaged, .damaged2, ...: the first name that is free."""
    file = file.resolve()
    names = (f"{file.name}.damaged{number if number > 1 else ''}" for number in count(1))
    free = next(place for name in names if not os.path.lexists(place := file.with_name(name)))
    return file.rename(free)
