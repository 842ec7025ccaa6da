"""RectGrad and beta-smoothing: closed forms, loops written from the papers, and refusals."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError

A = torch.tensor([[1.0, 2.0, 3.0, -1.0]], dtype=torch.float64)  # a = (1, 2, 3, 0)
R = torch.tensor([3.0, 1.0, -1.0, 5.0], dtype=torch.float64)  # a R = (3, 2, -3, 0)


def one_layer(x):
    return (R * torch.relu(x)).sum(1)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"tau": 0.0}, [3.0, 1, 0, 0]),
        ({"tau": 2.0}, [3.0, 0, 0, 0]),  # strict: the tie is dropped
        ({"tau": -1.0}, [3.0, 1, 0, 5]),  # below 0 the closed unit passes, too
        ({"quantile": 0.5}, [3.0, 1, 0, 0]),  # tau = 1
        ({"quantile": 0.8}, [3.0, 0, 0, 0]),  # tau = 2.4
        ({"quantile": 0.0}, [3.0, 1, 0, 5]),  # tau = -3, all but the smallest
        ({"quantile": 1.0}, [0.0, 0, 0, 0]),
    ],
)
def test_rectgrad_closed_form_of_a_single_layer(setting, expected, close):
    found = xc.rectgrad(one_layer, A, None, times_input=False, **setting)
    close(found, [expected])
    close(xc.rectgrad(one_layer, A, None, **setting), A * torch.tensor([expected]).double())


def small_net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            *(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(45, 12), nn.ReLU(), nn.Linear(12, 3)),
        ).double()


X = torch.randn(3, 2, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
TARGET = torch.tensor([0, 2, 1])


def test_rectgrad_without_a_threshold_is_guided_backpropagation(close):
    net = small_net()
    guided = xc.guided_backprop(net, X, TARGET)
    close(xc.rectgrad(net, X, TARGET, tau=0.0, times_input=False), guided)
    close(xc.rectgrad(net, X, TARGET, tau=0.0), X * guided)


def by_loop(net, x, target, q):
    """RectGrad from the paper, layer by layer backwards, for one input (1, ...)."""
    values = [x]
    for layer in net:
        values.append(layer(values[-1]))
    signal = torch.zeros_like(values[-1])
    signal[0, target] = 1
    for layer, before, after in reversed(list(zip(net, values[:-1], values[1:], strict=True))):
        if isinstance(layer, nn.ReLU):
            relevance = (after * signal).flatten().sort().values
            place = q * (len(relevance) - 1)
            low, high = relevance[math.floor(place)], relevance[math.ceil(place)]
            tau = low + (place - math.floor(place)) * (high - low)
            signal = torch.where(after * signal > tau, signal, 0.0)
        else:
            point = before.detach().requires_grad_()
            (signal,) = torch.autograd.grad(layer(point), point, signal)
    return x * signal


@pytest.mark.parametrize("q", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("batch_size", [1, 2, None])
def test_rectgrad_equals_a_loop_with_a_threshold_for_each_row(q, batch_size, close):
    net = small_net()
    expected = [by_loop(net, X[k : k + 1], int(TARGET[k]), q) for k in range(3)]
    found = xc.rectgrad(net, X, TARGET, quantile=q, batch_size=batch_size)
    close(found, torch.cat(expected).detach())


def test_rectgrad_is_closed_where_relu6_is_saturated(close):
    x = torch.tensor([[7.0, 5.0]], dtype=torch.float64)
    found = xc.rectgrad(lambda x: F.relu6(x).sum(1), x, None, tau=0.0, times_input=False)
    close(found, [[0.0, 1.0]])


@pytest.mark.parametrize("activation", [nn.GELU(), nn.LeakyReLU(0.1), nn.SiLU()])
def test_rectgrad_refuses_other_activations_and_says_what_to_do(activation):
    net = nn.Sequential(nn.Linear(3, 4), activation, nn.Linear(4, 2)).eval()
    with pytest.raises(UnsupportedOperationError, match=r"rectgrad is not defined .* [Uu]se a"):
        xc.rectgrad(net, torch.ones(1, 3), 0)


@pytest.mark.parametrize(
    "bad", [{"quantile": 98}, {"quantile": -0.1}, {"quantile": "high"}, {"tau": math.nan}]
)
def test_rectgrad_refuses_a_threshold_that_is_none(bad):
    with pytest.raises((TypeError, ValueError), match=next(iter(bad))):
        xc.rectgrad(one_layer, A, None, **bad)


# ---------------------------------------------------------------- beta-smoothing


def test_beta_smoothing_closed_form_of_a_single_layer(close):
    x = torch.tensor([[0.3, -0.2, 0.0]], dtype=torch.float64)
    found = xc.beta_smoothing(lambda x: F.relu(x).sum(1), x, None, beta=4.0)
    close(found, [[1 / (1 + math.exp(-4 * v)) for v in (0.3, -0.2, 0.0)]])


def test_beta_smoothing_does_not_straighten_the_bend_too_early(close):
    """Torch's softplus is z itself from beta z = 20 on, where the slope is still 2e-9 below 1."""
    x = torch.tensor([[20.5, 25.0, 60.0]], dtype=torch.float64)
    slopes = lambda x: xc.beta_smoothing(lambda x: F.relu(x).sum(1), x, None, beta=1.0)  # noqa: E731
    close(1 - slopes(x)[:, :2], [[1 / (1 + math.exp(v)) for v in (20.5, 25.0)]], 1e-3)
    assert slopes(x)[0, 2] == 1
    assert slopes(1e3 * x.float()).tolist() == [[1, 1, 1]]  # and nothing overflows


