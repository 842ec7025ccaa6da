"""The maps and imputers of lesson 15, and the stored scores of the removal tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from xaicourse.datasets.shipped import read_tensors
from xaicourse.evaluation import controls
from xaicourse.evaluation.imputers import Blur, Donor
from xaicourse.evaluation.interval import confidence_interval
from xaicourse.evaluation.report_of import Report, ReportRow
from xaicourse.methods.denoising.input_noise import smoothgrad
from xaicourse.methods.integrated.ig import integrated_gradients
from xaicourse.methods.vanilla.class_activation import grad_cam
from xaicourse.methods.vanilla.gradient import gradient
from xaicourse.methods.vanilla.relu_rules import guided_backprop

__all__ = [
    "COLOURS",
    "CONTROLS",
    "IMPUTERS",
    "MAPS",
    "METHODS",
    "explained",
    "imputers",
    "leaderboard",
    "scores",
]

FILE = "removal_scores.safetensors"
METHODS = (
    "gradient size", "gradient x input", "IG black", "IG grey", "IG white",
    "SmoothGrad", "guided", "Grad-CAM",
)  # fmt: skip
CONTROLS = ("edges", "picture", "centre", "random")  # maps that never asked the net
MAPS = METHODS + CONTROLS
COLOURS = ("black", "grey", "white")
IMPUTERS = ("black", "grey", "white", "mean", "blur", "linear", "donor")


def explained(model: Any, x: Tensor, target: Any = None) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the predicted classes, (N,), and all maps of pictures x (N, 1, 28, 28)."""
    target = model(x).argmax(1) if target is None else target
    ask: dict[str, Any] = {"target": target, "output": "probability", "batch_size": 100}
    slope = gradient(model, x, **ask)
    maps = {"gradient size": slope.abs(), "gradient x input": slope * x}
    for name, baseline in (("black", 0.0), ("grey", 0.5), ("white", 1.0)):
        maps[f"IG {name}"] = integrated_gradients(model, x, baseline=baseline, steps=16, **ask)
    maps["SmoothGrad"] = smoothgrad(model, x, samples=8, **ask).abs()
    maps["guided"] = guided_backprop(model, x, **ask).abs()
    maps["Grad-CAM"] = grad_cam(model, x, **ask)
    maps["edges"], maps["picture"] = controls.edges(x), x
    maps["centre"], maps["random"] = controls.centre_gaussian(x), noise(x)
    return target, maps


def noise(x: Tensor) -> Tensor:
    """Return one random number a pixel, another draw for each picture."""
    draws = [controls.random(x[i : i + 1], seed=i) for i in range(len(x))]
    return torch.cat(draws)


def imputers(data: Tensor) -> dict[str, Any]:
    """Return seven imputers by name; `data` gives the mean picture and the donors."""
    made = {
        "mean": data.mean(0),
        "blur": Blur(2),
        "linear": "linear",
        "donor": Donor(data[200:]),
    }
    return {name: made.get(name, name) for name in IMPUTERS}


@cache
def stored() -> dict[str, Tensor]:
    """Return the file of data/measure_removal.py."""
    return read_tensors(FILE)


def scores(
    imputer: str, metric: str = "abpc", *, net: str = "fashion_cnn", unit: int = 4
) -> dict[str, Tensor]:
    """Return one value for each of 100 pictures, (100,), by the name of the map.

    `metric` is deletion, insertion or abpc, their difference.
    """
    place = f"{net}/{unit}/{imputer}"
    if metric == "abpc":
        values = stored()[f"{place}/insertion"] - stored()[f"{place}/deletion"]
    else:
        values = stored()[f"{place}/{metric}"]
    return dict(zip(MAPS, values.double(), strict=True))


def leaderboard(
    names: Sequence[str], imputers: Sequence[str], *, net: str, pictures: int
) -> Report:
    """Return stored ABPC scores as a report: maps by imputers."""
    found = []
    for name in names:
        for imputer in imputers:
            values = {m: v[:pictures] for m, v in scores(imputer, net=net).items()}
            own = confidence_interval(values[name])
            found.append(
                ReportRow(
                    method=name,
                    metric=f"tiles become {imputer}",
                    direction="higher",
                    mean=own.mean,
                    low=own.low,
                    high=own.high,
                    valid=pictures,
                    images=pictures,
                    minus_random=confidence_interval(values[name] - values["random"]),
                    controls={m: confidence_interval(values[m]) for m in CONTROLS},
                )
            )
    return Report(tuple(found), 0.95)
