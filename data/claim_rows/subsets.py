"""Row 10: sensitivity-n, whose winner changes with n."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import xaicourse as xc
from claim_rows import common
from claim_rows.common import Row, Tables, condition, find, interval

PICTURES = 40
SIZES = (1, 4, 16, 64, 256, 512, 700)
SMALL, LARGE = SIZES[0], 512


def random(model: Any, x: Tensor, target: Tensor) -> Tensor:
    """Return noise, another for each picture."""
    return torch.rand(x.shape, generator=torch.Generator().manual_seed(2))


METHODS: dict[str, Any] = {
    "gradient x input": xc.spec("input_x_gradient"),
    "IG black": xc.spec("integrated_gradients", baseline=0.0, steps=32),
    "DeepLIFT": xc.spec("deeplift", baseline=0.0),
    "LRP": xc.spec("lrp"),
    "occlusion of one pixel": xc.spec("occlusion", patch=1, fill=0.0),
    "random": random,
    "the picture": lambda model, x, target: x,
}


@cache
def linear() -> nn.Module:
    """Return a linear net on the pictures for training: least squares with a ridge."""
    (x, labels), _ = common.clothes()
    A = torch.cat([x.flatten(1), torch.ones(len(x), 1)], dim=1).double()
    answers = torch.nn.functional.one_hot(labels, 10).double()
    w = torch.linalg.solve(A.T @ A + 10 * torch.eye(785), A.T @ answers)  # (785, 10)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).double()
    net[1].weight.data, net[1].bias.data = w[:-1].T.contiguous(), w[-1].clone()
    return net.eval().requires_grad_(False)


NETS = {"linear": linear, "fashion_mlp": lambda: common.net("fashion_mlp")}


@cache
def curve(net: str, method: str) -> Tensor:
    """Return the correlation at each size, (N, T)."""
    model, x = NETS[net](), common.clothes()[1][0][:PICTURES]
    x = x.double() if net == "linear" else x
    with torch.no_grad():
        target = model(x).argmax(1)
    maps = common.explained(METHODS[method], model, x, target)
    ask = xc.evaluation.sensitivity_n
    return torch.stack([ask(model, x, maps, target, sizes=(n,)).values for n in SIZES], dim=1)


def measure(keep: Path | None) -> Tables:
    """Measure all maps at all sizes, on both nets."""
    lines = [
        {"net": net, "map": name}
        | {f"n = {n}": interval(curve(net, name)[:, k]) for k, n in enumerate(SIZES)}
        for net in NETS
        for name in METHODS
    ]
    gaps = [
        {"map": name} | {f"n = {n}": interval(curve("fashion_mlp", "occlusion of one pixel")[:, k]
                                              - curve("fashion_mlp", name)[:, k])
                         for k, n in enumerate(SIZES)}
        for name in ("gradient x input", "IG black", "DeepLIFT", "LRP")
    ]  # fmt: skip
    return {"correlation": lines, "occlusion minus the others, fashion_mlp": gaps}


def judge(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what of the claim was seen."""
    table = tables["correlation"]
    exact = [
        find(table, net="linear", map=name)[f"n = {n}"]["low"]
        for name in METHODS if name not in ("random", "the picture") for n in SIZES
    ]  # fmt: skip
    gaps = {line["map"]: line for line in tables["occlusion minus the others, fashion_mlp"]}
    small = {name: line[f"n = {SMALL}"]["low"] for name, line in gaps.items()}
    large = {name: gaps[name][f"n = {LARGE}"]["high"] for name in ("IG black", "DeepLIFT")}
    return [
        condition("on a linear net every method has correlation 1 at each n",
                  min(exact) > 0.9999, lowest=min(exact)),
        condition(f"n = {SMALL}: occlusion of one pixel is above all others (low end)",
                  all(value > 0 for value in small.values()), **small),
        condition(f"n = {LARGE}: IG and DeepLIFT are above occlusion (high end of occlusion minus "
                  "them)", all(value < 0 for value in large.values()), **large),
    ]  # fmt: skip


def beside(tables: Mapping[str, Any]) -> list[str]:
    """Say what blind maps get, and which two maps are one."""
    line = {one["map"]: one for one in tables["correlation"] if one["net"] == "fashion_mlp"}
    few, many = f"n = {SMALL}", f"n = {LARGE}"
    return [
        f"On fashion_mlp, n = {SMALL} and {LARGE}: noise {line['random'][few]['mean']:.2f} and "
        f"{line['random'][many]['mean']:.2f}, the picture itself "
        f"{line['the picture'][few]['mean']:.2f} and {line['the picture'][many]['mean']:.2f}.",
        "LRP (epsilon) and gradient x input are the same map on a net of ReLU.",
    ]


ROW = Row(
    title="Sensitivity-n",
    says="On a linear net all these methods are exact; on others the occlusion of single features "
    "is best for few features, and IG or DeepLIFT for many.",
    papers=("1711.06104",),
    lesson=15,
    experiment=f"{PICTURES} pictures of clothes, a linear net (least squares) and fashion_mlp, "
    "removed pixels black, 100 subsets of each size, the logit of the predicted class. Intervals "
    "over pictures, differences paired.",
    measure=measure,
    judge=judge,
    beside=beside,
)
