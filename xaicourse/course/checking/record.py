"""The local file that remembers predictions and passed tasks. Nothing leaves the machine."""

import contextlib
import json
import os
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from xaicourse.core.files import locked, write_atomically

__all__ = ["progress_file", "read_progress", "store_check", "store_prediction"]

NAME = ".progress.json"
PARTS = ("predictions", "checks")


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
        return _in_work_folder() or _user_data() / "progress.json"
    except RuntimeError as error:  # Path.home() of a user who has none
        raise FileNotFoundError(f"there is no place to keep progress: {error}") from error


def _in_work_folder() -> Path | None:
    """Return the record in the work folder of the clone in which we are, if we are in one."""
    with contextlib.suppress(OSError):  # the folder was deleted, or we may not look around there
        here = Path.cwd()
        for folder in (here, *here.parents):
            if folder.name == "work" and (folder.parent / "xaicourse").is_dir():
                return folder / NAME
            if (folder / "work").is_dir() and (folder / "xaicourse").is_dir():
                return folder / "work" / NAME
    return None


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
    if stored is None or not all(_is_table(stored[part]) for part in PARTS):
        raise ValueError(f"{file.name} holds no record of progress")
    return stored | {part: dict(stored[part]) for part in PARTS}


def _no_parts() -> dict[str, dict[str, Any]]:
    return {part: {} for part in PARTS}


def _is_table(thing: Any) -> bool:
    return isinstance(thing, dict)


def store_prediction(question: str, choice: str) -> bool:
    """Store a vote; the first one is kept beside the last. Return whether it was stored."""

    def change(progress: dict[str, Any]) -> None:
        old = progress["predictions"].get(question)
        old = old if isinstance(old, dict) else {}
        progress["predictions"][question] = {"first": choice, **old, "last": choice}

    return _update(change)


def store_check(task: str, *, passed: bool, counted: bool) -> bool:
    """Store that a task was tried and whether it passed. Return whether it was stored."""

    def change(progress: dict[str, Any]) -> None:
        old = progress["checks"].get(task)
        old = old if isinstance(old, dict) else {}
        tries = old.get("tries", 0) if isinstance(old.get("tries"), int) else 0
        progress["checks"][task] = {
            **old,
            "tries": tries + 1,
            "passed": bool(old.get("passed")) or passed,
            "counted": bool(old.get("counted")) or (passed and counted),
        }

    return _update(change)


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
        put_aside = _put_aside(file)
        progress = {"version": 1, **_no_parts()}
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
