"""What a wheel holds beside the package, where core/places.py finds it: data, notebooks, pages.

An editable installation ships nothing: it works in the clone.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("data", "notebooks", "exercises")
PAGES = (
    "*.md",
    "*.bib",
    "*.png",
    "methods/*",
    "methods/pictures/*",
)  # of docs/, as in core/places.py


class Ship(BuildHookInterface):
    """Put the folders of the clone into the wheel as ``xaicourse/_shipped``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to what the wheel is made of."""
        if version == "standard":
            docs = Path(self.root) / "docs"
            found = [f for pattern in PAGES for f in docs.glob(pattern) if f.is_file()]
            pages = [f"docs/{f.relative_to(docs).as_posix()}" for f in found]
            added = {name: f"xaicourse/_shipped/{name}" for name in (*FOLDERS, *pages)}
            build_data["force_include"].update(added)
