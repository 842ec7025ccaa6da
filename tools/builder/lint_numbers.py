"""Few numbers: what the prose of a lesson's core may ask a reader to keep in mind."""

import re
from collections.abc import Iterator

from builder.findings import Finding
from builder.prose import core
from builder.source import Source

NUMBERS = 100
PLACE = r"\d+(?:\.\d+)?"
NOT_A_NUMBER = [
    re.compile(pattern, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    for pattern in (
        r"^(```|~~~).*?^\1",  # code
        r"`[^`\n]*`",
        r"\$\$.+?\$\$|\$[^$\n]+(?:\n[^$\n]+)?\$",  # formulas; one may run over the end of a line
        r"!?\[[^\]]*\]\([^)]*\)|https?://\S+|arXiv:\S+",  # links and pictures
        r"<[^>]+>",
        r"^#+ +(?:Task )?\d\S* ·",  # the number of a section or a task
        r"^ *\d+[.)] ",  # the marks of a list
        r"^\*\*Goals?\*\* .*$",  # the card of a task
        r"\b\d\d\.P\d+\b|\b0\d(?:\.\d+)?\b(?!\.\d)",  # 05.P2, task 05.2, lesson 05
        # "lesson 05", "sections 2 (Title) and 3", "tasks 10.1 to 10.3"
        rf"\b(?:lesson|section|task|part|hint|goal|figure)s? {PLACE}"
        rf"(?:(?: \([^)]*\))?(?:,| and| to| or|, and) {PLACE})*",
        r"\b(?:19|20)\d\d\b",  # a year
    )
]
# "0.64", "1,000", "1/4", "1e-6" are one each; G1, x1, ResNet-18 are names
NUMBER = re.compile(r"(?<![^\W_])(?<![^\W\d_]-)\d+(?:[.,]\d+)*(?:e[+-]?\d+)?(?:/\d+)?")


def numbers(markdown: str) -> list[str]:
    """Return the numbers that a reader meets in a text."""
    for pattern in NOT_A_NUMBER:
        markdown = pattern.sub(" ", markdown)
    return NUMBER.findall(markdown)


def core_numbers(lesson: Source) -> int:
    """Count the numbers in the prose of the core, folded answers included, without the header."""
    prose = [
        cell for cell in core(lesson.cells) if cell.kind == "markdown" and "header" not in cell.tags
    ]
    return sum(len(numbers(cell.text)) for cell in prose)


def lint_numbers(lesson: Source) -> Iterator[Finding]:
    """Check that the core has few numbers."""
    count = core_numbers(lesson)
    if count > NUMBERS:
        text = f"{count} numbers in the prose of the core, at most {NUMBERS}"
        yield Finding(lesson.path, "numbers", text)
