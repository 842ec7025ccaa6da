"""Turn sources into notebooks that are not executed yet."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from builder import regions
from builder.source import Cell, Source

# The same on every machine: no version, no name of an environment.
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
ONLY_WORKED = {"solution", "instructor"}  # tags of cells that students do not get


def lesson(source: Source) -> nbformat.NotebookNode:
    """Make the lesson."""
    return notebook(source, "lesson", [(cell, cell.text) for cell in source.cells])


def worked_sheet(source: Source) -> nbformat.NotebookNode:
    """Make the sheet with its solutions."""
    return notebook(source, "solution", [(cell, regions.worked(cell)) for cell in source.cells])


def student_sheet(source: Source) -> nbformat.NotebookNode:
    """Make the sheet with its solutions cut out."""
    cells = [cell for cell in source.cells if not ONLY_WORKED & set(cell.tags)]
    return notebook(source, "exercise", [(cell, regions.student(cell)) for cell in cells])


def notebook(source: Source, product: str, cells: list[tuple[Cell, str]]) -> nbformat.NotebookNode:
    """Make a notebook of (cell, its text in this product)."""
    facts = {
        "lesson": source.lesson,
        "product": product,
        "source": source.path,
        "sha256": source.sha256,
    }
    metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE, "xaicourse": facts}
    made = new_notebook(cells=[_cell(cell, text) for cell, text in cells], metadata=metadata)
    made.nbformat_minor = 5
    nbformat.validate(made)
    return made


def _cell(cell: Cell, text: str) -> nbformat.NotebookNode:
    metadata = {}
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    if cell.task:
        metadata["xaicourse"] = {"task": cell.task}
    make = new_code_cell if cell.kind == "code" else new_markdown_cell
    # The id comes from what the student sees, so exercise and solution share it.
    return make(text, id=cell.id, metadata=metadata)
