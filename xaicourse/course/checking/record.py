"""The local file that remembers predictions and passed tasks. Nothing leaves the machine."""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from xaicourse.core.files import write_atomically

__all__ = ["progress_file", "read_progress", "store_check", "store_prediction"]

NAME = ".progress.json"


def progress_file() -> Path:
    """Return where progress is kept: XAICOURSE_PROGRESS, the work folder, or the user's data."""
    if given := os.environ.get("XAICOURSE_PROGRESS"):
        return Path(given).expanduser()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if folder.name == "work" and (folder.parent / "xaicourse").is_dir():
            return folder / NAME
        if (folder / "work").is_dir() and (folder / "xaicourse").is_dir():
            return folder / "work" / NAME
    return _user_data() / "progress.json"


def _user_data() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "xaicourse"


def read_progress(file: Path) -> dict[str, Any]:
    """Return the content of a progress file; an empty one if there is none or it is damaged."""
    progress: dict[str, Any] = {"version": 1, "predictions": {}, "checks": {}}
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return progress
    for part in ("predictions", "checks"):
        if isinstance(stored, dict) and isinstance(stored.get(part), dict):
            progress[part] = stored[part]
    return progress


def store_prediction(question: str, choice: str) -> bool:
    """Store a vote; the first one is kept beside the last. Return whether it was stored."""

    def change(progress: dict[str, Any]) -> None:
        vote = progress["predictions"].get(question, {})
        first = vote.get("first", choice) if isinstance(vote, dict) else choice
        progress["predictions"][question] = {"first": first, "last": choice}

    return _update(change)


def store_check(task: str, *, passed: bool, counted: bool) -> bool:
    """Store that a task was tried and whether it passed. Return whether it was stored."""

    def change(progress: dict[str, Any]) -> None:
        old = progress["checks"].get(task)
        old = old if isinstance(old, dict) else {}
        tries = old.get("tries", 0) if isinstance(old.get("tries"), int) else 0
        progress["checks"][task] = {
            "tries": tries + 1,
            "passed": bool(old.get("passed")) or passed,
            "counted": bool(old.get("counted")) or (passed and counted),
        }

    return _update(change)


def _update(change: Any) -> bool:
    """Read, change and write the file. A disk that cannot be written never stops a lesson."""
    if os.environ.get("XAICOURSE_TEST") == "1":
        return True
    file = progress_file()
    progress = read_progress(file)
    if file.exists() and not _is_sound(file):
        with contextlib.suppress(OSError):
            file.replace(file.with_name(file.name + ".damaged"))
    change(progress)
    try:
        write_atomically(file, (json.dumps(progress, indent=1, sort_keys=True) + "\n").encode())
    except OSError:
        return False
    return True


def _is_sound(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
    except (OSError, ValueError):
        return False
