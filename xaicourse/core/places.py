"""Where data, lessons and a student's work lie: in a clone of the course, or in a wheel."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = [
    "answers_file", "course_folder", "data_folder", "issued_folder", "pages", "refresher_page",
    "rooms", "work_folder", "work_home",
]  # fmt: skip

PACKAGE = Path(__file__).resolve().parents[1]
COPIES = ".xaicourse.json"  # what `xaicourse open` writes down of its copies in work/
SHIPPED = "_shipped"  # in a wheel: the package's own data/, notebooks/ and exercises/
ISSUED = ("notebooks", "exercises")  # the lessons, the exercise sheets
REFRESHER = "docs/refresher.md"
# of docs/, read beside the lessons; tools/ship.py takes them from here
PAGES = ("*.md", "*.bib", "*.png", "methods/*", "methods/pictures/*", "metrics/*")


def course_folder(package: Path = PACKAGE) -> Path:
    """Return the folder of data/, notebooks/ and exercises/: the clone, or what a wheel ships."""
    shipped = package / SHIPPED
    return shipped if shipped.is_dir() else package.parent


def data_folder() -> Path:
    """Return the folder ``data/`` of the course (or the one named by XAICOURSE_DATA).

    Returns
    -------
    pathlib.Path
        A folder that exists.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    chosen = os.environ.get("XAICOURSE_DATA")
    folder = Path(chosen) if chosen else course_folder() / "data"
    if not folder.is_dir():
        raise FileNotFoundError(
            f"The course's data folder {folder} does not exist. Work in a clone of the course "
            "installed with  pip install -e '.[lab]' , or set XAICOURSE_DATA to its data folder."
        )
    return folder


def pages(root: Path) -> list[Path]:
    """Return the pages of docs/ that a student reads beside the lessons, with their pictures."""
    found = (page for pattern in PAGES for page in (root / "docs").glob(pattern))
    return sorted(page for page in found if page.is_file())


def rooms(package: Path = PACKAGE) -> list[Path]:
    """Return the rooms of the lessons in order."""
    return sorted((package / "course" / "lessons").glob("l[0-9][0-9]_*/"))


def refresher_page() -> str:
    """Return where the refresher is: in the clone or in work/, where `open` copies it, by its name.

    Elsewhere, where a wheel is installed and nothing was copied yet, it is the file in the wheel.
    """
    try:
        around = [Path.cwd(), *Path.cwd().parents]
    except OSError:  # the folder was deleted or moved
        around = []
    if any((folder / REFRESHER).is_file() for folder in around):
        return REFRESHER
    return str(course_folder() / REFRESHER)


def issued_folder(start: Path | None = None) -> Path:
    """Find the folder of notebooks/ and exercises/: around `start` (here), else the package's."""
    start = (start or Path.cwd()).resolve()
    own = course_folder()
    for folder in [start, *start.parents, own]:
        is_course = folder == own or (folder / "xaicourse").is_dir()
        if is_course and all((folder / name).is_dir() for name in ISSUED):
            return folder
    raise FileNotFoundError(
        f"no course found in {start} or above it: go to the folder that was cloned "
        "(it holds notebooks/, exercises/ and xaicourse/) and try again"
    )


def work_home(issued: Path) -> Path:
    """Return the folder in which work/ lies: the clone, or this one if a wheel is installed."""
    return Path.cwd() if issued.name == SHIPPED else issued


def answers_file() -> Path:
    """Return where answers to studies are kept: XAICOURSE_ANSWERS, or a file in work/."""
    if chosen := os.environ.get("XAICOURSE_ANSWERS"):
        return Path(chosen).expanduser()
    return (work_folder() or work_home(issued_folder()) / "work") / ".answers.sqlite"


def work_folder() -> Path | None:
    """Return the folder work/ in which or beside which we are, if there is one."""
    with suppress(OSError):  # the folder was deleted, or we may not look around there
        here = Path.cwd()
        for folder in (here, *here.parents):
            if folder.name == "work" and _is_of_course(folder):
                return folder
            if _is_of_course(folder / "work"):
                return folder / "work"
    return None


def _is_of_course(work: Path) -> bool:
    """Tell whether a folder is in a clone, or was made by `xaicourse open` from a wheel."""
    return work.is_dir() and ((work / COPIES).is_file() or (work.parent / PACKAGE.name).is_dir())
