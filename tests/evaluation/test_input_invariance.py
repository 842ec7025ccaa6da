"""Input invariance: who has a reference that the shift moves, and who has none."""

import copy

import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.evaluation import input_invariance

X = torch.cos(torch.arange(12, dtype=torch.float64)).view(2, 6)


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 3)).double().eval()


def relative(a, b):
    return (a - b).flatten(1).norm(dim=1) / b.flatten(1).norm(dim=1)


@pytest.mark.parametrize("method", ["gradient", "deconvnet", "guided_backprop"])
def test_maps_of_slopes_are_invariant(method):
    found = input_invariance(net(), X, method, 1)
    assert (found.values < 1e-12).all()
    assert (found.details["output_change"] < 1e-12).all()


def test_input_x_gradient_is_off_by_the_shift_times_the_gradient(close):
    f = net()
    found = input_invariance(f, X, "input_x_gradient", 1, shift=0.7)
    slope = xc.gradient(f, X, 1)
    close(found.values, (0.7 * slope).norm(dim=1) / (X * slope).norm(dim=1), 1e-12)


def test_integrated_gradients_depends_on_whether_the_baseline_moves(close):
    f, s = net(), torch.linspace(-1, 2, 6, dtype=torch.float64)
    black = xc.spec("integrated_gradients", steps=300, quadrature="midpoint", baseline=0.0)
    fixed = input_invariance(f, X, black, 1, shift=1.0)
    assert (fixed.values > 0.1).all()
    moved = xc.spec("integrated_gradients", steps=300, quadrature="midpoint", baseline=1.0)
    assert (input_invariance(f, X, black, 1, shift=1.0, shifted_method=moved).values < 1e-12).all()

    def by_row(model, x, target):
        return xc.integrated_gradients(model, x, target, baseline=s.expand_as(x))

    found = input_invariance(f, X, "integrated_gradients", 1, shift=s, shifted_method=by_row)
    assert (found.values < 1e-12).all()


@pytest.mark.parametrize("method", ["gradient", "input_x_gradient", "integrated_gradients"])
def test_a_shift_in_the_first_bias_is_the_same_model(method, close):
    """b2 = b1 - W s, as in the paper: exact for a linear layer and an unpadded convolution."""
    f, s = net(), torch.linspace(-1, 2, 6, dtype=torch.float64)
    other = copy.deepcopy(f)
    other[0].bias.data -= f[0].weight.detach() @ s
    explain = getattr(xc, method)
    expected = relative(explain(other, X + s, 1), explain(f, X, 1))
    got = input_invariance(f, X, method, 1, shift=s).values
    assert float((got - expected).norm()) <= 1e-12 * max(1.0, float(expected.norm()))


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_padding_missing_biases_and_layers_inside_layers_do_no_harm(bias):
    """By the bias of the first module, as Quantus 0.6.0, the padded net is another function."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        first = nn.Conv2d(3, 4, 3, padding=1, bias=bias)
        f = nn.Sequential(nn.Sequential(first), nn.Tanh(), nn.Flatten(), nn.Linear(100, 2))
    f = f.double().eval()
    x = torch.cos(torch.arange(150, dtype=torch.float64)).view(2, 3, 5, 5)
    s = torch.tensor([1.0, -2, 0.5], dtype=torch.float64).view(3, 1, 1)
    assert (input_invariance(f, x, "gradient", 0, shift=s).values < 1e-12).all()
    other = copy.deepcopy(f)
    b = torch.zeros(4, dtype=torch.float64) if not bias else other[0][0].bias.detach()
    moved = first.weight.detach().sum((2, 3)) @ s.flatten()
    other[0][0].bias = nn.Parameter(b - moved)
    assert float(relative(xc.gradient(other, x + s, 0), xc.gradient(f, x, 0)).min()) > 0.01


def test_layers_of_the_model_are_found_in_the_shifted_one():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        f = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(36, 2)).double()
    x = torch.cos(torch.arange(150, dtype=torch.float64)).view(2, 3, 5, 5)
    found = input_invariance(f.eval(), x, xc.spec("grad_cam", layer="1"), 0)
    assert (found.values[found.valid] < 1e-12).all()


@pytest.mark.parametrize(
    ("shift", "error", "message"),
    [
        (0.0, ValueError, "not 0 everywhere"),
        (float("inf"), ValueError, "must be finite"),
        ("black", TypeError, "shift must be a number or a tensor, got 'black'"),
        (torch.ones(2, 6), ValueError, r"shift has shape \(2, 6\), but a row of x has \(6,\)"),
        (torch.ones(5), ValueError, "shift has shape"),
    ],
    ids=["zero", "infinite", "a word", "one a row", "another shape"],
)
def test_bad_shifts(shift, error, message):
    with pytest.raises(error, match=message):
        input_invariance(net(), X, "gradient", 1, shift=shift)
