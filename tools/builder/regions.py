"""Solution regions: what the author writes, what the student sees, what the worked sheet shows.

def double(x):
    ### BEGIN SOLUTION
    # STUB: result = ...
    return 2 * x
    ### END SOLUTION
"""

import ast
import re
from dataclasses import dataclass

from builder.errors import CourseError
from builder.source import BEGIN, END, STUB, Cell

ALMOST = re.compile(r"\s*#*\s*(begin|end)[ _-]+solution\W*", re.IGNORECASE)
ANSWER = "*Your answer here.*"
ONLY_WORKED = {"solution", "instructor"}  # tags of cells that students do not get


@dataclass(frozen=True)
class Region:
    """One solution region of a cell."""

    line: int  # of the BEGIN mark, from 1
    indent: str
    solution: tuple[str, ...]
    stub: tuple[str, ...]


def parts(cell: Cell) -> list[str | Region]:
    """Split a cell's text into plain lines and regions; refuse marks that do not pair up."""
    found, lines, start = [], None, 0
    for number, line in enumerate(cell.text.splitlines(), start=1):
        mark = line.strip()
        where = f"cell {cell.number}, line {number}"
        if mark not in (BEGIN, END) and ALMOST.fullmatch(line):
            raise CourseError(f"{where}: {mark!r} is not a mark; write {BEGIN!r} or {END!r}")
        if mark == BEGIN:
            if lines is not None:
                raise CourseError(
                    f"{where}: a solution region begins inside the one of line {start}"
                )
            lines, start, indent = [], number, line[: len(line) - len(line.lstrip())]
        elif mark == END:
            if lines is None:
                raise CourseError(f"{where}: {END!r} without a {BEGIN!r} before it")
            found.append(_region(cell, start, indent, lines))
            lines = None
        elif lines is not None:
            lines.append(line)
        else:
            found.append(line)
    if lines is not None:
        raise CourseError(f"cell {cell.number}, line {start}: this solution region is never closed")
    return found


def _region(cell: Cell, start: int, indent: str, lines: list[str]) -> Region:
    """Sort the lines of a region into solution and stub."""
    stub, solution = [], []
    for line in lines:
        if line.strip().startswith(STUB):
            text = line.strip().removeprefix(STUB)
            stub.append(text.removeprefix(" ").rstrip())  # further spaces indent the stub
        else:
            solution.append(line)
    if not any(line.strip() for line in solution):
        raise CourseError(f"cell {cell.number}, line {start}: this solution region is empty")
    return Region(start, indent, tuple(solution), tuple(stub))


def has_region(cell: Cell) -> bool:
    """Say whether a cell holds a solution region."""
    return any(isinstance(part, Region) for part in parts(cell))


def worked(cell: Cell) -> str:
    """Return the text of the worked sheet: the solution without marks."""
    lines = []
    for part in parts(cell):
        lines += [part] if isinstance(part, str) else part.solution
    return "\n".join(lines)


def student(cell: Cell) -> str:
    """Return the text of the student's sheet: the solution cut out, a stub in its place."""
    lines = []
    for part in parts(cell):
        if isinstance(part, str):
            lines.append(part)
        elif cell.kind == "markdown":
            lines.append(ANSWER)
        else:
            lines += [part.indent + line if line else "" for line in _stub(cell, part)]
    text = "\n".join(lines)
    if cell.kind == "code" and has_region(cell):
        _parse(cell, text, "the student's version")
    return text


def is_only_worked(cell: Cell) -> bool:
    """Say whether students do not get a cell."""
    return bool(ONLY_WORKED & set(cell.tags))


def given(cell: Cell) -> str:
    """Return the code that a student has of a cell before anything is solved: maybe none."""
    text = "" if is_only_worked(cell) else student(cell)
    _parse(cell, text, "the code")
    return text


def _stub(cell: Cell, region: Region) -> list[str]:
    """Return the lines that replace a region, without the region's indent."""
    refusal = f'raise NotImplementedError("Task {cell.task}: write me")'
    if inside_function(cell, region):
        raises = any(line.lstrip().startswith("raise ") for line in region.stub)
        return ["# YOUR CODE HERE", *([] if raises else [refusal]), *region.stub]
    if not region.stub:
        raise CourseError(
            f"cell {cell.number}, line {region.line}: this region is not inside a function, so an "
            f"empty sheet would stop here; say what stands in its place: '{STUB} answer = None'"
        )
    return ["# YOUR CODE HERE", *region.stub]


def inside_function(cell: Cell, region: Region) -> bool:
    """Say whether a region stands in the body of a function."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(
        isinstance(node, functions) and node.lineno < region.line <= node.end_lineno
        for node in ast.walk(_parse(cell, cell.text, "the solution"))
    )


def _parse(cell: Cell, text: str, what: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise CourseError(
            f"cell {cell.number}: {what} is not valid Python: {error.msg}, line {error.lineno}: "
            f"{(error.text or '').strip()!r}"
        ) from None
