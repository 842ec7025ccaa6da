"""From a docstring of the package to Markdown: its sections, its equations, its parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection

HEADING = re.compile(r"^(\w+)\n-+\n", re.M)
EQUATION = re.compile(r"^\.\. math::(.*(?:\n(?:[ ]+\S.*|[ ]*(?=\n[ ])))*)", re.M)
TABLE = re.compile(r"^=+  =+\n.*?\n=+  =+$", re.M | re.S)
# In Markdown a backslash before a sign can be read as an escape: these are the same in words.
IN_WORDS = {
    r"\,": r"\thinspace ",
    r"\;": r"\thickspace ",
    r"\!": r"\negthinspace ",
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\|": r"\Vert ",
}
LESSON = re.compile(r"^Lesson \d\d\.\n?", re.M)


def sections(function: Callable[..., object]) -> dict[str, str]:
    """Return heading -> text; what stands before the first heading is under ""."""
    first, *rest = HEADING.split(inspect.getdoc(function) or "")
    found = dict(zip(rest[::2], rest[1::2], strict=True))
    return {"": LESSON.sub("", first).strip(), **{name: t.strip() for name, t in found.items()}}


def markdown(text: str, pages: Collection[str] = ()) -> str:
    """Return a text of a docstring as Markdown; names in `pages` become links to their pages."""
    text = EQUATION.sub(lambda found: f"$$\n{formula(unindented(found[1]))}\n$$", text)
    text = TABLE.sub(lambda found: f"```text\n{found[0]}\n```", text)
    return "\n".join(
        piece if piece.startswith(("$$", "```")) else inline(piece, pages)
        for piece in re.split(
            r"\n?(^\$\$\n.*?^\$\$$|^```\w*\n.*?^```$)\n?", text, flags=re.M | re.S
        )
    ).strip()


def inline(text: str, pages: Collection[str] = ()) -> str:
    """Return text with formulas and names in the marks of Markdown."""
    text = re.sub(
        r":math:`([^`]+)`", lambda found: f"${formula(' '.join(found[1].split()))}$", text
    )
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    text = re.sub(r" \[(\w+)\]_", r" (\1)", text)
    return re.sub(
        r"`([a-z_]\w*)`",
        lambda found: f"[`{found[1]}`]({found[1]}.md)" if found[1] in pages else found[0],
        text,
    )


def formula(text: str) -> str:
    """Return a formula without signs that Markdown would take for escapes."""
    for sign, word in IN_WORDS.items():
        text = text.replace(sign, word)
    return text.strip()


def unindented(block: str) -> str:
    """Return the lines of a block without their margin and without empty ones."""
    return "\n".join(line.strip() for line in block.splitlines() if line.strip())


def parameters(text: str, pages: Collection[str] = ()) -> str:
    """Return a list of what a Parameters section describes."""
    text = re.sub(r",\n(?=\S)", ", ", text)
    entries = re.findall(r"^(\S.*)\n((?:[ ]+.*\n?|\n)*)", text + "\n", re.M)
    lines = []
    for head, body in entries:
        names, _, kind = head.partition(" : ")
        said = " ".join(inline(unindented(body), pages).split())
        bold = ", ".join(f"**`{name}`**" for name in names.split(", "))
        lines.append(f"- {bold} ({inline(kind)}): {said}")
    return "\n".join(lines)


def paragraphs(text: str, start: str) -> tuple[str, str]:
    """Return the paragraph that begins with `start`, without it, and all the others."""
    found = [part for part in re.split(r"\n\n+", text) if part.startswith(start)]
    others = [part for part in re.split(r"\n\n+", text) if not part.startswith(start)]
    return "\n\n".join(found).removeprefix(start).strip(), "\n\n".join(others)
