"""LRP on whole nets without allow=: torchvision's families, a U-Net, conservation."""

import copy

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.held_fast import (
    W1,
    W2,
    X,
    books_are_even,
    gradient_x_input,
    last,
    passed,
    waves,
    written_norm,
    zero_rule,
)

# ---- whole nets ----------------------------------------------------------------------------------


class Passed(nn.Module):
    """An activation as a product with a constant."""

    def __init__(self, f):
        super().__init__()
        self.f = f
        f.inplace = False

    def forward(self, h):
        return passed(self.f, h)


class HeldNorm(nn.Module):
    """A layer norm with its deviation held fast; over the channels where those are axis 1."""

    def __init__(self, norm, axis):
        super().__init__()
        self.norm, self.axis = norm, axis

    def forward(self, h):
        shape = [1] * h.dim()
        shape[self.axis] = -1
        w, b = (c.view(shape) for c in (self.norm.weight, self.norm.bias))
        return written_norm(h, self.axis, torch.detach, w, b, self.norm.eps)


class HeldGate(nn.Module):
    """Squeeze and excite with its gate held fast."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, h):
        return h * self.block._scale(h).detach()


def rewritten(model):
    """Return a copy of a net whose gradient x input is LRP-0 of the net."""
    model = copy.deepcopy(model)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.SiLU | nn.Hardswish | nn.GELU):
                setattr(parent, name, Passed(child))
            elif isinstance(child, nn.LayerNorm):
                channels_first = type(child) is not nn.LayerNorm
                setattr(parent, name, HeldNorm(child, 1 if channels_first else -1))
            elif isinstance(child, torchvision.ops.SqueezeExcitation):
                setattr(parent, name, HeldGate(child))
    return model


FAMILIES = [
    *("resnet18", "resnext50_32x4d", "convnext_tiny", "efficientnet_b0", "mobilenet_v2"),
    *("mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "densenet121", "vgg11_bn"),
    *("googlenet", "inception_v3", "shufflenet_v2_x0_5", "mnasnet0_5", "squeezenet1_1"),
]


def random_net(name):
    torch.manual_seed(0)
    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model = getattr(torchvision.models, name)(weights=None, **more).double().eval()
    if name == "vgg11_bn":  # whose dense layers take seconds
        model.classifier = nn.Linear(512 * 49, 5).double()
    for module in model.modules():  # so that F is not lost in 1e-10
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.fill_(0.3)
    return model.requires_grad_(False)


@pytest.mark.fault("R6")
@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_of_nets_works_without_allow(name, close):
    with torch.random.fork_rng():
        model = random_net(name)
    size = 75 if name == "inception_v3" else 32
    x = waves(1, 3, size, size).abs()
    found = zero_rule(model, x)
    books_are_even(found, model, close, x)
    close(found.values, gradient_x_input(rewritten(model), x), 1e-6)
    composite = xc.lrp(model, x, 1, rules="epsilon_plus_flat", return_details=True)
    books_are_even(composite, model, close, x)
    assert bool(composite.values.isfinite().all())


IMAGE = waves(2, 3, 5, 5)
K1, K2, K3 = waves(4, 3, 3, 3, turn=2.0), waves(4, 4, turn=3.0), waves(3, 4, turn=4.0)


def unet(z):
    """Down, up by a transposed convolution, and a skip connection, one score a class."""
    down = F.silu(F.group_norm(F.conv2d(z, K1, padding=1), 2))
    low = F.gelu(F.conv2d(F.max_pool2d(down, 2), K2[:, :, None, None]))
    up = F.conv_transpose2d(low, waves(4, 4, 2, 2), stride=2, output_padding=1)
    return torch.einsum("nchw,kc->nk", torch.cat([up[:, :2], down[:, :2]], 1), K3)


@pytest.mark.fault("R7")
def test_a_small_unet_works_without_allow(close):
    found = zero_rule(unet, IMAGE)
    books_are_even(found, unet, close, IMAGE)
    for rules in ("epsilon_plus", "epsilon_plus_flat", "z_plus"):
        composite = xc.lrp(unet, IMAGE, 1, rules=rules, return_details=True)
        books_are_even(composite, unet, close, IMAGE)


def test_without_biases_nothing_is_lost(close):
    """The relevance of a net of layers, activations, gates and norms without biases is F."""
    swish = lambda h: h * torch.sigmoid(h)  # noqa: E731

    def model(z):
        h = F.gelu(F.linear(z, W1))
        h = F.rms_norm(h * torch.sigmoid(F.linear(h, W2)), (8,))
        return last(F.layer_norm(swish(F.linear(h, W2)), (8,)) + F.mish(h))

    found = zero_rule(model)
    close(found.values.sum(1), xc.scores(model, X, 1), 1e-9)
    assert float(found.extra["absorbed"].abs().max()) < 1e-10
