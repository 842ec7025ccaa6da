"""Which notebook `xaicourse open` shows: the one that was asked for, or where one left off."""

import hashlib
from pathlib import Path

from xaicourse.core.files import check_ordinary
from xaicourse.core.places import ISSUED, work_home
from xaicourse.course.checking.work import issued_file, read_manifest
from xaicourse.course.progress.record import PARTS, progress_file, read_progress

LESSONS, SHEETS = ISSUED


def landing(root: Path, lesson: str | None = None, *, sheet: bool = False) -> tuple[str, str]:
    """Choose the notebook to open.

    Without a lesson it is the lesson or sheet in work/ that was changed last; if none was changed,
    the last lesson with a prediction or a check in the record; otherwise the first lesson.

    Parameters
    ----------
    root : Path
        The clone of the course or what a wheel ships (see `issued_folder`).
    lesson : str, optional
        The lesson's number, "05" or "5".
    sheet : bool
        The exercise sheet instead of the lesson.

    Returns
    -------
    name : str
        The notebook below work/, for example "notebooks/05_integrated_gradients.ipynb".
    why : str
        Why this one, in a few words; empty if it was asked for.
    """
    why = ""
    if lesson is None:
        last, why = _where_one_left_off(root)
        if not sheet or last.startswith(f"{SHEETS}/"):
            return last, why
        lesson = Path(last).name[:2]
    file = issued_file(root, lesson, SHEETS if sheet else LESSONS)
    return file.relative_to(root).as_posix(), why


def _where_one_left_off(root: Path) -> tuple[str, str]:
    if changed := _changed_last(root):
        return changed, "you changed it last"
    known = sorted((root / LESSONS).glob("[0-9][0-9]_*.ipynb"))
    if not known:
        raise FileNotFoundError(f"there is no lesson in {root / LESSONS}")
    recorded = _lessons_in_record()
    if done := [file for file in known if file.name[:2] in recorded]:
        return f"{LESSONS}/{done[-1].name}", "the last lesson in your record"
    return f"{LESSONS}/{known[0].name}", "the first lesson"


def _changed_last(root: Path) -> str | None:
    """Return the copy that differs from what was copied, and was saved after all others."""
    saved, copied = {}, read_manifest(root)
    for issued in (file for folder in ISSUED for file in (root / folder).glob("*.ipynb")):
        name = issued.relative_to(root).as_posix()
        file = work_home(root) / "work" / name
        try:
            check_ordinary(file)
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            if content != copied.get(name, {}).get("copied"):
                saved[name] = file.stat().st_mtime
        except OSError:  # deleted, or not ours to read
            continue
    return max(saved, key=lambda name: saved[name], default=None)


def _lessons_in_record() -> set[str]:
    """Return the numbers of the lessons with a prediction ("05.P1") or a check ("05.1")."""
    try:
        progress = read_progress(progress_file())
    except (OSError, ValueError):
        return set()
    return {name.partition(".")[0] for part in PARTS for name in progress[part]}
