"""Baselines: every form, every name, every bad value."""

import pytest
import torch
from scipy import ndimage
from torch import Tensor

import xaicourse as xc
from xaicourse.methods.baseline_sets import baseline_set
from xaicourse.methods.baselines import BASELINES, make_baseline

X = torch.arange(24, dtype=torch.float64).view(2, 3, 4) / 24
IMAGES = torch.rand(2, 3, 8, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_numbers_and_tensors(close):
    forms = {
        "number": 0.25,
        "whole number": 3,
        "0-dim": torch.tensor(0.25),
        "one for all": X[1],
        "one for all, with axis": X[1:],
        "one a row": X + 1,
        "float32": (X + 1).float(),
    }
    for name, given in forms.items():
        made = make_baseline(given, X)
        assert made.shape == X.shape
        assert made.dtype == X.dtype
        expected = torch.as_tensor(given, dtype=X.dtype).expand_as(X)
        close(made, expected, 0.0 if name != "float32" else 1e-7)
        made.add_(1)  # a copy: neither the caller's tensor nor shared by the rows
    close(X, torch.arange(24, dtype=torch.float64).view(2, 3, 4) / 24, 0.0)


def test_a_square_batch_is_one_baseline_a_row_only_when_it_has_all_axes(close):
    x = torch.eye(3, dtype=torch.float64)
    close(make_baseline(torch.tensor([1.0, 2, 3]).double(), x)[0], torch.tensor([1.0, 2, 3]))
    close(make_baseline(torch.tensor([1.0, 2, 3]).double(), x)[2], torch.tensor([1.0, 2, 3]))


def test_black_white_mean(close):
    close(make_baseline("black", IMAGES), torch.zeros_like(IMAGES))
    close(make_baseline("white", IMAGES), torch.ones_like(IMAGES))
    made = make_baseline("mean", IMAGES)
    close(made[:, :, 0, 0], IMAGES.flatten(2).mean(2))
    assert float(made.flatten(2).std(2).max()) < 1e-15


def test_blur_keeps_the_colour_and_loses_the_detail(close):
    made = make_baseline("blur", IMAGES)
    close(made.flatten(2).mean(2), IMAGES.flatten(2).mean(2), 0.05)
    assert float(made.std()) < 0.6 * float(IMAGES.std())
    flat = torch.full_like(IMAGES, 0.3)
    close(make_baseline("blur", flat), flat, 1e-12)
    photo = torch.zeros(1, 3, 224, 224)
    photo[..., :112] = 1  # an edge: blurred with sigma 20, half a sigma beside it stays a slope
    blurred = make_baseline("blur", photo)[0, 0, 112]
    assert float(blurred[112]) == pytest.approx(0.5, abs=0.02)
    assert float(blurred[112 + 20]) == pytest.approx(0.159, abs=0.02)  # 1 - Phi(1)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (3, 50), (7, 7)])
def test_blur_of_small_images(size):
    image = torch.linspace(0, 1, size[0] * size[1]).view(1, 1, *size).expand(2, 3, *size)
    made = make_baseline("blur", image)
    assert made.shape == image.shape
    assert float(made.min()) >= 0
    assert float(made.max()) <= 1
    if size == (1, 1):
        assert torch.equal(made, image)


def test_uniform_is_one_draw_for_all_rows_and_calls(close):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    made = make_baseline("uniform", IMAGES)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(made[0], made[1])
    assert torch.equal(made, make_baseline("uniform", IMAGES))
    assert torch.equal(make_baseline("uniform", IMAGES[:1])[0], made[0])
    close(make_baseline("uniform", IMAGES.float()), made, 1e-7)
    assert 0 <= float(made.min()) < 0.05
    assert 0.95 < float(made.max()) <= 1
    assert 0.4 < float(made.mean()) < 0.6


@pytest.mark.parametrize("name", BASELINES)
def test_names_are_rows_of_their_own(name, close):
    """A row's baseline does not depend on its batch."""
    alone = torch.cat([make_baseline(name, IMAGES[i : i + 1]) for i in range(2)])
    close(make_baseline(name, IMAGES), alone, 1e-12)
    for batch in (IMAGES.float(), IMAGES.to(memory_format=torch.channels_last)):
        made = make_baseline(name, batch)
        assert made.dtype == batch.dtype
        assert not made.requires_grad


@pytest.mark.parametrize("name", BASELINES)
def test_methods_take_names(name, close):
    def model(x: Tensor) -> Tensor:
        return (x**2).flatten(1).sum(1)

    x = IMAGES.clone().requires_grad_(True)
    found = xc.integrated_gradients(model, x, baseline=name, steps=2, return_details=True)
    base = make_baseline(name, IMAGES)
    close(found.values, IMAGES**2 - base**2, 1e-10)
    close(found.endpoints[0], base, 0.0)
    close(xc.input_x_gradient(model, x, baseline=name), (IMAGES - base) * 2 * IMAGES, 1e-10)


def test_a_baseline_that_needs_gradients_is_detached():
    base = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    assert not make_baseline(base, X).requires_grad


BAD = {
    "unknown name": ("grey", IMAGES, ValueError, "'grey' is unknown; there are black, white"),
    "name for no image": ("blur", X, ValueError, r"images \(N, C, H, W\), x has shape \(2, 3, 4\)"),
    "name for a normalised image": (
        "black",
        IMAGES * 4 - 2,
        ValueError,
        r"in \[0, 1\], x goes from",
    ),
    "name for 0 to 255": ("white", IMAGES * 255, ValueError, r"in \[0, 1\], x goes from .* to 25"),
    "None": (None, X, TypeError, "must be a number, a tensor or one of black.*NoneType"),
    "True": (True, X, TypeError, "bool"),
    "list": ([0.0], X, TypeError, "list"),
    "array": (X.numpy(), X, TypeError, "ndarray"),
    "NaN": (float("nan"), X, ValueError, "NaN or infinite"),
    "infinity": (float("inf"), X, ValueError, "NaN or infinite"),
    "NaN inside": (torch.full((3, 4), torch.nan), X, ValueError, "NaN or infinite"),
    "integers": (torch.zeros(3, 4).long(), X, TypeError, "dtype torch.int64"),
    "another row": (torch.zeros(4, 3), X, ValueError, r"\(4, 3\), but x has \(2, 3, 4\)"),
    "three rows": (torch.zeros(3, 3, 4), X, ValueError, r"\(3, 3, 4\)"),
    "one axis": (torch.zeros(4), X, ValueError, r"shape \(4,\)"),
    "one axis too many": (torch.zeros(1, 2, 3, 4), X, ValueError, r"shape \(1, 2, 3, 4\)"),
    "no rows": (torch.zeros(0, 3, 4), X, ValueError, r"shape \(0, 3, 4\)"),
}


@pytest.mark.parametrize(("baseline", "x", "error", "says"), BAD.values(), ids=BAD)
def test_bad_values(baseline, x, error, says):
    with pytest.raises(error, match=f"baseline .*{says}"):
        make_baseline(baseline, x)
    for method in (xc.integrated_gradients, xc.input_x_gradient):
        with pytest.raises(error, match=f"baseline .*{says}"):
            method(lambda x: x.flatten(1).sum(1), x, baseline=baseline)


# ---- the gallery as functions --------------------------------------------------------------------


def test_max_distance_is_far_from_every_number(close):
    made = xc.baselines.max_distance(IMAGES)
    assert bool(((made == 0) | (made == 1)).all())
    assert float((IMAGES - made).abs().min()) >= 0.5
    wide = xc.baselines.max_distance(X * 4 - 2, low=-2, high=2)
    close(wide, torch.where(X > 0.5, -2.0, 2.0).double(), 0.0)
    with pytest.raises(ValueError, match=r"x goes from -2 to 1\.83, out of the range from 0 to 1"):
        xc.baselines.max_distance(X * 4 - 2)
    with pytest.raises(ValueError, match="low must be below high, got low=1, high=0"):
        xc.baselines.max_distance(X, low=1, high=0)


def test_blur_of_a_given_width_is_scipys(close):
    made = xc.baselines.blur(IMAGES, sigma=0.8)
    expected = ndimage.gaussian_filter(
        IMAGES.numpy(), (0, 0, 0.8, 0.8), mode="mirror", truncate=2 / 0.8
    )
    close(made, torch.from_numpy(expected), 1e-10)
    with pytest.raises(ValueError, match="sigma must be above 0"):
        xc.baselines.blur(IMAGES, sigma=0.0)
    with pytest.raises(ValueError, match=r"x has shape \(2, 3, 4\), but images"):
        xc.baselines.blur(X)


def test_noise_is_seeded_and_the_same_for_all_rows(close):
    draws = xc.baselines.uniform(X, draws=500, low=-1, high=3)
    assert draws.shape == (500, 3, 4)
    assert float(draws.min()) >= -1
    close(draws.mean(), torch.tensor(1.0), 0.02)
    close(xc.baselines.uniform(IMAGES), make_baseline("uniform", IMAGES)[:1], 0.0)
    noisy = xc.baselines.gaussian(X, sigma=0.1, draws=400, clip=None)
    assert noisy.shape == (400, 2, 3, 4)
    close(noisy[:, 0] - X[0], noisy[:, 1] - X[1], 1e-12)
    close(noisy.std(0).mean(), torch.tensor(0.1), 0.02)
    clipped = xc.baselines.gaussian(X, draws=400)
    assert (float(clipped.min()), float(clipped.max())) == (0.0, 1.0)
    assert not torch.equal(xc.baselines.gaussian(X, seed=1), xc.baselines.gaussian(X, seed=2))
    with pytest.raises(ValueError, match="sigma must be at least 0"):
        xc.baselines.gaussian(X, sigma=-1.0)


def test_data_draws_no_row_twice():
    rows = torch.arange(10.0)[:, None]
    chosen = xc.baselines.data(rows, draws=7, seed=3)
    assert len(set(chosen[:, 0].tolist())) == 7
    assert sorted(xc.baselines.data(rows)[:, 0].tolist()) == rows[:, 0].tolist()
    with pytest.raises(ValueError, match=r"draws is 11, but the data has 10 row\(s\)"):
        xc.baselines.data(rows, draws=11)


# ---- sets ----------------------------------------------------------------------------------------


def test_sets_keep_shared_baselines_once(close):
    shared = baseline_set((0.0, X[0], X[1:], torch.tensor(2.0)), X)
    assert shared.shape == (4, 1, 3, 4)
    close(shared[1, 0], X[0], 0.0)
    each = baseline_set((0.0, X), X)
    close(each, torch.stack([0 * X, X]), 0.0)
    close(baseline_set(X.float() + 1, X)[:, 0], X.float().double() + 1, 1e-6)
    close(baseline_set(torch.stack([X, 2 * X, 3 * X]), X)[2], 3 * X, 0.0)
    names = baseline_set(("black", "mean"), IMAGES)
    close(names[1], make_baseline("mean", IMAGES), 0.0)
    close(baseline_set(xc.baselines.black_white(IMAGES), IMAGES)[1, 0], torch.ones(3, 8, 10), 0.0)
    assert baseline_set(0.5, X).shape == (1, 1, 3, 4)


BAD_SETS = {
    "nothing": ((), ValueError, "baselines is empty"),
    "no rows": (X[:0], ValueError, "baselines is empty"),
    "a single row": (X[0], ValueError, r"baselines is a tensor of shape \(3, 4\).*row\[None\]"),
    "another shape": (torch.zeros(5, 4, 3), ValueError, r"shape \(5, 4, 3\)"),
    "integers": (torch.zeros(5, 3, 4).long(), TypeError, "baselines has dtype torch.int64"),
    "NaN": (torch.full((5, 3, 4), torch.nan), ValueError, "baselines holds NaN"),
    "a bad one": ((0.0, "gray"), ValueError, r"baselines\[1\] 'gray' is unknown"),
    "a word": ("black", ValueError, r"baselines\[0\] 'black' is for images"),
}


@pytest.mark.parametrize(("baselines", "error", "says"), BAD_SETS.values(), ids=BAD_SETS)
def test_bad_sets(baselines, error, says):
    with pytest.raises(error, match=says):
        baseline_set(baselines, X)
