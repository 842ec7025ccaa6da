"""Write docs/glossary.md, the words of the course, from docs/glossary.toml and the lessons.

python docs/make_glossary.py
"""

from __future__ import annotations

import re
import tomllib
from functools import cache

from make_ledger import ROOT, table

PAGE = ROOT / "docs" / "glossary.md"
SOURCE = ROOT / "docs" / "glossary.toml"
ROOMS = ROOT / "xaicourse" / "course" / "lessons"


def page() -> str:
    """Return the text of docs/glossary.md."""
    lines = [
        [f"**{word}**", entry["says"], link(entry["lesson"]), link(first(word, entry))]
        for word, entry in sorted(read().items(), key=lambda pair: pair[0].lower())
    ]
    return f"""# Glossary

Written by `python docs/make_glossary.py` from [glossary.toml](glossary.toml); do not edit. What a
word means in this course, the lesson that explains it, and the first lesson that uses it. The
axioms that a method keeps stand on its [page](methods/index.md).

{table(("word", "what it is", "explained in", "first used in"), lines)}
"""


def read() -> dict[str, dict[str, str]]:
    """Return word -> lesson, what it is, and the form in which it stands in lessons."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


@cache
def lessons() -> dict[str, str]:
    """Return number -> text of each lesson, in order."""
    return {
        room.name[1:3]: (room / "lesson.py").read_text(encoding="utf-8")
        for room in sorted(ROOMS.glob("l[0-9][0-9]_*"))
    }


def stands_in(word: str, entry: dict[str, str], text: str) -> bool:
    """Say whether a text has the word, alone or with an s."""
    form = entry.get("form", re.escape(word) + "s?")
    case = 0 if word[0].isupper() else re.I  # ROAD is no road
    return bool(re.search(rf"(?<!\w)(?:{form})(?!\w)", text, case))


def first(word: str, entry: dict[str, str]) -> str:
    """Return the number of the first lesson in which the word stands in this sense."""
    found = (number for number, text in lessons().items() if stands_in(word, entry, text))
    return entry.get("first") or next(found)


def link(number: str) -> str:
    """Return the number of a lesson as a link to its notebook."""
    (notebook,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    return f"[{number}](../notebooks/{notebook.name})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
