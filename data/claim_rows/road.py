"""Row 3: whether ROAD, which trains nothing anew, orders maps as retraining does."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import xaicourse as xc
from claim_rows import common
from claim_rows.common import Row, Tables, condition, find, interval

FRACTIONS = (1 / 3, 2 / 3)  # of three steps
ORDERS = {"MoRF": "roar", "LeRF": "kar"}  # KAR removes the least important first
RUNS = 3
STEPS, SAMPLES = 4, 6
BASES = {
    "IG": xc.spec("integrated_gradients", baseline=0.0, steps=STEPS),
    "GB": xc.spec("guided_backprop"),
}
ENSEMBLES = {"SG": "smoothgrad", "SQ": "smoothgrad_squared", "Var": "vargrad"}
PROTOCOLS = tuple(
    f"{order}, {trained}, {fill}"
    for order in ("MoRF", "LeRF")
    for trained, fill in (
        ("retrained", "fixed"), ("retrained", "linear"),
        ("not retrained", "linear"), ("not retrained", "fixed"),
    )
)  # fmt: skip


def size_of(base: str, ensemble: str | None) -> common.Method:
    """Return a method whose maps are sizes: IG or guided backprop, alone or over noisy copies."""
    spec, samples = BASES[base], SAMPLES

    def explain(model: Any, x: Tensor, target: Tensor) -> Tensor:
        if ensemble is None:
            return xc.METHODS[spec.name].method(model, x, target, **dict(spec.settings)).abs()
        smooth = xc.METHODS[ensemble].method
        return smooth(model, x, target, method=spec, samples=samples).abs()

    return explain


METHODS = {
    base if ensemble is None else f"{base}-{ensemble}": size_of(base, ENSEMBLES.get(ensemble or ""))
    for base in BASES
    for ensemble in (None, *ENSEMBLES)
}


def accuracies(run: int, keep: Path | None) -> dict[str, Tensor]:
    """Return the accuracy of each map at each share by each protocol, (8, 2)."""
    data = common.clothes()
    (x, _), (test, labels) = data
    train = xc.evaluation.SmallTraining("cnn", epochs=6)
    net = train(*data[0], seed=run)
    mean = float(x.mean())
    found: dict[str, list[Tensor]] = {name: [] for name in PROTOCOLS}
    for method in METHODS.values():
        maps = method(net, test, net(test).argmax(1))
        for order, ask in ORDERS.items():
            for fill, imputer in {"fixed": mean, "linear": xc.evaluation.NoisyLinear()}.items():
                again = getattr(xc.evaluation, ask)(
                    train, data, method, model=net, fractions=FRACTIONS, imputer=imputer,
                    trainings=1, seed=run, controls=(), keep=keep,
                )  # fmt: skip
                found[f"{order}, retrained, {fill}"].append(again.curve[0, 1:])
                once = xc.evaluation.road(
                    net, test, maps, labels, output="accuracy", imputer=imputer,
                    order=order.lower(), seed=run, steps=3,
                )  # fmt: skip
                found[f"{order}, not retrained, {fill}"].append(once.curve.mean(dim=0)[1:3])
    return {name: torch.stack(each) for name, each in found.items() if each}


def alike(a: Tensor, b: Tensor) -> float:
    """Return the rank correlation of two columns of accuracies, a mean over the shares."""
    from scipy import stats

    each = [stats.spearmanr(one, two).statistic for one, two in zip(a.T, b.T, strict=True)]
    return float(torch.tensor(each, dtype=torch.float64).nanmean())


def measure(keep: Path | None) -> Tables:
    """Measure all protocols in each run, and compare their orders."""
    runs = [accuracies(run, keep) for run in range(RUNS)]
    pairs = [
        {"first": a, "second": b, "spearman": interval([alike(run[a], run[b]) for run in runs])}
        for a, b in combinations(PROTOCOLS, 2)
    ]
    again = [
        {"protocol": a, "between runs": interval([alike(one[a], two[a])
                                                  for one, two in combinations(runs, 2)])}
        for a in PROTOCOLS
    ]  # fmt: skip
    gap = [
        {"order": order, "linear minus fixed": interval([
            alike(run[f"{order}, retrained, linear"], run[f"{order}, not retrained, linear"])
            - alike(run[f"{order}, retrained, fixed"], run[f"{order}, not retrained, fixed"])
            for run in runs])}
        for order in ("MoRF", "LeRF")
    ]  # fmt: skip
    mean = {name: torch.stack([run[name] for run in runs]).mean(dim=0) for name in PROTOCOLS}
    table = [
        {"map": name, "protocol": protocol}
        | {f"{share:.2f}": value for share, value in zip(FRACTIONS, mean[protocol][k].tolist(),
                                                       strict=True)}
        for protocol in PROTOCOLS
        for k, name in enumerate(METHODS)
    ]  # fmt: skip
    return {
        "pairs of protocols": pairs, "linear minus fixed": gap, "a protocol with itself": again,
        "accuracy": table,
    }  # fmt: skip


def between(tables: Mapping[str, Any], a: str, b: str) -> Mapping[str, Any]:
    """Return the rank correlation of two protocols."""
    return find(tables["pairs of protocols"], first=a, second=b)["spearman"]


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    found = []
    for order in ("MoRF", "LeRF"):
        linear = between(tables, f"{order}, retrained, linear", f"{order}, not retrained, linear")
        fixed = between(tables, f"{order}, retrained, fixed", f"{order}, not retrained, fixed")
        gap = find(tables["linear minus fixed"], order=order)["linear minus fixed"]
        found += [
            condition(
                f"{order}: with the linear fill, maps are ordered alike with and without "
                "retraining (low end of the rank correlation above .5)",
                linear["low"] > 0.5, mean=linear["mean"], low=linear["low"], high=linear["high"],
            ),
            condition(
                f"{order}: with a fixed fill they are ordered less alike than with the linear one "
                "(low end of the difference)",
                gap["low"] > 0, fixed=fixed["mean"], difference=gap["mean"], low=gap["low"],
            ),
        ]  # fmt: skip
    return found


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say how far a protocol agrees with itself, and what guided backprop does."""
    again = {line["protocol"]: line["between runs"]["mean"] for line in
             tables["a protocol with itself"]}  # fmt: skip
    accuracy = tables["accuracy"]
    known = [find(accuracy, map="GB", protocol=f"MoRF, {trained}, fixed")["0.33"]
             for trained in ("not retrained", "retrained")]  # fmt: skip
    return [
        "The most that can be had: a protocol agrees with itself in another run, on another net, to"
        f" {min(again.values()):.2f} to {max(again.values()):.2f}.",
        "With a fixed fill the order turns round when a net is trained anew: a third of the pixels "
        f"gone, guided backprop's accuracy is {known[0]:.2f} without retraining and {known[1]:.2f} "
        "with it. The holes say the class to whoever is trained on them (see ROAR).",
    ]


ROW = Row(
    title="ROAD: consistent without retraining",
    says="With removed pixels filled linearly, a net that is not trained anew orders maps as "
    "retrained ones do (rank correlation .86 from the most, .95 from the least important on "
    "CIFAR-10, eight maps, five runs); with a fixed value it does not (.14 and .05).",
    papers=("2202.00449",),
    lesson=15,
    experiment="Clothes, 1,500 for training and 500 for testing; IG from black and guided backprop,"
    " alone and as SmoothGrad, SmoothGrad squared and VarGrad (sizes), explain a small CNN, trained"
    f" anew in each of {RUNS} runs; {', '.join(f'{100 * f:.0f} %' for f in FRACTIONS)} of the "
    "pixels become the mean of the data, or the noisy linear fill. Spearman over the eight maps at "
    "each share, mean over the shares, interval over the runs.",
    measure=measure,
    judge=judge,
    beside=beside,
)
