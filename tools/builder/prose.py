"""What a reader of a lesson reads: its core, words, lines of code, the cells of its tasks."""

import re
from collections.abc import Iterable

from builder.source import Cell

NOT_CORE = {"deeper", "references"}
TASK_CARD = re.compile(r"^#{2,3} +Task +\d\d\.\d+\b", re.MULTILINE)
TASK_TAGS = {"task", "answer", "check", "hint", "solution", "fold"}


def core(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells that everybody is asked to read."""
    return [cell for cell in cells if not NOT_CORE & set(cell.tags)]


def outside_tasks(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells without those of tasks: a card, and what is tagged so behind it."""
    found, in_task = [], False
    for cell in cells:
        is_card = cell.kind == "markdown" and bool(TASK_CARD.search(cell.text))
        in_task = is_card or (in_task and bool(TASK_TAGS & set(cell.tags)))
        if not in_task:
            found.append(cell)
    return found


def code_lines(code: str) -> int:
    """Count the lines of code that a reader reads: no empty line, none with a comment only."""
    lines = [line.strip() for line in code.splitlines()]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def word_count(markdown: str) -> int:
    """Count the words that a reader reads: no code, no HTML, a formula counts as one."""
    text = re.sub(r"(```|~~~).*?\1", " ", markdown, flags=re.DOTALL)
    text = re.sub(r"\$\$?.+?\$\$?", " formula ", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", text)
    text = re.sub(r"\]\([^)]*\)", "] ", text)
    return len(re.findall(r"[^\W_]+(?:['’.-][^\W_]+)*", text))
