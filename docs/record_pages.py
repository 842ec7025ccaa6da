"""The pieces that a page of docs/methods/ and one of docs/metrics/ have in common."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Collection, Sequence
from typing import Any

from docstring_markdown import inline
from make_ledger import ROOT, leg

BIBLIOGRAPHY = ROOT / "docs" / "references.bib"
CITED = re.compile(r"^\.\. \[(\w+)\] ", re.M)


def signature(call: str, function: Callable[..., Any]) -> str:
    """Return the call with all its defaults, in lines of 88 letters."""
    parts: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        needed = parameter.default is parameter.empty
        parts.append(name if needed else f"{name}={parameter.default!r}")
    indent = " " * 4
    lines = textwrap.wrap(", ".join(parts), 88, initial_indent=indent, subsequent_indent=indent,
                          break_long_words=False)  # fmt: skip
    return "\n".join([f"{call}(", *lines, ")"])


def returned(text: str, names: Collection[str]) -> str:
    """Return what comes back, in one paragraph."""
    kind, _, body = text.partition("\n")
    return f"{inline(kind)}. {' '.join(inline(body, names).split())}"


def refused(text: str, names: Collection[str]) -> str:
    """Return what is refused, in one paragraph."""
    said = []
    for line in text.splitlines():
        said.append(line.strip() if line.startswith(" ") else f"(`{line.strip()}`)")
    return inline(" ".join(said), names)


def example(text: str, names: Collection[str]) -> str:
    """Return the example: words, and code that a reader may paste into a Python prompt."""
    return "\n\n".join(
        f"```pycon\n{part}\n```" if part.startswith(">>>") else inline(part, names)
        for part in re.split(r"\n\n+", text)
    )


def standing(taught: str, legs: dict[str, str], kinds: Sequence[str], ledger: str) -> str:
    """Return where a record is taught, and which tests prove it; links are those of docs/."""
    proofs = "\n".join(f"- {kind.replace('_', ' ')}: {leg(legs, kind)}" for kind in kinds)
    lesson = taught.removeprefix("lesson ")
    text = f"Taught in lesson {lesson}. Proved by ([ledger]({ledger})):\n\n{proofs}"
    return text.replace("](../", "](../../").replace(f"]({ledger}", f"](../{ledger}")


def entries(function: Callable[..., Any]) -> str:
    """Return the entries in docs/references.bib that a docstring cites."""
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    whole = re.findall(r"^(@\w+\{(\w+),\n.*?^\})$", text, re.M | re.S)
    by_key = {key: entry for entry, key in whole}
    cited = CITED.findall(inspect.getdoc(function) or "")
    return "\n\n".join(by_key[key] for key in cited)
