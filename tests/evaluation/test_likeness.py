"""The cosine of two maps."""

import pytest
import torch

from xaicourse.evaluation.likeness import cosine


def test_a_cosine_of_maps_and_of_nothing():
    a, b = torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([[3.0, 0.0], [4.0, 0.0]])
    assert cosine(a, b) == pytest.approx(9 / 25)
    assert cosine(a, -2 * a) == pytest.approx(-1.0)
    assert cosine(a, 0 * a) == 0.0
