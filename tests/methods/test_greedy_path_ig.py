"""Greedy PIG: redundant features, gains that telescope, and a loop without an engine."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, smooth, wave
from xaicourse.methods.integrated.greedy import greedy_path

greedy = xc.greedy_path_ig
ONES = torch.ones(1, 3, dtype=torch.float64)


def redundant(s: Tensor, more: float = 0.0) -> Tensor:
    """Return s1 + s2 - s1 s2 + .4 s3: either of the first two is as good as both."""
    return (1 + more) * s[:, 0] + s[:, 1] - s[:, 0] * s[:, 1] + 0.4 * s[:, 2]


# ---- closed forms --------------------------------------------------------------------------------


def test_of_two_that_say_the_same_only_one_counts(close):
    """Integrated Gradients takes the two that say the same, (.5, .5, .4); this the other pair."""
    line = xc.integrated_gradients(redundant, ONES)
    close(line, row(0.5, 0.5, 0.4), 1e-12)
    found = greedy(lambda s: redundant(s, 1e-3), ONES, rounds=3, return_details=True)
    assert found.extra["round"].tolist() == [[1, 3, 2]]
    close(found.values, row(1.001, 0, 0.4), 1e-12)
    close(found.extra["share"], row(0.501, 0, 0.4), 1e-12)  # sums to 0.901, not to 1.401
    last = greedy(lambda s: redundant(s.flip(1), 1e-3), ONES, rounds=3)
    close(last, row(0.4, 0, 1.001), 1e-12)


def test_a_round_for_each_feature_gives_its_gain(close):
    """A_i = F(S + i) - F(S), whatever F is between."""
    found = greedy(net, X, 1, rounds=5, steps=1000, baseline=BASE, return_details=True)
    order = found.extra["round"]
    for i in range(4):
        z, gains = BASE[i].clone(), torch.zeros(5).double()
        for k in range(1, 6):
            feature = int((order[i] == k).nonzero())
            before = float(net(z[None])[0, 1])
            z[feature] = X[i, feature]
            gains[feature] = float(net(z[None])[0, 1]) - before
        close(found.values[i], gains, 5e-3)


def test_no_step_goes_around_a_corner(close):
    """x1 x2 x3: on each edge F is linear, so whoever comes last gets all, at seven steps, too."""
    found = greedy(lambda x: x.prod(1), row(1, 2, 3), rounds=3, steps=7, return_details=True)
    close(found.values, 6.0 * (found.extra["round"] == 3), 1e-12)


@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_an_additive_function_is_ranked_as_by_integrated_gradients(rounds, close):
    model = lambda x: (x**2 @ wave(5)) + x.sin().sum(1)  # noqa: E731
    found = greedy(model, X, rounds=rounds, steps=400, return_details=True)
    line = xc.integrated_gradients(model, X)
    close(found.values, line, 1e-4)
    ranked = line.gather(1, found.extra["round"].argsort(dim=1, stable=True))
    if rounds == 5:
        assert bool((ranked.diff(dim=1) <= 0).all())
    one = greedy(net, X, 1, rounds=1, steps=60, baseline=BASE)
    close(one, xc.integrated_gradients(net, X, 1, baseline=BASE, steps=60, quadrature="midpoint"),
          1e-12)  # fmt: skip


# ---- the loop ------------------------------------------------------------------------------------


def loop(model, x: Tensor, start: Tensor, rounds: int, probes: int):
    """Return the corners of one row's path and the midpoint sum on its pieces."""
    z, left, corners, n = start.clone(), set(range(len(x))), [start.clone()], len(x)
    places, weights = (torch.tensor(t) for t in _legendre(probes))
    for k in range(rounds):
        size = n * (k + 1) // rounds - n * k // rounds
        grads = torch.stack([gradient(model, z + a * (x - z)) for a in places])
        share = (x - z) * (weights[:, None] * grads).sum(0)
        best = sorted(left, key=lambda i: (-float(share[i]), i))[:size]
        left -= set(best)
        z[best] = x[best]
        corners.append(z.clone())
    return torch.stack(corners)


def _legendre(n: int):
    import numpy as np

    places, weights = np.polynomial.legendre.leggauss(n)
    return (places + 1) / 2, weights / 2


