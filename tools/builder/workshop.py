"""The workshop: one notebook of cells that several lessons lend to it by the tag `workshop`.

Its own words (title, welcome, one part for each lesson) stand in xaicourse/course/workshop.toml.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from builder import names, products, regions
from builder.course import Lesson, Registry, lessons, load
from builder.errors import CourseError
from builder.source import Cell

FILE = "xaicourse/course/workshop.toml"
NAME = "notebooks/workshop.ipynb"
TAG = "workshop"


@dataclass(frozen=True)
class Part:
    """What one lesson lends: its setup cells, then its cells with the tag, tasks as a whole."""

    lesson: Lesson
    minutes: int
    words: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Workshop:
    """The words of the workshop and its parts."""

    text: str  # of workshop.toml
    title: str
    welcome: str
    goodbye: str
    parts: tuple[Part, ...]


def read_workshop(root: Path, registry: Registry) -> Workshop | None:
    """Return the workshop, or None as long as no cell has its tag."""
    path = root / FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    facts = tomllib.loads(text)
    lending = {
        lesson.lesson.lesson: lesson
        for slug in lessons(root)
        if lent(lesson := load(root, slug, registry))
    }
    wanted = [part["lesson"] for part in facts.get("part", ())]
    for number in lending:
        if number not in wanted:
            raise CourseError(f"lesson {number} has cells tagged {TAG!r}; {FILE} has no part of it")
    parts = [
        Part(lending[part["lesson"]], part["minutes"], part["words"], lent(lending[part["lesson"]]))
        for part in facts.get("part", ())
        if part["lesson"] in lending
    ]
    if not parts:
        return None
    for part in parts:
        _refuse_unbound(part)
    return Workshop(text, facts["title"], facts["welcome"], facts["goodbye"], tuple(parts))


def lent(lesson: Lesson) -> tuple[Cell, ...]:
    """Return the cells that a lesson lends to the workshop; none if no cell has the tag."""
    cells = lesson.lesson.cells
    tagged = [cell for cell in cells if TAG in cell.tags]
    for cell in tagged:
        if "header" in cell.tags:
            raise CourseError(f"cell {cell.number}: the header stays in its lesson, drop {TAG!r}")
    whole = {cell.task for cell in tagged if cell.task}
    setup = [cell for cell in cells if "setup" in cell.tags] if tagged else []
    rest = [cell for cell in cells if (cell in tagged or cell.task in whole) and cell not in setup]
    return (*setup, *rest)


def _refuse_unbound(part: Part) -> None:
    """Refuse a cell that needs a name which no cell of its part binds before it."""
    known: set[str] = set()
    for cell in part.cells:
        if cell.kind != "code":
            continue
        code = regions.worked(cell)
        if unknown := names.missing(code) - known:
            raise CourseError(
                f"lesson {part.lesson.lesson.lesson}, cell {cell.number} needs {min(unknown)!r}, "
                f"which no cell of this part binds before it; tag that cell {TAG!r}, too"
            )
        known |= names.bound(code)


def make_workshop(workshop: Workshop) -> NotebookNode:
    """Return the unexecuted notebook."""
    cells = [_markdown("workshop-title", _title(workshop), ["header"])]
    for number, part in enumerate(workshop.parts, start=1):
        cells.append(_markdown(f"workshop-part-{number}", _heading(number, part)))
        lesson = part.lesson
        made = products.lesson_cells(lesson.lesson, lesson.own_tasks, lesson.way)
        by_id = {one.cell.id: one for one in made}
        prefix = f"{lesson.lesson.lesson}-"  # two lessons may have the same setup
        cells += [products.notebook_cell(by_id[cell.id], prefix) for cell in part.cells]
    cells.append(_markdown("where-next", workshop.goodbye.strip()))
    facts = {
        "lesson": TAG,
        "product": TAG,
        "source": FILE,
        "sha256": _sha256(workshop),
    }
    return products.book(facts, cells)


def _title(workshop: Workshop) -> str:
    lines = [f"# {workshop.title}", "", workshop.welcome.strip(), ""]
    lines += ["| minutes | part |", "|---|---|"]
    start = 0
    for number, part in enumerate(workshop.parts, start=1):
        end = start + part.minutes
        lines.append(f"| {start} to {end} | {number} · {part.lesson.way.here.title} |")
        start = end
    return "\n".join(lines)


def _heading(number: int, part: Part) -> str:
    here = part.lesson.way.here
    return (
        f"## Part {number} · from lesson {here.lesson}\n\n{part.words.strip()}\n\n"
        f"{part.minutes} minutes. The whole story: {here.link()}."
    )


def _markdown(name: str, text: str, tags: list[str] | None = None) -> NotebookNode:
    return new_markdown_cell(text, id=name, metadata={"tags": tags} if tags else {})


def _sha256(workshop: Workshop) -> str:
    """Return a sum of what the workshop is made of, and of nothing else in the lessons."""
    texts = [workshop.text, *(cell.text for part in workshop.parts for cell in part.cells)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