def test_elu_and_selu_have_kinks_of_their_own_and_are_refused():
    """Where alpha is not 1 the slope of ELU jumps at 0: from 1.76 to 1.05 in SELU."""
    for activation in (F.selu, lambda z: F.elu(z, 2.0)):
        with pytest.raises(UnsupportedOperationError, match="'elu'"):
            xc.beta_smoothing(lambda x, g=activation: g(x).sum(1), A, None)


@pytest.mark.parametrize(
    ("activation", "smooth"),
    [
        (nn.ReLU(), lambda z: torch.log1p(torch.exp(3 * z)) / 3),
        (nn.ReLU(inplace=True), lambda z: torch.log1p(torch.exp(3 * z)) / 3),
        (torch.relu, lambda z: torch.log1p(torch.exp(3 * z)) / 3),
        (lambda z: z.clamp(min=0), lambda z: torch.log1p(torch.exp(3 * z)) / 3),
        (
            nn.ReLU6(),
            lambda z: (torch.log1p(torch.exp(3 * z)) - torch.log1p(torch.exp(3 * z - 18))) / 3,
        ),
        (nn.LeakyReLU(0.2), lambda z: 0.2 * z + 0.8 * torch.log1p(torch.exp(3 * z)) / 3),
        (nn.Tanh(), torch.tanh),
        (nn.GELU(), F.gelu),
    ],
)
def test_beta_smoothing_is_the_gradient_of_the_smooth_net(activation, smooth, close):
    """Two layers, so that the forward pass matters: the second sees the smoothed first."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Linear(4, 6).double(), nn.Linear(6, 5).double(), nn.Linear(5, 3).double()]

    def net(g):
        return lambda x: layers[2](g(layers[1](g(layers[0](x)))))

    x = torch.randn(2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    expected = xc.gradient(net(smooth), x, 1)
    found = xc.beta_smoothing(net(activation), x, 1, beta=3.0, return_details=True)
    close(found.values, expected)
    close(found.f_end, xc.scores(net(activation), x, 1))  # of the model as it is


def test_a_sharp_bend_gives_the_gradient(close):
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    close(xc.beta_smoothing(toy, x, None, beta=100.0), [[1.0, -3.0]])


def test_equal_functions_get_two_maps_under_smoothing():
    """relu(2u) = 2 relu(u), but the softplus of 2u bends more sharply."""
    x = torch.tensor([[0.1]], dtype=torch.float64)
    one = xc.beta_smoothing(lambda x: F.relu(2 * x).sum(1), x, None)
    two = xc.beta_smoothing(lambda x: 2 * F.relu(x).sum(1), x, None)
    assert abs(float(one - two)) > 0.1


def test_a_relu_that_is_not_seen_is_refused():
    with pytest.raises(UnsupportedOperationError, match="'maximum'"):
        xc.beta_smoothing(lambda x: torch.maximum(x, torch.zeros_like(x)).sum(1), A, None)


@pytest.mark.parametrize("beta", [0.0, -1.0, math.inf, "sharp", True])
def test_beta_must_be_a_number_above_zero(beta):
    with pytest.raises((TypeError, ValueError), match="beta"):
        xc.beta_smoothing(one_layer, A, None, beta=beta)
