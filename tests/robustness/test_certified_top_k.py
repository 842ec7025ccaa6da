"""The promise for the strongest pixels: its bound is proved on half spaces, and it is kept."""

import pytest
import torch
from scipy import stats

import xaicourse as xc
from tests.plain import near, refused
from tests.pretend_gpu import DEVICE, PretendGPU, without_float64
from tests.robustness.helpers import images, smooth_net
from xaicourse.robustness import certified_top_k
from xaicourse.robustness.certified_top_k import bounds, gaps

SIGMA = 0.3
Phi, quantile = stats.norm.cdf, stats.norm.ppf


def square(x):
    """Return F = |x|^2 / 2, whose gradient is x: the larger number is the stronger pixel."""
    return 0.5 * (x**2).sum(dim=1)


def share_of_first(x):
    """Return P(|x_1 + e_1| > |x_2 + e_2|) for two numbers, in closed form.

    It is P(u v > 0) for u = difference and v = sum, which are independent.
    """
    a = (x[:, 0] - x[:, 1]) / (SIGMA * 2**0.5)
    b = (x[:, 0] + x[:, 1]) / (SIGMA * 2**0.5)
    return torch.as_tensor(Phi(a) * Phi(b) + Phi(-a) * Phi(-b))


def test_on_a_half_space_the_bound_is_reached():
    """Of h = 1 where w . x > c the share is Phi((w . x - c) / sigma), |w| = 1."""
    for margin in (-0.4, 0.0, 0.7):
        p = Phi(margin / SIGMA)
        for length in (0.05, 0.3):
            worst = Phi((margin - length) / SIGMA)
            assert near(worst, Phi(quantile(p) - length / SIGMA))


def test_of_two_pixels_the_share_and_the_radius_are_known():
    x = torch.tensor([[1.0, 0.3], [0.5, 0.4], [-0.2, 0.9]], dtype=torch.float64)
    found = certified_top_k(square, x, k=1, sigma=SIGMA, samples=4000)
    p = share_of_first(x)
    assert float((found.map[:, 0] - p).abs().max()) < 4 * (0.25 / 4000) ** 0.5
    assert found.top.tolist() == [[True, False], [True, False], [False, True]]
    best = torch.as_tensor(quantile(torch.maximum(p, 1 - p)))  # gap of p and 1 - p is twice that
    assert bool((found.radius[:, 0] < SIGMA * best).all()), "never more than with p itself"
    assert float((SIGMA * best - found.radius[:, 0]).max()) < 0.1 * SIGMA


def test_within_the_radius_no_change_of_two_pixels_breaks_the_promise():
    x = torch.tensor([[1.0, 0.3], [0.6, -0.1]], dtype=torch.float64)
    found = certified_top_k(square, x, k=1, sigma=SIGMA, samples=2000)
    angles = torch.linspace(0, 2 * torch.pi, 721, dtype=torch.float64)
    way = torch.stack([angles.cos(), angles.sin()], dim=1)
    for one, radius in zip(x, found.radius[:, 0], strict=True):
        assert 0.1 < float(radius) < 1
        for size in (0.3, 0.7, 1.0):
            assert bool((share_of_first(one + size * radius * way) > 0.5).all())
        assert bool((share_of_first(one + 2.5 * radius * way) < 0.5).any()), "it is no empty word"


def test_the_overlap_that_is_promised_is_kept_under_attack():
    """Six numbers, k = 2: shifts of the promised length along many ways, maps of many copies."""
    x = torch.tensor([[1.0, 0.8, 0.1, -0.2, 0.3, 0.0]], dtype=torch.float64)
    draw = torch.Generator().manual_seed(0)
    e = SIGMA * torch.randn(20000, 6, generator=draw, dtype=torch.float64)

    def top(point):
        first_two = (point + e).abs().topk(2, dim=1).indices
        return set(torch.bincount(first_two.flatten(), minlength=6).topk(2).indices.tolist())

    found = certified_top_k(square, x, k=2, sigma=SIGMA, samples=2000)
    kept = set(found.top[0].nonzero().flatten().tolist())
    assert kept == {0, 1}
    one, both = found.radius[0].tolist()
    assert one > both > 0.05
    ways = torch.randn(40, 6, generator=draw, dtype=torch.float64)
    ways = torch.cat(
        [
            ways,
            torch.eye(6).double(),
            -torch.eye(6).double(),
            torch.tensor([[-1.0, 0, 1, 0, 0, 0], [0, -1.0, 0, -1, 0, 0]]).double(),
        ]
    )
    for way in ways / ways.norm(dim=1, keepdim=True):
        assert len(kept & top(x[0] + both * way)) == 2
        assert len(kept & top(x[0] + one * way)) >= 1


