"""Row 15: whether metrics order maps alike."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import xaicourse as xc
from claim_rows import common
from claim_rows.common import Row, Tables, condition, interval
from xaicourse.evaluation.fingerprint import fingerprint
from xaicourse.evaluation.kept import Kept

PICTURES, DRAWS = 30, 10
IG = {"steps": 16}
METHODS = {
    "gradient": xc.spec("gradient"),
    "gradient x input": xc.spec("input_x_gradient"),
    "IG black": xc.spec("integrated_gradients", baseline=0.0, **IG),
    "IG grey": xc.spec("integrated_gradients", baseline=0.5, **IG),
    "SmoothGrad": xc.spec("smoothgrad", samples=16),
    "guided backprop": xc.spec("guided_backprop"),
    "Grad-CAM": xc.spec("grad_cam"),
    "SmoothGrad squared": xc.spec("smoothgrad_squared", samples=16),
}
TILES = {"unit": 4, "seed": 0}
METRICS: dict[str, tuple[str, dict[str, Any]]] = {
    "deletion": ("deletion", {"imputer": "black", **TILES}),
    "insertion": ("insertion", {"imputer": "blur", **TILES}),
    "ROAD": ("road", TILES),
    "sensitivity-n": ("sensitivity_n", {"sizes": (4, 16), "imputer": "black", **TILES}),
    "infidelity": ("infidelity", {"samples": 50}),
    "relevance mass": ("relevance_mass", {}),
    "sparseness": ("sparseness", {}),
    "max-sensitivity": ("max_sensitivity", {"radius": 0.1, "samples": 5}),
    "random logit": ("random_logit", {}),
    "parameter randomisation": ("parameter_randomisation", {"sign": "abs"}),
}


def values(metric: str, method: str, keep: Path | None) -> Tensor:
    """Return what a metric says of a method's maps, one value a picture, higher is better, (N,)."""
    net = common.net("planted_cnn")
    x, labels, masks = xc.datasets.planted(PICTURES, seed=1)
    name, settings = METRICS[metric]
    record = xc.METRICS[name]
    spec = METHODS[method]

    def make() -> Tensor:
        if record.kind == "explain":
            found = record.metric(net, x, spec, labels, **settings)
        else:
            maps = xc.METHODS[spec.name].method(net, x, labels, **dict(spec.settings))
            more = {"mask": masks} if record.kind == "mask" else {}
            found = record.metric(net, x, maps, labels, **settings, **more)
        return found.values

    key = fingerprint("agreement", metric, name, settings, spec, net, x)
    found = Kept(keep).get(key, make)
    return -found if record.direction == "lower" else found


def per_picture(a: Tensor, b: Tensor) -> Tensor:
    """Return the rank correlation over the methods of two metrics at each picture, (N,)."""
    from scipy import stats

    each = []
    for one, two in zip(a.T, b.T, strict=True):
        there = torch.isfinite(one) & torch.isfinite(two)
        alive = int(there.sum()) > 2 and one[there].std() > 0 and two[there].std() > 0
        each.append(stats.spearmanr(one[there], two[there]).statistic if alive else torch.nan)
    return torch.tensor(each, dtype=torch.float64)


def told_apart(found: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    """Return how many pairs seem against each other, or alike, when maps are renamed by chance."""
    lines = []
    for seed in range(DRAWS):
        draw = torch.Generator().manual_seed(seed)
        each = []
        for a, b in combinations(METRICS, 2):
            renamed = [row[torch.randperm(len(row), generator=draw)] for row in found[b].T]
            each.append(interval(per_picture(found[a], torch.stack(renamed).T)))
        lines.append({"draw": seed, "pairs against": sum(one["high"] < 0 for one in each),
                      "pairs alike": sum(one["low"] > 0 for one in each)})  # fmt: skip
    return lines


def measure(keep: Path | None) -> Tables:
    """Measure all cells, and compare the orders."""
    from scipy import stats

    found = {m: torch.stack([values(m, one, keep) for one in METHODS]) for m in METRICS}  # (8, N)
    pairs, means = [], {m: each.nanmean(dim=1) for m, each in found.items()}
    for a, b in combinations(METRICS, 2):
        pairs.append({
            "first": a, "second": b,
            "a picture": interval(per_picture(found[a], found[b])),
            "of the means": float(stats.spearmanr(means[a], means[b]).statistic),
        })  # fmt: skip
    halves = [
        {"metric": m,
         "two halves of the pictures": float(stats.spearmanr(
             each[:, ::2].nanmean(dim=1), each[:, 1::2].nanmean(dim=1)).statistic),
         "no value": float((~torch.isfinite(each)).double().mean())}
        for m, each in found.items()
    ]  # fmt: skip
    cells = [
        {"metric": m, "turned round": xc.METRICS[METRICS[m][0]].direction == "lower"}
        | {name: interval(each) for name, each in zip(METHODS, found[m], strict=True)}
        for m in METRICS
    ]
    return {"pairs of metrics": pairs, "a metric with itself": halves, "values": cells,
            "names drawn anew": told_apart(found)}  # fmt: skip


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    pairs = tables["pairs of metrics"]
    below = [pair for pair in pairs if pair["a picture"]["high"] < 0]
    above = [pair for pair in pairs if pair["a picture"]["low"] > 0]
    middle = sorted(pair["a picture"]["mean"] for pair in pairs)[len(pairs) // 2]
    worst = min(pairs, key=lambda pair: pair["a picture"]["mean"])
    alike = next(pair for pair in pairs if pair["first"] == "deletion"
                 and pair["second"] == "max-sensitivity")  # fmt: skip
    return [
        condition(
            "some pairs of metrics order the maps against each other (high end below 0)",
            len(below) > 0,
            **{"pairs against": len(below), "pairs alike": len(above), "pairs": len(pairs),
               f"lowest ({worst['first']}, {worst['second']})": worst["a picture"]["mean"]},
        ),
        condition(
            "metrics hardly agree: half of the pairs are below .5", middle < 0.5, median=middle
        ),
        condition(
            "deletion and max-sensitivity are such a pair", alike["a picture"]["high"] < 0,
            **{key: alike["a picture"][key] for key in ("mean", "low", "high")},
        ),
    ]  # fmt: skip


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say what chance does, and which metric does not agree with itself."""
    draws = tables["names drawn anew"]
    alarms = [line["pairs against"] + line["pairs alike"] for line in draws]
    least = min(tables["a metric with itself"], key=lambda line: line["two halves of the pictures"])
    return [
        f"With the maps' names drawn anew at each picture, {sum(alarms) / len(alarms):.1f} of the "
        f"{len(tables['pairs of metrics'])} pairs are told apart from 0, a mean over {len(draws)} "
        "draws.",
        f"Least agreement of a metric with itself, between two halves of the pictures: "
        f"{least['metric']}, {least['two halves of the pictures']:.2f}; what it says of pairs is "
        "noise here.",
    ]


ROW = Row(
    title="Metrics disagree with each other",
    says="Metrics order explanation methods differently, and some of them oppositely; who wins "
    "depends on the metric and its settings.",
    papers=("2409.16756", "2407.19471"),
    lesson=15,
    experiment=f"{PICTURES} pictures with a planted mark, planted_cnn, eight maps by ten metrics "
    "(4 x 4 tiles are removed at once), every metric turned so that higher is better. At each "
    "picture the rank correlation of two metrics over the eight maps; intervals over pictures. "
    "Control: the same with the maps' names drawn anew at each picture.",
    measure=measure,
    judge=judge,
    beside=beside,
)
