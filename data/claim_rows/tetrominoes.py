"""Row 13: tetrominoes in smoothed noise, where the best linear answer is known (XAI-TRIS)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from claim_rows.common import Row, Tables, condition, ground_truth, interval

SMOOTH = (0.75, 1.0, 2.0)


def measure(keep: Path | None) -> Tables:
    """Return the precisions that data/measure_ground_truth.py has measured."""
    lines = ground_truth("tetrominoes")["lines"]
    where = [{key: line[key] for key in ("net", "scenario", "smoothing")} for line in lines]
    found = [line["precision at |mask|"] for line in lines]
    names = list(dict.fromkeys(name for line in found for name in line))
    return {
        "precision": [
            at | {n: interval(line[n]) if n in line else None for n in names}
            for at, line in zip(where, found, strict=True)
        ],
    }


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen with each smoothing: in all nets and with all seeds."""
    found = {
        (f"{line['net']} on {line['scenario']}", line["smoothing"]): line["precision at |mask|"]
        for line in ground_truth("tetrominoes")["lines"]
    }
    nets = list(dict.fromkeys(net for net, _ in found))
    judged = []
    for sigma in SMOOTH:
        for says, holds in CLAIMS.items():
            seeds = {
                f"{net}, seeds": sum(
                    holds(lambda name: found[net, sigma][name][k],  # noqa: B023
                          lambda name: found[net, 0.0][name][k])  # noqa: B023
                    for k in range(3)
                )
                for net in nets
            }  # fmt: skip
            came = all(count == 3 for count in seeds.values())
            judged.append(condition(f"smoothing {sigma:g}: {says}", came, **seeds))
    return judged


def better_edges(map_: Callable[[str], float]) -> float:
    """Return the precision of the better edge filter."""
    return max(map_("edges (Sobel)"), map_("edges (Laplace)"))


# what must be seen, of the maps in smoothed and in white noise
CLAIMS = {
    "the gradient finds less of the shape than in white noise":
        lambda map_, white: map_("gradient") < white("gradient"),
    "the gradient is at or below the better edge filter":
        lambda map_, white: map_("gradient") <= better_edges(map_),
    "IG is at or below the better edge filter":
        lambda map_, white: map_("IG") <= better_edges(map_),
    "covariance x gradient, the pattern, is above the gradient":
        lambda map_, white: map_("covariance x gradient") > map_("gradient"),
}  # fmt: skip


ROW = Row(
    title="Tetrominoes before a correlated background",
    says="Where the background is correlated, pixels that carry nothing suppress noise: maps mark "
    "them, and many find the shape no better than edge filters do; patterns find it.",
    papers=("2306.12816",),
    lesson=17,
    experiment="Tetrominoes of 8 x 8 pixels, a linear net and an MLP where the classes differ by "
    "shape, an MLP where they are an XOR of two; noise white or smoothed with 0.75, 1 or 2 "
    "pixels; three seeds. Precision: the share of the 8 largest pixels that lie on the shape, "
    "chance 0.125. Measured by data/measure_ground_truth.py. Intervals over seeds.",
    measure=measure,
    judge=judge,
)