@pytest.mark.parametrize(("rounds", "probes"), [(5, 3), (2, 4), (3, 6)])
def test_path_and_map_equal_the_loop(rounds, probes, close):
    classes = [2, 0, 1, 2]
    found = greedy(net, X, torch.tensor(classes), baseline=BASE, rounds=rounds, probes=probes,
                   steps=rounds, return_details=True)  # fmt: skip
    for i, c in enumerate(classes):
        one = lambda x: net(x)[:, c]  # noqa: B023, E731
        corners = loop(one, X[i], BASE[i], rounds, probes)
        close(found.extra["path"][i], corners, 0.0)
        middles = [gradient(one, (a + b) / 2) for a, b in itertools.pairwise(corners)]
        close(found.values[i], (corners.diff(dim=0) * torch.stack(middles)).sum(0), 1e-12)
    assert found.gradients.tolist() == [rounds * probes + rounds] * 4


# ---- images, other weights -----------------------------------------------------------------------


def test_patches_of_an_image_move_together():
    x = wave(2, 3, 5, 4)
    weight = wave(3, 5, 4, step=0.6)
    model = lambda x: (x * weight).tanh().flatten(1).sum(1)  # noqa: E731
    found = greedy(model, x, rounds=3, probes=2, unit=2, return_details=True)
    order = found.extra["round"]
    assert bool((order == order[:, :1]).all())  # all colours of a pixel
    for top in (0, 2, 4):
        for left in (0, 2):
            patch = order[:, 0, top : top + 2, left : left + 2].flatten(1)
            assert bool((patch == patch[:, :1]).all())
    corners = order[:, 0, ::2, ::2].flatten(1)
    assert [(corners == k).sum(1).tolist() for k in (1, 2, 3)] == [[2, 2]] * 3
    pixels = greedy(model, x, rounds=99, probes=1, return_details=True)
    assert pixels.extra["round"].amax((1, 2, 3)).tolist() == [20, 20]  # one round a pixel
    with pytest.raises(ValueError, match=r"unit=2 is the side of a patch.*x has shape \(4, 5\)"):
        greedy(net, X, 0, unit=2)


def test_it_is_a_path_like_any_other(close):
    path = greedy_path(rounds=5, probes=3)
    plain = xc.path_attribution(net, X, 1, path=path, baselines=BASE[None],
                                quadrature="midpoint", steps=100)  # fmt: skip
    close(plain, greedy(net, X, 1, baseline=BASE, rounds=5, probes=3), 0.0)
    more = xc.path_attribution(net, X, 1, path="greedy", weight="linear", rule="deconvnet",
                               return_details=True)  # fmt: skip
    assert more.gradients.tolist() == [5 * 20 + 50] * 4  # no more rounds than features
    fine = xc.path_attribution(smooth, X, 1, path=path, tol=0.02)
    close(fine, greedy(smooth, X, 1, rounds=5, probes=3, steps=900), 0.02)


# ---- what holds for every x ----------------------------------------------------------------------

search = settings(max_examples=10, deadline=None, derandomize=True)
vectors = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))


@search
@given(x=vectors, base=vectors, rounds=st.sampled_from([1, 2, 5, 9]))
def test_each_feature_moves_once_and_the_sum_is_complete(x, base, rounds):
    found = greedy(smooth, x, 1, baseline=base, rounds=rounds, probes=3, steps=900,
                   return_details=True)  # fmt: skip
    path, order = found.extra["path"][0], found.extra["round"][0]
    most = min(rounds, 5)
    assert sorted(order.tolist()) == sorted(1 + k for k in range(most) for _ in range(
        5 * (k + 1) // most - 5 * k // most))  # fmt: skip
    for k in range(len(path)):
        assert torch.equal(path[k], torch.where(order <= k, x[0], base[0]))
    assert abs(float(found.gap)) < 1e-2
    unused = greedy(lambda z: smooth(z * torch.tensor([1.0, 0, 1, 1, 1])), x, 1, baseline=base,
                    rounds=rounds, probes=2, steps=5)  # fmt: skip
    assert float(unused[0, 1]) == 0


REFUSED = [
    ({"rounds": 0}, "rounds must be at least 1"),
    ({"probes": 0}, "probes must be at least 1"),
    ({"unit": 0}, "unit must be at least 1"),
]


@pytest.mark.parametrize(("bad", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(bad, words):
    with pytest.raises(ValueError, match=words):
        greedy(net, X, 0, **bad)
