"""Row 6: what the important direction (IDGI) adds to IG, by insertion and information curves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import xaicourse as xc
from claim_rows import common
from claim_rows.common import Row, Tables, condition, find, interval

PICTURES = 24
STEPS = (8, 32, 64)
NETS = ("fashion_cnn", "fashion_residual")
SCORES = ("insertion", "AIC", "SIC", "deletion")
HIGHER = SCORES[:3]


def ig(steps: int) -> common.Method:
    """Return IG from black."""
    return lambda model, x, target: xc.integrated_gradients(model, x, target, steps=steps)


def size_of_ig(steps: int) -> common.Method:
    """Return the size of IG from black: what a square, without signs, does to it."""
    return lambda model, x, target: xc.integrated_gradients(model, x, target, steps=steps).abs()


def idgi(steps: int) -> common.Method:
    """Return IG along the important direction, from black."""
    return lambda model, x, target: xc.important_direction_ig(model, x, target, steps=steps)


METHODS: dict[str, common.Method] = {
    **{f"IG, {n} steps": ig(n) for n in STEPS},
    **{f"IDGI, {n} steps": idgi(n) for n in STEPS},
    f"size of IG, {STEPS[-1]} steps": size_of_ig(STEPS[-1]),
    "edges": lambda model, x, target: xc.evaluation.controls.edges(x),
    "random": lambda model, x, target: torch.rand(
        x.shape, generator=torch.Generator().manual_seed(2)
    ),
}


@cache
def scores(net: str, method: str) -> dict[str, Tensor]:
    """Return each score, one value a picture, (N,)."""
    model, x = common.net(net), common.clothes()[1][0][:PICTURES]
    with torch.no_grad():
        target = model(x).argmax(1)
    maps = METHODS[method](model, x, target)
    ask, curve = xc.evaluation, xc.evaluation.performance_information_curve
    return {
        "insertion": ask.insertion(model, x, maps, target, imputer="blur", steps=98).values,
        "AIC": curve(model, x, maps, target, output="accuracy").values,
        "SIC": curve(model, x, maps, target).values,
        "deletion": ask.deletion(model, x, maps, target, imputer="black", steps=98).values,
    }


def measure(keep: Path | None) -> Tables:
    """Measure all maps on both nets."""
    lines = [
        {"net": net, "map": name} | {m: interval(v) for m, v in scores(net, name).items()}
        for net in NETS
        for name in METHODS
    ]
    pairs = [(f"IDGI, {n} steps", f"IG, {n} steps") for n in STEPS]
    pairs += [(f"IDGI, {STEPS[-1]} steps", other)
              for other in (f"size of IG, {STEPS[-1]} steps", "edges")]  # fmt: skip
    gaps = [
        {"net": net, "first": a, "minus": b}
        | {m: interval(scores(net, a)[m] - scores(net, b)[m]) for m in SCORES}
        for net in NETS
        for a, b in pairs
    ]
    return {"areas": lines, "differences": gaps}


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    gaps = [gap for gap in tables["differences"] if gap["minus"].startswith("IG,")]
    found = [
        condition(
            f"{m}: IDGI above IG at every number of steps, on both nets (low end, the least)",
            all(gap[m]["low"] > 0 for gap in gaps), least=min(gap[m]["low"] for gap in gaps),
            above=sum(gap[m]["low"] > 0 for gap in gaps), of=len(gaps),
        )
        for m in HIGHER
    ]  # fmt: skip
    sizes = [gap for gap in tables["differences"] if gap["minus"].startswith("size")]
    low = {f"{m}, {gap['net']}": gap[m]["low"] for m in HIGHER for gap in sizes}
    found.append(condition(
        "it is not only that signs are gone: IDGI is above the size of IG, too (low end)",
        all(value > 0 for value in low.values()), **low,
    ))  # fmt: skip
    cells = [gap[m] for gap in gaps for m in HIGHER]
    above, below = (sum(cell["low"] > 0 for cell in cells), sum(cell["high"] < 0 for cell in cells))
    found.append(condition(
        "as the reproduction says, in general and not always: some cells above, not all, and none "
        "below (put down after the measurement)",
        0 < above < len(cells) and below == 0, above=above, below=below, of=len(cells),
    ))  # fmt: skip
    return found


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say what deletion says, and what edges get."""
    gaps = [gap["deletion"] for gap in tables["differences"] if gap["minus"].startswith("IG,")]
    worse = sum(gap["low"] > 0 for gap in gaps)
    last = f"IDGI, {STEPS[-1]} steps"

    def curves(name: str) -> str:
        found = [find(tables["areas"], net=net, map=name)["AIC"]["mean"] for net in NETS]
        return " and ".join(f"{value:.2f}" for value in found)

    return [
        f"By deletion, where lower is better, IDGI is above IG in {worse} of {len(gaps)} cells: "
        "the same maps lose there.",
        f"Area under the accuracy information curve on the two nets: {last} {curves(last)}, the "
        f"picture's edges {curves('edges')}, noise {curves('random')}.",
    ]


ROW = Row(
    title="The important direction (IDGI)",
    says="IG with its gradients along the important direction has larger insertion scores and "
    "larger areas under accuracy and softmax information curves; a reproduction found: in general, "
    "not always, and sensitive to the number of steps.",
    papers=("2303.14242", "2409.09043"),
    lesson=10,
    experiment=f"{PICTURES} pictures of clothes, {' and '.join(NETS)}, IG from black with "
    f"{', '.join(map(str, STEPS))} steps; insertion into a blurred picture, deletion to black, "
    "98 steps. Only IG was tried, not Guided or Blur IG. Intervals over the pictures that have a "
    "value (information curves need a probability of .8), differences paired.",
    measure=measure,
    judge=judge,
    beside=beside,
)
