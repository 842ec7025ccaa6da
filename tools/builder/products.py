"""Turn sources into notebooks that are not executed yet."""

import re
from dataclasses import dataclass, field

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from builder import folds, links, regions
from builder.links import Way
from builder.source import Cell, Source
from builder.tasks import Task

# The same on every machine: no version, no name of an environment.
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
FOLD_END = re.compile(r"^[ \t]*</details>[ \t]*$(?=\s*\S)", re.MULTILINE)
SPACE = "\n\n<br>"  # behind a fold; otherwise the next paragraph clings to it


@dataclass(frozen=True)
class Made:
    """A cell of a product: its text, and what its metadata say beside tags and task."""

    cell: Cell
    text: str
    facts: dict = field(default_factory=dict)  # below metadata["xaicourse"]


def lesson(
    source: Source, tasks: list[Task], way: Way, *, has_sheet: bool
) -> nbformat.NotebookNode:
    """Make the lesson, worked; what differs in a student's copy stands in `in_work`."""
    made = lesson_cells(source, tasks, way)
    end = links.last_cell(way, of_sheet=False, has_sheet=has_sheet)
    return _with_end(notebook(source, "lesson", made), end)


def lesson_cells(source: Source, tasks: list[Task], way: Way) -> list[Made]:
    """Return the cells of a lesson in both forms."""
    by_id = {task.id: task for task in tasks}
    made = []
    for cell in source.cells:
        stored, in_work = regions.worked(cell), regions.student(cell)
        if "header" in cell.tags:
            stored = in_work = links.with_sheet_link(cell.text, way.here)
        elif cell.is_fold:
            stored, in_work = (
                form(cell, by_id[cell.task]) for form in (folds.stored, folds.in_work)
            )
        if regions.is_only_worked(cell):
            in_work = None
        facts = {} if in_work == stored else {"in_work": in_work}
        made.append(Made(cell, stored, facts))
    return made


def worked_sheet(source: Source, way: Way) -> nbformat.NotebookNode:
    """Make the sheet with its solutions."""
    made = [Made(cell, regions.worked(cell)) for cell in source.cells]
    end = links.last_cell(way, of_sheet=True)
    return _with_end(notebook(source, "solution", made), end)


def student_sheet(source: Source, way: Way) -> nbformat.NotebookNode:
    """Make the sheet with its solutions cut out."""
    cells = [cell for cell in source.cells if not regions.is_only_worked(cell)]
    made = [Made(cell, regions.student(cell)) for cell in cells]
    end = links.last_cell(way, of_sheet=True)
    return _with_end(notebook(source, "exercise", made), end)


def notebook(source: Source, product: str, cells: list[Made]) -> nbformat.NotebookNode:
    """Make a notebook of cells in the form of one product."""
    facts = {
        "lesson": source.lesson,
        "product": product,
        "source": source.path,
        "sha256": source.sha256,
    }
    return book(facts, [notebook_cell(made) for made in cells])


def book(facts: dict, cells: list[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Make a notebook; `facts` say what it was made of."""
    metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE, "xaicourse": facts}
    made = new_notebook(cells=cells, metadata=metadata)
    made.nbformat_minor = 5
    nbformat.validate(made)
    return made


def notebook_cell(made: Made, prefix: str = "") -> nbformat.NotebookNode:
    """Make one cell; `prefix` keeps the ids of several lessons apart."""
    cell, metadata, facts = made.cell, {}, dict(made.facts)
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    if cell.task:
        facts["task"] = cell.task
    if facts.get("in_work") and cell.kind == "markdown":
        facts["in_work"] = spaced(facts["in_work"])
    if facts:
        metadata["xaicourse"] = facts
    # The id comes from what the student sees, so exercise and solution share it.
    name = prefix + cell.id
    if cell.kind == "markdown":
        return new_markdown_cell(spaced(made.text), id=name, metadata=metadata)
    if "machinery" in cell.tags:
        metadata["jupyter"] = {"source_hidden": True}
    return new_code_cell(made.text, id=name, metadata=metadata)


def spaced(markdown: str) -> str:
    """Leave visible space between a fold and the text behind it."""
    return FOLD_END.sub(lambda match: match[0] + SPACE, markdown)


def _with_end(made: nbformat.NotebookNode, text: str) -> nbformat.NotebookNode:
    made.cells.append(new_markdown_cell(text, id=links.ID))
    return made
