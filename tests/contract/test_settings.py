"""Every setting of every method and metric, given what nobody can use: the error names it.

What is given is an object of no known kind and an empty list. Bare words of Python or torch
("cannot unpack", "unhashable type") name no argument and fail here.
"""

import inspect
import re
from typing import Any

import numpy as np
import pytest
import torch

import xaicourse as xc
from tests.contract import checks, metric_checks

ASKED = {"model", "x", "target", "attribution", "method", "train", "data", "return_details"}
JUNK = {"an object": object(), "an empty list": []}
# where an empty list is a list of none
MAY_BE_EMPTY = {"allow", "controls", "edges", "groups", "thresholds", "candidates", "classes"}


def settings_of(called: Any) -> list[str]:
    return [name for name in inspect.signature(called).parameters if name not in ASKED]


METHODS = [(n, s) for n, r in xc.METHODS.items() for s in settings_of(r.method)]
METRICS = [(n, s) for n, r in xc.METRICS.items() for s in settings_of(r.metric)]


def refusal(run: Any, record: Any, **given: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as refused:
        run(record, **given)
    return str(refused.value)


@pytest.mark.fault("K10")
@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(("name", "setting"), METHODS)
def test_a_setting_of_a_method_is_refused_by_its_name(name, setting, junk):
    if junk == "an empty list" and setting in MAY_BE_EMPTY:
        return
    said = refusal(checks.run, xc.METHODS[name], **{setting: JUNK[junk]})
    assert re.search(rf"\b{setting}\b", said), said


@pytest.mark.fault("K10")
@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(("name", "setting"), METRICS)
def test_a_setting_of_a_metric_is_refused_by_its_name(name, setting, junk):
    if junk == "an empty list" and setting in MAY_BE_EMPTY:
        return
    said = refusal(metric_checks.run, xc.METRICS[name], **{setting: JUNK[junk]})
    assert re.search(rf"\b{setting}\b", said), said


NUMBERS = [(n, s) for n, s in METHODS if s in ("samples", "seed", "neighbours", "batch_size")]


@pytest.mark.fault("K10")
@pytest.mark.parametrize(("name", "setting"), NUMBERS)
def test_a_number_of_numpy_is_a_number(name, setting):
    record = xc.METHODS[name]
    default = inspect.signature(record.method).parameters[setting].default
    given = record.example().settings.get(setting, default) or 2
    plain = checks.run(record, **{setting: given}, return_details=True)
    found = checks.run(record, **{setting: np.int64(given)}, return_details=True)
    checks.same(found.values, plain.values, 0.0, f"{setting} of NumPy")
    assert type(found.settings.get(setting, given)) is type(given)


X = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
OTHERS = {
    **{
        f"baselines.{name}": (lambda junk, name=name: getattr(xc.baselines, name)(junk), "x")
        for name in ("black", "white", "uniform", "gaussian", "black_white", "mean", "blur")
    },
    "baselines.gaussian, seed": (lambda junk: xc.baselines.gaussian(X, seed=junk), "seed"),
    "baselines.data, seed": (lambda junk: xc.baselines.data(X, seed=junk), "seed"),
    "class_model": (lambda junk: xc.class_model(lambda z: z.flatten(1), junk, 0), "start"),
    "pack": (lambda junk: xc.pack(lambda z: z, junk), "parts"),
    "targets.region": (lambda junk: xc.targets.region(0, junk), "mask"),
    "Donor": (xc.evaluation.Donor, "data"),
    "model_contrast": (lambda junk: xc.evaluation.model_contrast(junk, X, X > 0), "of_object"),
    "input_dependence": (lambda junk: xc.evaluation.input_dependence(X, junk, X > 0), "without"),
    "randomise_last_layer": (xc.evaluation.randomise_last_layer, "model"),
}


@pytest.mark.fault("K10")
@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", OTHERS)
def test_other_functions_name_what_they_cannot_use(name, junk):
    call, argument = OTHERS[name]
    with pytest.raises((TypeError, ValueError), match=rf"\b{argument}\b"):
        call(JUNK[junk])


def test_a_map_without_a_batch_axis_is_refused_by_name():
    with pytest.raises(ValueError, match=r"attribution has shape \(4,\).*attribution\[None\]"):
        xc.evaluation.region_mean(X[0, 0, 0], X[0, 0, 0] > 0)
