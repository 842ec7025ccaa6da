"""Every registered method keeps every promise of the contract."""

import pytest

import xaicourse as xc
from tests.contract import checks, forms
from tests.contract.variants import method_variants
from xaicourse.core.registry import Claim, InputKind, ResultKind

VARIANTS = method_variants()


@pytest.mark.parametrize("check", checks.CHECKS.values(), ids=checks.CHECKS)
@pytest.mark.parametrize("record", VARIANTS.values(), ids=VARIANTS)
def test_contract(record, check):
    check(record)


def test_every_kind_and_claim_has_a_check():
    assert set(forms.FORMS) == set(ResultKind)
    assert set(forms.AXES) == set(InputKind)
    assert set(checks.CLAIM_CHECKS) == set(Claim)
    assert len(checks.CHECKS) >= 19


@pytest.mark.parametrize("record", xc.METHODS.values(), ids=xc.METHODS)
def test_example_is_small_and_has_rows_with_different_targets(record):
    example = record.example()
    assert example is not record.example()  # made anew, so that no test can spoil it
    assert len(example.x) >= 2
    assert example.x.numel() <= 5000
    assert str(example.x.dtype) == "torch.float64"
