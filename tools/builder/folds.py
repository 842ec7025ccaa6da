"""Our answer to a task of a lesson: folded, in the stored lesson and in a student's copy.

The stored lesson shows the worked code in the task's own cell, so its fold holds the reasoning
alone. A student has a stub in that cell, so the fold of the copy begins with our code.
"""

from builder import regions
from builder.regions import Region
from builder.source import Cell
from builder.tasks import Task


def stored(fold: Cell, task: Task) -> str:
    """Return the text of a fold for readers of the stored lesson."""
    return folded(f"Our reasoning for {task.id}", fold.text)


def in_work(fold: Cell, task: Task) -> str:
    """Return the text of a fold for students, who have to write the answer themselves."""
    answer = [_code(cell) if cell.kind == "code" else _words(cell) for cell in task.solutions]
    return folded(f"Our answer to {task.id}", "\n\n".join([*answer, fold.text]))


def folded(title: str, text: str) -> str:
    """Return Markdown that is hidden until a reader asks for it."""
    return f"<details><summary>{title}</summary>\n\n{text.strip()}\n</details>"


def _code(cell: Cell) -> str:
    fence = "````" if "```" in cell.text else "```"
    return f"{fence}python\n{regions.worked(cell).strip()}\n{fence}"


def _words(cell: Cell) -> str:
    """Return the solution of a free-text answer, without its question."""
    found = [part for part in regions.parts(cell) if isinstance(part, Region)]
    return "\n".join(line for region in found for line in region.solution).strip()
