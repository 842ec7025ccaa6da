"""Each method and metric that the contract is tried on, some of them with more than one example."""

from dataclasses import replace

import torch

import xaicourse as xc
from tests.contract import checks, metric_checks, toys
from xaicourse.core.registry import MethodRecord
from xaicourse.evaluation import METRICS
from xaicourse.evaluation.registry import MetricExample, MetricRecord


def method_variants() -> dict[str, MethodRecord]:
    """Return each method with its defaults, and once more where it can work adaptively."""
    found = dict(xc.METHODS)
    for name, record in xc.METHODS.items():
        if checks.has(record, "tol"):
            found[f"{name}, adaptive"] = with_settings(record, tol=0.05)
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

    settings = {"unit": 2, "imputer": "grey", "output": "probability"}
    return MetricExample(model, x, toys.falling(x).view(3, 4, 4) * (x - 0.5), 0, settings)


def blurred_example() -> MetricExample:
    """One bright spot an image, in a model that sees its difference to the surroundings."""
    x = 0.5 + 0.05 * toys.wave(2, 3, 6, 6)
    x[0, :, 1, 2] = x[1, :, 4, 3] = 2.0

    def model(x):
        return x.square().sum(dim=(1, 2, 3))

    settings = {"imputer": "blur", "output": "logit"}
    return MetricExample(model, x, (x.square() - 0.3).sum(1, keepdim=True), None, settings)


def metric_variants() -> dict[str, MetricRecord]:
    """Return each metric with its example, and where it removes patches of images also on those."""
    found = dict(METRICS)
    for name, record in METRICS.items():
        if metric_checks.has(record, "unit"):
            found[f"{name}, patches"] = replace(record, example=image_example)
            found[f"{name}, blurred"] = replace(record, example=blurred_example)
    return found
