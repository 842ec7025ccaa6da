"""Bring an executed notebook into the form that is committed: small, stable, readable anywhere."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from builder.errors import CourseError
from builder.pictures import smaller

WIDGET = "application/vnd.jupyter.widget-view+json"
LARGEST = 500_000  # bytes of a notebook


def clean(notebook: NotebookNode, metadata: dict) -> NotebookNode:
    """Tidy the outputs of `notebook` in place; `metadata` is that of the unexecuted notebook."""
    notebook.metadata = NotebookNode(metadata)  # drops widget state and versions
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell.outputs = [_tidy(output) for output in _joined(cell.outputs)]
    return notebook


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and output.name == last.get("name"):
            last["text"] += output.text
        else:
            joined.append(output)
    return joined


def _tidy(output: NotebookNode) -> NotebookNode:
    data = output.get("data", {})
    if "image/png" in data or "text/html" in data:
        data.pop(WIDGET, None)  # the picture or the text stands for it where no kernel runs
    if "image/png" in data:
        data["image/png"] = smaller(data["image/png"])
        kind, _, alt = data.get("text/plain", "").partition(": ")
        output.metadata = {"image/png": {"alt": alt}} if kind in ("Figure", "Panel") else {}
    return output


def to_text(notebook: NotebookNode) -> str:
    """Return the bytes' text of a notebook: sorted keys, indent 1, one newline at the end."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(path: Path, text: str, *, largest: int = LARGEST) -> None:
    """Write a product, all or nothing; refuse one that is too large."""
    size = len(text.encode())
    if size > largest:
        raise CourseError(
            f"{path.name} has {size / 1e3:.0f} kB, more than {largest / 1e3:.0f}: show fewer or "
            "smaller pictures"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)
