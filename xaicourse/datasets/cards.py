"""Cards: where each data file comes from, under which licence, and whether it is still intact.

``data/cards.json`` holds one card for each file of ``data/``, keyed by the file's path inside it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from xaicourse.core.files import write_atomically
from xaicourse.core.places import data_folder

CARDS_FILE = "cards.json"
LARGEST_BYTES = 2_000_000


@dataclass(frozen=True)
class Card:
    """What the course states about one data file."""

    title: str
    author: str
    source: str
    licence: str
    made_by: str
    size: int
    sha256: str


def cards(folder: Path | None = None) -> dict[str, Card]:
    """Return the card of every data file, by the file's path inside the data folder."""
    path = (folder or data_folder()) / CARDS_FILE
    if not path.is_file():
        return {}
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {name: Card(**entry) for name, entry in entries.items()}


def card_for(
    path: Path, *, title: str, author: str, source: str, licence: str, made_by: str
) -> Card:
    """Write a card for the file at ``path``: measures its size and its sha256."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Card(title, author, source, licence, made_by, len(data), digest)


def write_cards(new: dict[str, Card], folder: Path | None = None) -> None:
    """Add or replace cards; the file is replaced in one step, so it is never half written."""
    folder = folder or data_folder()
    entries = {name: asdict(card) for name, card in sorted({**cards(folder), **new}.items())}
    text = json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
    write_atomically(folder / CARDS_FILE, text.encode())


def verify(folder: Path | None = None) -> list[str]:
    """Check every data file against its card and return the problems, one sentence each.

    An empty list means that all is well. Scripts (``*.py``) and pages (``*.md``) need no card; any
    other file does.
    """
    folder = folder or data_folder()
    try:
        known = cards(folder)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        needed = ", ".join(field.name for field in fields(Card))
        return [f"{CARDS_FILE} cannot be read ({error}); each card needs {needed}."]
    if not known:
        return [f"{CARDS_FILE} is missing or empty in {folder}."]
    problems = []
    for name, card in known.items():
        problems += _problems_of(folder / name, name, card)
    for name in _files_that_need_a_card(folder):
        if name not in known:
            problems.append(f"{name} has no card in {CARDS_FILE}.")
    return problems


def _problems_of(path: Path, name: str, card: Card) -> list[str]:
    if not path.is_file():
        return [f"{name} is missing; get it back with  git checkout -- data/{name}"]
    data = path.read_bytes()
    problems = []
    if hashlib.sha256(data).hexdigest() != card.sha256:
        problems.append(
            f"{name} has changed ({len(data)} bytes, its card says {card.size} and another "
            f"sha256); get it back with  git checkout -- data/{name}"
        )
    if len(data) > LARGEST_BYTES:
        problems.append(f"{name} has {len(data)} bytes; data files may have {LARGEST_BYTES}.")
    for field in fields(Card):
        if getattr(card, field.name) in ("", None):
            problems.append(f"The card of {name} leaves {field.name!r} empty.")
    return problems


def _files_that_need_a_card(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
        if path.is_file() and not hidden and path.suffix not in (".py", ".md", ".tmp"):
            names.append(name.as_posix())
    return [name for name in names if name != CARDS_FILE]
