"""Tetrominoes in noise: where the signal is, what the noise is, and the best answer by hand."""

import math

import pytest
import torch
from scipy import stats

import xaicourse as xc
from xaicourse.datasets import tetromino_answer, tetrominoes
from xaicourse.datasets.tetromino_pictures import SCENARIOS, placed_shapes, smoother, turned_shapes

SMOOTHINGS = [0.0, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_shapes_and_values(scenario):
    x, labels, masks = tetrominoes(200, seed=1, scenario=scenario)
    assert x.shape == masks.shape == (200, 1, 8, 8)
    assert x.dtype == torch.float32
    assert masks.dtype == torch.bool
    assert torch.isfinite(x).all()
    assert set(labels.tolist()) == {0, 1}
    pixels = 4 if scenario == "translated" else 8
    assert (masks.sum((1, 2, 3)) == pixels).all()
    assert abs(float(labels.float().mean()) - 0.5) < 5 * 0.5 / math.sqrt(200)


def test_both_shapes_have_four_pixels_and_never_meet():
    both = placed_shapes()
    assert both.sum((1, 2)).tolist() == [4, 4]
    assert not (both[0] & both[1]).any()
    turned = turned_shapes()
    assert (turned.sum((2, 3)) == 4).all()
    assert len({tuple(one.flatten().tolist()) for one in turned.flatten(0, 1)}) == 8


@pytest.mark.parametrize("scenario", ["linear", "translated", "xor"])
def test_the_mean_picture_is_the_pattern(scenario):
    """Without noise what is left is alpha a / |a|, on the mask and nowhere else."""
    made = tetrominoes(4000, seed=2, scenario=scenario, alpha=1 - 1e-9)
    assert made.x[~made.masks].abs().max() < 1e-7
    assert torch.allclose(made.x.flatten(1).norm(dim=1), torch.ones(4000), atol=1e-6)
    strength = made.x[made.masks].abs()
    signal = strength[strength > 1e-6]
    assert torch.allclose(signal, signal[0], atol=1e-6)
    if scenario == "linear":
        for kind, shape in enumerate(placed_shapes()):
            assert torch.equal(made.x[made.labels == kind][:, 0].mean(0) > 1e-6, shape)


def test_xor_tells_nothing_by_one_shape():
    made = tetrominoes(4000, seed=3, scenario="xor", alpha=0.99)
    signs = torch.stack([made.x[:, 0][:, one].mean(1) > 0 for one in placed_shapes()], dim=1)
    assert torch.equal((signs[:, 0] != signs[:, 1]).long(), made.labels)
    for shape in range(2):
        table = torch.zeros(2, 2)
        table.index_put_((signs[:, shape].long(), made.labels), torch.ones(4000), accumulate=True)
        assert stats.chi2_contingency(table.numpy()).pvalue > 0.01


def test_the_multiplied_noise_is_smaller_where_the_shape_is():
    made = tetrominoes(8000, seed=4, scenario="multiplicative", alpha=0.7)
    for kind, shape in enumerate(placed_shapes()):
        deviation = made.x[made.labels == kind][:, 0].std(0)
        assert torch.allclose(deviation[shape], torch.tensor(0.3 / 8), rtol=0.1)
        assert torch.allclose(deviation[~shape], torch.tensor(1 / 8), rtol=0.1)


def test_translated_shapes_reach_all_over():
    made = tetrominoes(3000, seed=5, scenario="translated")
    assert made.masks.any(0).all()
    for mask in made.masks[:, 0]:
        rows, columns = (mask.any(axis).nonzero()[:, 0] for axis in (1, 0))
        extents = [int(at[-1] - at[0]) + 1 for at in (rows, columns)]
        assert sorted(extents) == [2, 3]  # never torn at a border


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_the_noise_has_the_covariance_that_is_said(smoothing, close):
    best = tetromino_answer(smoothing=smoothing)
    made = tetrominoes(60_000, seed=6, smoothing=smoothing)
    flat = made.x.double().flatten(1)
    within = torch.cat([flat[made.labels == k] - flat[made.labels == k].mean(0) for k in (0, 1)])
    found = within.T @ within / len(within)
    close(found, best.covariance, 0.04)
    same = torch.full((64,), (0.75 / 8) ** 2, dtype=torch.float64)
    close(best.covariance.diagonal(), same, 1e-12)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_pattern_is_covariance_times_weight_and_filter_is_not(smoothing, close):
    """Haufe's theorem: a = Sigma w. The pattern is 0 off the mask, the filter only in white."""
    best = tetromino_answer(smoothing=smoothing)
    close(best.covariance @ best.weight.flatten(), best.pattern.flatten(), 1e-10)
    truth = placed_shapes().any(0)[None]
    assert torch.equal(best.pattern != 0, truth)
    off = float(best.weight[~truth].abs().max() / best.weight[truth].abs().max())
    assert off < 1e-12 if smoothing == 0 else off > 0.05


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_the_best_answer_is_as_good_as_it_says(smoothing):
    alpha = 0.08  # few enough to leave errors
    best = tetromino_answer(smoothing=smoothing, alpha=alpha)
    made = tetrominoes(40_000, seed=7, smoothing=smoothing, alpha=alpha)
    odds = (made.x.double() * best.weight).flatten(1).sum(1) + best.bias
    right = float(((odds > 0).long() == made.labels).double().mean())
    error = math.sqrt(best.accuracy * (1 - best.accuracy) / 40_000)
    assert 0.6 < best.accuracy < 0.9999
    assert abs(right - best.accuracy) < 4 * error
    # the matched filter, without the noise's covariance, is worse: suppressors do help
    matched = (made.x.double() * best.pattern).flatten(1).sum(1)
    plain = float(((matched > 0).long() == made.labels).double().mean())
    assert plain < right - 0.02 if smoothing >= 1 else plain <= right + error


def test_by_hand_for_white_noise(close):
    """|mu_1 - mu_0|^2 = 2 alpha^2, noise (1 - alpha) / 8: Phi(4 sqrt(2) alpha / (1 - alpha))."""
    best = tetromino_answer(alpha=0.2)
    assert best.accuracy == pytest.approx(stats.norm.cdf(4 * math.sqrt(2) * 0.2 / 0.8), abs=1e-12)
    assert best.bias == pytest.approx(0, abs=1e-12)
    close(best.weight, best.pattern / 0.1**2, 1e-10)


def test_suppressors_take_places_from_the_truth():
    """Precision at |mask| of the best filter falls with smoothed noise, that of its pattern not."""
    truth = placed_shapes().any(0)[None, None]
    rank = xc.evaluation.relevance_rank
    filters = [tetromino_answer(smoothing=s).weight[None] for s in SMOOTHINGS]
    precision = [float(rank(None, None, w, mask=truth).values) for w in filters]
    assert precision[0] == 1.0
    assert min(precision[1:]) < 0.8
    patterns = [tetromino_answer(smoothing=s).pattern[None] for s in SMOOTHINGS]
    assert all(float(rank(None, None, a, mask=truth).values) == 1.0 for a in patterns)


def test_a_suppressor_by_hand():
    """Two pixels, signal in one, shared noise: w = (1, -r) / (1 - r^2); the second is noise."""
    r = 0.6
    covariance = torch.tensor([[1.0, r], [r, 1.0]], dtype=torch.float64)
    w = torch.linalg.solve(covariance, torch.tensor([1.0, 0.0], dtype=torch.float64))
    assert w.tolist() == pytest.approx([1 / (1 - r**2), -r / (1 - r**2)])


def test_smoothing_by_scipy():
    """In the middle, where no border is near, it is scipy's Gaussian, scaled to variance 1."""
    from scipy.ndimage import gaussian_filter

    matrix = smoother(0.6)
    spot = torch.zeros(8, 8, dtype=torch.float64)
    spot[3, 4] = 1
    ours = (matrix @ spot.flatten()).view(8, 8)[2:6, 3:7]
    theirs = torch.tensor(gaussian_filter(spot.numpy(), 0.6, radius=4))[2:6, 3:7]
    assert torch.allclose(ours / ours.max(), theirs / theirs.max(), atol=1e-3)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("n", [1, 15, 17])
def test_a_picture_does_not_depend_on_how_many_there_are(scenario, n):
    settings = {"seed": 4, "scenario": scenario, "smoothing": 1.0}
    few, many = tetrominoes(n, **settings), tetrominoes(101, **settings)
    assert torch.equal(few.labels, many.labels[:n])
    assert torch.equal(few.masks, many.masks[:n])
    assert torch.allclose(few.x, many.x[:n], rtol=0, atol=1e-7)  # a matrix product


def test_the_first_pictures_are_the_ones_they_have_always_been():
    made = tetrominoes(8, seed=0)
    assert made.labels.tolist() == FIRST_LABELS
    assert float(made.x.double().norm()) == pytest.approx(FIRST_NORM, abs=1e-5)


FIRST_LABELS = [1, 1, 0, 1, 0, 0, 1, 0]
FIRST_NORM = 2.335374


def test_no_global_state_and_any_device():
    before = torch.get_rng_state()
    assert torch.equal(tetrominoes(20, seed=7).x, tetrominoes(20, seed=7).x)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(tetrominoes(20, seed=8).x, tetrominoes(20, seed=7).x)
    assert {t.device.type for t in tetrominoes(2, device="meta")} == {"meta"}


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="n: expected a whole number of at least 1, got 0"):
        tetrominoes(0)
    with pytest.raises(TypeError, match=r"seed: expected a whole number, got 1\.5"):
        tetrominoes(3, 1.5)  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match=r"scenario: expected one of linear, multiplicative, .*'a'"
    ):
        tetrominoes(3, scenario="a")
    for smoothing in (-1, math.nan, math.inf, True, "1"):
        with pytest.raises(ValueError, match="smoothing: expected a number of pixels from 0"):
            tetrominoes(3, smoothing=smoothing)
        with pytest.raises(ValueError, match="smoothing: expected"):
            tetromino_answer(smoothing=smoothing)
    for alpha in (0, 1, -0.5, math.nan, True):
        with pytest.raises(ValueError, match="alpha: expected a number above 0 and below 1"):
            tetrominoes(3, alpha=alpha)
