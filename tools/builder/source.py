"""Read one py:percent source into cells: kind, text, tags, and the task that each belongs to."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext

from builder.errors import CourseError

# comment_magics=False: jupytext would otherwise turn the comment "# cat in the left half" into a
# shell command, because it begins with the word cat.
PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}

ROOM = re.compile(r"l(?P<slug>(?P<lesson>\d\d)_[a-z0-9_]+)")
ROOMS = "xaicourse/course/lessons"
HEADING = re.compile(r"(#{1,6}) +(.*)")
# A sheet is a row of tasks, each with a heading of level 2; in a lesson they stand in its sections.
TASK_HEADING = re.compile(r"## +Task +(\d\d\.\d+)\b")
LESSON_TASK_HEADING = re.compile(r"##{1,2} +Task +(\d\d\.\d+)\b")
TASK_TAGS = {"task", "answer", "check", "hint", "solution", "fold"}
BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", "# STUB:"
FENCE = re.compile(r"\s*(```|~~~)")


@dataclass(frozen=True)
class Cell:
    """One cell of a source; `number` counts from 1, as a reader would."""

    number: int
    kind: str  # "code" or "markdown"
    text: str
    tags: tuple[str, ...]
    task: str | None
    id: str

    @property
    def is_fold(self) -> bool:
        """Whether our answer is folded in this cell of a lesson."""
        return "fold" in self.tags


@dataclass(frozen=True)
class Source:
    """One lesson or exercise sheet."""

    path: str  # "xaicourse/course/lessons/l05_integrated_gradients/lesson.py"
    slug: str  # "05_integrated_gradients"
    lesson: str  # "05"
    is_sheet: bool
    sha256: str
    cells: tuple[Cell, ...]


def headings(markdown: str) -> list[tuple[int, str]]:
    """Return (level, text) of each heading of a Markdown text, code fences left out."""
    found, fenced = [], False
    for line in markdown.splitlines():
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and (match := HEADING.match(line)):
            found.append((len(match[1]), match[2].strip()))
    return found


def read(path: Path) -> Source:
    """Read the source file `path`."""
    room = ROOM.fullmatch(path.parent.name)
    if not room or path.name not in ("lesson.py", "sheet.py"):
        raise CourseError(
            f"{path.parent.name}/{path.name} is not a lesson's name; right is "
            "l05_integrated_gradients/lesson.py or l05_integrated_gradients/sheet.py"
        )
    is_sheet = path.name == "sheet.py"
    text = path.read_text(encoding="utf-8")  # also turns Windows line ends into \n
    return Source(
        path=f"{ROOMS}/{path.parent.name}/{path.name}",
        slug=room["slug"],
        lesson=room["lesson"],
        is_sheet=is_sheet,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        cells=tuple(_cells(text, is_sheet)),
    )


def _without_solutions(text: str) -> str:
    """Return what decides a cell's id: a better solution must not give the student a new cell."""
    lines, inside = [], False
    for line in text.splitlines():
        inside = (inside or line.strip() == BEGIN) and line.strip() != END
        if not inside or line.strip().startswith(STUB):
            lines.append(line)
    return "\n".join(lines)


def task_of_card(text: str, is_sheet: bool) -> list[str]:
    """Return the tasks whose cards begin in a Markdown cell: usually none or one."""
    pattern = TASK_HEADING if is_sheet else LESSON_TASK_HEADING
    return [match[1] for line in text.splitlines() if (match := pattern.match(line))]


def _cells(text: str, is_sheet: bool) -> list[Cell]:
    """Cut the text into cells; tasks and the tag "deeper" go on to what follows a heading."""
    cells, task, deeper_level, seen = [], None, 0, {}
    for number, cell in enumerate(jupytext.reads(text, fmt=PERCENT).cells, start=1):
        tags = list(cell.metadata.get("tags", []))
        if not is_sheet and not set(tags) & TASK_TAGS:
            task = None
        if cell.cell_type == "markdown":
            for level, _ in headings(cell.source):
                if level <= 2:
                    task = None
                if deeper_level and level <= deeper_level:
                    deeper_level = 0
                if "deeper" in tags:
                    deeper_level = deeper_level or level
            card = task_of_card(cell.source, is_sheet)
            task = card[0] if card else task
        if deeper_level and "deeper" not in tags:
            tags.append("deeper")
        shown = _without_solutions(cell.source)
        if "fold" in tags and task:  # all of it is solution
            shown = f"our answer to {task}"
        copy = seen[shown] = seen.get(shown, -1) + 1
        digest = hashlib.sha256(f"{copy}\n{shown}".encode()).hexdigest()
        cells.append(Cell(number, cell.cell_type, cell.source, tuple(tags), task, digest[:12]))
    return cells
