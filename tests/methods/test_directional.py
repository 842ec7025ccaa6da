"""Integrated Directional Gradients: closed forms, the axioms of a value, and quadrature by hand."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.plain import relative_error

idg = xc.integrated_directional_gradients


def exact(*numbers) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, BASE = normal(2, 4, 3, seed=2), normal(4, 3, seed=3)
MIX = normal(12, 12, seed=4)


def curved(x: Tensor) -> Tensor:
    z = torch.tanh(x.flatten(1) @ MIX / 3)
    return torch.stack([z.prod(1) + z[:, 0] * z[:, 5], z.square().sum(1)], 1)


def test_two_words_of_one_number(close):
    """F = 2a - b at (3, 4): IDG 2, -1 and 2/5; each number is its word, so Z = 2 * 3 + .4."""
    x = exact([[3.0], [4.0]])
    model = lambda x: 2 * x[:, 0, 0] - x[:, 1, 0]  # noqa: E731
    found = idg(model, x, return_details=True)
    close(found.extra["idg"], exact([2, -1, 0.4]), 1e-12)
    close(found.values, exact([4, -2]) / 6.4, 1e-12)
    close(found.extra["group_values"], exact([1.0]), 1e-12)
    close(found.extra["dividends"], exact([2, 1, 0.4]) / 6.4, 1e-12)


def test_an_additive_model_gives_a_pair_a_dividend():
    """So a dividend is no interaction."""
    found = idg(lambda x: x.sum((1, 2)), X, groups=[(0, 1)], return_details=True)
    assert bool((found.extra["dividends"][:, -1] > 0.01).all())


def test_a_word_at_the_baseline_is_worth_nothing():
    base = BASE.clone()
    base[1] = X[0, 1]
    found = idg(curved, X[:1], 0, baseline=base, groups=[(1, 2)], return_details=True)
    assert float(found.values[0, 1]) == 0
    close_group = found.extra["idg"][0, -1] - found.extra["idg"][0, 2]
    assert abs(float(close_group)) < 1e-12
    everywhere = idg(curved, X[:1], 0, baseline=X[:1], return_details=True)
    assert bool((everywhere.values == 0).all())


def test_length_times_idg_is_the_sum_of_ig(close):
    groups = [(0, 2), (1, 2, 3), range(4)]
    found = idg(curved, X, 0, baseline=BASE, groups=groups, return_details=True)
    shares = xc.integrated_gradients(curved, X, 0, baseline=BASE)
    for k, group in enumerate([*[(i,) for i in range(4)], *groups]):
        inside = list(group)
        length = (X - BASE)[:, inside].flatten(1).norm(dim=1)
        close(found.extra["idg"][:, k] * length, shares[:, inside].sum((1, 2)), 1e-12)
    close(found.gap, shares.sum((1, 2)) - (found.f_end - found.f_start), 1e-10)


# ---- the axioms of a value -----------------------------------------------------------------------

GROUPS = [(0, 1), (2, 3), (0, 1, 2), (0, 1, 2, 3)]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_value_grows_with_the_group_and_is_one_for_all(seed):
    x = normal(2, 4, 3, seed=seed)
    found = idg(curved, x, 1, groups=GROUPS, return_details=True)
    value = torch.cat([found.values, found.extra["group_values"]], 1).abs()
    sets = [*[{i} for i in range(4)], *map(set, GROUPS)]
    assert relative_error(value[:, -1], exact(1, 1)) < 1e-12
    for (a, s), (b, t) in itertools.permutations(enumerate(sets), 2):
        if s < t:
            assert bool((value[:, a] <= value[:, b] + 1e-12).all())
        if not s & t and s | t in sets:  # superadditive
            both = value[:, sets.index(s | t)]
            assert bool((value[:, a] + value[:, b] <= both + 1e-12).all())


def test_the_same_group_twice_and_a_group_of_one_count_once(close):
    one = idg(curved, X, 0, groups=[(1, 2)], return_details=True)
    more = idg(curved, X, 0, groups=[(1, 2), (2, 1, 1), [3]], return_details=True)
    close(more.values, one.values, 1e-12)
    close(more.extra["group_values"][:, 1], one.extra["group_values"][:, 0], 1e-12)
    close(more.extra["group_values"][:, 2], more.values[:, 3], 1e-12)
    assert more.extra["idg"].shape == (2, 7)


# ---- an oracle written from the paper ------------------------------------------------------------


def test_loop_of_the_paper(close):
    """Directional derivatives on 400 midpoints, dividends and values by their definitions."""
    x, delta = X[:1], (X - BASE)[0]
    steps = 400
    alpha = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    points = (BASE + alpha[:, None, None] * delta).requires_grad_(True)
    (grad,) = torch.autograd.grad(curved(points)[:, 0].sum(), points)

    def slope(places: list[tuple[int, int]]) -> float:
        direction = torch.zeros_like(delta)
        for word, j in places:
            direction[word, j] = delta[word, j]
        return float((grad * direction / direction.norm()).sum((1, 2)).mean())

    every = [(w, j) for w in range(4) for j in range(3)]
    families = [[p] for p in every]
    families += [
        [p for p in every if p[0] in s] for s in [*[{i} for i in range(4)], {1, 2}, {2, 3}]
    ]
    slopes = [slope(f) for f in families]
    z = sum(map(abs, slopes))
    values = [
        sum(abs(s) for t, s in zip(families, slopes, strict=True) if set(t) <= set(f)) / z
        for f in families[12:]
    ]
    found = idg(
        curved, x, 0, baseline=BASE, groups=[(1, 2), (2, 3)], steps=steps, quadrature="midpoint",
        return_details=True,
    )  # fmt: skip
    got = torch.cat([found.values, found.extra["group_values"]], 1)[0]
    close(got, exact(*values) * exact(*slopes[12:]).sign(), 1e-10)
    close(found.extra["idg"][0], exact(*slopes[12:]), 1e-10)


@pytest.mark.parametrize(
    ("groups", "error", "says"),
    [
        ("01", TypeError, "groups must be a list of lists.*got str"),
        ([(0, 4)], ValueError, r"groups holds \(0, 4\).*places 0 to 3"),
        ([()], ValueError, r"at least one of the places 0 to 3"),
        ([(0, 1.5)], TypeError, "groups holds 1.5"),
        ([2], TypeError, "groups holds 2; a group is a list"),
    ],
)
def test_what_is_refused(groups, error, says):
    with pytest.raises(error, match=says):
        idg(curved, X, 0, groups=groups)


def test_net_that_ships_reads_a_sentence():
    net = xc.zoo.load("sentence_cnn")
    x = net.embed(["a dull film", "dull"])
    found = idg(net, x, 0, return_details=True)
    assert found.values.shape == (2, 3)
    assert bool((found.values[1, 1:] == 0).all())
    assert int(found.values[0].abs().argmax()) == 1
