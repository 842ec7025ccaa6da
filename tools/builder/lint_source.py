"""Rules for what stands in a source: tags, headings, budgets, goals, predictions, words, links."""

import re
from collections.abc import Iterator
from pathlib import Path

from builder import names
from builder.findings import Finding
from builder.lint_code import calls_without_target, code_problems
from builder.lint_controls import lint_shown
from builder.lint_not_yet import softened
from builder.lint_numbers import lint_numbers
from builder.lint_own_model import lint_own_model
from builder.lint_predictions import lint_prediction_form, predictions
from builder.lint_time import lint_time
from builder.prose import core, word_count
from builder.source import Cell, Source, headings
from builder.tasks import Task

TAGS = {
    *("header", "goals", "symbols", "setup", "question", "deeper", "references"),
    *("task", "answer", "check", "hint", "solution", "instructor"),
    *("demo", "panel", "drive", "quiz", "fold", "machinery", "workshop", "own-model"),
    *("raises-exception", "nbval-ignore-output", "nbval-check-output", "nbval-raises-exception"),
}
# 25 cells were read in a lesson without tasks; three tasks bring a card, an answer and a cell each.
CORE_CELLS, NEW_SYMBOLS, IGNORED_OUTPUTS = 34, 3, 2
WORDS = (1_800, 3_000)
PROJECT_WORDS = re.compile(r"\b(oracles?|legs)\b", re.IGNORECASE)
GOAL = re.compile(r"^\s*[-*] +\*\*(G\d+)\*\*", re.MULTILINE)
BULLET = re.compile(r"^[-*] +", re.MULTILINE)
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)[^)]*\)")
NBVAL_MARK = re.compile(r"#\s*(NBVAL_[A-Z_]+)", re.IGNORECASE)


def lint_cells(source: Source, root: Path) -> Iterator[Finding]:
    """Check one source by itself."""
    for cell in source.cells:
        problems = [*_marks(cell), *_words(cell)]
        problems += code_problems(cell) if cell.kind == "code" else _links(cell, root)
        for rule, text in problems:
            yield Finding(f"{source.path}, cell {cell.number}", rule, text)
    for rule, text in [*_headings(source), *predictions(source), *_ignored(source)]:
        yield Finding(source.path, rule, text)
    if not source.is_sheet:
        yield from softened(source.lesson, _newest(source, root))


def _newest(lesson: Source, root: Path) -> Iterator[Finding]:
    """Check the rules that the lessons of NOT_YET do not keep yet."""
    yield from lint_shown(lesson)
    yield from lint_numbers(lesson)
    yield from lint_time(lesson, root)
    yield from lint_prediction_form(lesson)
    yield from lint_own_model(lesson)


def _marks(cell: Cell) -> Iterator[tuple[str, str]]:
    if cell.kind not in ("code", "markdown"):
        yield "tags", f"a {cell.kind} cell; write code or [markdown]"
    for tag in set(cell.tags) - TAGS:
        yield "tags", f"tag {tag!r} is not in the table of tools/README.md"
    if cell.kind == "code":
        for mark in NBVAL_MARK.findall(cell.text):
            yield "nbval marks", f"{mark} as a comment; use a tag, students do not see it"


def _words(cell: Cell) -> Iterator[tuple[str, str]]:
    for word in PROJECT_WORDS.findall(cell.text):
        yield "words", f"{word!r} is a project word; say what it is"


def _links(cell: Cell, root: Path) -> Iterator[tuple[str, str]]:
    for link in LINK.finditer(cell.text):
        if link["picture"] and not link["text"].strip():
            yield "pictures", f"![]({link['target']}) has no alt text"
        target = link["target"].partition("#")[0]
        is_relative = target and not re.match(r"[a-z]+:|/", target)
        # Products lie in notebooks/, exercises/ and solutions/: one folder below the root.
        if is_relative and not (root / "notebooks" / target).resolve().exists():
            yield "links", f"{target} does not exist (seen from notebooks/)"


