"""Integrated Gradient Correlation: closed forms of linear models, its sum, and a loop over rows."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import net, row, wave

igc = xc.ig_correlation
W = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64)


def linear(x: Tensor) -> Tensor:
    return x @ W + 3


def data(n: int = 200, d: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=generator, dtype=torch.float64)
    return x, torch.randn(n, generator=generator, dtype=torch.float64)


def cov(a: Tensor, b: Tensor) -> Tensor:
    return ((a - a.mean()) * (b - b.mean())).mean()


def corr(a: Tensor, b: Tensor) -> Tensor:
    return cov(a, b) / (cov(a, a) * cov(b, b)).sqrt()


def test_a_linear_model(close):
    """w_i cov(x_i, y) / (sd(y) sd(F)), whatever the baseline; the sum is the correlation."""
    x, noise = data()
    y = linear(x) + 0.5 * noise
    found = igc(linear, x, truth=y, baselines=0.7, steps=3, return_details=True)
    size = (cov(y, y) * cov(linear(x), linear(x))).sqrt()
    close(found.values, torch.stack([w * cov(x[:, i], y) / size for i, w in enumerate(W)]), 1e-12)
    close(found.extra["correlation"], corr(linear(x), y), 1e-12)
    assert abs(float(found.extra["sum_gap"])) < 1e-12
    assert found.values.shape == (3,)


def test_its_own_prediction_is_shared_out_by_variance(close):
    """Independent inputs: w_i^2 var(x_i) / var(F), which sum to 1."""
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0]).double()] * 3)
    x = signs * torch.tensor([1.0, 2.0, 3.0])
    close(igc(linear, x), W**2 * torch.tensor([1.0, 4.0, 9.0]) / 38, 1e-12)


samples = st.integers(0, 1000)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=samples, scale=st.floats(0.1, 9), shift=st.floats(-5, 5))
def test_sum_regions_units_and_order(seed, scale, shift):
    """The sum is the correlation; scale and shift of truth and output, and the order do nothing."""
    x, noise = data(40, 5, seed)
    y = x[:, 0] * x[:, 1] + noise
    how = {"baselines": (0.0, 0.4), "steps": 300, "quadrature": "midpoint"}
    found = igc(net, x, 1, truth=y, return_details=True, **how)
    assert abs(float(found.extra["sum_gap"])) < 5e-3
    assert float(found.extra["correlation"]) == pytest.approx(float(corr(net(x)[:, 1], y)))
    other = igc(lambda x: scale * net(x) - shift, x, 1, truth=shift - scale * y, **how)
    assert float((other + found.values).abs().max()) < 1e-9
    turned = igc(net, x.flip(0), 1, truth=y.flip(0), **how)
    assert float((turned - found.values).abs().max()) < 1e-9


def test_against_a_loop_in_numpy(close):
    x, noise = data(30, 5)
    starts, y = wave(3, 5), (x[:, 2] + noise).numpy()
    maps = np.stack([
        np.mean([xc.integrated_gradients(net, one[None], 2, baseline=b[None], steps=9)[0].numpy()
                 for b in starts], axis=0)
        for one in x
    ])  # fmt: skip
    f = net(x)[:, 2].numpy()
    expected = [np.cov(maps[:, i], y, bias=True)[0, 1] / np.std(y) / np.std(f) for i in range(5)]
    found = igc(net, x, 2, truth=torch.as_tensor(y), baselines=starts, steps=9, return_details=True)
    close(found.values, torch.tensor(expected), 1e-10)
    assert found.gradients.tolist() == [27] * 30


def test_baselines_of_each_row_break_the_sum(close):
    """What is missing is the covariance of F(x') with the truth."""
    x, noise = data(60, 3)
    starts = noise[None, :, None] * torch.ones(3)  # F(x') goes with the noise, and so does y
    y = linear(x) + noise
    found = igc(linear, x, truth=y, baselines=starts.double(), return_details=True)
    missing = cov(linear(starts[0]), y) / (cov(y, y) * cov(linear(x), linear(x))).sqrt()
    close(found.extra["sum_gap"], -missing, 1e-9)
    assert abs(float(missing)) > 0.1


def test_an_image_keeps_its_shape():
    x = wave(8, 1, 3, 3, step=0.3)
    found = igc(lambda x: x[:, 0, :, 0].sum(1), x)
    assert found.shape == (1, 3, 3)
    assert not bool(found[..., 1:].any())


REFUSED = [
    (lambda x: linear(x), {"truth": [1.0]}, TypeError, r"truth must be a tensor \(N,\) or None"),
    (lambda x: linear(x), {"truth": torch.zeros(4)}, ValueError, "each of the 200 rows of x, got"),
    (
        lambda x: linear(x),
        {"truth": torch.full((200,), torch.nan)},
        ValueError,
        "one finite number",
    ),
    (
        lambda x: linear(x),
        {"truth": torch.ones(200)},
        ValueError,
        r"truth is 1 in all 200 row\(s\)",
    ),
    (lambda x: 7 + 0 * linear(x), {}, ValueError, r"F is 7 in all 200 row\(s\)"),
    (lambda x: linear(x), {"quadrature": "adaptive"}, ValueError, "quadrature must be one of"),
]


@pytest.mark.parametrize(("model", "bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(model, bad, error, words):
    with pytest.raises(error, match=words):
        igc(model, data()[0], **bad)
    with pytest.raises(ValueError, match=r"all 1 row\(s\)"):
        igc(linear, row(1, 2, 3))
