"""Blur IG: closed forms, the scale profile of a wave, and a loop as the paper writes it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor

import xaicourse as xc
from xaicourse.core.blurring import PADDINGS, blur_matrix, blurred

blur_ig = xc.blur_ig
SCIPY = {"reflect": "reflect", "nearest": "nearest", "zero": "constant"}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X = normal(2, 3, 7, 9, seed=1)
W = normal(3, 7, 9, seed=2)


def by_scipy(x: Tensor, sigma: float, padding: str) -> Tensor:
    size = (0,) * (x.dim() - 2) + (sigma, sigma)
    return torch.from_numpy(ndimage.gaussian_filter(x.numpy(), size, mode=SCIPY[padding]))


# ---- the blur ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, derandomize=True)
@given(n=st.integers(1, 12), sigma=st.floats(0.05, 9), padding=st.sampled_from(PADDINGS))
def test_a_blur_is_scipys(n, sigma, padding):
    row = normal(1, 1, 1, n, seed=n)
    matrix = blur_matrix(n, torch.tensor([sigma, 0.0], dtype=torch.float64), padding, sigma)
    expected = ndimage.gaussian_filter1d(row.numpy(), sigma, mode=SCIPY[padding])
    assert float((row @ matrix[0].T - torch.from_numpy(expected)).abs().max()) < 1e-12
    assert torch.equal(matrix[1], torch.eye(n, dtype=torch.float64))  # no width, no blur
    if padding == "reflect":  # as much as it gives, each pixel gets: the mean stays
        assert float((matrix[0].sum(0) - 1).abs().max()) < 1e-12


def test_each_image_has_its_own_width(close):
    sigma = torch.tensor([0.5, 2.0], dtype=torch.float64)
    both = blurred(X, sigma, "reflect", 2.0)
    for i in range(2):
        close(both[i : i + 1], blurred(X[i : i + 1], sigma[i : i + 1], "reflect", 2.0), 1e-14)


# ---- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("padding", PADDINGS)
def test_linear_is_exact_whatever_the_steps(padding, steps, close):
    model = lambda x: (x * W).flatten(1).sum(1) + 2  # noqa: E731
    for name in ("midpoint", "left", "gauss_legendre"):
        found = blur_ig(model, X, widest=2.0, padding=padding, steps=steps, quadrature=name,
                        return_details=True)  # fmt: skip
        close(found.values, W * (X - by_scipy(X, 2.0, padding)), 1e-12)
        close(found.endpoints[0], by_scipy(X, 2.0, padding), 1e-12)
        assert float(found.gap.abs().max()) < 1e-12


def test_additive(close):
    """Each pixel gets the change of its own term: h(x) - h(L x)."""
    model = lambda x: (x**2 + torch.sin(2 * x)).flatten(1).sum(1)  # noqa: E731
    start = by_scipy(X, 1.5, "nearest")
    expected = X**2 - start**2 + torch.sin(2 * X) - torch.sin(2 * start)
    close(blur_ig(model, X, widest=1.5, padding="nearest", steps=400), expected, 1e-4)
    close(blur_ig(model, X, widest=1.5, padding="nearest", steps=1600), expected, 1e-5)


def test_an_image_without_detail(close):
    flat = torch.full((1, 3, 7, 9), 0.7, dtype=torch.float64)
    model = lambda x: (x * W).flatten(1).sum(1) ** 2  # noqa: E731
    for padding in ("reflect", "nearest"):
        assert float(blur_ig(model, flat, padding=padding).abs().max()) < 1e-12
    assert float(blur_ig(model, flat, padding="zero").abs().max()) > 0.1


def test_scale_profile_of_a_wave(close):
    """F = |x|^2 / 2 of a wave cos(w j): sigma w^2 e^(-sigma^2 w^2) |x|^2, at its largest at
    sigma = 1 / (sqrt(2) w)."""  # fmt: skip
    omega = math.pi * 6 / 64
    wave = torch.cos(omega * (torch.arange(64, dtype=torch.float64) + 0.5))
    x = wave.expand(1, 1, 64, 64)
    model = lambda x: (x**2).flatten(1).sum(1) / 2  # noqa: E731
    found = blur_ig(model, x, widest=8.0, steps=300, return_details=True)
    sigma, profile = found.extra["sigma"][0], found.extra["profile"][0]
    seen = sigma > 1  # below, a Gaussian of few pixels is none
    expected = sigma * omega**2 * (-((sigma * omega) ** 2)).exp() * float((x**2).sum())
    close(profile[seen], expected[seen], 1e-3)
    assert abs(float(sigma[profile.argmax()]) - 1 / (2**0.5 * omega)) < 0.05


@pytest.mark.parametrize("how", [{"quadrature": "midpoint"}, {"quadrature": "trapezoid"},
                                 {"tol": 0.02}])  # fmt: skip
def test_the_profile_is_the_rise_spread_over_the_widths(how):
    model = lambda x: torch.tanh((x * W).flatten(1).sum(1) / 5)  # noqa: E731
    found = blur_ig(model, X, widest=3.0, return_details=True, **how)
    sigma, profile = found.extra["sigma"], found.extra["profile"]
    for i in range(2):
        order = sigma[i].argsort()
        area = torch.trapezoid(profile[i][order], sigma[i][order])
        assert abs(float(area - found.f_end[i] + found.f_start[i])) < 0.05


# ---- the paper's sum, one width after the other -------------------------------------------------


def paper_loop(model, image: np.ndarray, widest: float, steps: int, padding: str) -> np.ndarray:
    """minus sum of dF/dL * (L(s + .001) - L(s)) / .001 * ds, over s from 0 to the widest."""
    total = np.zeros_like(image)
    ds, h = widest / steps, 1e-3

    def at(s: float) -> np.ndarray:  # one reach for all widths
        size = (0, s, s)
        return ndimage.gaussian_filter(image, size, mode=SCIPY[padding], radius=int(4 * widest))

    for k in range(steps):
        s = (k + 0.5) * ds
        point = torch.from_numpy(at(s)).requires_grad_(True)
        model(point[None]).sum().backward()
        total -= point.grad.numpy() * (at(s + h) - at(s)) / h * ds
    return total


@pytest.mark.parametrize("padding", PADDINGS)
def test_against_the_papers_sum(padding, close):
    hidden = normal(6, 189, seed=4) / 8
    model = lambda x: torch.tanh(x.flatten(1) @ hidden.T).sum(1)  # noqa: E731
    expected = paper_loop(model, X[0].numpy(), 2.0, 500, padding)
    found = blur_ig(model, X[:1], widest=2.0, padding=padding, steps=200)
    close(found[0], torch.from_numpy(expected), 2e-3)


# ---- what holds ---------------------------------------------------------------------------------


def test_the_usual_width_is_in_proportion_to_the_image():
    model = lambda x: x.square().flatten(1).sum(1)  # noqa: E731
    for shape, width in (((1, 1, 28, 40), 6.25), ((1, 3, 448, 448), 100.0)):
        found = blur_ig(model, normal(*shape), steps=1, return_details=True)
        assert found.settings["widest"] == width
        assert found.gradients.tolist() == [1]


BAD = {
    "padding": ({"padding": "mirror"}, ValueError, "padding must be one of reflect, nearest, zero"),
    "width": ({"widest": 0.0}, ValueError, "widest must be above 0 and finite"),
    "type": ({"widest": "wide"}, TypeError, "widest must be a number of pixels"),
}


@pytest.mark.parametrize(("bad", "error", "says"), BAD.values(), ids=BAD)
def test_bad_settings(bad, error, says):
    with pytest.raises(error, match=says):
        blur_ig(lambda x: x.flatten(1).sum(1), X, **bad)


def test_only_images():
    with pytest.raises(ValueError, match=r"x has shape \(7, 9\), but images \(N, C, H, W\)"):
        blur_ig(lambda x: x.sum(1), X[0, 0])
