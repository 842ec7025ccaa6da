"""Class activation maps against pytorch-grad-cam 1.5.7, and where that program is wrong.

Its import takes seconds, so it is used in this file only. It scales every map to [0, 1] before and
after it enlarges it; the maps are compared before that, and once with the same scaling done here.
"""

import numpy as np
import pytest
import torch
from pytorch_grad_cam import (
    EigenCAM,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    XGradCAM,
)
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

import xaicourse as xc

RAW = {"upsample": None, "relu": False}
T = [2, 0, 1]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Net(nn.Module):
    """Maps as large as the image, and a head for which all methods differ."""

    def __init__(self, scale: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 5, 3, padding=1)
        self.relu = nn.ReLU(inplace=inplace)
        self.hidden, self.out = nn.Linear(5 * 30, 8), nn.Linear(8, 3)
        self.double().eval()
        for k, parameter in enumerate(self.parameters()):
            parameter.data = 0.3 * random(*parameter.shape, seed=k + 3)
        self.scale = scale

    def forward(self, x):
        flat = self.relu(self.conv(x)).flatten(1)
        return self.scale * self.out(torch.tanh(self.hidden(flat)))


X = random(3, 2, 5, 6, seed=1)


def theirs(kind, net, layer):
    """Return their map before scaling, (N, h, w), and after."""
    targets = [ClassifierOutputTarget(t) for t in T]
    with kind(model=net, target_layers=[layer]) as method:
        scaled = method(X.clone(), targets)
        A = method.activations_and_grads.activations[0].numpy()
        g = method.activations_and_grads.gradients
        g = g[0].numpy() if g else None
        return method.get_cam_image(X, layer, targets, A, g, False), scaled


EXACT = {
    "grad_cam": (xc.grad_cam, GradCAM, 1e-10),
    "hires_cam": (xc.hires_cam, HiResCAM, 1e-10),
    "layer_cam": (xc.layer_cam, LayerCAM, 1e-10),
    "xgrad_cam": (xc.xgrad_cam, XGradCAM, 1e-6),  # they add 1e-7 below the fraction
}


@pytest.mark.parametrize(("ours", "kind", "tolerance"), EXACT.values(), ids=EXACT)
def test_equals_theirs_before_and_after_their_scaling(ours, kind, tolerance, close):
    net = Net()
    raw, scaled = theirs(kind, net, net.relu)
    close(ours(net, X, T, layer="relu", **RAW)[:, 0], raw, tolerance)
    found = ours(net, X, T, layer="relu", relu=True, upsample=None)[:, 0].numpy()
    same_scaling = scale_cam_image(scale_cam_image(found, (6, 5)))
    close(same_scaling, scaled, 1e-6)


def test_grad_cam_plus_plus_equals_theirs_where_gradients_are_large(close):
    """They add 1e-6 to 2 g^2 + g^3 sum(A): harmless where g^2 is far above it."""
    net = Net(scale=1e3)
    raw, _ = theirs(GradCAMPlusPlus, net, net.relu)
    close(xc.grad_cam_plus_plus(net, X, T, layer="relu", **RAW)[:, 0], raw, 1e-6)


def test_their_grad_cam_plus_plus_is_wrong_where_gradients_are_small():
    """The powers of g cancel in the paper's fraction, but not beside their constant."""
    net = Net(scale=1e-3)
    raw, _ = theirs(GradCAMPlusPlus, net, net.relu)
    found = xc.grad_cam_plus_plus(net, X, T, layer="relu", **RAW)[:, 0].numpy()
    assert np.linalg.norm(raw) < 0.1 * np.linalg.norm(found)


def test_eigen_cam_equals_theirs_but_for_the_sign(close):
    net = Net()
    raw, _ = theirs(EigenCAM, net, net.relu)
    found = xc.eigen_cam(net, X, T, layer="relu", centre=True, **RAW)[:, 0].numpy()
    sign = np.sign((raw * found).sum((1, 2), keepdims=True))
    close(found * sign, raw, 1e-6)  # they round to float32


def test_score_cam_equals_theirs_where_nothing_is_enlarged(close):
    """They enlarge with aligned corners, which the authors of Score-CAM do not."""
    net = Net()
    raw, _ = theirs(ScoreCAM, net, net.relu)
    close(xc.score_cam(net, X, T, layer="relu", **RAW)[:, 0], raw, 1e-6)


def test_their_map_of_a_layer_that_is_overwritten_is_another_layers(close):
    """On the CPU they keep no copy: a ReLU in place behind a convolution changes their A."""
    plain, inplace = Net(), Net(inplace=True)
    right = xc.grad_cam(plain, X, T, layer="conv", **RAW)[:, 0]
    close(xc.grad_cam(inplace, X, T, layer="conv", **RAW)[:, 0], right)
    close(theirs(GradCAM, plain, plain.conv)[0], right)
    wrong, _ = theirs(GradCAM, inplace, inplace.conv)
    assert np.linalg.norm(wrong - right.numpy()) > 0.1 * float(right.norm())
