"""Guided IG: published values, closed forms, what its path keeps, and a loop without an engine."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, smooth
from xaicourse.methods.integrated.guided import guided_path

guided = xc.guided_ig


def quadratic(x: Tensor) -> Tensor:
    return (2 * x[:, 0] + x[:, 1]) ** 2


def product(x: Tensor) -> Tensor:
    return x[:, 0] * x[:, 1]


# ---- what is published of PAIR's code (tests of saliency 0.2.1) ---------------------------------


def test_published_values(close):
    """Those of its tests with their tolerance; (69.8544, ...) are its numbers, digit by digit."""
    linear = lambda x: 2 * x[:, 0] + x[:, 1]  # noqa: E731
    few = {"moves": 10, "fraction": 0.1, "max_dist": 0.5}
    close(guided(linear, row(10, 5), baseline=row(-1, -3), **few), row(22, 8), 1e-12)
    close(guided(linear, row(10, 5), **few), row(20, 5), 1e-12)
    many = {"moves": 200, "fraction": 0.1}
    apart = guided(lambda x: 2 * x[:, 0] ** 2 + x[:, 1] ** 2, row(3, 3), max_dist=0.4, **many)
    close(apart, row(18, 9), 1e-2)
    close(guided(quadratic, row(3, 3), max_dist=0.0, **many), row(54, 27), 1e-12)
    whole = guided(quadratic, row(3, 3), moves=200, fraction=1.0, max_dist=0.5)
    close(whole, row(54, 27), 1e-12)
    close(guided(quadratic, row(3, 3), max_dist=1.0, **many), row(72, 9), 1e-2)
    between = guided(quadratic, row(3, 3), max_dist=0.2, **many)
    assert abs(float(between.sum()) - 81) < 0.1
    assert 55 < float(between[0, 0]) < 71


@pytest.mark.parametrize(
    ("moves", "expected"),
    [(50, (69.8544, 9.3528)), (200, (71.4609, 9.08955))],
)
def test_its_left_rule_to_the_last_digit(moves, expected, close):
    how = {"moves": moves, "steps": moves, "quadrature": "left", "max_dist": 1.0}
    close(guided(quadratic, row(3, 3), **how), row(*expected), 1e-13)


# ---- closed forms --------------------------------------------------------------------------------


def test_the_smaller_gradient_moves_first(close):
    """x1 x2 at (3, 2): x1 has the smaller one, moves while F is 0, and x2 gets all."""
    found = guided(product, row(3, 2), moves=200, steps=200, max_dist=1.0)
    close(found, row(0, 6), 1e-2)


def test_another_scale_of_a_feature_changes_the_map(close):
    """y1 = 4 x1 in the very same function: (36, 45) instead of (72, 9)."""
    scaled = lambda y: (y[:, 0] / 2 + y[:, 1]) ** 2  # noqa: E731
    close(guided(scaled, row(12, 3), moves=200, max_dist=1.0), row(36, 45), 1e-2)


def test_equal_gradients_are_never_torn_apart(close):
    """F = (x1 + x2)^2 x3: the first two always tie, whatever the fraction."""
    model = lambda x: (x[:, 0] + x[:, 1]) ** 2 * x[:, 2]  # noqa: E731
    found = guided(model, row(1, 1, 2), fraction=0.01, max_dist=1.0)
    close(found[:, 0], found[:, 1], 1e-12)
    # nor those that differ by rounding: 0.1 + 0.2 is not 0.3
    rounded = lambda x: ((0.1 + 0.2) * x[:, 0] + 0.3 * x[:, 1]) ** 2 * x[:, 2]  # noqa: E731
    near = guided(rounded, row(1, 1, 2), fraction=0.01, max_dist=1.0)
    close(near[:, 0], near[:, 1], 1e-9)
    turned = guided(lambda x: model(x.flip(1)), row(2, 1, 1), fraction=0.01, max_dist=1.0)
    close(turned, found.flip(1), 1e-12)


def test_where_nothing_moves_nothing_is_shared_out():
    found = guided(smooth, torch.cat([BASE[:1], X[:1]]), 0, baseline=BASE[0], return_details=True)
    assert torch.equal(found.values[0], torch.zeros(5).double())
    assert found.gradients.tolist() == [100, 300]
    assert float(found.gap[0]) == 0
    one = BASE[:1].clone()
    one[0, 2] = X[0, 2]  # differs in one feature: the straight line, whatever the gradients
    alone = guided(smooth, one, 0, baseline=BASE[:1], moves=20, max_dist=1.0, steps=40)
    line = xc.integrated_gradients(
        smooth, one, 0, baseline=BASE[:1], quadrature="midpoint", steps=40
    )
    assert float((alone - line).abs().max()) < 1e-14


# ---- the loop: one row, one feature set at a time -----------------------------------------------


def loop(model, x, start, moves: int, fraction: float, d: float, anchors: int = 0):
    """Return the points of the path of one row, from the paper's rules, in NumPy."""
    x, start = x.numpy(), start.numpy()
    z, points = start.copy(), [start.copy()]
    whole, legs = np.abs(x - start).sum(), anchors + 1
    for k in range(moves):
        g = np.abs(gradient(model, torch.tensor(z)).numpy())
        alpha, leg = (k + 1) / moves, k * legs // moves
        low = start + max(alpha - d, leg / legs) * (x - start)
        high = start + min(alpha + d, (leg + 1) / legs) * (x - start)
        behind = np.abs(z - start) < np.abs(low - start)
        z = np.where(behind, low, z)
        while (missing := np.abs(x - z).sum() - (1 - alpha) * whole) > 1e-12:
            free = np.abs(high - z) > 1e-12
            order = np.sort(np.where(free, g, np.inf))
            threshold = order[int(np.floor(fraction * (len(x) - 1)))]
            chosen = free & (g <= threshold * (1 + 1e-12))
            share = missing / np.abs(high - z)[chosen].sum()
            z = np.where(chosen, z + min(share, 1.0) * (high - z), z)
        points.append(z.copy())
    return torch.tensor(np.stack(points))


