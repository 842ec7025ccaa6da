"""Export a sheet or a lesson as nbgrader's source: solutions stay marked, checks become tests.

Metadata follow nbgrader's cell schema, version 3. nbgrader replaces each region by its own stub, so
the lines of `# STUB:` are kept outside the region: in front of a value, as a comment in a function.
"""

import nbformat

from builder import products, regions
from builder.execute import strict
from builder.products import Made
from builder.source import Cell, Source
from builder.tasks import Task


def export(source: Source, tasks: list[Task]) -> nbformat.NotebookNode:
    """Return the notebook of a sheet or a lesson for OUT/source/NN_slug/, without our answers."""
    cells = [cell for cell in source.cells if not cell.is_fold and not regions.is_only_worked(cell)]
    checks = {cell.id for task in tasks for cell in task.checks}
    made = [Made(cell, _text(cell, cell.id in checks)) for cell in cells]
    notebook = products.notebook(source, "nbgrader", made)
    points = {task.id: task.points / len(_graded(task)) for task in tasks}
    used: dict[str, int] = {}
    for cell, made in zip(cells, notebook.cells, strict=True):
        kind = _kind(cell, cell.id in checks)
        if kind:
            made.metadata["nbgrader"] = _metadata(cell, kind, points[cell.task], used)
    return notebook


def _graded(task: Task) -> list[Cell]:
    """Return the cells that carry points: the checks and the free-text answers."""
    return [cell for cell in task.cells if cell in task.checks or "answer" in cell.tags]


def _kind(cell: Cell, is_check: bool) -> str | None:
    if is_check:
        return "check"
    if regions.has_region(cell):
        return "answer" if cell.kind == "markdown" else "solution"
    return None


def _metadata(cell: Cell, kind: str, points: float, used: dict[str, int]) -> dict:
    name = f"task-{cell.task.replace('.', '-')}-{kind}"
    used[name] = used.get(name, 0) + 1
    metadata = {
        "schema_version": 3,
        "grade_id": name if used[name] == 1 else f"{name}-{used[name]}",
        "grade": kind != "solution",
        "solution": kind != "check",
        "locked": kind == "check",
        "task": False,
    }
    return metadata | ({"points": points} if metadata["grade"] else {})


def _text(cell: Cell, is_check: bool) -> str:
    if is_check:
        return strict(cell.text)
    lines = []
    for part in regions.parts(cell):
        if isinstance(part, str):
            lines.append(part)
            continue
        if cell.kind == "code":
            comment = "# " if regions.inside_function(cell, part) else ""
            lines += [part.indent + comment + line for line in part.stub]
        lines += [part.indent + regions.BEGIN, *part.solution, part.indent + regions.END]
    return "\n".join(lines)
