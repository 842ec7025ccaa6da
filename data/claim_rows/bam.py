"""Row 14: clothes on textures, where a pasted object matters to one net and not to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claim_rows.common import Row, Tables, condition, ground_truth, interval, starts

MEASURES = {"MCS": "model contrast", "IDR": "input dependence", "IIR": "input independence"}


def measure(keep: Path | None) -> Tables:
    """Return the measures that data/measure_ground_truth.py has measured."""
    found = ground_truth("bam")["measures"]
    return {
        "measures": [
            {"map": name} | {says: interval(line[key]) for key, says in MEASURES.items()}
            for name, line in found.items()
        ],
    }


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen, in all three starts."""
    found = ground_truth("bam")["measures"]
    guided, cam = (found[name]["MCS"] for name in ("guided backprop", "Grad-CAM"))
    less = {f"start {k}, minus Grad-CAM": a - b
            for k, (a, b) in enumerate(zip(guided, cam, strict=True))}  # fmt: skip
    return [
        condition("guided backprop's contrast between the nets is below 0.05",
                  all(value < 0.05 for value in guided), **starts(guided)),
        condition("guided backprop's contrast between the nets is below Grad-CAM's",
                  all(value < 0 for value in less.values()), **less),
    ]  # fmt: skip


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say what maps get that ask no net."""
    line = {one["map"]: one for one in tables["measures"]}
    edges, noise = line["edges (Sobel)"], line["random"]
    return [
        f"Edges, which ask no net, have input dependence {edges['input dependence']['mean']:.2f} "
        f"and input independence {edges['input independence']['mean']:.2f}; random maps have "
        f"{noise['input dependence']['mean']:.2f} and {noise['input independence']['mean']:.2f}."
    ]


ROW = Row(
    title="Objects that matter to one net only (BAM)",
    says="Guided backprop hardly tells a net to which a pasted object matters from one to which it "
    "does not; Grad-CAM tells them apart.",
    papers=("1907.09701",),
    lesson=17,
    experiment="100 pictures a start of clothes pasted on textures (mini_bam), nets that name the "
    "clothes and nets that name the texture, three starts of each. Measured by "
    "data/measure_ground_truth.py. Intervals over starts.",
    measure=measure,
    judge=judge,
    beside=beside,
)
