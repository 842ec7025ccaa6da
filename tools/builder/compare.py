"""Compare notebooks: the texts of two executions, and a product with its source."""

import configparser
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from builder.clean import WIDGET
from builder.errors import CourseError

# What strict nbval does not look at either.
NOT_COMPARED = {"image/png", "image/jpeg", WIDGET}


def read_sanitizer(path: Path) -> list[tuple[re.Pattern, str]]:
    """Read nbval's list of (pattern, replacement)."""
    parser = configparser.RawConfigParser()
    parser.read_string(path.read_text(encoding="utf-8"))
    return [
        (re.compile(parser[name]["regex"]), parser[name]["replace"]) for name in parser.sections()
    ]


def texts(cell: NotebookNode, sanitizer: list[tuple[re.Pattern, str]]) -> dict[str, list[str]]:
    """Return what strict nbval compares of a cell's outputs: kind -> texts in order."""
    found: dict[str, list[str]] = {}
    for output in cell.outputs:
        for kind, text in _pieces(output):
            for pattern, replacement in sanitizer:
                text = pattern.sub(replacement, text)
            found.setdefault(kind, []).append(text)
    return found


def _pieces(output: NotebookNode) -> Iterator[tuple[str, str]]:
    if output.output_type == "stream":
        yield output.name, output.text
    elif output.output_type == "error":
        yield "error", f"{output.ename}: {output.evalue}"
    else:
        for kind, data in output.data.items():
            if kind not in NOT_COMPARED:
                yield kind, str(data)


def refuse_different_texts(
    first: NotebookNode, second: NotebookNode, sanitizer: list[tuple[re.Pattern, str]]
) -> None:
    """Raise with a diff for the first cell whose text outputs differ between two executions."""
    for number, (one, other) in enumerate(zip(first.cells, second.cells, strict=True), start=1):
        if one.cell_type != "code" or "nbval-ignore-output" in one.metadata.get("tags", []):
            continue
        left, right = texts(one, sanitizer), texts(other, sanitizer)
        if left != right:
            raise CourseError(
                f"cell {number} prints another text with other threads, chunks and hash seed; "
                "print fewer digits or a verdict (xc.show):\n"
                f"    {one.source.strip().splitlines()[0]}\n{_diff(left, right)}"
            )


def _diff(left: dict[str, list[str]], right: dict[str, list[str]]) -> str:
    lines = []
    for kind in sorted(left.keys() | right.keys()):
        one = "\n".join(left.get(kind, [])).splitlines()
        other = "\n".join(right.get(kind, [])).splitlines()
        if one != other:
            lines.append(f"    {kind}")
            difference = difflib.unified_diff(one, other, "1 thread", "2 threads", lineterm="", n=0)
            lines += [f"    {line}" for line in difference]
    return "\n".join(lines)


def out_of_step(expected: NotebookNode, committed: NotebookNode) -> list[str]:
    """Say where a committed notebook is not what its source gives, outputs left out."""
    problems = []
    if len(expected.cells) != len(committed.cells):
        problems.append(f"has {len(committed.cells)} cells, its source {len(expected.cells)}")
    for number, (new, old) in enumerate(
        zip(expected.cells, committed.cells, strict=False), start=1
    ):
        for part in ("cell_type", "source", "metadata", "id"):
            if new[part] != old.get(part):
                problems.append(f"cell {number}: another {part}")
                break
    if not problems and expected.metadata != committed.metadata:
        problems.append("the source changed since it was built")
    return problems


def keep_outputs(fresh: NotebookNode, committed: NotebookNode) -> bool:
    """Carry the stored outputs over if no code changed; say whether that was possible."""
    new = [cell for cell in fresh.cells if cell.cell_type == "code"]
    old = [cell for cell in committed.cells if cell.cell_type == "code"]
    if [cell.source for cell in new] != [cell.source for cell in old]:
        return False
    for cell, stored in zip(new, old, strict=True):
        cell.outputs, cell.execution_count = stored.outputs, stored.execution_count
    return True
