"""Nets that standardise their weights anew in each call (NFNet, BiT): the right is the plain net.

A norm of weights by their own statistics is no model in training mode: nothing of x is in it.
"""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import xaicourse as xc

X = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

Standardise = Callable[[Tensor], Tensor]
WAYS: dict[str, Standardise] = {
    # timm's ScaledStdConv2d (NFNet, NF-ResNet): with a gain
    "batch_norm with a gain": lambda W: F.batch_norm(
        W.reshape(1, len(W), -1),
        None,
        None,
        weight=torch.linspace(0.5, 1.5, len(W), dtype=W.dtype),
        training=True,
        momentum=0.0,
        eps=1e-6,
    ).reshape_as(W),
    # timm's StdConv2d (BiT)
    "batch_norm": lambda W: F.batch_norm(
        W.reshape(1, len(W), -1), None, None, training=True, momentum=0.0
    ).reshape_as(W),
    "torch.batch_norm": lambda W: torch.batch_norm(
        W.reshape(1, len(W), -1), None, None, None, None, True, 0.0, 1e-6, False
    ).reshape_as(W),
    "instance_norm": lambda W: F.instance_norm(
        W.reshape(1, len(W), -1), use_input_stats=True
    ).reshape_as(W),
    "layer_norm": lambda W: F.layer_norm(W, W.shape[1:]),
    "by hand": lambda W: (W - W.mean((1, 2, 3), keepdim=True)) / W.std((1, 2, 3), keepdim=True),
}
METHODS = {
    "gradient": xc.gradient,
    "integrated_gradients": xc.integrated_gradients,
    "smoothgrad": xc.smoothgrad,
    "guided_backprop": xc.guided_backprop,
    "deeplift": xc.deeplift,
    "lrp": xc.lrp,
    "deep_taylor": xc.deep_taylor,
    "beta_smoothing": xc.beta_smoothing,
    "fullgrad_decomposition": xc.fullgrad_decomposition,
    "bias_backprop": xc.bias_backprop,
    "grad_cam": xc.grad_cam,
}


class StandardisedConv(nn.Conv2d):
    """A convolution whose kernels have mean 0 and variance 1 at each call."""

    def __init__(self, ins: int, outs: int, way: Standardise) -> None:
        super().__init__(ins, outs, 3, padding=1)
        self.way = way

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.way(self.weight), self.bias, padding=1)

    def plain(self) -> nn.Conv2d:
        """The same convolution with its kernels computed once."""
        conv = nn.Conv2d(self.in_channels, self.out_channels, 3, padding=1).double()
        conv.weight.data, conv.bias.data = self.way(self.weight).detach(), self.bias.data
        return conv


def nets(way: Standardise) -> tuple[nn.Module, nn.Module]:
    """A net that standardises its weights, and the plain one."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        convs = [StandardisedConv(3, 4, way), StandardisedConv(4, 5, way)]
        head = [nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3)]
        net = nn.Sequential(convs[0], nn.ReLU(), convs[1], *head).double().eval()
    return net, nn.Sequential(convs[0].plain(), nn.ReLU(), convs[1].plain(), *head).double().eval()


@pytest.mark.fault("R1")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", METHODS)
def test_standardised_weights_are_weights(method, way, close):
    net, plain = nets(WAYS[way])
    close(METHODS[method](net, X, 1), METHODS[method](plain, X, 1))


@pytest.mark.fault("R1")
@pytest.mark.parametrize("method", [xc.noisegrad, xc.fusiongrad])
def test_noise_goes_on_what_is_standardised(method, close):
    """The noise is on the weights that are stored; what is computed of them follows."""
    net, _ = nets(WAYS["batch_norm"])
    given = method(net, X, 1, samples=1, weight_sigma=0.3)
    scaled, _ = nets(lambda W: WAYS["batch_norm"](3 * W))  # a norm does not see the factor
    close(given, method(scaled, X, 1, samples=1, weight_sigma=0.3), 1e-3)
    assert float((given - xc.gradient(net, X, 1)).norm() / given.norm()) > 1e-2


@pytest.mark.fault("R1")
def test_the_same_norm_of_an_activation_is_refused():
    net = nn.Sequential(nn.Flatten(), nn.Linear(108, 4)).double().eval()

    def trained(x: Tensor) -> Tensor:
        return F.batch_norm(net(x), None, None, training=True)

    with pytest.raises(ValueError, match="training mode"):
        xc.gradient(trained, X, 1)
