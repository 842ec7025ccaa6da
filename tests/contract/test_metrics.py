"""Every registered metric, and a toy of every kind, keeps every promise of the contract."""

import pytest
import torch

import xaicourse as xc
from tests.contract import metric_checks as checks
from tests.contract import toys
from tests.contract.bad_metric_input import TABLE
from tests.contract.variants import metric_variants
from tests.pretend_gpu import DEVICE, PretendGPU
from xaicourse.evaluation import METRICS
from xaicourse.evaluation.registry import MetricKind

ADDITIVE_KINDS = {MetricKind.CURVE, MetricKind.DATA}


VARIANTS = metric_variants()


@pytest.mark.parametrize("check", checks.CHECKS.values(), ids=checks.CHECKS)
@pytest.mark.parametrize("record", VARIANTS.values(), ids=VARIANTS)
def test_contract(record, check):
    check(record)


@pytest.mark.parametrize("kind", MetricKind, ids=str)
def test_toy_keeps_the_contract(kind):
    with toys.registered_metric(kind) as record:
        assert METRICS[record.name] is record
        for name, check in checks.CHECKS.items():
            if name != "documentation":  # a toy has one line
                check(record)
    assert record.name not in METRICS


@pytest.mark.parametrize("record", METRICS.values(), ids=METRICS)
def test_example_is_small_and_made_anew(record):
    example = record.example()
    x = checks.x_of(example)
    assert x is not checks.x_of(record.example())
    assert len(x) >= 2
    assert x.numel() <= 5000
    assert x.dtype == torch.float64
    assert example.method is not None or example.attribution.dtype == torch.float64


def test_two_metrics_cannot_have_one_name():
    def deletion(model, x, attribution, target=None):
        """Take the name of a metric that exists."""

    with pytest.raises(ValueError, match="a metric called deletion is registered already"):
        toys.make_metric(MetricKind.MAP, deletion)
    assert METRICS["deletion"].metric is xc.evaluation.deletion


# ---- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("record", METRICS.values(), ids=METRICS)
def test_bad_input(record, bad):
    bad.check(record)


@pytest.mark.parametrize("kind", MetricKind, ids=str)
def test_toys_refuse_bad_input(kind):
    with toys.registered_metric(kind) as record:
        for bad in TABLE.values():
            bad.check(record)


@pytest.mark.parametrize("record", METRICS.values(), ids=METRICS)
def test_tensors_on_two_devices_are_refused(record):
    on_two_devices(record)


@pytest.mark.parametrize("kind", MetricKind, ids=str)
def test_toys_refuse_tensors_on_two_devices(kind):
    with toys.registered_metric(kind) as record:
        on_two_devices(record)


def on_two_devices(record):
    with PretendGPU():
        elsewhere = checks.with_map(record, lambda a: a.to(DEVICE))
        with pytest.raises(ValueError, match="attribution is on pretendgpu:0, x is on cpu"):
            checks.run(record, elsewhere)
        if checks.has(record, "mask"):
            mask = record.example().settings["mask"].to(DEVICE)
            with pytest.raises(ValueError, match="mask is on pretendgpu:0, x is on cpu"):
                checks.run(record, mask=mask)
