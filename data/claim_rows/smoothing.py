"""Row 9: what smoothing does to infidelity and to max-sensitivity."""

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

PICTURES, SIGMA = 30, 0.2
BASES = {
    "gradient": xc.spec("gradient"),
    "IG black": xc.spec("integrated_gradients", baseline=0.0, steps=8),
    "guided backprop": xc.spec("guided_backprop"),
}


def smooth(base: str) -> common.Method:
    """Return SmoothGrad of a method, with the noise of infidelity."""
    spec, sigma = BASES[base], SIGMA

    def explain(model: Any, x: Tensor, target: Tensor) -> Tensor:
        return xc.smoothgrad(
            model, x, target, method=spec, samples=16, sigma=sigma, relative=False, seed=7
        )

    return explain


def best(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the map of lowest infidelity under normal noise: the mean gradient in the noise."""
    return xc.smoothgrad(model, x, target, samples=200, sigma=SIGMA, relative=False, seed=7)


def random(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return noise that stays the same wherever one asks."""
    return torch.randn(x.shape[1:], generator=torch.Generator().manual_seed(3)).expand_as(x).clone()


METHODS: dict[str, Any] = {
    **BASES,
    **{f"{base}, smoothed": smooth(base) for base in BASES},
    "random": random,
}


def values(name: str, method: Any, keep: Path | None) -> dict[str, Tensor]:
    """Return infidelity (the share that is not explained) and max-sensitivity, (N,)."""
    model, x = common.net("fashion_cnn"), common.clothes()[1][0][:PICTURES]
    with torch.no_grad():
        target = model(x).argmax(1)

    def infidelity() -> Tensor:
        maps = common.explained(method, model, x, target)
        return xc.evaluation.infidelity(model, x, maps, target, sigma=SIGMA).values

    def sensitivity() -> Tensor:
        ask = xc.evaluation.max_sensitivity
        return ask(model, x, method, target, radius=0.1, samples=5).values

    makers = {"infidelity": infidelity, "max-sensitivity": sensitivity}
    if name == "best":
        makers.pop("max-sensitivity")
    return {
        m: Kept(keep).get(fingerprint("smoothing", m, model, x, method), make)
        for m, make in makers.items()
    }


def measure(keep: Path | None) -> Tables:
    """Measure all maps, and what smoothing changes."""
    found = {name: values(name, method, keep) for name, method in METHODS.items()}
    found["best under this noise"] = values("best", best, keep)
    lines = [
        {"map": name} | {m: interval(v) for m, v in each.items()} for name, each in found.items()
    ]
    change = [
        {"map": base} | {
            f"{m}, smoothed minus not": interval(found[f"{base}, smoothed"][m] - found[base][m])
            for m in ("infidelity", "max-sensitivity")
        }
        for base in BASES
    ]  # fmt: skip
    lead = [
        {"map": name, "best minus it": interval(found["best under this noise"]["infidelity"]
                                                - each["infidelity"])}
        for name, each in found.items() if name != "best under this noise"
    ]  # fmt: skip
    return {"values": lines, "what smoothing changes": change, "the best map": lead}


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    found = []
    for m in ("max-sensitivity", "infidelity"):
        high = {
            base: find(tables["what smoothing changes"], map=base)[f"{m}, smoothed minus not"]
            ["high"] for base in BASES
        }  # fmt: skip
        found.append(condition(
            f"smoothing lowers {m} (high end of the paired difference)",
            all(value < 0 for value in high.values()), **high,
        ))  # fmt: skip
    lead = {line["map"]: line["best minus it"]["high"] for line in tables["the best map"]}
    found.append(condition(
        "the map that is best under this noise has the lowest infidelity (high end)",
        all(value < 0 for value in lead.values()), **lead,
    ))  # fmt: skip
    return found


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say what a map gets that knows nothing."""
    blind = find(tables["values"], map="random")
    return [
        "A map of noise that is the same everywhere has max-sensitivity "
        f"{blind['max-sensitivity']['mean']:g}, the best there is, and infidelity "
        f"{blind['infidelity']['mean']:.2f} (1 explains nothing)."
    ]


ROW = Row(
    title="Infidelity, sensitivity and smoothing",
    says="Smoothing a map lowers both its infidelity and its max-sensitivity; the map of lowest "
    "infidelity is known, and under normal noise it is like SmoothGrad.",
    papers=("1901.09392",),
    lesson=16,
    experiment=f"{PICTURES} pictures of clothes, fashion_cnn; noise of {SIGMA} for infidelity (the "
    "share of the squared change of the logit that the best multiple of a map leaves unexplained) "
    "and for smoothing, with other draws; max-sensitivity in a ball of radius .1, five draws. "
    "Intervals over pictures, differences paired.",
    measure=measure,
    judge=judge,
    beside=beside,
)
