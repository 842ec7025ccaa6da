"""Settings for all tests: one thread, and the comparison that all tests use."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: two busy threads can be 25x slower
os.environ.setdefault("XAICOURSE_TEST", "1")

import pytest
import torch

from tests.plain import relative_error as relative_error

torch.set_num_threads(1)


@pytest.fixture
def close():
    """Return ``close(got, expected, tolerance)``: asserts by relative norm, not entry by entry."""

    def check(got, expected, tolerance: float = 1e-10) -> None:
        error = relative_error(got, expected)
        assert error <= tolerance, f"relative error {error:.3g} is above {tolerance:.3g}"

    return check
