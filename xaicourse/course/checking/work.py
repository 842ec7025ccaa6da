"""The student's copies: work/ holds what a student edits, and nothing there is ever overwritten.

Lessons and sheets are tracked files; edited in place, they would collide with the next update of
the course. So students open copies in work/, which git ignores: lessons in the form that
`work_form` gives them, pages in that of `page_form`, all else byte by byte. work/.xaicourse.json
remembers the sha256 of each file as it was written, and that is how a changed copy is told from an
old one.
"""

import errno
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xaicourse.core.files import check_ordinary, locked, write_atomically, write_new
from xaicourse.core.places import COPIES, ISSUED, pages, work_home
from xaicourse.course.checking.page_form import page_form
from xaicourse.course.checking.work_form import as_bytes, work_form

MANIFEST = COPIES
LESSONS, SHEETS = ISSUED
NO_NOTEBOOK = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
TRIES = 5  # at a file that another program writes at the same time


@dataclass(frozen=True)
class Change:
    """What happened to one file in work/: copied, updated, kept, restored or left (untouched)."""

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
    with locked(_manifest_file(root)):
        copied, changes = read_manifest(root), []
        issued = {f.relative_to(root).as_posix(): _issued(root, f) for f in _course_files(root)}
        missing = [name for name in issued if _is_missing(work_home(root) / "work" / name)]
        copied |= {name: {"copied": _sha256(issued[name])} for name in missing}
        _write_manifest(root, copied)  # before the copies: a killed copying is taken up again
        for name, content in issued.items():
            try:
                change = _bring_up_to_date(root, name, content, copied)
            except OSError as error:  # a folder of that name, no permission: the others go on
                change = Change(name, "left", f"it could not be read or written: {error}")
            if change:
                changes.append(change)
        _write_manifest(root, copied)
    return changes


def _bring_up_to_date(root: Path, name: str, issued: bytes, copied: dict) -> Change | None:
    """Copy, update or keep one file; `copied` (name -> sha256s) is brought up to date as well."""
    file, new = work_home(root) / "work" / name, _sha256(issued)
    if not file.exists():
        write_atomically(file, issued) if file.is_symlink() else write_new(file, issued)
        copied[name] = {"copied": new}
        return Change(name, "copied")

    check_ordinary(file)
    mine, known = _sha256(file.read_bytes()), copied.get(name, {})
    if mine == new:
        copied[name] = {"copied": new}
        return None
    if mine == known.get("copied"):  # never edited
        kept = _exchange(root, file, mine, issued)
        copied[name] = {"copied": new}
        return Change(name, "updated", kept)
    if new in (known.get("copied"), known.get("offered")):  # edited, and no newer version
        return None

    beside = _name_for_new_version(file, known.get("offered"), new)
    if beside.exists():
        _exchange(root, beside, _sha256(beside.read_bytes()), issued)
    else:
        write_new(beside, issued)
    copied[name] = {**known, "offered": new}
    message = f"you edited it, so it stays; the course's new version is {beside.name} beside it"
    return Change(name, "kept", message)


def _exchange(root: Path, file: Path, old: str, content: bytes) -> str:
    """Replace content that is not the student's; say where theirs is, if it was saved meanwhile."""
    backup = _replace(root, file, content)
    if backup is None:
        return ""
    if _sha256((work_home(root) / backup).read_bytes()) == old:
        (work_home(root) / backup).unlink()
        return ""
    return f"it was saved at the same time; your version is kept in {backup.as_posix()}"


def _is_missing(file: Path) -> bool:
    try:
        return not file.exists()
    except OSError:  # we may not look there
        return False


def _name_for_new_version(file: Path, offered: str | None, new: str) -> Path:
    """NAME.new.ipynb; with a number when the student has edited an earlier NAME.new.ipynb."""
    number = 1
    while True:
        ending = ".new" if number == 1 else f".new{number}"
        beside = file.with_name(f"{file.stem}{ending}{file.suffix}")
        if not beside.exists() or _sha256(beside.read_bytes()) in (offered, new):
            return beside
        number += 1


