"""Sparseness, complexity, effective complexity: closed forms, scale, batch mates, scipy."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from xaicourse.evaluation import complexity, effective_complexity, sparseness


def of(metric, maps, **settings):
    return metric(None, None, torch.as_tensor(maps, dtype=torch.float64), **settings).values


def maps(n=5, d=40):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, d, generator=generator, dtype=torch.float64)


def test_closed_forms(close):
    one_hot, uniform = torch.eye(64)[:1], torch.full((1, 64), 0.3)
    close(of(sparseness, one_hot), [1 - 1 / 64])
    close(of(complexity, one_hot), [0.0])
    close(of(effective_complexity, one_hot), [1.0])
    assert float(of(sparseness, uniform)) == pytest.approx(0, abs=1e-14)
    close(of(complexity, uniform), [math.log(64)])
    close(of(effective_complexity, uniform), [64.0])
    close(of(sparseness, [[4, 3, 2, 1]]), [0.25])
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    close(of(complexity, [[4, 3, 2, 1]]), [-(shares * np.log(shares)).sum()])
    assert float(of(complexity, [[4, 3, 2, 1]])) == pytest.approx(1.27985, abs=5e-6)


@pytest.mark.parametrize("metric", [sparseness, complexity, effective_complexity])
def test_size_counts_not_sign_nor_place(metric, close):
    found = maps()
    shuffle = torch.randperm(found.shape[1], generator=torch.Generator().manual_seed(1))
    close(of(metric, -found), of(metric, found), 0)
    close(of(metric, found[:, shuffle]), of(metric, found), 1e-14)


@pytest.mark.parametrize("metric", [sparseness, complexity, effective_complexity])
def test_a_map_of_zeros_has_none_and_spoils_no_other(metric, close):
    found = maps()
    found[2] = 0
    values = metric(None, None, found)
    assert values.valid.tolist() == [True, True, False, True, True]
    close(values.values[[0, 1, 3, 4]], of(metric, found[[0, 1, 3, 4]]), 0)


def test_scipy_and_the_mean_difference_agree(close):
    found = maps().abs()
    close(of(complexity, found), stats.entropy(found.numpy(), axis=1), 1e-13)
    difference = (found[:, :, None] - found[:, None, :]).abs().mean((1, 2))  # Gini's first form
    close(of(sparseness, found), difference / (2 * found.mean(1)), 1e-13)


def test_concentrating_makes_every_one_better():
    found = maps().abs()
    sharper = found**3
    assert (of(sparseness, sharper) > of(sparseness, found)).all()
    assert (of(complexity, sharper) < of(complexity, found)).all()
    assert (of(effective_complexity, sharper) < of(effective_complexity, found)).all()


def test_effective_complexity_does_not_depend_on_batch_mates(close):
    """Quantus 0.6.0 divides by the largest of the whole batch: 16 and 16 alone, 0 and 16 together.

    The wrong variant is written out here and seen to differ.
    """
    one = 1 + torch.rand(1, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    both = torch.cat([1e-6 * one, one])

    def over_the_batch(a):
        return (a.abs() / a.abs().max() > 1e-5).sum(1).tolist()

    assert over_the_batch(both) == [0, 16]
    assert [over_the_batch(both[:1]), over_the_batch(both[1:])] == [[16], [16]]
    close(of(effective_complexity, both, threshold=1e-5), [16.0, 16.0], 0)


def test_the_callers_map_stays_and_no_logarithm_is_of_a_negative():
    """With abs=False Quantus 0.6.0 writes into the caller's array and takes log of negatives."""
    signed = maps()
    before = signed.clone()
    assert bool(of(complexity, signed).isfinite().all())
    of(sparseness, signed)
    assert torch.equal(signed, before)
    p = signed / signed.sum(1, keepdim=True)
    assert bool((p * p.log()).sum(1).isnan().any())  # the wrong variant


def test_channels_are_joined_before(close):
    image = torch.zeros(1, 2, 2, 2, dtype=torch.float64)
    image[0, :, 0, 0] = torch.tensor([1.0, -1.0])  # they cancel
    image[0, 0, 1, 1] = 1
    close(of(effective_complexity, image), [1.0], 0)
    close(of(effective_complexity, image, channels="abs_sum"), [2.0], 0)
    assert sparseness(None, None, image, channels="l2").protocol.channels == "l2"
    assert sparseness(None, None, image[:, 0]).protocol.channels == "none"


@pytest.mark.parametrize(
    ("threshold", "error"),
    [(1.0, ValueError), (-0.1, ValueError), (math.nan, ValueError), ("a", TypeError),
     (True, TypeError)],
    ids=["one", "negative", "nan", "word", "bool"],
)  # fmt: skip
def test_a_threshold_is_a_share(threshold, error):
    with pytest.raises(error, match="threshold must be"):
        effective_complexity(None, None, maps(), threshold=threshold)
