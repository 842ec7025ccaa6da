"""Each method and metric that the contract is tried on, some of them with more than one example."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch

import xaicourse as xc
from tests.contract import checks, metric_checks, toys
from xaicourse.core.registry import MethodRecord
from xaicourse.evaluation import METRICS, Donor, NoisyLinear, Uniform
from xaicourse.evaluation.registry import MetricExample, MetricRecord
from xaicourse.evaluation.removal import additive_example
from xaicourse.evaluation.sets import subsets_example, sum_example

# methods that work in another way under other settings
WAYS = {"geodesic_ig, through data": {"data": toys.wave(6, 6, step=0.7), "neighbours": 2}}


def method_variants() -> dict[str, MethodRecord]:
    """Return each method with its defaults, and once more where it can work in another way."""
    found = dict(xc.METHODS)
    for name, settings in WAYS.items():
        found[name] = with_settings(found[name.partition(",")[0]], **settings)
    for name, record in xc.METHODS.items():
        if checks.has(record, "tol"):
            found[f"{name}, adaptive"] = with_settings(record, tol=0.05, steps=None)
    return found


def with_settings(record: MethodRecord, **settings) -> MethodRecord:
    def example():
        made = record.example()
        return replace(made, settings={**made.settings, **settings})

    return replace(record, example=example)


def image_example() -> MetricExample:
    """Photos in patches, on which the removal metrics have more to do than on rows of numbers."""
    x = 1 + 0.5 * toys.wave(2, 3, 4, 4)

    def model(x):
        score = toys.additive(x) / 50
        return torch.stack([score, score.square() / 4, -score], dim=1)

    settings = {"unit": 2, "imputer": 0.5, "output": "probability"}
    return MetricExample(model, x, toys.falling(x).view(3, 4, 4) * (x - 0.5), 0, settings)


def logit_example(**own: Any) -> MetricExample:
    """The same where the map adds up: small falls of a probability drown in 16 bits."""
    made = image_example()
    return replace(made, settings={**made.settings, "output": "logit", **own})


def blurred_example() -> MetricExample:
    """One bright spot an image, in a model that sees its difference to the surroundings."""
    x = 0.5 + 0.05 * toys.wave(2, 3, 6, 6)
    x[0, :, 1, 2] = x[1, :, 4, 3] = 2.0

    def model(x):
        return x.square().sum(dim=(1, 2, 3))

    settings = {"imputer": "blur", "output": "logit"}
    return MetricExample(model, x, (x.square() - 0.3).sum(1, keepdim=True), None, settings)


def segments_example() -> MetricExample:
    """Return photos that are cut into segments, four and three of them, with colours of noise."""
    made = image_example()
    four = torch.tensor([[0, 0, 1, 1], [0, 2, 2, 1], [3, 2, 2, 1], [3, 3, 3, 1]])
    three = torch.tensor([[5, 5, 5, 5], [5, 2, 2, 2], [9, 9, 2, 2], [9, 9, 9, 2]])
    noise = Uniform(0.4, 0.6, repeats=2)
    settings = {"unit": torch.stack([four, three]), "imputer": noise, "output": "logit"}
    return replace(made, settings=settings)


def tokens_example() -> MetricExample:
    """Return sentences of five tokens, of which another sentence's stand in."""
    x = 1 + 0.5 * toys.wave(2, 5, 3)
    others = Donor(-toys.wave(4, 5, 3), repeats=2)
    right = toys.falling(x).view(5, 3) * x
    return MetricExample(
        toys.additive, x, right, None, {"unit": "token", "imputer": others, "output": "logit"}
    )


def filled_example() -> MetricExample:
    """Return photos whose channel values are filled in by their neighbours, solved for."""
    made = blurred_example()
    heat = made.x.square() - 0.3
    settings = {"unit": "channel", "imputer": NoisyLinear(tol=1e-12), "output": "logit", "steps": 9}
    return replace(made, attribution=heat, settings=settings)


FORMS = {  # each is tried on the metric that needs most of it
    "irof, segments": segments_example,
    "abpc, tokens": tokens_example,
    "abpc, filled in": filled_example,
}


def metric_variants() -> dict[str, MetricRecord]:
    """Return each metric with its example, and where it removes patches of images also on those."""
    found = dict(METRICS)
    for name, record in METRICS.items():
        if metric_checks.has(record, "unit") and record.example is additive_example:
            found[f"{name}, patches"] = replace(record, example=image_example)
            found[f"{name}, blurred"] = replace(record, example=blurred_example)
        elif record.example in (sum_example, subsets_example):
            own = {"samples": 16} if record.example is subsets_example else {}
            found[f"{name}, patches"] = replace(record, example=partial(logit_example, **own))
            found[f"{name}, blurred"] = replace(record, example=blurred_example)
    for name, example in FORMS.items():
        found[name] = replace(METRICS[name.partition(",")[0]], example=example)
    return found