def _headings(source: Source) -> Iterator[tuple[str, str]]:
    level = 0
    for cell in source.cells:
        if cell.kind != "markdown":
            continue
        for deeper, text in headings(cell.text):
            if deeper == 1 and cell.number != 1:
                yield "headings", f"cell {cell.number}: a second H1, or not in the first cell"
            if deeper > level + 1:
                yield "headings", f"{text!r} is of level {deeper} under level {level}"
            level = deeper
    first = source.cells[0] if source.cells else None
    h1 = [] if not first else [one for one, _ in headings(first.text) if one == 1]
    if not first or first.kind != "markdown" or len(h1) != 1:
        yield "headings", "the first cell has to hold the one H1 (# Title)"


def _ignored(source: Source) -> Iterator[tuple[str, str]]:
    ignored = sum("nbval-ignore-output" in cell.tags for cell in source.cells)
    if ignored > IGNORED_OUTPUTS:
        yield "nbval marks", f"{ignored} cells nbval-ignore-output, at most {IGNORED_OUTPUTS}"


def lint_lesson(lesson: Source, methods: set[str]) -> Iterator[Finding]:
    """Check what only a lesson has to keep: its core, symbols, words."""
    read = [cell for cell in core(lesson.cells) if not _is_not_read(cell)]
    if len(read) > CORE_CELLS:
        text = f"{len(read)} cells to read in the core, at most {CORE_CELLS}"
        yield Finding(lesson.path, "core", text)
    for cell in core(lesson.cells):
        if cell.kind == "code" and names.can_read(cell.text):
            for method in calls_without_target(cell.text, methods):
                text = f"xc.{method} without target=; say which number is explained"
                yield Finding(f"{lesson.path}, cell {cell.number}", "core", text)
    cards = [cell for cell in lesson.cells if "symbols" in cell.tags]
    if not cards:
        yield Finding(lesson.path, "symbols", 'no notation card (markdown, tags=["symbols"])')
    new = sum(len(BULLET.findall(cell.text)) for cell in cards)
    if new > NEW_SYMBOLS:
        yield Finding(lesson.path, "symbols", f"{new} new symbols, at most {NEW_SYMBOLS}")
    words = sum(word_count(cell.text) for cell in lesson.cells if cell.kind == "markdown")
    if not WORDS[0] <= words <= WORDS[1]:
        text = f"{words} words; {WORDS[0]} to {WORDS[1]} are read in one sitting"
        yield Finding(lesson.path, "words", text, is_error=False)


def _is_not_read(cell: Cell) -> bool:
    """Tell whether a cell is there to be run or opened, not read: xc.predict, a check, a fold."""
    return bool({"check", "fold", "machinery"} & set(cell.tags)) or (
        cell.kind == "code" and "question" in cell.tags
    )


def goals(lesson: Source) -> list[str]:
    """Return the goals that a lesson declares, in order."""
    return [
        goal for cell in lesson.cells if "goals" in cell.tags for goal in GOAL.findall(cell.text)
    ]


def lint_goals(lesson: Source, sheet: Source | None, tasks: list[Task]) -> Iterator[Finding]:
    """Check goals against tasks, both ways."""
    declared = goals(lesson)
    if not 3 <= len(declared) <= 5 or declared != [f"G{n + 1}" for n in range(len(declared))]:
        text = f"goals are {declared}; declare 3 to 5 as '- **G1** you can ...' in order"
        yield Finding(lesson.path, "goals", text)
    if sheet is None:
        yield Finding(lesson.path, "goals", "has no exercise sheet")
        return
    practised = {goal for task in tasks for goal in task.goals}
    for goal in declared:
        if goal not in practised:
            yield Finding(sheet.path, "goals", f"no task practises goal {goal}")
    for task in tasks:
        for goal in set(task.goals) - set(declared):
            yield Finding(sheet.path, "goals", f"task {task.id} names {goal}, the lesson does not")


def lint_missing_tasks(
    sheet: Source, tasks: list[Task], known: set[str] | None
) -> Iterator[Finding]:
    """Check that every task of the checker for this lesson has a card."""
    have = {task.id for task in tasks}
    for task in sorted(known or ()):
        if task.startswith(sheet.lesson + ".") and task not in have:
            yield Finding(sheet.path, "tasks", f"the checker knows task {task}, the sheet does not")
