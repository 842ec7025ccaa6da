"""Row 2: remove what a map calls important, train anew; and what the removed places alone say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

import xaicourse as xc
from claim_rows import common
from claim_rows.common import Row, Tables, condition, find, interval
from xaicourse.evaluation.fingerprint import fingerprint
from xaicourse.evaluation.kept import Kept
from xaicourse.evaluation.retraining import rank_by_row

FRACTIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
SHARES_ALONE = (0.5, 0.9)
TRAININGS, FEWER = 3, 2
METHODS: dict[str, common.Method] = {
    "saliency": common.gradient_size,
    "IG black": common.ig_black,
    "IG grey": common.ig_grey,
    "guided backprop": common.guided,
    "SmoothGrad": common.smoothgrad,
    "SmoothGrad squared": common.smoothgrad_squared,
    "VarGrad": common.vargrad,
    "saliency, blurred": common.blurred(common.gradient_size),
    "IG black, blurred": common.blurred(common.ig_black),
    "IG grey, blurred": common.blurred(common.ig_grey),
    "saliency, another class": common.of_another_class(common.gradient_size),
    "IG grey, another class": common.of_another_class(common.ig_grey),
}
PLAIN = ("saliency", "IG black", "IG grey", "guided backprop")
ENSEMBLES = ("SmoothGrad squared", "VarGrad")
BLURRED = ("saliency", "IG black", "IG grey")
KEPT_ONLY = ("saliency", "IG black", "IG grey", "IG grey, another class")  # by KAR
BY_CNN = (
    "saliency", "IG grey", "SmoothGrad squared", "VarGrad", "saliency, blurred", "IG grey, blurred",
)  # fmt: skip


def asked(metric: str, method: common.Method, keep: Path | None, **settings: Any) -> Any:
    """Return ROAR or KAR of a method whose maps explain fashion_cnn, with the controls."""
    settings = {"net": "mlp", "trainings": FEWER} | settings
    train, ask = xc.evaluation.SmallTraining(settings.pop("net")), getattr(xc.evaluation, metric)
    return ask(
        train, common.clothes(), method, model=common.net("fashion_cnn"), keep=keep, **settings
    )


def all_maps(
    metric: str, keep: Path | None, maps: tuple[str, ...] = tuple(METHODS), **settings: Any
) -> dict[str, Any]:
    """Return the result of each map, the controls among them: they are the same for all methods."""
    found: dict[str, Any] = {}
    for name in maps:
        controls = () if found else ("random", "sobel")
        result = asked(metric, METHODS[name], keep, controls=controls, **settings)
        if controls:
            found |= {"random": result.details["random"], "edges": result.details["sobel"]}
        found[name] = result
    return found


def lines(found: dict[str, Any], shares: tuple[float, ...] = FRACTIONS) -> list[dict[str, Any]]:
    """Return one line a map: its area, the paired difference to random, and the mean curve."""
    table = []
    for name, result in found.items():
        curve = result.curve.mean(dim=0).tolist()
        line = {"map": name, "area": interval(result.values)}
        line["minus random"] = interval(result.values - found["random"].values)
        line |= {f"{share:g}": value for share, value in zip((0, *shares), curve, strict=True)}
        table.append(line)
    return table


def masks_of(scores: Tensor, share: float) -> Tensor:
    """Return 1 where a pixel stays and 0 where one of the most important was, (N, 1, 28, 28)."""
    stays = rank_by_row(scores.flatten(1), torch.Generator().manual_seed(0)) >= round(share * 784)
    return stays.view(-1, 1, 28, 28).float()


def says_alone(inputs: list[Tensor], kept: Kept) -> Tensor:
    """Train MLPs on inputs for training; return what they say of those for testing, (S, 500)."""
    (_, labels), _ = common.clothes()
    train = xc.evaluation.SmallTraining("mlp")

    def said(seed: int) -> Tensor:
        return train(inputs[0], labels, seed)(inputs[1]).argmax(1)

    return torch.stack([
        kept.get(fingerprint("alone", train, inputs, labels, seed), partial(said, seed))
        for seed in range(FEWER)
    ])  # fmt: skip


def masks_alone(keep: Path | None) -> list[dict[str, Any]]:
    """Return how often nets are right that see masks alone.

    And where fashion_cnn errs, how often they repeat its verdict, or say the truth.
    """
    net, parts = common.net("fashion_cnn"), common.clothes()
    verdict, truth = net(parts[1][0]).argmax(1), parts[1][1]
    errs, kept = verdict != truth, Kept(keep)
    maps: dict[str, common.Method] = {
        "random": lambda model, x, target: torch.zeros_like(x),
        "edges": lambda model, x, target: xc.evaluation.controls.edges(x),
    }
    table = []
    for name, method in {"none: whole pictures": None, **maps, **METHODS}.items():
        each = [method(net, x, net(x).argmax(1)) if method else x for x, _ in parts]
        line: dict[str, Any] = {"map": name}
        for share in SHARES_ALONE:
            inputs = [masks_of(scores, share) for scores in each] if method else each
            said = says_alone(inputs, kept)  # (S, 500)
            line[f"right without {100 * share:.0f} %"] = interval((said == truth).double().mean(0))
            if share == SHARES_ALONE[0]:
                repeats, right = (
                    (said == answer)[:, errs].double().mean(0) for answer in (verdict, truth)
                )  # (pictures,), a mean over the trainings
                line |= {"repeats an error": interval(repeats), "corrects it": interval(right)}
        table.append(line)
    return table


def in_a_lesson() -> list[dict[str, Any]]:
    """Return how long ROAR takes with 5 shares, 4 maps and 2 trainings: new, and from a file."""
    seconds = []
    with TemporaryDirectory() as folder:
        for _ in range(2):
            start = time.process_time()
            all_maps("roar", Path(folder) / "kept.sqlite", ("saliency", "IG grey"), trainings=2,
                     fractions=FRACTIONS)  # fmt: skip
            seconds.append(time.process_time() - start)
    return [{"ROAR of 4 maps, 5 shares, 2 trainings": what, "processor seconds": value}
            for what, value in zip(("new", "from its file"), seconds, strict=True)]  # fmt: skip


def measure(keep: Path | None) -> Tables:
    """Measure ROAR and KAR with two kinds of nets, and masks alone."""
    training, testing = common.clothes()
    right = [(common.net("fashion_cnn")(x).argmax(1) == labels).double() for x, labels in
             (training, testing)]  # fmt: skip
    return {
        "roar": lines(all_maps("roar", keep, trainings=TRAININGS, fractions=FRACTIONS)),
        "kar": lines(all_maps("kar", keep, KEPT_ONLY, fractions=FRACTIONS)),
        "masks alone": masks_alone(keep),
        "roar, cnn": lines(all_maps("roar", keep, BY_CNN, net="cnn", fractions=FRACTIONS)),
        "in a lesson": in_a_lesson(),
        "explained net": [{"data": data, "right": interval(each, shares=True)} for data, each in
                          zip(("training", "testing"), right, strict=True)],
    }  # fmt: skip


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    roar = tables["roar"]

    def above(names: tuple[str, ...], table: Any = roar) -> dict[str, float]:
        return {name: find(table, map=name)["minus random"]["low"] for name in names}

    def below(names: tuple[str, ...]) -> dict[str, float]:
        return {name: find(roar, map=name)["minus random"]["high"] for name in names}

    change = {
        name: find(roar, map=f"{name}, blurred")["area"]["mean"]
        - find(roar, map=name)["area"]["mean"]
        for name in BLURRED
    }
    random = find(roar, map="random")
    return [
        condition(
            "single gradients, IG and guided backprop remove no more than chance does: their areas "
            "are not below random's (low end of the difference)",
            all(value > 0 for value in above(PLAIN).values()), **above(PLAIN),
        ),
        condition(
            "SmoothGrad squared and VarGrad remove more than chance does: below random "
            "(high end of the difference)",
            all(value < 0 for value in below(ENSEMBLES).values()), **below(ENSEMBLES),
        ),
        condition(
            "without 90 % of the pixels, at random, much is still right (chance is .10)",
            random["0.9"] > 0.5, right=random["0.9"],
        ),
        condition(
            "blurring, which adds nothing, improves every map that was tried (change of the area)",
            all(value < 0 for value in change.values()), **change,
        ),
    ]  # fmt: skip


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say what the masks alone say, and what KAR and the second kind of nets do."""
    alone = {line["map"]: line for line in tables["masks alone"]}
    half = {name: line["right without 50 %"]["mean"] for name, line in alone.items()}
    whole, grey = alone["none: whole pictures"], alone["IG grey"]
    kar = {line["map"]: line["area"]["mean"] for line in tables["kar"]}
    cnn = {line["map"]: line["area"]["mean"] for line in tables["roar, cnn"]}
    own = find(tables["explained net"], data="testing")["right"]["mean"]
    return [
        "Masks smuggle in the first net's verdict: nets that see only which half of the pixels was "
        f"removed are right in {half['IG grey']:.2f} for IG grey, {half['IG black']:.2f} for IG "
        f"black, {half['saliency']:.2f} for saliency, {half['edges']:.2f} for edges and "
        f"{half['random']:.2f} for random places; nets that see whole pictures in "
        f"{half['none: whole pictures']:.2f}, the explained net itself in {own:.2f}.",
        f"Where the explained net errs ({grey['repeats an error']['n']} pictures), masks of IG grey"
        f" repeat its error in {grey['repeats an error']['mean']:.2f} and say the truth in "
        f"{grey['corrects it']['mean']:.2f}; whole pictures {whole['repeats an error']['mean']:.2f}"
        f" and {whole['corrects it']['mean']:.2f}.",
        "Asked for a class that is drawn instead of the predicted one, masks alone are right in "
        f"{half['IG grey, another class']:.2f} (IG grey) and "
        f"{half['saliency, another class']:.2f} (saliency).",
        f"KAR: random {kar['random']:.3f}, edges {kar['edges']:.3f}, saliency "
        f"{kar['saliency']:.3f}, IG grey {kar['IG grey']:.3f} (higher is better).",
        f"With small CNNs, ROAR: random {cnn['random']:.3f}, saliency {cnn['saliency']:.3f}, "
        f"SmoothGrad squared {cnn['SmoothGrad squared']:.3f}, VarGrad {cnn['VarGrad']:.3f}, IG grey"
        f" {cnn['IG grey']:.3f}, blurred {cnn['IG grey, blurred']:.3f}.",
    ]


ROW = Row(
    title="ROAR: remove and retrain",
    says="Most maps are no better than random ones once a net is trained anew without what they "
    "call important; squared and variance ensembles of noisy gradients are better; after removing "
    "90 % at random much is still right. Later: blurring a map improves its score.",
    papers=("1806.10758", "2304.13836"),
    lesson=15,
    experiment="1,500 pictures of clothes for training and 500 for testing; maps explain "
    "fashion_cnn, which was trained on other pictures, for the class that it predicts; removed "
    f"pixels become the mean; an MLP is trained anew {TRAININGS} times for each map and share "
    f"({FEWER} times for KAR, masks alone, and a CNN). Intervals are over trainings, those of masks"
    " alone over pictures.",
    measure=measure,
    judge=judge,
    beside=beside,
)
