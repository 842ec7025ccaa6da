"""Row 4: RISE, LIME and Grad-CAM by insertion and deletion."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

import xaicourse as xc
from claim_rows import common
from claim_rows.common import Row, Tables, condition, find, interval

PICTURES, MASKS, SAMPLES = 40, 800, 400
CELLS = 7  # RISE's grid, and LIME's tiles of 4 x 4 pixels
TILE = 28 // CELLS
NETS = ("fashion_cnn", "fashion_residual")


def rise(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the mean of random smooth masks, weighted by the probability that they leave."""
    draw = torch.Generator().manual_seed(0)
    cells = (torch.rand(MASKS, 1, CELLS, CELLS, generator=draw) < 0.5).float()
    large = F.interpolate(cells, size=(28 + TILE, 28 + TILE), mode="bilinear")
    shifts = torch.randint(0, TILE, (MASKS, 2), generator=draw).tolist()
    moved = zip(large, shifts, strict=True)
    masks = torch.stack([one[:, i : i + 28, j : j + 28] for one, (i, j) in moved])
    weights = probability(model, x, target, masks)  # (N, M)
    return torch.einsum("nm,mchw->nchw", weights, masks) / (0.5 * MASKS)


def lime(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return the weights of a linear model of which tiles are there, near the whole picture."""
    draw = torch.Generator().manual_seed(1)
    there = (torch.rand(SAMPLES, CELLS**2, generator=draw) < 0.5).double()
    masks = there.float().view(-1, 1, CELLS, CELLS)
    masks = masks.repeat_interleave(TILE, 2).repeat_interleave(TILE, 3)
    scores = probability(model, x, target, masks).double()  # (N, M)
    far = 1 - there.mean(dim=1).sqrt()  # one minus the cosine to the whole picture
    root = torch.exp(-far.square() / 0.25**2 / 2)[:, None]
    A = torch.cat([torch.ones(SAMPLES, 1), there], dim=1) * root
    ridge = A.T @ A + torch.eye(CELLS**2 + 1)
    w = torch.linalg.solve(ridge, A.T @ (root * scores.T))[1:]  # (tiles, N)
    tiles = w.T.float().view(-1, 1, CELLS, CELLS)
    return tiles.repeat_interleave(TILE, 2).repeat_interleave(TILE, 3)


@torch.no_grad()
def probability(model: Any, x: Tensor, target: Tensor, masks: Tensor) -> Tensor:
    """Return the probability of the target of each picture under each mask, on black, (N, M)."""
    return torch.stack([
        model(one * masks).softmax(1)[:, int(k)] for one, k in zip(x, target, strict=True)
    ])  # fmt: skip


def window(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return what a sliding window of 8 x 8 pixels takes away."""
    return xc.occlusion(model, x, target, patch=8, stride=2, output="probability")


def random(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return noise, another for each picture."""
    return torch.rand(x.shape, generator=torch.Generator().manual_seed(2))


METHODS: dict[str, common.Method] = {
    "RISE": rise,
    "LIME": lime,
    "sliding window": window,
    "Grad-CAM": lambda model, x, target: xc.grad_cam(model, x, target),
    "random": random,
    "edges": lambda model, x, target: xc.evaluation.controls.edges(x),
    "centre": lambda model, x, target: xc.evaluation.controls.centre_gaussian(x),
}


@cache
def scores(net: str, method: str) -> dict[str, Tensor]:
    """Return deletion to the mean and insertion into a blur, one value a picture, (N,)."""
    model, x = common.net(net), common.clothes()[1][0][:PICTURES]
    with torch.no_grad():
        target = model(x).argmax(1)
    maps = METHODS[method](model, x, target)
    ask = xc.evaluation
    return {
        "insertion": ask.insertion(model, x, maps, target, imputer="blur", steps=98).values,
        "deletion": ask.deletion(model, x, maps, target, imputer=common.mean_of_clothes(),
                                 steps=98).values,
    }  # fmt: skip


PAIRS = (("RISE", "LIME"), ("LIME", "Grad-CAM"), ("RISE", "Grad-CAM"))


def measure(keep: Path | None) -> Tables:
    """Measure all maps on both nets."""
    lines = [
        {"net": net, "map": name} | {m: interval(v) for m, v in scores(net, name).items()}
        for net in NETS
        for name in METHODS
    ]
    pairs = [
        {"net": net, "first": a, "second": b}
        | {f"{m}, difference": interval(scores(net, a)[m] - scores(net, b)[m])
           for m in ("insertion", "deletion")}
        for net in NETS
        for a, b in (*PAIRS, ("RISE", "centre"))
    ]  # fmt: skip
    return {"areas": lines, "pairs": pairs}


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    found = []
    for a, b in PAIRS[:2]:
        low = {
            net: find(tables["pairs"], net=net, first=a, second=b)["insertion, difference"]["low"]
            for net in NETS
        }
        found.append(condition(
            f"insertion: {a} above {b} (low end of the paired difference)",
            all(value > 0 for value in low.values()), **low,
        ))  # fmt: skip
    apart = {
        net: max(abs(find(tables["pairs"], net=net, first=a, second=b)["deletion, difference"]
                     ["mean"]) for a, b in PAIRS)
        for net in NETS
    }  # fmt: skip
    found.append(condition(
        "deletion tells them hardly apart: means within .03 of each other",
        all(value < 0.03 for value in apart.values()), **apart,
    ))  # fmt: skip
    return found


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say how near maps come that ask no net."""

    def each(name: str, score: str) -> str:
        found = [find(tables["areas"], net=net, map=name)[score]["mean"] for net in NETS]
        return " and ".join(f"{value:.2f}" for value in found)

    return [
        f"Insertion on the two nets: RISE {each('RISE', 'insertion')}, a Gaussian in the centre "
        f"{each('centre', 'insertion')}, edges {each('edges', 'insertion')}, noise "
        f"{each('random', 'insertion')}.",
        f"Deletion, lower is better: RISE {each('RISE', 'deletion')}, noise "
        f"{each('random', 'deletion')}.",
        "RISE and LIME compare with black here, the two scores with a blur and with grey: part of "
        "their places is that question, not their quality.",
    ]


ROW = Row(
    title="RISE by insertion and deletion",
    says="By insertion RISE is above LIME, and LIME above Grad-CAM; their deletions are close.",
    papers=("1806.07421",),
    lesson=15,
    experiment=f"{PICTURES} pictures of clothes, {' and '.join(NETS)}; RISE with {MASKS} masks of "
    f"{CELLS} x {CELLS} cells and LIME with {SAMPLES} samples of {CELLS} x {CELLS} tiles, both on "
    "black, written from their papers for this row; insertion into a blurred picture, deletion to "
    "the mean grey, 98 steps, probability of the predicted class. Intervals over pictures, "
    "differences paired.",
    measure=measure,
    judge=judge,
    beside=beside,
)