def _course_files(root: Path) -> list[Path]:
    """Return lessons and sheets with what lies beside them, and the pages; no hidden files."""
    files = [file for folder in ISSUED for file in sorted((root / folder).rglob("*"))]
    files += pages(root)
    hidden = [any(part.startswith(".") for part in f.relative_to(root).parts) for f in files]
    return [file for file, hides in zip(files, hidden, strict=True) if file.is_file() and not hides]


def _issued(root: Path, file: Path) -> bytes:
    """Return what of a file goes to work/: lessons and pages in their form for work."""
    content = file.read_bytes()
    if file.suffix == ".md":
        return page_form(content.decode(), file, root).encode()
    if file.parent != root / LESSONS or file.suffix != ".ipynb":
        return content
    try:
        return as_bytes(work_form(json.loads(content)))
    except NO_NOTEBOOK:  # edited in place until nobody can read it
        return content


# ---------------------------------------------------------------- reset


def reset(root: Path, lesson: str, task: str | None = None, *, folder: str | None = None) -> Change:
    """Give a sheet back as it was issued, and keep the student's version in work/backups/.

    Parameters
    ----------
    root : Path
        The clone of the course or what a wheel ships (see `issued_folder`).
    lesson : str
        The lesson's number, "05" or "5".
    task : str, optional
        Restore only the cells of this task, "05.2" or "2"; all other cells stay as they are.
    folder : {"exercises", "notebooks"}, optional
        Restore the exercise sheet or the lesson. Without it, the sheet; a task is looked for in
        both.

    Returns
    -------
    Change
        What was done, and where the backup is.
    """
    if folder is None and task is not None:
        folder = _folder_of_task(root, lesson, task)
    source = issued_file(root, lesson, folder or SHEETS)
    with locked(_manifest_file(root)):
        return _reset(root, source, task)


def _folder_of_task(root: Path, lesson: str, task: str) -> str:
    """Return the folder whose notebook of this lesson holds the task."""
    known = set()
    for folder in (SHEETS, LESSONS):
        source = issued_file(root, lesson, folder)
        name = _task_name(source.name[:2], task)
        tasks = _tasks(_notebook(source, _issued(root, source)))
        if name in tasks:
            return folder
        known |= tasks
    raise _no_such_task(known, name)


def _reset(root: Path, source: Path, task: str | None) -> Change:
    name = source.relative_to(root).as_posix()
    file = work_home(root) / "work" / name
    check_ordinary(file)
    issued = _issued(root, source)
    restored = issued
    if not file.exists():
        task = None  # there is nothing to keep: the whole file
    if task is not None:
        task = _task_name(source.name[:2], task)
        restored = _restore_task(
            _notebook(source, issued), _notebook(file, file.read_bytes()), task
        )

    message = "as issued by the course" if task is None else f"task {task} as issued by the course"
    if file.exists() and file.read_bytes() == restored:
        return Change(name, "restored", f"{message}; it already was")
    if backup := _replace(root, file, restored):
        message += f"; your version is kept in {backup.as_posix()}"
    if restored == issued:
        copied = read_manifest(root)
        copied[name] = {"copied": _sha256(issued)}
        _write_manifest(root, copied)
    return Change(name, "restored", message)


def issued_file(root: Path, lesson: str, folder: str) -> Path:
    """Return the issued notebook in `folder` whose name begins with the lesson's number.

    Parameters
    ----------
    root : Path
        The clone of the course or what a wheel ships (see `issued_folder`).
    lesson : str
        The lesson's number, "05" or "5".
    folder : {"exercises", "notebooks"}
        Whether the sheet or the lesson is wanted.

    Returns
    -------
    Path
        A file that exists.
    """
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
        raise _no_such_task(_tasks(issued), task)

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
    minor = mine.get("nbformat_minor")
    if isinstance(minor, int) and minor < 5:  # such notebooks have no ids yet
        cells = [_without_id(cell) if cell in fresh.values() else cell for cell in cells]
    return as_bytes({**mine, "cells": cells})


