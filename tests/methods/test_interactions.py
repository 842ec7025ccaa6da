"""Matrices of features and features: Integrated Hessians and meta-attributions."""

from itertools import combinations, permutations
from math import factorial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

import xaicourse as xc
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.methods.integrated.groups import make_groups
from xaicourse.methods.integrated.meta import drawn_game, whole_game

search = settings(max_examples=6, deadline=None, derandomize=True)
hessians, meta = xc.integrated_hessians, xc.meta_ig


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def exact(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor([rows], dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


A, B, C = normal(8, 4, seed=1), normal(3, 8, seed=2), normal(8, seed=4) / 2
X = normal(3, 4, seed=3)


def smooth(x: Tensor) -> Tensor:
    return torch.tanh(x @ A.T / 2) @ B.T


def relu_net(x: Tensor) -> Tensor:
    return torch.relu(x @ A.T + C) @ B.T


def softened(x: Tensor) -> Tensor:
    return F.softplus(x @ A.T + C, 2.0) @ B.T


# ---- integrated_hessians -------------------------------------------------------------------------


def test_products(close):
    close(hessians(lambda x: x.prod(1), row(2, 3), beta=None), exact((1.5, 1.5), (1.5, 1.5)), 1e-12)
    for d in (2, 3, 4):  # a monomial of degree d, all 1: every entry 1 / d^2
        found = hessians(lambda x: x.prod(1), torch.ones(1, d, dtype=torch.float64), beta=None)
        close(found, torch.full((1, d, d), 1 / d**2, dtype=torch.float64), 1e-12)
    close(hessians(lambda x: x[:, 0] ** 2, row(3, 7), beta=None), exact((9, 0), (0, 0)), 1e-12)


def test_x1_and_an_interaction(close):
    """x1 + I, I = x1 x2^2: the diagonal holds I / 9 and 4 I / 9, off it stands 2 I / 9."""
    found = hessians(lambda x: x[:, 0] + x[:, 0] * x[:, 1] ** 2, row(2, 3), beta=None)
    close(found, exact((2 + 18 / 9, 4), (4, 8)), 1e-12)


def test_a_sine(close):
    model = lambda x: x[:, 0].sin() * x[:, 1] ** 2 + x[:, 0]  # noqa: E731
    found = hessians(model, row(1.2, -0.7), beta=None, return_details=True)
    close(found.values, exact((1.2195, 0.0988), (0.0988, 0.2396)), 1e-4)
    close(found.values.sum(2), xc.integrated_gradients(model, row(1.2, -0.7)), 1e-10)
    assert abs(float(found.gap)) < 1e-10


def test_one_relu_by_its_softplus(close):
    """The whole is log(1 + e^(beta x)) / beta - log 2 / beta, for one number x."""
    net = lambda x: torch.relu(x).sum(1)  # noqa: E731
    found = hessians(net, row(0.8), beta=3.0, steps=40, return_details=True)
    expected = F.softplus(row(0.8), 3.0) - F.softplus(row(0), 3.0)
    close(found.values[:, 0], expected, 1e-10)
    close(found.f_end - found.f_start, expected[0], 1e-12)
    close(found.extra["model_gap"], expected[0] - 0.8, 1e-8)


@pytest.mark.parametrize("beta", [2.0, None])
def test_against_two_loops(beta, close):
    """The paper's double integral over a and b, midpoints, and torch's own Hessian."""
    model, bent = (smooth, smooth) if beta is None else (relu_net, softened)
    score = lambda z: bent(z[None])[0, 1]  # noqa: E731
    start, delta = 0.1 + 0 * X, X - 0.1
    points, n = (torch.arange(24, dtype=torch.float64) + 0.5) / 24, 24
    expected = torch.zeros(3, 4, 4, dtype=torch.float64)
    gradient = torch.func.grad(score)
    hessian, gradient = torch.func.vmap(torch.func.jacrev(gradient)), torch.func.vmap(gradient)
    for k in range(3):
        products = (points[:, None] * points).flatten()  # a b
        z = start[k] + products[:, None] * delta[k]
        outer = delta[k][:, None] * delta[k]
        expected[k] = outer * (products[:, None, None] * hessian(z)).sum(0) / n**2
        expected[k] += torch.diag(delta[k] * gradient(z).sum(0) / n**2)
    found = hessians(model, X, 1, baseline=0.1, beta=beta, steps=24)
    close(found, expected, 3e-3)


@search
@given(seed=st.integers(0, 1000))
def test_symmetric_complete_and_rows_are_integrated_gradients(
    seed,
):
    x = normal(2, 4, seed=seed)
    found = hessians(smooth, x, beta=None, steps=48, return_details=True)
    values = found.values
    size = float(values.abs().max())
    assert float((values - values.transpose(1, 2)).abs().max()) < 1e-10 * size
    assert float(found.gap.abs().max()) < 1e-4 * size
    rows = xc.integrated_gradients(smooth, x, steps=100)
    assert float((values.sum(2) - rows).abs().max()) < 1e-4 * size


def test_additive_models_have_a_diagonal(close):
    model = lambda x: (x.sin() + x**3).sum(1)  # noqa: E731
    found = hessians(model, X, beta=None)
    close(found, torch.diag_embed(X.sin() + X**3), 1e-10)
    close(hessians(lambda x: x @ A[0], X), torch.diag_embed(X * A[0]), 1e-12)  # no curvature


def test_relus_have_no_curvature_of_their_own(close):
    """Without softplus all that is off the diagonal is lost."""
    lost = hessians(relu_net, X, 1, beta=None, return_details=True)
    off = lost.values - torch.diag_embed(lost.values.diagonal(dim1=1, dim2=2))
    assert float(off.abs().max()) == 0
    assert float(lost.gap.abs().max()) > 0.05
    kept = hessians(relu_net, X, 1, beta=1.0, steps=32, return_details=True)
    assert float(kept.gap.abs().max()) < 1e-3 * float(kept.values.abs().max())


def test_groups_add_up(close):
    labels = torch.tensor([0, 1, 1, 0])
    join = F.one_hot(labels).double()
    close(hessians(smooth, X, groups=labels), join.T @ hessians(smooth, X) @ join, 1e-10)
    image = lambda x: smooth(x[:, 0, 1:3, 1:3].flatten(1))  # noqa: E731
    x = normal(2, 2, 12, 12, seed=8)
    found = hessians(image, x, steps=8, return_details=True)
    assert found.values.shape == (2, 16, 16)
    close(found.values.flatten(1).sum(1), found.f_end - found.f_start, 1e-2)
    assert int((found.values[0] != 0).sum()) == 1  # the four pixels lie in the first patch
    small = hessians(image, x, steps=8, groups=2)
    assert small.shape == (2, 36, 36)
    close(small.flatten(1).sum(1), found.values.flatten(1).sum(1), 1e-10)


def test_a_planted_pair_is_found():
    """x0 x1 among five features: the largest entry off the diagonal, learnt by no net."""
    model = lambda x: 2 * x[:, 0] * x[:, 1] + x[:, 2].sin() + x[:, 3:].square().sum(1)  # noqa: E731
    values = hessians(model, normal(4, 5, seed=9), beta=None).abs()
    off = values - torch.diag_embed(values.diagonal(dim1=1, dim2=2))
    for one in off:
        assert sorted(divmod(int(one.argmax()), 5)) == [0, 1]
        assert int((one > 1e-9).sum()) == 2


# ---- meta_ig -------------------------------------------------------------------------------------


def interacting(x: Tensor) -> Tensor:
    return x[:, 0] + x[:, 0] * x[:, 1] ** 2


def test_both_conventions(close):
    """I = 18: ((x1 + I/6, I/6), (I/3, I/3)) and ((x1, I/3), (2I/3, 0))."""
    close(meta(interacting, row(2, 3)), exact((5, 3), (6, 6)), 1e-12)
    close(meta(interacting, row(2, 3), itself="always"), exact((2, 6), (12, 0)), 1e-12)


def integrated(model, x: Tensor, target: int, steps: int) -> Tensor:
    """Return Integrated Gradients of one row in a loop of its own."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(x)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        z = (node * x).requires_grad_(True)
        total += weight * torch.autograd.grad(model(z)[0, target], z)[0]
    return x * total


@pytest.mark.parametrize("itself", ["player", "always"])
def test_against_shapleys_formula(itself, close):
    """Sums over subsets, as Shapley wrote them; Integrated Gradients in a loop."""
    x, n = X[:1], 4
    share = {}
    for size in range(n + 1):
        for subset in combinations(range(n), size):
            mask = torch.zeros(1, n, dtype=torch.float64)
            mask[0, list(subset)] = 1
            share[frozenset(subset)] = integrated(smooth, x * mask, 2, 5)[0]
    expected = torch.zeros(1, n, n, dtype=torch.float64)
    for i in range(n):
        players = [k for k in range(n) if itself == "player" or k != i]
        fixed = frozenset() if itself == "player" else frozenset({i})
        for j in players:
            others = [k for k in players if k != j]
            for size in range(len(others) + 1):
                weight = factorial(size) * factorial(len(players) - size - 1)
                weight /= factorial(len(players))
                for subset in combinations(others, size):
                    s = fixed | frozenset(subset)
                    expected[0, i, j] += weight * (share[s | {j}][i] - share[s][i])
        if itself == "always":
            expected[0, i, i] = share[fixed][i]
    close(meta(smooth, x, 2, itself=itself, steps=5), expected, 1e-12)


def test_the_mean_of_all_orders_is_exact(close):
    """Every order once, by the chains that sampling walks."""
    shares = normal(2, 15, 4, seed=7)
    whole = whole_game(4, always=False)
    number = {tuple(m): k for k, m in enumerate(whole.members.tolist())}
    shares = shares * whole.members  # nobody has a share without being in
    total = torch.zeros(2, 4, 4, dtype=torch.float64)
    for order in permutations(range(4)):
        game = drawn_game([torch.tensor(order)], 4)
        place = [number[tuple(m)] for m in game.members.tolist()]
        total += game.shapley(shares[:, place]) / 24
    close(total, whole.shapley(shares), 1e-12)


def test_drawn_orders_come_near_and_say_how_near(close):
    exactly = meta(smooth, X, 1, coalitions=15)
    errors = []
    for pairs in (1, 100):
        found = meta(smooth, X, 1, coalitions=8 * pairs, steps=8, seed=5, return_details=True)
        if pairs == 1:
            assert bool(found.standard_error.isnan().all())
        errors.append(float((found.values - exactly).norm() / exactly.norm()))
    assert errors[1] < 1e-9, "15 coalitions are all there are"
    six = lambda x: smooth(x[:, :4] + x[:, 2:].sin())  # noqa: E731
    x = normal(2, 6, seed=11)
    exactly = meta(six, x, 0, coalitions=63)
    found = meta(six, x, 0, coalitions=60, return_details=True)  # five pairs
    assert float((found.values - exactly).norm()) < 3 * float(found.standard_error.norm())
    assert float(found.standard_error.norm()) < 0.5 * float(exactly.norm())
    close(found.values.sum(2), xc.integrated_gradients(six, x, 0, steps=8), 1e-10)


@search
@given(seed=st.integers(0, 1000), itself=st.sampled_from(["player", "always"]))
def test_rows_sum_to_integrated_gradients(seed, itself):
    x = normal(2, 4, seed=seed)
    found = meta(smooth, x, itself=itself, return_details=True)
    rows = xc.integrated_gradients(smooth, x, steps=8)
    assert float((found.values.sum(2) - rows).abs().max()) < 1e-10 * float(rows.abs().max())
    assert float(found.standard_error.abs().max()) == 0
    expected = xc.scores(smooth, x, None)
    assert float((found.f_end - expected).abs().max()) < 1e-12


def test_additive_models_owe_nothing_to_others(close):
    model = lambda x: (x.sin() + x**2).sum(1)  # noqa: E731
    for itself in ("player", "always"):
        found = meta(model, X, itself=itself, steps=12)
        close(found, torch.diag_embed(X.sin() + X**2), 1e-10)


def test_groups_are_players(close):
    labels = torch.tensor([0, 1, 1, 0])
    joined = meta(smooth, X, 1, groups=labels)
    assert joined.shape == (3, 2, 2)
    a = labels == 0
    one = xc.integrated_gradients(smooth, X * a, 1, steps=8)
    both = xc.integrated_gradients(smooth, X, 1, steps=8)
    alone, together = one[:, a].sum(1), both[:, a].sum(1)
    first = torch.stack([(alone + together) / 2, (together - alone) / 2], dim=1)
    close(joined[:, 0], first, 1e-10)


# ---- groups, and what is refused -----------------------------------------------------------------


def test_patches():
    x = torch.zeros(1, 3, 10, 8)
    labels = make_groups(None, x).labels
    assert labels.shape == (3, 10, 8)
    assert labels[0, ::3, ::2].tolist() == [[4 * i + j for j in range(4)] for i in range(4)]
    assert bool((labels == labels[:1]).all())
    assert make_groups(5, x).labels[1].unique().tolist() == [0, 1, 2, 3]
    assert make_groups(None, torch.zeros(2, 3, 4)).count == 12


@pytest.mark.parametrize("method", [hessians, meta])
def test_bad_groups(method):
    wide = torch.zeros(2, 70, dtype=torch.float64)
    model = lambda x: x[:, :3] ** 2  # noqa: E731
    cases = [
        ("cuts images .* into patches.*70 features", ValueError, None),
        ("cuts images", ValueError, 3),
        ("groups must be None, the side", TypeError, "patches"),
        ("groups must hold whole numbers, got torch.float32", TypeError, torch.zeros(70)),
        (r"groups has shape \(3,\)", ValueError, torch.tensor([0, 1, 2])),
        ("without a gap, got \\[0, 2\\]", ValueError, torch.arange(70) % 2 * 2),
    ]
    for says, error, groups in cases:
        with pytest.raises(error, match=says):
            method(model, wide, 0, groups=groups)
    image = lambda x: x.flatten(1)[:, :3] ** 2  # noqa: E731
    with pytest.raises(ValueError, match="side of at least 1 pixel, got 0"):
        method(image, torch.zeros(1, 1, 9, 9), 0, groups=0)
    with pytest.raises(ValueError, match="1600 patches, whose matrix is too large"):
        method(image, torch.zeros(1, 1, 40, 40), 0, groups=1)


def test_bad_settings():
    with pytest.raises(ValueError, match="beta must be above 0"):
        hessians(smooth, X, beta=0)
    with pytest.raises(TypeError, match="beta must be a number"):
        hessians(smooth, X, beta="soft")
    with pytest.raises(ValueError, match="itself 'self' is unknown"):
        meta(smooth, X, itself="self")
    with pytest.raises(ValueError, match="all 15 coalitions of 4 features, but coalitions=8"):
        meta(smooth, X, itself="always", coalitions=8)
    with pytest.raises(UnsupportedOperationError, match="integrated_hessians"):
        hessians(nn.Sequential(nn.Hardshrink(), nn.Linear(4, 3)).double().eval(), X)
