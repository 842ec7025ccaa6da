"""Spectral IG: closed forms, what it keeps of the straight line, and a loop over components."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import gradient
from xaicourse.methods.integrated.spectral import SpectralPath, spectral

spectral_ig = xc.spectral_ig


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, BASE = normal(2, 2, 5, 6, seed=1), normal(2, 2, 5, 6, seed=2) / 2
W = normal(8, 60, seed=3) / 4


def net(x: Tensor) -> Tensor:
    return torch.tanh(x.flatten(1) @ W.T).cumsum(1)[:, [3, 7]]


def image(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)[None, None]


# ---- closed forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("overlap", [0.4, 0.7, 1.0])
def test_two_components_that_are_pixels(overlap, close):
    """Of diag(2, 1) the larger comes first. x11 x22: it gets ((w - a) / w)^2, a = (1 - w) / 2."""
    model = lambda x: x[:, 0, 0, 0] * x[:, 0, 1, 1]  # noqa: E731
    found = spectral_ig(model, image((2, 0), (0, 1)), overlap=overlap, steps=4000)
    first = ((overlap - (1 - overlap) / 2) / overlap) ** 2
    close(found, image((first, 0), (0, 2 - first)), 1e-5)


def test_the_specs_pixel_that_did_not_change(close):
    """x11 x22 with x - x' = (1 2; .5 0): .103 and -.103, though pixel 22 is x'."""
    model = lambda x: x[:, 0, 0, 0] * x[:, 0, 1, 1]  # noqa: E731
    found = spectral_ig(model, image((1, 2), (0.5, 0)), steps=2000)
    close(found, image((0.103, 0), (0, -0.103)), 1e-3)


def test_full_overlap_is_integrated_gradients(close):
    how = {"steps": 20, "quadrature": "trapezoid", "baseline": BASE}
    close(spectral_ig(net, X, 0, overlap=1, **how), xc.integrated_gradients(net, X, 0, **how), 0.0)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(overlap=st.floats(0.05, 1), seed=st.integers(0, 100))
def test_a_difference_of_rank_1_is_integrated_gradients(overlap, seed):
    x = normal(1, 2, 5, 1, seed=seed) * normal(1, 2, 1, 6, seed=seed + 1)
    ig = xc.integrated_gradients(net, x, 0)
    found = spectral_ig(net, x, 0, overlap=overlap, steps=800)
    # of 800 nodes `overlap` lie where the path moves: a midpoint rule with that many steps
    assert float((found - ig).norm() / ig.norm()) < 1e-2 / (800 * overlap) ** 0.5 / overlap


def test_an_additive_model_does_not_see_the_path(close):
    model = lambda x: (torch.sin(x) + x**2).flatten(1).sum(1)  # noqa: E731
    expected = torch.sin(X) + X**2 - torch.sin(BASE) - BASE**2
    close(spectral_ig(model, X, baseline=BASE, steps=3000), expected, 1e-4)


@pytest.mark.parametrize("steps", [1, 7])
def test_linear_is_exact_whatever_the_steps(steps, close):
    model = lambda x: (x * W[0].view(2, 5, 6).to(x)).flatten(1).sum(1)  # noqa: E731
    found = spectral_ig(model, X, baseline=BASE, steps=steps, overlap=0.1, return_details=True)
    close(found.values, W[0].view(2, 5, 6) * (X - BASE), 1e-12)
    assert float(found.gap.abs().max()) < 1e-12
    single = spectral_ig(model, 100 + X.float(), baseline=100.0, steps=50)
    close(single.double(), W[0].view(2, 5, 6) * (100 + X.float() - 100).double(), 1e-6)


# ---- what it keeps and what it breaks ------------------------------------------------------------


def test_rows_columns_and_rotations_of_them_change_nothing(close):
    """With F(U' . V) the map of U x V is U A V' only for reorderings; the path always follows."""
    u, v = torch.linalg.qr(normal(5, 5, seed=4))[0], torch.linalg.qr(normal(6, 6, seed=5))[0]
    alpha, row = torch.tensor([0.3, 0.6]).double(), torch.tensor([0, 1])
    one = SpectralPath.between(BASE, X, 0.4).point(alpha, row)
    two = SpectralPath.between(u @ BASE @ v, u @ X @ v, 0.4).point(alpha, row)
    close(u @ one @ v, two, 1e-12)
    rows, columns = torch.tensor([3, 0, 4, 1, 2]), torch.tensor([5, 2, 0, 1, 4, 3])
    back = rows.argsort(), columns.argsort()
    model = lambda x: net(x[:, :, back[0]][..., back[1]])  # noqa: E731
    found = spectral_ig(model, X[:, :, rows][..., columns], 0)
    close(found, spectral_ig(net, X, 0)[:, :, rows][..., columns], 1e-10)


def test_it_breaks_symmetry_and_a_share_can_be_negative_where_f_grows():
    x = image((1, 1), (2, -1)) + 0.0
    square = lambda x: x[:, 0, 0, 0] * x[:, 0, 0, 1] * x[:, 0, 1, 0]  # noqa: E731
    found = spectral_ig(square, x, steps=500)[0, 0]
    assert abs(float(found[0, 0] - found[0, 1])) > 0.05  # equal pixels, symmetric F
    still = lambda x: x[:, 0, 0, 0] * x[:, 0, 1, 1]  # noqa: E731  (0 on every monotone path)
    assert float(spectral_ig(still, image((1, 2), (0.5, 0)), steps=500).min()) < -0.1


def test_both_ends_are_exact_and_no_difference_is_no_share():
    path = SpectralPath.between(BASE, X, 0.1)
    for alpha, end in ((0.0, BASE), (1.0, X)):
        assert torch.equal(path.point(torch.full((2,), alpha).double(), torch.arange(2)), end)
    found = spectral_ig(net, X, 0, baseline=X, return_details=True)
    assert not bool(found.values.any())
    assert float(found.gap.abs().max()) == 0


# ---- the definition, one component after the other -----------------------------------------------


def loop(model, x: np.ndarray, start: np.ndarray, overlap: float, steps: int) -> Tensor:
    def at(alpha: float) -> Tensor:
        point = start.copy()
        for c in range(len(x)):
            u, s, v = np.linalg.svd(x[c] - start[c])
            for i in range(len(s)):
                begin = (1 - overlap) * (1 - s[i] / s[0])
                phi = min(1.0, max(0.0, (alpha - begin) / overlap))
                point[c] += phi * s[i] * np.outer(u[:, i], v[i])
        return torch.from_numpy(point)

    total = torch.zeros(x.shape, dtype=torch.float64)
    for k in range(steps):
        move = at((k + 1) / steps) - at(k / steps)
        total += move * gradient(model, at((k + 0.5) / steps))
    return total


@pytest.mark.parametrize("overlap", [0.15, 0.4])
def test_against_the_loop(overlap, close):
    expected = [loop(lambda x: net(x)[:, 1], X[k].numpy(), BASE[k].numpy(), overlap, 12)
                for k in range(2)]  # fmt: skip
    found = spectral_ig(net, X, 1, baseline=BASE, overlap=overlap, steps=12, batch_size=5)
    close(found, torch.stack(expected), 1e-10)
    door = xc.path_attribution(net, X, 1, path=spectral(overlap), baselines=BASE[None], steps=12,
                               quadrature="midpoint")  # fmt: skip
    close(door, found, 1e-13)


# ---- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize("overlap", [0, 1.5, -0.1, "wide", True])
def test_a_bad_overlap(overlap):
    with pytest.raises(ValueError, match="overlap must be a number above 0 and at most 1, such as"):
        spectral_ig(net, X, 0, overlap=overlap)


def test_only_images():
    with pytest.raises(ValueError, match=r"x has shape \(2, 60\), but images \(N, C, H, W\)"):
        spectral_ig(net, X.flatten(1), 0)
    with pytest.raises(ValueError, match=r"but images \(N, C, H, W\) are needed"):
        xc.path_attribution(net, X.flatten(1), 0, path="spectral")
