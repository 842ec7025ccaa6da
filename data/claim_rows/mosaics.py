"""Row 12: grids of pictures, where a map's place is known (GridPG, DiPart, DiFull)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claim_rows.common import Row, Tables, condition, ground_truth, interval, starts

BACKWARD = ("gradient", "input x gradient", "IG", "guided backprop")
# as the table calls them, and as data/measure_ground_truth.py does
HEADS = {"one head (GridPG)": "one", "DiPart": "part", "DiFull": "full"}


def measure(keep: Path | None) -> Tables:
    """Return the shares in the own cell that data/measure_ground_truth.py has measured."""
    shares = ground_truth("mosaics")["share in the own cell"]
    lines = [
        {"map": name} | {head: interval(shares[key][name]) for head, key in HEADS.items()}
        for name in shares["one"]
    ]
    return {"share in the own cell": lines}


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen, in all three starts."""
    shares = ground_truth("mosaics")["share in the own cell"]
    disconnected = {name: min(shares["full"][name]) for name in BACKWARD}
    grid, guided, cam = (
        shares["one"][name] for name in ("gradient", "guided backprop", "Grad-CAM")
    )
    return [
        condition("DiFull: maps that go back to the pixels have all in the cell that the head sees",
                  all(value == 1 for value in disconnected.values()), **disconnected),
        condition("DiFull: Grad-CAM of the last layer has all there, too (above 0.99)",
                  all(value > 0.99 for value in shares["full"]["Grad-CAM"]),
                  **starts(shares["full"]["Grad-CAM"])),
        condition("GridPG: the gradient is within 0.1 of chance (0.25)",
                  all(abs(value - 0.25) < 0.1 for value in grid), **starts(grid)),
        condition("GridPG: guided backprop is within 0.1 of chance (0.25)",
                  all(abs(value - 0.25) < 0.1 for value in guided), **starts(guided)),
        condition("GridPG: Grad-CAM of the last layer is above 0.5",
                  all(value > 0.5 for value in cam), **starts(cam)),
    ]  # fmt: skip


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say what of a map of the layer, and of controls, was seen."""
    line = {one["map"]: one for one in tables["share in the own cell"]}
    cam, layer = line["Grad-CAM"]["DiFull"], line["LayerCAM"]["DiFull"]
    return [
        f"Grad-CAM leaves {1 - cam['mean']:.2f} outside a cell that alone the head can see, and "
        f"LayerCAM {1 - layer['mean']:.2f}: its weights are means over the whole layer.",
        "Edges, brightness and random maps have exactly 0.25 in each cell.",
    ]


ROW = Row(
    title="Grids of pictures",
    says="Maps that go back to the pixels place a class well only where other cells have no way to "
    "the score (DiFull); where all cells are seen by one head (GridPG) most are near chance there, "
    "and Grad-CAM of the last layer is good.",
    papers=("2205.10435", "2104.00032"),
    lesson=17,
    experiment="16 mosaics of 2 x 2 pictures of clothes a start, three starts of the net, and "
    "heads that see one cell (DiFull), one cell's part of the last layer (DiPart), or all of it. "
    "Measured by data/measure_ground_truth.py. Intervals over starts.",
    measure=measure,
    judge=judge,
    beside=beside,
)
