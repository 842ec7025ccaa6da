"""Links from a lesson to its sheet, back, and on to the next lesson.

They work in notebooks/, exercises/ and solutions/, and in the same folders below work/.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from builder.source import ROOMS

ID = "where-next"  # of the cell with the links


@dataclass(frozen=True)
class Place:
    """A lesson in the row of those that are ready."""

    slug: str  # "05_integrated_gradients"
    title: str  # "Integrated Gradients"

    @property
    def lesson(self) -> str:
        """The number of the lesson."""
        return self.slug[:2]

    def link(self) -> str:
        """Return a link to the lesson."""
        return f"[lesson {self.lesson} · {self.title}](../notebooks/{self.slug}.ipynb)"

    def sheet_link(self) -> str:
        """Return a link to the lesson's exercise sheet."""
        return f"[sheet {self.lesson}](../exercises/{self.slug}.ipynb)"


@dataclass(frozen=True)
class Way:
    """A lesson, the first one and the next one: None behind the last."""

    here: Place
    first: Place
    after: Place | None


def way(root: Path, slug: str) -> Way:
    """Return where a lesson leads to, by the table of lessons."""
    ready = [place for place, status in _table(root) if status == "ready" or place.slug == slug]
    number = [place.slug for place in ready].index(slug)
    return Way(ready[number], ready[0], ready[number + 1] if number + 1 < len(ready) else None)


def _table(root: Path) -> list[tuple[Place, str]]:
    found = []
    for room in sorted((root / ROOMS).glob("l[0-9][0-9]_*")):
        path = room / "room.toml"
        facts = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        place = Place(room.name[1:], facts.get("title", room.name[4:].replace("_", " ")))
        found.append((place, facts.get("status", "ready")))
    return found


def with_sheet_link(header: str, here: Place) -> str:
    """Turn the sheet's name in a lesson's header into a link."""
    named = rf"(?:the sheet )?`exercises/{re.escape(here.slug)}\.ipynb`"
    return re.sub(named, here.sheet_link(), header)


def last_cell(way: Way, *, of_sheet: bool, has_sheet: bool = True) -> str:
    """Return the text of the cell that ends a lesson or a sheet."""
    if of_sheet:
        found = [f"back to {way.here.link()}."]
    else:
        found = [f"practise in {way.here.sheet_link()}."] if has_sheet else []
    if way.after:
        found.append(f"Then go on to {way.after.link()}.")
    elif way.first.slug != way.here.slug:
        found.append(f"This is the last lesson so far; the first is {way.first.link()}.")
    return " ".join(["**Where next:**", *found])
