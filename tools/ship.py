"""What a wheel holds beside the package: data and notebooks, which core/places.py finds there.

An editable installation ships nothing: it works in the clone.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("data", "notebooks", "exercises", "docs/refresher.md")


class Ship(BuildHookInterface):
    """Put the folders of the clone into the wheel as ``xaicourse/_shipped``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to what the wheel is made of."""
        if version == "standard":
            added = {name: f"xaicourse/_shipped/{name}" for name in FOLDERS}
            build_data["force_include"].update(added)
