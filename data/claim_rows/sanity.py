"""Row 1: which maps stay as they are when a net's layers are drawn anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import xaicourse as xc
from claim_rows import common
from claim_rows.common import Row, Tables, condition, find, interval
from xaicourse.evaluation.fingerprint import fingerprint
from xaicourse.evaluation.kept import Kept

PICTURES, SEEDS = 20, 2
NETS = ("fashion_cnn", "fashion_residual")


def edges(model: Any, x: Tensor, target: Any) -> Tensor:
    """Return the picture's edges: no model is asked."""
    return xc.evaluation.controls.edges(x)


METHODS: dict[str, Any] = {
    "gradient": xc.spec("gradient"),
    "gradient x input": xc.spec("input_x_gradient"),
    "IG black": xc.spec("integrated_gradients", baseline=0.0, steps=16),
    "SmoothGrad": xc.spec("smoothgrad", samples=8),
    "guided backprop": xc.spec("guided_backprop"),
    "guided Grad-CAM": xc.spec("guided_grad_cam"),
    "Grad-CAM": xc.spec("grad_cam"),
    "edges": edges,
}


def curves(net: str, method: str, sign: str, keep: Path | None) -> Tensor:
    """Return the rank correlation after each layer, from the last, mean over seeds, (N, T + 1)."""
    model, x = common.net(net), common.clothes()[1][0][:PICTURES]
    found = []
    for seed in range(SEEDS):

        def make(seed: int = seed) -> Tensor:
            test = xc.evaluation.parameter_randomisation
            return test(model, x, METHODS[method], sign=sign, seed=seed).curve

        key = fingerprint("sanity", model, x, METHODS[method], sign, seed)
        found.append(Kept(keep).get(key, make))
    return torch.stack(found).mean(dim=0)


def measure(keep: Path | None) -> Tables:
    """Measure all methods on both nets, with sizes and with signs."""
    lines = []
    for net in NETS:
        for sign in ("abs", "keep"):
            each = {name: curves(net, name, sign, keep) for name in METHODS}
            lines += [
                {"net": net, "compared": "sizes" if sign == "abs" else "signs", "map": name,
                 "logits drawn anew": interval(curve[:, 1]),
                 "minus gradient": interval(curve[:, 1] - each["gradient"][:, 1]),
                 "all layers": interval(curve[:, -1]),
                 "all, minus gradient": interval(curve[:, -1] - each["gradient"][:, -1])}
                for name, curve in each.items()
            ]  # fmt: skip
    return {"rank correlation": lines}


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    table = tables["rank correlation"]

    def each(name: str, column: str, end: str, compared: str = "sizes") -> dict[str, float]:
        return {net: find(table, net=net, compared=compared, map=name)[column][end] for net in NETS}

    found = []
    for name in ("guided backprop", "guided Grad-CAM"):
        gap = each(name, "minus gradient", "low")
        found.append(condition(
            f"{name} changes less than the gradient when the logits are drawn anew (low end of the "
            "difference)", all(value > 0 for value in gap.values()), **gap,
        ))  # fmt: skip
    for name in ("gradient", "Grad-CAM"):
        high = each(name, "all layers", "high")
        found.append(condition(
            f"{name} is another map when all layers are drawn anew (high end of the rank "
            "correlation of sizes below .3)", all(value < 0.3 for value in high.values()), **high,
        ))  # fmt: skip
    kept = each("IG black", "all, minus gradient", "low")
    found.append(condition(
        "IG, which contains the picture, stays more alike than the gradient to the end, in sizes",
        all(value > 0 for value in kept.values()), **kept,
    ))  # fmt: skip
    signed = each("IG black", "all layers", "high", "signs")
    found.append(condition(
        "the verdict on IG turns over with the sign: below .3 when signs are compared, too",
        all(value < 0.3 for value in signed.values()), **signed,
    ))  # fmt: skip
    return found


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say how the verdicts turn over with the sign, and how the edges come out."""
    table = tables["rank correlation"]
    least = min(line["all layers"]["mean"] for line in table if line["map"] == "edges")

    def last(name: str, compared: str) -> str:
        each = [find(table, net=net, compared=compared, map=name)["all layers"]["mean"]
                for net in NETS]  # fmt: skip
        return " and ".join(f"{value:.2f}" for value in each)

    return [
        f"With all layers drawn anew IG keeps {last('IG black', 'sizes')} in sizes and "
        f"{last('IG black', 'signs')} with signs; guided backprop "
        f"{last('guided backprop', 'sizes')} and {last('guided backprop', 'signs')}: which of them "
        "fails depends on whether signs are compared.",
        f"The picture's edges, which ask no net, keep {least:g}.",
    ]


ROW = Row(
    title="Sanity checks",
    says="Guided backprop and guided Grad-CAM hardly change when a net's top layers are drawn anew,"
    " the gradient and Grad-CAM do; IG and gradient x input look alike because of the picture in"
    " them.",
    papers=("1810.03292",),
    lesson=16,
    experiment=f"{PICTURES} pictures of clothes, {' and '.join(NETS)}; layers are drawn anew from "
    f"the last to the first, {SEEDS} seeds; Spearman of sizes, and of signed values. Intervals are "
    "over pictures.",
    measure=measure,
    judge=judge,
    beside=beside,
)