WAYS = [(12, 0.25, 1.0, 0), (20, 0.5, 0.1, 0), (12, 0.1, 0.3, 2), (9, 0.25, 1.0, 8)]


@pytest.mark.parametrize(("moves", "fraction", "d", "anchors"), WAYS)
def test_path_and_map_equal_the_loop(moves, fraction, d, anchors, close):
    classes = [2, 0, 1, 2]
    how = {"moves": moves, "fraction": fraction, "max_dist": d, "anchors": anchors}
    found = guided(
        net, X, torch.tensor(classes), baseline=BASE, steps=moves, return_details=True, **how
    )
    for i, c in enumerate(classes):
        one = lambda x: net(x)[:, c]  # noqa: B023, E731
        points = loop(one, X[i], BASE[i], moves, fraction, d, anchors)
        close(found.extra["path"][i], points, 1e-12)
        middles = [gradient(one, (a + b) / 2) for a, b in itertools.pairwise(points)]
        close(found.values[i], (points.diff(dim=0) * torch.stack(middles)).sum(0), 1e-10)


# ---- what holds for every path -------------------------------------------------------------------

search = settings(max_examples=12, deadline=None, derandomize=True)
vectors = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))


@search
@given(
    x=vectors,
    base=vectors,
    fraction=st.sampled_from([0.01, 0.25, 0.7]),
    d=st.sampled_from([0.05, 0.3, 1.0]),
    anchors=st.sampled_from([0, 1, 3]),
)
def test_a_path_within_its_box(x, base, fraction, d, anchors):
    how = {"fraction": fraction, "max_dist": d, "anchors": anchors}
    found = guided(smooth, x, 1, baseline=base, moves=24, return_details=True, steps=480, **how)
    path, delta = found.extra["path"][0], x - base
    if float(delta.abs().min()) < 1e-3:
        return
    p = (path - base) / delta  # (25, 5)
    alpha = torch.linspace(0, 1, 25, dtype=torch.float64)[:, None]
    assert float((p - alpha).abs().max()) <= d + 1e-9
    assert float(p.diff(dim=0).min()) >= -1e-9  # nobody goes back
    size = delta.abs()
    assert float(((p * size).sum(1) - alpha[:, 0] * size.sum()).abs().max()) < 1e-9
    legs = anchors + 1
    for k in range(legs + 1):  # anchors are on the straight line
        assert float((p[24 * k // legs] - k / legs).abs().max()) < 1e-12
    assert torch.equal(found.endpoints[1], x)
    assert torch.equal(found.endpoints[0], base)
    assert abs(float(found.gap)) < 1e-3
    linear = guided(lambda x: x @ X[0], x, baseline=base, moves=9, steps=4, **how)
    assert float((linear - X[:1] * delta).abs().max()) < 1e-12


def test_left_rule_flatters_the_chosen_gradients():
    """Credited with the gradient that chose it, a move looks smaller than it is."""
    lazy, honest = (
        guided(net, X, 0, baseline=BASE, moves=10, max_dist=1.0, steps=n, quadrature=rule,
               return_details=True)
        for n, rule in ((10, "left"), (200, "midpoint"))
    )  # fmt: skip
    assert bool((lazy.gap.abs() > 3 * honest.gap.abs()).all())


def test_it_is_a_path_like_any_other(close):
    """A weight, a tolerance, a set of baselines and a backward rule on the guided path."""
    path = guided_path(moves=15, max_dist=0.3)
    sets = torch.stack([BASE[0], X[3]])
    found = xc.path_attribution(
        net, X, 1, path=path, baselines=sets, weight="linear", rule="guided_backprop", steps=20,
        return_details=True,
    )  # fmt: skip
    assert found.gradients.tolist() == [70, 70, 70, 55]  # the last row is a baseline itself
    assert torch.equal(found.extra["starts"], sets.expand(4, 2, 5))
    close(found.extra["ends"], X[:, None].expand(4, 2, 5), 0.0)
    fine = xc.path_attribution(smooth, X, 1, path=path, tol=0.02, return_details=True)
    close(fine.values, guided(smooth, X, 1, moves=15, max_dist=0.3, steps=600), 0.02)
    plain = xc.path_attribution(net, X, 1, path="guided", baselines=BASE[None],
                                quadrature="midpoint", steps=100)  # fmt: skip
    close(plain, guided(net, X, 1, baseline=BASE), 0.0)


# ---- refused -------------------------------------------------------------------------------------


def test_a_gradient_that_is_no_number_ends_the_search():
    with pytest.raises(ValueError, match="gradient of row 1 is NaN or infinite on the way"):
        guided(lambda x: (x[:, 0] - 0.5 * x[:, 1]).sqrt(), row(1, 1).repeat(2, 1),
               baseline=torch.tensor([[0.5, 0.1], [0.5, 1.0]]).double())  # fmt: skip


REFUSED = [
    ({"fraction": 0}, ValueError, "fraction must be above 0 and at most 1"),
    ({"fraction": "a"}, TypeError, "fraction must be a number, got 'a'"),
    ({"max_dist": 1.5}, ValueError, "max_dist must be between 0 and 1"),
    ({"moves": 0}, ValueError, "moves must be at least 1"),
    ({"anchors": -1}, ValueError, "anchors must be at least 1"),
]


@pytest.mark.parametrize(("bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_named(bad, error, words):
    with pytest.raises(error, match=words):
        guided(net, X, 0, **bad)
