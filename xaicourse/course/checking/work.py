"""The student's copies: work/ holds what a student edits, and nothing there is ever overwritten.

Lessons and sheets are tracked files; edited in place, they would collide with the next update of
the course. So students open copies in work/, which git ignores. work/.xaicourse.json remembers
the sha256 of each file as it was copied, and that is how a changed copy is told from an old one.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xaicourse.core.files import write_atomically
from xaicourse.core.places import ISSUED, work_home

MANIFEST = ".xaicourse.json"


@dataclass(frozen=True)
class Change:
    """What happened to one file in work/: copied, updated, kept or restored."""

    file: str
    action: str
    message: str = ""


# ---------------------------------------------------------------- copies and updates


def open_work(root: Path) -> list[Change]:
    """Copy each lesson and sheet to work/, and update the copies that were never edited.

    Parameters
    ----------
    root : Path
        The clone of the course or what a wheel ships (see `issued_folder`).

    Returns
    -------
    list of Change
        One for each file that was copied, updated, or kept although a newer version exists.
        Nothing to report means that all copies are up to date.
    """
    copied, changes = _read_manifest(root), []
    for source in _course_files(root):
        name = source.relative_to(root).as_posix()
        change = _bring_up_to_date(root, name, source.read_bytes(), copied)
        if change:
            changes.append(change)
    _write_manifest(root, copied)
    return changes


def _bring_up_to_date(root: Path, name: str, issued: bytes, copied: dict) -> Change | None:
    """Copy, update or keep one file; `copied` (name -> sha256s) is brought up to date as well."""
    file, new = work_home(root) / "work" / name, _sha256(issued)
    if not file.exists():
        write_atomically(file, issued)
        copied[name] = {"copied": new}
        return Change(name, "copied")

    mine, known = _sha256(file.read_bytes()), copied.get(name, {})
    if mine == new:
        copied[name] = {"copied": new}
        return None
    if mine == known.get("copied"):  # never edited
        write_atomically(file, issued)
        copied[name] = {"copied": new}
        return Change(name, "updated")
    if new in (known.get("copied"), known.get("offered")):  # edited, and no newer version
        return None

    beside = _name_for_new_version(file, known.get("offered"))
    write_atomically(beside, issued)
    copied[name] = {**known, "offered": new}
    message = f"you edited it, so it stays; the course's new version is {beside.name} beside it"
    return Change(name, "kept", message)


def _name_for_new_version(file: Path, offered: str | None) -> Path:
    """NAME.new.ipynb; with a number when the student has edited an earlier NAME.new.ipynb."""
    number = 1
    while True:
        ending = ".new" if number == 1 else f".new{number}"
        beside = file.with_name(f"{file.stem}{ending}{file.suffix}")
        if not beside.exists() or _sha256(beside.read_bytes()) == offered:
            return beside
        number += 1


def _course_files(root: Path) -> list[Path]:
    """Return all lessons and sheets with what lies beside them, but no hidden files."""
    files = [file for folder in ISSUED for file in sorted((root / folder).rglob("*"))]
    hidden = [any(part.startswith(".") for part in f.relative_to(root).parts) for f in files]
    return [file for file, hides in zip(files, hidden, strict=True) if file.is_file() and not hides]


# ---------------------------------------------------------------- reset


def reset(root: Path, lesson: str, task: str | None = None, *, folder: str = "exercises") -> Change:
    """Give a sheet back as it was issued, and keep the student's version in work/backups/.

    Parameters
    ----------
    root : Path
        The clone of the course or what a wheel ships (see `issued_folder`).
    lesson : str
        The lesson's number, "05" or "5".
    task : str, optional
        Restore only the cells of this task, "05.2" or "2"; all other cells stay as they are.
    folder : {"exercises", "notebooks"}
        Restore the exercise sheet or the lesson.

    Returns
    -------
    Change
        What was done, and where the backup is.
    """
    source = _file_of_lesson(root, lesson, folder)
    name = source.relative_to(root).as_posix()
    file = work_home(root) / "work" / name
    issued = source.read_bytes()
    restored = issued
    if not file.exists():
        task = None  # there is nothing to keep: the whole sheet
    if task is not None:
        task = _task_name(source.name[:2], task)
        restored = _restore_task(_notebook(source), _notebook(file), task)

    message = "as issued by the course" if task is None else f"task {task} as issued by the course"
    if file.exists():
        if file.read_bytes() == restored:
            return Change(name, "restored", f"{message}; it already was")
        message += f"; your version is kept in {_keep_backup(root, file).as_posix()}"
    write_atomically(file, restored)
    if restored == issued:
        copied = _read_manifest(root)
        copied[name] = {"copied": _sha256(issued)}
        _write_manifest(root, copied)
    return Change(name, "restored", message)


def _file_of_lesson(root: Path, lesson: str, folder: str) -> Path:
    """Return the notebook in `folder` whose name begins with the lesson's number."""
    if folder not in ISSUED:
        raise ValueError(f"folder must be one of {', '.join(ISSUED)}, got {folder!r}")
    known = {file.name[:2]: file for file in sorted((root / folder).glob("[0-9][0-9]_*.ipynb"))}
    number = re.match(r"\d{1,2}(?!\d)", lesson)
    source = known.get(number.group().zfill(2)) if number else None
    if source is None:
        there = ", ".join(known) or "none"
        raise ValueError(f"lesson must be one of those in {folder}/ ({there}), got {lesson!r}")
    return source


