"""Integrated Gradients against Captum 0.9, where Captum is right, and where it is not."""

import pytest
import torch
from torch import Tensor, nn

import xaicourse as xc

captum = pytest.importorskip("captum.attr")

RULES = {
    "gauss_legendre": "gausslegendre",
    "midpoint": "riemann_middle",
    "left": "riemann_left",
    "right": "riemann_right",
}


def small_nets() -> dict[str, tuple[nn.Module, Tensor]]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dense = nn.Sequential(
            nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8), nn.GELU(), nn.Linear(8, 4)
        )
        conv = nn.Sequential(
            nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(5, 6, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4),
        )  # fmt: skip
        return {
            "dense": (dense.eval(), torch.randn(3, 6)),
            "conv": (conv.eval(), torch.rand(3, 3, 8, 8)),
        }


NETS = small_nets()
TARGET = torch.tensor([0, 3, 1])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("net", "x"), NETS.values(), ids=NETS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_equal(net, x, rule, dtype, close):
    """To 1e-6 and no better: Captum keeps alpha and the weights in float32 always."""
    net, x = net.to(dtype), x.to(dtype)
    base = torch.full_like(x, 0.1)
    peer = captum.IntegratedGradients(net)
    for steps in (2, 20):
        expected = peer.attribute(
            x, baselines=base, target=TARGET, n_steps=steps, method=RULES[rule]
        )
        got = xc.integrated_gradients(net, x, TARGET, baseline=base, steps=steps, quadrature=rule)
        close(got, expected.detach(), 1e-6)


@pytest.mark.parametrize(("net", "x"), NETS.values(), ids=NETS)
def test_gap_and_scores_agree(net, x, close):
    net, x = net.double(), x.double()
    _, delta = captum.IntegratedGradients(net).attribute(
        x, target=TARGET, n_steps=10, return_convergence_delta=True
    )
    found = xc.integrated_gradients(net, x, TARGET, steps=10, return_details=True)
    close(found.gap, delta, 1e-5)


@pytest.mark.parametrize(("net", "x"), NETS.values(), ids=NETS)
def test_gradient_and_input_x_gradient(net, x, close):
    net, x = net.double(), x.double()
    leaf = x.clone().requires_grad_(True)
    expected = captum.Saliency(net).attribute(leaf, target=TARGET, abs=False)
    close(xc.gradient(net, x, TARGET), expected, 1e-12)
    expected = captum.InputXGradient(net).attribute(leaf, target=TARGET).detach()
    close(xc.input_x_gradient(net, x, TARGET), expected, 1e-12)


def test_the_trapezoid_is_where_we_differ(close):
    """f = 2 x1 + x2 at (10, 5) is (20, 5). Captum's trapezoid weights sum to 1 - 1 / n only."""

    def model(x: Tensor) -> Tensor:
        return 2 * x[:, 0] + x[:, 1]

    x = torch.tensor([[10.0, 5.0]], dtype=torch.float64)
    truth = torch.tensor([[20.0, 5.0]])
    for n in (10, 50):
        theirs = captum.IntegratedGradients(model).attribute(
            x, n_steps=n, method="riemann_trapezoid"
        )
        close(theirs, truth * (1 - 1 / n), 1e-7)
        close(xc.integrated_gradients(model, x, steps=n, quadrature="trapezoid"), truth, 1e-12)


def test_equal_on_a_real_net(close):
    net, x = xc.zoo.load("efficientnet_lite0"), xc.datasets.photo(xc.datasets.photos()[0])
    expected = captum.IntegratedGradients(net).attribute(
        x, target=285, n_steps=4, method="gausslegendre", internal_batch_size=2
    )
    got = xc.integrated_gradients(net, x, 285, steps=4, batch_size=2)
    close(got, expected.detach(), 5e-3)
