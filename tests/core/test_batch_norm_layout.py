"""Batch-norms of maps with an axis of length 1, whose channels lie in other orders in memory."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import xaicourse as xc

DOUBLE = torch.float64
METHODS = ("gradient", "guided_backprop", "deeplift", "fullgrad_decomposition", "bias_backprop")


def make_norm(kind):
    generator = torch.Generator().manual_seed(3)
    norm = kind(4).to(DOUBLE).eval()
    norm.running_mean = torch.randn(4, generator=generator, dtype=DOUBLE)
    norm.running_var = torch.rand(4, generator=generator, dtype=DOUBLE) + 0.5
    norm.weight.data = torch.randn(4, generator=generator, dtype=DOUBLE)
    norm.bias.data = torch.randn(4, generator=generator, dtype=DOUBLE)
    return norm


def by_hand(norm, z):
    shape = (1, 4, *[1] * (z.dim() - 2))
    mean, var, w, b = (
        t.view(shape) for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    )
    return (z - mean) * (w / (var + norm.eps).sqrt()) + b


W = torch.linspace(-1, 1, 12, dtype=DOUBLE).sin().view(3, 4)

# x (N, 5, 4) or (N, 4, 5) -> (N, 5, 4), through a norm that takes pictures
LAYOUTS = {
    "tokens to a column": (lambda z, norm: norm(z.mT[..., None])[..., 0].mT, (5, 4)),
    "tokens to a row": (lambda z, norm: norm(z.mT[:, :, None])[:, :, 0].mT, (5, 4)),
    "signals as columns": (lambda z, norm: norm(z[..., None])[..., 0].mT, (4, 5)),
    "signals as rows": (lambda z, norm: norm(z[:, :, None])[:, :, 0].mT, (4, 5)),
}


@pytest.mark.fault("T12")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_norm_of_pictures_with_an_axis_of_length_1(name, rows, method, close):
    layout, shape = LAYOUTS[name]
    norm = make_norm(nn.BatchNorm2d)
    x = torch.linspace(-2, 2, rows * 20, dtype=DOUBLE).cos().view(rows, *shape)

    explain = getattr(xc, method)
    found = explain(lambda z: F.linear(F.relu(layout(z, norm)), W).sum(1), x, 1)
    plain = explain(
        lambda z: F.linear(F.relu(layout(z, lambda h: by_hand(norm, h))), W).sum(1), x, 1
    )
    if method in ("fullgrad_decomposition", "bias_backprop"):  # in other operations
        found, plain = (t.flatten(1)[:, :20] if t.dim() == 2 else t for t in (found, plain))
    close(found, plain, 1e-9)


@pytest.mark.fault("T12")
def test_a_norm_of_volumes(close):
    norm = make_norm(nn.BatchNorm3d)
    x = torch.linspace(-2, 2, 20, dtype=DOUBLE).cos().view(1, 5, 4)
    with_norm = lambda z: norm(z.mT[..., None, None])[..., 0, 0].mT @ W.T  # noqa: E731
    plain = lambda z: by_hand(norm, z.mT[..., None, None])[..., 0, 0].mT @ W.T  # noqa: E731
    close(
        xc.gradient(lambda z: with_norm(z).sum(1), x, 2),
        xc.gradient(lambda z: plain(z).sum(1), x, 2),
        1e-9,
    )