def test_radii_by_hand_from_bounds():
    """T of k = 2: the T-th largest lower bound of the two, the (3 - T)-th upper one of others."""
    votes = torch.tensor([[90, 60, 30, 10]])
    top = torch.tensor([[True, True, False, False]])
    low, high = bounds(votes, 100, 0.08)  # 0.01 on each side of each pixel
    assert near(
        low[0],
        [quantile(stats.binomtest(v, 100).proportion_ci(0.98).low) for v in (90, 60, 30, 10)],
    )
    assert near(
        high[0],
        [quantile(stats.binomtest(v, 100).proportion_ci(0.98).high) for v in (90, 60, 30, 10)],
    )
    expected = [low[0, 0] - high[0, 3], low[0, 1] - high[0, 2]]
    assert near(gaps(votes, top, 2, 100, 0.08)[0], expected)


def test_no_vote_and_every_vote_are_bounded_too():
    low, high = bounds(torch.tensor([[0, 50]]), 50, 0.1)
    assert low[0].tolist()[0] == -float("inf")
    assert high[0].tolist()[1] == float("inf")
    assert -4 < float(high[0, 0]) < 0 < float(low[0, 1]) < 4
    votes, top = torch.tensor([[50, 0]]), torch.tensor([[True, False]])
    assert float(gaps(votes, top, 1, 50, 0.1)) == pytest.approx(float(low[0, 1] - high[0, 0]))
    even = gaps(torch.tensor([[25, 25]]), top, 1, 50, 0.1)
    assert even.tolist() == [[0.0]], "nothing is promised"


def test_fewer_copies_promise_less_and_farther_promises_are_smaller():
    x = images(3)
    many, few = (certified_top_k(smooth_net(), x, k=5, samples=s) for s in (400, 50))
    assert bool((many.radius[:, 1:] <= many.radius[:, :-1]).all())
    assert float(few.radius.sum()) < float(many.radius.sum())
    for radius in (0.0, 0.02, 0.1):
        assert bool((many.overlap(radius) <= many.overlap(radius / 2)).all())
        assert near(many.overlap(radius), (many.radius > radius).sum(1))
    assert many.top.flatten(1).sum(1).tolist() == [5, 5, 5]
    assert many.map.shape == (3, 6, 6)


def test_rows_seed_mode_and_device():
    net, x, how = smooth_net(), images(4), {"k": 4, "samples": 20}
    state = torch.get_rng_state()
    whole = certified_top_k(net, x, **how)
    some = certified_top_k(net, x[[3, 1]], batch_size=1, **how)
    assert near(some.radius, whole.radius[[3, 1]])
    assert near(some.map, whole.map[[3, 1]])
    assert torch.equal(state, torch.get_rng_state())
    assert not near(certified_top_k(net, x, seed=1, **how).map, whole.map)
    with torch.inference_mode():
        assert near(certified_top_k(net, images(4), **how).map, whole.map)
    with PretendGPU(), without_float64():
        there = certified_top_k(net.float().to(DEVICE), x.float().to(DEVICE), **how)
        assert there.radius.device == there.map.device == there.top.device == DEVICE
        assert float((there.map.cpu() - whole.map).abs().max()) <= 0.1


BAD = {
    "k": ({"k": 36}, ValueError, "k must be below the 36"),
    "k text": ({"k": "5"}, TypeError, "k must be a whole number"),
    "sigma": ({"sigma": 0.0}, ValueError, "sigma must be above 0"),
    "samples": ({"samples": 0}, ValueError, "samples must be at least 1"),
    "alpha": ({"alpha": 1.0}, ValueError, "alpha must be above 0 and below 1"),
    "seed": ({"seed": 0.5}, TypeError, "seed must be a whole number"),
    "target": ({"target": 9}, ValueError, "9"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_arguments_are_refused(what):
    settings, kind, said = BAD[what]
    with refused(kind, said):
        certified_top_k(smooth_net(), images(2), **{"k": 3, "samples": 2, **settings})
    with refused(ValueError, "radius must be at least 0"):
        xc.robustness.certified_top_k(smooth_net(), images(1), k=3, samples=2).overlap(-1.0)
