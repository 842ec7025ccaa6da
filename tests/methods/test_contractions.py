"""A linear layer is one layer with its bias and batch-norm, as whatever contraction."""

import pytest
import torch
from torch.nn import functional as F

import xaicourse as xc
from tests.methods.held_fast import B1, W1, W3, C, X, waves

SCALE, SHIFT = waves(8, turn=7.0), waves(8, turn=8.0)
PICTURES = waves(2, 3, 4, 4).square()
KERNEL = waves(8, 3, 3, 3, turn=2.0)
POINT = waves(8, 3, turn=2.0)

# the products alone: a bias and a batch-norm come after them
ROWS = {
    "einsum": lambda z: torch.einsum("...i,ki->...k", z, W1),
    "einsum, weight first": lambda z: torch.einsum("ki,ni->nk", W1, z),
    "inner": lambda z: torch.inner(z, W1),
    "tensordot": lambda z: torch.tensordot(z, W1.T, dims=1),
}
CHANNELS = {
    "einsum": lambda z: torch.einsum("oc,nchw->nohw", POINT, z),
    "from the left": lambda z: (POINT @ z.transpose(1, 2)).transpose(1, 2),
    "bmm": lambda z: torch.bmm(POINT.expand(len(z), 8, 3), z.flatten(2)),
}
METHODS = {
    "epsilon": lambda m, x: xc.lrp(m, x, 1, epsilon=0.05),
    "gamma": lambda m, x: xc.lrp(m, x, 1, rules="gamma"),
    "z_plus": lambda m, x: xc.lrp(m, x, 1, rules="z_plus"),
    "alpha_beta": lambda m, x: xc.lrp(m, x, 1, rules="alpha2_beta1"),
    "w_square": lambda m, x: xc.lrp(m, x, 1, rules="w_square"),
    "flat": lambda m, x: xc.lrp(m, x, 1, rules="flat"),
    "deep_taylor": lambda m, x: xc.deep_taylor(m, x, 1, low=None, high=None),
    "reveal_cancel": lambda m, x: xc.deeplift(m, x, 1, rule="reveal_cancel"),
}


def normed(h, shape=(8,)):
    return h * SCALE.view(shape) + SHIFT.view(shape)


@pytest.mark.fault("R7")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ROWS)
def test_a_contraction_is_one_layer_with_its_bias_and_batch_norm(name, method, close):
    written = lambda z: F.linear(F.relu(normed(ROWS[name](z) + B1)), W3)  # noqa: E731
    plain = lambda z: F.linear(F.relu(normed(F.linear(z, W1, B1))), W3)  # noqa: E731
    close(METHODS[method](written, X), METHODS[method](plain, X), 1e-9)


@pytest.mark.fault("R7")
@pytest.mark.parametrize("method", [m for m in METHODS if m != "reveal_cancel"])
@pytest.mark.parametrize("name", ["einsum", "bmm"])
def test_so_is_one_along_the_channels(name, method, close):
    def written(z):
        h = CHANNELS[name](z)
        h = normed(h + C.view(8, *[1] * (h.dim() - 2)), (8, *[1] * (h.dim() - 2)))
        return F.linear(F.relu(h).flatten(2).mean(2), W3)

    def plain(z):
        h = F.conv2d(z, POINT[:, :, None, None], C)
        return F.linear(F.relu(normed(h, (8, 1, 1))).mean((2, 3)), W3)

    close(METHODS[method](written, PICTURES), METHODS[method](plain, PICTURES), 1e-9)


@pytest.mark.fault("R7")
@pytest.mark.parametrize("rules", ["flat", "w_square", "z_box", "epsilon", "z_plus"])
def test_the_rim_of_an_unfolded_picture_is_padding(rules, close):
    """Windows by F.unfold(padding=1) and one product are a convolution."""

    def written(z):
        h = KERNEL.flatten(1) @ F.unfold(z, 3, padding=1) + C[:, None]
        return F.linear(F.relu(h).mean(2), W3)

    def plain(z):
        return F.linear(F.relu(F.conv2d(z, KERNEL, C, padding=1)).flatten(2).mean(2), W3)

    found, expected = (
        xc.lrp(m, PICTURES, 1, rules=rules, low=-1.0, high=2.0) for m in (written, plain)
    )
    close(found, expected, 1e-9)
