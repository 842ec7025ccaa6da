"""Settings for all tests: one thread, and the comparison that all tests use."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two busy threads can be 25x slower
os.environ.setdefault("XAICOURSE_TEST", "1")

import pytest
import torch

torch.set_num_threads(1)


def relative_error(got, expected) -> float:
    """Return |got - expected| / |expected|, over all entries (absolute where expected is 0)."""
    got = torch.as_tensor(got, dtype=torch.float64).cpu()
    expected = torch.as_tensor(expected, dtype=torch.float64).cpu()
    assert got.shape == expected.shape, f"{tuple(got.shape)} instead of {tuple(expected.shape)}"
    size = float(expected.norm())
    return float((got - expected).norm()) / (size if size > 0 else 1.0)


@pytest.fixture
def close():
    """Return ``close(got, expected, tolerance)``: asserts by relative norm, not entry by entry."""

    def check(got, expected, tolerance: float = 1e-10) -> None:
        error = relative_error(got, expected)
        assert error <= tolerance, f"relative error {error:.3g} is above {tolerance:.3g}"

    return check