def _task_name(lesson: str, task: str) -> str:
    """Complete "2" to "05.2", and refuse a task of another lesson."""
    number, _, item = task.rpartition(".")
    if number and number.zfill(2) != lesson:
        raise ValueError(
            f"task must belong to lesson {lesson}, for example {lesson}.1; got {task!r}"
        )
    return f"{lesson}.{item}"


def _restore_task(issued: dict[str, Any], mine: dict[str, Any], task: str) -> bytes:
    """Put the issued cells of one task in place of the student's, and keep all other cells.

    Cells are known by their ids. A cell that the student deleted comes back behind the cell that
    stands before it in the issued sheet; copies of the task's cells are removed.
    """
    fresh = {cell["id"]: cell for cell in issued["cells"] if _task_of(cell) == task}
    if not fresh:
        known = sorted({name for cell in issued["cells"] if (name := _task_of(cell))})
        raise ValueError(f"task must be one of {', '.join(known) or 'none'}, got {task!r}")

    cells = [
        fresh.get(cell.get("id"), cell)
        for cell in mine["cells"]
        if cell.get("id") in fresh or _task_of(cell) != task
    ]
    order = [cell["id"] for cell in issued["cells"]]
    for name, cell in fresh.items():
        here = [kept.get("id") for kept in cells]
        if name not in here:
            before = [other for other in order[: order.index(name)] if other in here]
            cells.insert(here.index(before[-1]) + 1 if before else 0, cell)
    text = json.dumps({**mine, "cells": cells}, indent=1, ensure_ascii=False)
    return (text + "\n").encode()


def _task_of(cell: dict[str, Any]) -> str | None:
    """Return the task that a cell's metadata names, for example "05.2"."""
    return cell.get("metadata", {}).get("xaicourse", {}).get("task")


def _notebook(file: Path) -> dict[str, Any]:
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(notebook["cells"], list):
            return notebook
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(
        f"{file.name} is no readable notebook any more; "
        f"`xaicourse reset {file.name[:2]}` restores the whole of it and keeps a backup"
    )


def _keep_backup(root: Path, file: Path) -> Path:
    """Copy a file to work/backups/FOLDER/NAME_DATE_TIME.ipynb; return that path from the root."""
    folder = work_home(root) / "work" / "backups" / file.parent.name
    stamp = datetime.now().strftime("%Y-%m-%d_%H%M%S")
    backup, number = folder / f"{file.stem}_{stamp}{file.suffix}", 2
    while backup.exists():
        backup = folder / f"{file.stem}_{stamp}_{number}{file.suffix}"
        number += 1
    write_atomically(backup, file.read_bytes())
    return backup.relative_to(work_home(root))


# ---------------------------------------------------------------- files


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_manifest(root: Path) -> dict[str, dict[str, str]]:
    """Return what was copied. An unreadable manifest counts as empty: then all copies are kept."""
    try:
        files = json.loads((work_home(root) / "work" / MANIFEST).read_text(encoding="utf-8"))[
            "files"
        ]
        return {name: dict(sums) for name, sums in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_manifest(root: Path, copied: dict[str, dict[str, str]]) -> None:
    text = json.dumps({"files": copied}, indent=1, sort_keys=True)
    write_atomically(work_home(root) / "work" / MANIFEST, (text + "\n").encode())
