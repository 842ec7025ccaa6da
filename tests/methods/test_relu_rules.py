"""Saliency, DeconvNet and Guided Backpropagation: closed forms, Captum, and what they break."""

import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop
from torch import nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError


def test_closed_form_of_a_single_layer(close):
    c = torch.tensor([-1.0, 2.0, 3.0], dtype=torch.float64)
    x = torch.tensor([[1.0, -1.0, 2.0]], dtype=torch.float64)
    model = lambda x: (c * torch.relu(x)).sum(1)  # noqa: E731
    close(xc.gradient(model, x), [[-1.0, 0, 3]])
    close(xc.saliency(model, x), [[1.0, 0, 3]])
    close(xc.deconvnet(model, x), [[0.0, 2, 3]])
    close(xc.guided_backprop(model, x), [[0.0, 0, 3]])


def test_closed_form_of_the_toy_net(close):
    toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    close(xc.deconvnet(toy, x), [[-1.0, 4.0]])
    close(xc.guided_backprop(toy, x), [[2.0, -2.0]])


def test_positive_weights_and_open_units_give_the_gradient(close):
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)).double()
    for parameter in model.parameters():
        parameter.data.uniform_(0.1, 1.0, generator=torch.Generator().manual_seed(0))
    x = torch.rand(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    close(xc.guided_backprop(model, x, 1), xc.gradient(model, x, 1))


def test_twins_with_one_function_get_two_maps(close):
    """min(x1, x2) written in two ways: guided backpropagation breaks implementation invariance."""
    x = torch.tensor([[3.0, 2.0]], dtype=torch.float64)
    one = lambda x: x[:, 0] - torch.relu(x[:, 0] - x[:, 1])  # noqa: E731
    two = lambda x: x[:, 1] - torch.relu(x[:, 1] - x[:, 0])  # noqa: E731
    close(xc.gradient(one, x), xc.gradient(two, x))
    close(xc.guided_backprop(one, x), [[1.0, 0.0]])
    close(xc.guided_backprop(two, x), [[0.0, 1.0]])


@pytest.mark.parametrize(
    ("ours", "theirs"), [(xc.deconvnet, Deconvolution), (xc.guided_backprop, GuidedBackprop)]
)
@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.filterwarnings("ignore:Input Tensor")
def test_equals_captum_where_captum_is_right(ours, theirs, close):
    """On a net whose ReLUs are separate modules, not in place."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            *(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(45, 12), nn.ReLU(), nn.Linear(12, 3)),
        ).double()
        x = torch.randn(3, 2, 12, 12, dtype=torch.float64)
    target = torch.tensor([0, 2, 1])
    close(ours(model, x, target), theirs(model).attribute(x, target=target), 1e-10)


def test_relu6_is_covered_where_captum_is_silent():
    """Captum 0.9 leaves nn.ReLU6 alone and returns the plain gradient; ours does not."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.ReLU6(), nn.Linear(6, 2)).double()
    x = torch.randn(2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    guided, plain = xc.guided_backprop(model, x, 1), xc.gradient(model, x, 1)
    assert (guided - plain).norm() > 0.05 * plain.norm()


# ---- R11: activations beside the ReLU family -----------------------------------------------------

OTHERS = {
    "prelu": (nn.PReLU().double(), "prelu"),
    "maximum": (lambda z: torch.maximum(z, torch.zeros(())), "'maximum'"),
    "fmax": (lambda z: torch.fmax(torch.zeros_like(z), z), "'fmax'"),
    "bounds of its own": (lambda z: z.clamp(torch.zeros(5).double()), "'clamp'"),
    "the larger of two": (lambda z: torch.stack([z, 0 * z]).max(0)[0], "'max'"),
    "aten": (torch.ops.aten.relu.default, r"'relu', but .*no call is seen.*call F\.relu"),
    "aten in place": (lambda z: torch.ops.aten.relu_.default(z), r"seen \(torch.ops.*call F\.relu"),
    "vmap": (torch.vmap(F.relu), r"torch\.vmap.*call F\.relu"),
}


@pytest.mark.fault("R11")
@pytest.mark.parametrize("method", [xc.guided_backprop, xc.deconvnet, xc.rectgrad])
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_known_relu_is_refused_with_what_to_do(name, method, close):
    part, named = OTHERS[name]
    one, two = nn.Linear(4, 5).double(), nn.Linear(5, 3).double()
    x = torch.randn(3, 4, dtype=torch.float64)
    with pytest.raises(UnsupportedOperationError, match=named):
        method(lambda z: two(part(one(z))), x, 1)
    assert torch.isfinite(method(lambda z: two(F.relu(one(z))), x, 1)).all()
    if method is xc.guided_backprop and name not in ("prelu", "the larger of two"):
        found = xc.deeplift(lambda z: two(F.relu(one(z))), x, 1)
        if "call F" not in named:
            close(xc.deeplift(lambda z: two(part(one(z))), x, 1), found)
