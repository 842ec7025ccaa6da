"""A lesson as it stands in work/, where students write their own answers."""

import nbformat
from nbformat import NotebookNode

from xaicourse.course.checking.work_form import work_form


def has_work_form(notebook: NotebookNode) -> bool:
    """Say whether students get other cells than the stored notebook has."""
    return any("in_work" in cell.metadata.get("xaicourse", {}) for cell in notebook.cells)


def in_work(notebook: NotebookNode) -> NotebookNode:
    """Return what `xaicourse open` makes of a notebook; the notebook itself stays as it is."""
    return nbformat.from_dict(work_form(notebook))


def in_work_text(text: str) -> str | None:
    """Return the file's text for work/, or None if it differs by its outputs only."""
    notebook = nbformat.reads(text, as_version=4)
    return nbformat.writes(in_work(notebook)) if has_work_form(notebook) else None
