"""What a wheel holds beside the package, where core/places.py finds it: data, notebooks, pages.

An editable installation ships nothing: it works in the clone.
"""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("data", "notebooks", "exercises")


class Ship(BuildHookInterface):
    """Put the folders of the clone into the wheel as ``xaicourse/_shipped``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to what the wheel is made of."""
        if version == "standard":
            root = Path(self.root)
            places = runpy.run_path(str(root / "xaicourse" / "core" / "places.py"))
            pages = [page.relative_to(root).as_posix() for page in places["pages"](root)]
            added = {name: f"xaicourse/_shipped/{name}" for name in (*FOLDERS, *pages)}
            build_data["force_include"].update(added)
