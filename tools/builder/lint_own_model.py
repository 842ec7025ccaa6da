"""Every lesson ends its core with one cell on the reader's own model."""

from collections.abc import Iterator

from builder.findings import Finding
from builder.prose import core
from builder.source import Source

TAG = "own-model"


def lint_own_model(lesson: Source) -> Iterator[Finding]:
    """Check that exactly one cell has the tag, and that it is the last code of the core."""
    tagged = [cell for cell in lesson.cells if TAG in cell.tags]
    code = [cell for cell in core(lesson.cells) if cell.kind == "code"]
    code = [cell for cell in code if "machinery" not in cell.tags]
    if len(tagged) != 1:
        text = f'{len(tagged)} cells tags=["{TAG}"]; there is one, on the model of the reader'
        yield Finding(lesson.path, "own model", text)
    elif tagged[0] not in code[-1:]:
        where = f"{lesson.path}, cell {tagged[0].number}"
        text = "the cell on the model of the reader is the last code of the core"
        yield Finding(where, "own model", text)