def _without_id(cell: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in cell.items() if key != "id"}


def _task_of(cell: dict[str, Any]) -> str | None:
    """Return the task that a cell's metadata names, for example "05.2"."""
    mark = _table(_table(cell.get("metadata")).get("xaicourse"))
    return task if isinstance(task := mark.get("task"), str) else None


def _tasks(notebook: dict[str, Any]) -> set[str]:
    return {name for cell in notebook["cells"] if (name := _task_of(cell))}


def _no_such_task(known: set[str], task: str) -> ValueError:
    return ValueError(f"task must be one of {', '.join(sorted(known)) or 'none'}, got {task!r}")


def _table(thing: Any) -> dict[str, Any]:
    return thing if isinstance(thing, dict) else {}


def _notebook(file: Path, content: bytes) -> dict[str, Any]:
    try:
        notebook = json.loads(content)
        if all(isinstance(cell.get("id"), str | None) for cell in notebook["cells"]):
            return notebook
    except NO_NOTEBOOK:
        pass
    option = " --lesson" * (file.parent.name == LESSONS)
    raise ValueError(
        f"{file.name} is no readable notebook any more; "
        f"`xaicourse reset {file.name[:2]}{option}` restores the whole of it and keeps a backup"
    )


def _replace(root: Path, file: Path, content: bytes) -> Path | None:
    """Rename a file to its backup, then write the new one; return the backup's path from the root.

    JupyterLab may save the old notebook once more in between: then that becomes a backup, too.
    """
    first = None
    like = file.stat() if file.exists() else None
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_symlink():  # stays a link: what it points to is copied, then written
        if like is not None:
            first = _backup_name(root, file)
            write_new(first, file.read_bytes(), like)
        write_atomically(file, content)
        return first and first.relative_to(work_home(root))
    for _ in range(TRIES):
        backup = _rename(file, _backup_name(root, file)) if file.exists() else None
        first = first or backup
        try:
            write_new(file, content, like)
            return first and first.relative_to(work_home(root))
        except FileExistsError:
            continue
        except OSError:
            if backup is not None and not file.exists():
                _rename(backup, file)
            raise
    raise OSError(f"{file.name} is written again and again by another program; close it first")


def _rename(file: Path, name: Path) -> Path:
    """Rename a file; to another disk it is copied, after it was renamed beside its old place."""
    try:
        return file.rename(name)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    aside = file.rename(file.with_name(f".{file.stem}.{secrets.token_hex(4)}{file.suffix}"))
    write_new(name, aside.read_bytes(), aside.stat())
    aside.unlink()
    return name


def _backup_name(root: Path, file: Path) -> Path:
    """Return a free name work/backups/FOLDER/NAME_DATE_TIME.ipynb."""
    folder = work_home(root) / "work" / "backups" / file.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("%Y-%m-%d_%H%M%S")
    backup, number = folder / f"{file.stem}_{stamp}{file.suffix}", 2
    while backup.exists():
        backup = folder / f"{file.stem}_{stamp}_{number}{file.suffix}"
        number += 1
    return backup


# ---------------------------------------------------------------- files


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_manifest(root: Path) -> dict[str, dict[str, str]]:
    """Return what was copied. An unreadable manifest counts as empty: then all copies are kept.

    Parameters
    ----------
    root : Path
        The clone of the course or what a wheel ships (see `issued_folder`).

    Returns
    -------
    dict of dict
        name -> "copied", and "offered" if a newer version was, each with the sha256 of its bytes.
    """
    try:
        files = json.loads(_manifest_file(root).read_text(encoding="utf-8"))["files"]
        return {name: dict(sums) for name, sums in files.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _manifest_file(root: Path) -> Path:
    return work_home(root) / "work" / MANIFEST


def _write_manifest(root: Path, copied: dict[str, dict[str, str]]) -> None:
    text = json.dumps({"files": copied}, indent=1, sort_keys=True)
    write_atomically(_manifest_file(root), (text + "\n").encode())
