"""Geometrically guided IG: a climb by hand, and a loop of the authors' settings in small."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.plain import relative_error

ggig = xc.geometrically_guided_ig


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


CENTRE = row(1, -2)[0]


def hill(x: Tensor) -> Tensor:
    return -(x - CENTRE).square().sum(1)


def test_linear_model_has_its_weights(close):
    w = row(2, -1, 0.5)
    close(ggig(lambda x: x @ w[0], row(3, 1, 2)), w, 1e-12)
    close(ggig(lambda x: x @ w[0], row(3, 1, 2), combine="mean"), w, 1e-12)


def test_hill_by_hand(close):
    """2(c - z) shrinks by .8 a step: 2 at z = 0; -4 * .8^4 = -1.6384 for the second input."""
    close(ggig(hill, row(0.5, 0.5), climb=5, rate=0.1), row(2, -1.6384), 1e-12)
    # from z0 = (.5, .5) m / 10: the largest of a climb is 2 - m / 10, and -(4 + m / 10) .8^4
    means = ggig(hill, row(0.5, 0.5), climb=5, rate=0.1, combine="mean")
    close(means, row(1.5, -4.5 * 0.8**4), 1e-12)


def test_means_of_two_rows_stay_apart(close):
    x = torch.cat([row(0.5, 0.5), row(-1, 2)])
    both = ggig(hill, x, combine="mean")
    for i in (0, 1):
        close(both[i : i + 1], ggig(hill, x[i : i + 1], combine="mean"), 1e-12)


def test_one_gradient_of_each_start_without_climbing(close):
    got = ggig(hill, row(0.5, 0.5), starts=1, climb=1, baseline=row(3, 1))
    close(got, torch.maximum(2 * (CENTRE - row(0.5, 0.5)), 2 * (CENTRE - row(3, 1))), 1e-12)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.sampled_from(["max", "mean"]))
def test_loop_of_the_authors_code(seed, combine):
    draw = torch.Generator().manual_seed(seed)
    x, w = torch.randn(1, 4, generator=draw).double(), torch.randn(4, 4, generator=draw).double()

    def model(x: Tensor) -> Tensor:
        return torch.tanh(x @ w).prod(1) + torch.sin(x).sum(1)

    best = []
    for m in range(4):
        z = 0.1 + m / 3 * (x - 0.1)
        grads = []
        for _ in range(5):
            z = z.detach().requires_grad_(True)
            (grad,) = torch.autograd.grad(model(z).sum(), z)
            grads.append(grad)
            z = z + 0.3 * grad
        best.append(torch.stack(grads).amax(0))
    right = torch.stack(best).amax(0) if combine == "max" else torch.stack(best).mean(0)
    got = ggig(model, x, starts=3, climb=5, rate=0.3, combine=combine, baseline=0.1)
    assert relative_error(got, right) < 1e-12


def test_an_input_that_only_lowers_f_shows_its_weakest_influence():
    got = ggig(lambda x: -x.exp().sum(1), row(2, 2), rate=0.0, climb=1)
    assert relative_error(got, row(-1, -1)) < 1e-12  # at the baseline; at x it is -7.4


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"starts": 0}, ValueError, "starts must be at least 1"),
        ({"climb": 1.5}, TypeError, "climb must be a whole"),
        ({"rate": "fast"}, TypeError, "rate must be a number"),
        ({"rate": -1.0}, ValueError, "rate must be at least 0"),
        ({"combine": "sum"}, ValueError, "combine must be one of max, mean, got 'sum'"),
    ],
)
def test_what_is_refused(wrong, error, says):
    with pytest.raises(error, match=says):
        ggig(hill, row(1, 1), **wrong)


def test_a_climb_without_bound_is_refused():
    with pytest.raises(ValueError, match=r"row 0 is NaN or infinite on its climb.*smaller rate"):
        ggig(lambda x: x.pow(4).sum(1), row(3, 3), rate=10.0)
