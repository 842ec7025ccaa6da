"""The table of all paths, which data/measure_paths.py has measured: it costs most of an hour."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import safetensors.torch
from torch import Tensor

from xaicourse.datasets.shipped import read_file
from xaicourse.widgets.documented import documented

__all__ = ["StoredPaths", "stored_paths"]

TABLE, MAPS = "paths.json", "path_maps.safetensors"
PHOTOS = ("chelsea", "coffee", "camera", "rocket", "brick")
PLACES = ("photos", "marks", "clothes")
COLUMNS = {  # head of a column -> what was stored
    "gradients": "gradients",
    "time": "time",
    "gap": "gap",
    "map error": "map_error",
    "others": "agreement",
    "random": "random map",
    "bright": "brightness",
    "edges": "edges",
    "other class": "other class",
    "ruined net": "ruined net",
    "on mark": "share",
    "other class on mark": "share, other class",
    "ruined net on mark": "share, ruined net",
}


@documented
class StoredPaths:
    """What was measured of every path, at three places."""

    lines: Annotated[Sequence[Mapping[str, Any]], "One for each path and place."]
    blind: Annotated[Mapping[str, float], "Share on the mark of maps that know no network."]
    maps: Annotated[Mapping[str, Tensor], "Path -> maps of the five photos, (5, 28, 28)."]

    def at(self, place: str) -> dict[str, Mapping[str, Any]]:
        """Return path -> what was measured there."""
        if place not in PLACES:
            raise ValueError(f"place must be one of {', '.join(PLACES)}, got {place!r}")
        return {line["path"]: line for line in self.lines if line["place"] == place}

    def photo(self, name: str) -> dict[str, Tensor]:
        """Return path -> map of one photo, (28, 28): sums over channels, means over tiles."""
        k = PHOTOS.index(name)
        return {path: maps[k].float() for path, maps in self.maps.items()}

    def text(self, place: str, heads: Sequence[str]) -> str:
        """Return the table of a place, few digits: led paths differ from machine to machine."""
        unknown = sorted(set(heads) - set(COLUMNS))
        if unknown:
            raise ValueError(f"columns are {', '.join(COLUMNS)}, got {unknown[0]!r}")
        lines = [["path", *heads]]
        for path, line in self.at(place).items():
            lines.append([path, *(shown(line.get(COLUMNS[head]), head) for head in heads)])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        first, *others = (in_columns(line, widths) for line in lines)
        return "\n".join([f"{first}  (control: random map, brightness)", *others])


def in_columns(line: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of a table: the name to the left, numbers to the right."""
    first, *others = (
        cell.rjust(width) if k else cell.ljust(width)
        for k, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join([first, *others])


def shown(value: Any, head: str) -> str:
    """Return a cell: two digits, percent for errors."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if head == "gradients":
        return f"{value:.0f}"
    if head in ("gap", "map error"):
        return f"{100 * value:.1g} %" if value < 0.01 else f"{100 * value:.0f} %"
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def stored_paths() -> StoredPaths:
    """Read the stored table of all paths; each file is checked against the sha256 on its card.

    Returns
    -------
    StoredPaths

    Examples
    --------
    >>> import xaicourse as xc
    >>> stored = xc.widgets.stored_paths()
    >>> stored.at("marks")["straight (IG)"]["method"]
    'integrated_gradients'
    """
    found = json.loads(read_file(TABLE))
    return StoredPaths(
        lines=found["lines"], blind=found["blind"], maps=safetensors.torch.load(read_file(MAPS))
    )
