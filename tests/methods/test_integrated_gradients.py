"""Integrated Gradients against closed forms, a loop from the paper, and its axioms."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.conftest import relative_error
from xaicourse.core.quadrature import QUADRATURES

pytestmark = pytest.mark.filterwarnings("ignore:the model ends in ")  # closed forms of it

ig = xc.integrated_gradients
relu = torch.relu


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


# ---- closed forms (specs: 1 to 9), baseline 0 unless said ---------------------------------------


@pytest.mark.parametrize("steps", [1, 2, 7, 50])
@pytest.mark.parametrize("name", QUADRATURES)
def test_1_linear_is_exact_for_every_rule(name, steps, close):
    """Catches weights that do not sum to 1: 2 x1 + x2 at (10, 5) is (20, 5), not (19.6, 4.9)."""
    found = ig(lambda x: 2 * x[:, 0] + x[:, 1] + 7, row(10, 5), quadrature=name, steps=steps)
    close(found, row(20, 5), 1e-12)
    shifted = ig(
        lambda x: x @ row(3, -1)[0], row(10, 5), baseline=row(1, 2), quadrature=name, steps=steps
    )
    close(shifted, row(27, -3), 1e-12)


def product(x: Tensor) -> Tensor:
    return x[:, 0] * x[:, 1]


@pytest.mark.parametrize("steps", [1, 2, 50])
@pytest.mark.parametrize("name", ["midpoint", "trapezoid", "gauss_legendre"])
def test_2_product(name, steps, close):
    """The gradient is linear along the path: exact for every rule of second order."""
    how = {"quadrature": name, "steps": steps}
    close(ig(product, row(3, 2), **how), row(3, 3), 1e-12)
    close(ig(product, row(3, 2), baseline=row(1, -1), **how), row(1, 6), 1e-12)


@pytest.mark.parametrize(("name", "sign"), [("left", -1), ("right", 1)])
def test_2_product_error_of_the_first_order_rules(name, sign, close):
    """The ends are off by half a step: x1 x2 (1 -+ 1 / n) / 2 each."""
    for n in (1, 4, 50):
        expected = row(3, 3) * (1 + sign / n)
        close(ig(product, row(3, 2), quadrature=name, steps=n), expected, 1e-12)


@pytest.mark.parametrize("powers", [(2, 1), (3, 2), (5, 5), (0, 4)])
def test_3_monomials(powers, close):
    x = row(1.5, 2)
    size = float(x[0, 0] ** powers[0] * x[0, 1] ** powers[1])
    expected = row(*(size * m / sum(powers) for m in powers))

    def monomial(x: Tensor) -> Tensor:
        return x[:, 0] ** powers[0] * x[:, 1] ** powers[1]

    for steps in (math.ceil(sum(powers) / 2), 50):  # exact from n = |m| / 2 on
        close(ig(monomial, x, steps=steps), expected, 1e-13)


def test_3_by_hand(close):
    close(ig(lambda x: x[:, 0] ** 2 * x[:, 1], row(1, 2), steps=2), row(4 / 3, 2 / 3), 1e-14)


@pytest.mark.parametrize("name", QUADRATURES)
def test_4_minimum(name, close):
    """At left's node alpha = 0 both inputs are equal: torch gives each half the slope there."""
    found = ig(lambda x: torch.minimum(x[:, 0], x[:, 1]), row(2, 1), quadrature=name, steps=50)
    ends = {"left": 1 / 50, "trapezoid": 0.5 / 50}.get(name, 0.0)  # the weight of alpha = 0
    close(found, row(2 * ends / 2, 1 - ends / 2), 1e-12)


def test_5_saturation(close):
    """The gradient at 2 is 0; IG finds the rise of 1 wherever it happened."""

    def saturated(x: Tensor) -> Tensor:
        return 1 - relu(1 - x[:, 0])

    assert float(xc.gradient(saturated, row(2))) == 0
    for name in ("left", "right", "midpoint", "trapezoid", "gauss_legendre"):
        # the kink is at alpha = 1/2; a node on it counts as flat
        expected = {"right": 1 - 2 / 50, "trapezoid": 1 - 1 / 50}.get(name, 1.0)
        close(ig(saturated, row(2), quadrature=name, steps=50), row(expected), 1e-12)


@pytest.mark.parametrize("point", [(1, 1), (0.5, -2), (3, 0)])
def test_6_ridge(point, close):
    x, w = row(*point), row(4, 2)

    def ridge(x: Tensor) -> Tensor:
        return torch.sigmoid(x @ w[0] - 3)

    rise = ridge(x) - ridge(0 * x)
    expected = w * x / (w * x).sum() * rise
    close(ig(ridge, x, steps=60), expected, 1e-10)
    if point == (1, 1):
        close(ig(ridge, x, steps=60), row(0.603432, 0.301716), 1e-6)


def test_7_additive(close):
    def additive(x: Tensor) -> Tensor:
        return x[:, 0].exp() + torch.sin(3 * x[:, 1]) - x[:, 2] ** 4

    x, base = row(0.3, -1, 1.2), row(-0.5, 0.25, 0)
    expected = torch.stack(
        [
            x[:, 0].exp() - base[:, 0].exp(),
            torch.sin(3 * x[:, 1]) - torch.sin(3 * base[:, 1]),
            base[:, 2] ** 4 - x[:, 2] ** 4,
        ],
        dim=1,
    )
    close(ig(additive, x, baseline=base), expected, 1e-12)


def test_8_implementation_pair(close):
    """Kinks at alpha = 1/3 and 1/2: a midpoint rule with 6 k steps has edges on both."""

    def f(x: Tensor) -> Tensor:
        return relu(relu(x[:, 0]) - 1 - relu(x[:, 1]))

    def g(x: Tensor) -> Tensor:
        return relu(relu(x[:, 0] - 1) - relu(x[:, 1]))

    for model in (f, g):
        close(ig(model, row(3, 1), quadrature="midpoint", steps=60), row(1.5, -0.5), 1e-12)


def test_9_neurons(close):
    """F = G(h(x)): shares of (feature, neuron) pairs add up to IG and to conductance."""
    W = row(1.0, -2, 0.5, 3, 1, -1).view(3, 2)

    def hidden(x: Tensor) -> Tensor:
        return torch.tanh(x @ W.T)

    def model(x: Tensor) -> Tensor:
        h = hidden(x)
        return h[:, 0] * h[:, 1] + h[:, 2] ** 3

    x = row(0.7, -0.4)
    nodes, weights = xc.core.quadrature.quadrature("gauss_legendre", 60)
    pairs = torch.zeros(2, 3, dtype=torch.float64)
    for a, w in zip(nodes, weights, strict=True):
        jacobian = torch.autograd.functional.jacobian(hidden, a * x)[0, :, 0]  # (3, 2)
        h = hidden(a * x).requires_grad_(True)
        outer = h[:, 0] * h[:, 1] + h[:, 2] ** 3
        (slope,) = torch.autograd.grad(outer.sum(), h)
        pairs += w * x[0, :, None] * jacobian.T * slope
    close(ig(model, x, steps=60), pairs.sum(1)[None], 1e-12)
    close(pairs.sum()[None], model(x) - model(0 * x), 1e-12)


def test_toy_net_by_hand(close):
    """One gate changes at alpha = 1/4: (3.75, -2.75)."""
    found = ig(xc.zoo.toy(), xc.zoo.toy_input(), quadrature="midpoint", steps=64)
    close(found, row(*xc.zoo.TOY_INTEGRATED_GRADIENTS), 1e-12)


# ---- a plain loop, as the paper writes it -------------------------------------------------------


def paper_loop(model, x: Tensor, base: Tensor, m: int) -> Tensor:
    """(x_i - x'_i) * sum_k dF(x' + k/m (x - x')) / dx_i / m, one point at a time."""
    total = torch.zeros_like(x)
    for k in range(1, m + 1):
        point = (base + k / m * (x - base)).requires_grad_(True)
        model(point).sum().backward()
        total += point.grad / m
    return (x - base) * total


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        ramp = torch.arange(60, dtype=torch.float64)
        self.a = torch.nn.Parameter(torch.sin(1 + 1.1 * ramp[:40]).view(8, 5))
        self.b = torch.nn.Parameter(torch.cos(1 + 0.9 * ramp[:24]).view(3, 8))

    def forward(self, x: Tensor) -> Tensor:
        return relu(x @ self.a.T + 0.3) @ self.b.T.to(x)


NET = Net().requires_grad_(False)
X = torch.cos(1 + torch.arange(20, dtype=torch.float64)).view(4, 5)
BASE = torch.sin(2 * torch.arange(20, dtype=torch.float64)).view(4, 5)


@pytest.mark.parametrize("m", [1, 3, 50])
def test_right_rule_is_the_papers_loop(m, close):
    expected = paper_loop(lambda x: NET(x)[:, 2], X, BASE, m)
    close(ig(NET, X, 2, baseline=BASE, steps=m, quadrature="right"), expected, 1e-13)


def test_defaults_are_gauss_legendre_with_50_nodes(close):
    close(ig(NET, X, 2), ig(NET, X, 2, steps=50, quadrature="gauss_legendre", baseline=0.0), 0.0)


def test_details(close):
    found = ig(NET, X, 2, baseline=BASE, steps=9, return_details=True)
    assert found.gradients.tolist() == [9] * 4
    nodes, weights = found.extra["nodes"], found.extra["weights"]
    assert nodes.shape == weights.shape == (4, 9)
    close((weights * found.extra["slopes"]).sum(1), found.values.sum(1), 1e-12)
    points = BASE[:, None] + nodes[..., None] * (X - BASE)[:, None]
    close(found.extra["node_scores"], NET(points)[..., 2], 1e-12)
    close(found.endpoints[0], BASE, 0.0)
    close(found.endpoints[1], X, 0.0)
    close(found.gap, found.values.sum(1) - (NET(X) - NET(BASE))[:, 2], 1e-12)
    expected = found.gap.abs() / (found.f_end - found.f_start).abs()
    close(found.relative_gap, expected, 1e-12)
    assert found.settings["steps"] == 9
    assert found.settings["quadrature"] == "gauss_legendre"


def test_a_gap_of_zero_may_hide_a_wrong_map():
    """Two features share a rise and a fall; the midpoint misses both, and nothing adds up to 0."""

    def steep(u: Tensor) -> Tensor:
        return torch.sigmoid(200 * (u - 0.7))

    def model(x: Tensor) -> Tensor:
        return steep(x[:, 0]) - steep(x[:, 1]) + x[:, 2]

    found = ig(model, row(1, 1, 1), steps=16, quadrature="midpoint", return_details=True)
    assert abs(float(found.gap)) < 1e-12  # true map: (1, -1, 1)
    assert relative_error(found.values, row(1, -1, 1)) > 0.5
    assert float(found.map_error) > 0.2  # the estimate of the map's error does notice


# ---- adaptive ----------------------------------------------------------------------------------


def test_adaptive_reaches_its_tolerance():
    exact = ig(NET, X, 2, baseline=BASE, steps=20000, quadrature="midpoint")
    for tol in (0.1, 0.02, 0.005):
        found = ig(NET, X, 2, baseline=BASE, tol=tol, return_details=True)
        error = (found.values - exact).norm(dim=1) / exact.norm(dim=1)
        assert bool((found.map_error <= tol).all())
        assert bool((error <= tol).all())
        assert bool((found.gradients <= 1000).all())


def test_adaptive_closes_the_gap_where_that_is_safe(close):
    def smooth(x: Tensor) -> Tensor:
        return NET(x).tanh() + NET(x).square()

    found = ig(smooth, X, 2, baseline=BASE, tol=0.02, return_details=True)
    raw = found.extra["raw_gap"]
    assert float(raw.abs().min()) > 1e-9
    left = found.gap / raw
    closed, untouched = left.abs() < 1e-6, (left - 1).abs() < 1e-6
    # a row is left as it is where closing its gap would move the map by more than its error
    assert bool((closed | untouched).all())
    assert int(closed.sum()) >= 3
    # nodes and weights are those that were used, correction included
    total = (found.extra["weights"] * found.extra["slopes"]).nansum(1)
    close(total, found.values.sum(1), 1e-10)


def test_adaptive_is_exact_for_a_linear_model(close):
    found = ig(lambda x: x @ row(1, 2, 3, 4, 5)[0], X, tol=0.05, return_details=True)
    close(found.values, X * row(1, 2, 3, 4, 5), 1e-12)


def test_adaptive_says_when_the_steps_are_not_enough():
    with pytest.warns(UserWarning, match="did not reach tol=0.0001 within steps=10"):
        found = ig(NET, X, 2, tol=1e-4, steps=10, return_details=True)
    assert bool((found.gradients <= 10).all())
    assert bool((found.map_error > 1e-4).any())


# ---- axioms, by search -------------------------------------------------------------------------

numbers = st.floats(-2, 2, allow_nan=False, width=32)
vectors = st.lists(numbers, min_size=5, max_size=5).map(lambda v: row(*v))
search = settings(max_examples=25, deadline=None, derandomize=True)


@search
@given(x=vectors, base=vectors, k=st.integers(0, 2))
def test_completeness_as_steps_grow(x, base, k):
    """On a net with kinks the gap falls at least like 1 / steps."""
    size = float((x - base).abs().sum()) * 10
    for n in (20, 200, 2000):
        for name in ("midpoint", "gauss_legendre") if n < 2000 else ("midpoint",):
            found = ig(NET, x, k, baseline=base, steps=n, quadrature=name, return_details=True)
            assert abs(float(found.gap)) <= size / n + 1e-13  # where x is the baseline


@search
@given(x=vectors, base=vectors, f=numbers, g=numbers)
def test_linearity(x, base, f, g):
    a, b = (ig(NET, x, k, baseline=base, steps=7) for k in (0, 1))
    both = ig(lambda x: f * NET(x)[:, 0] + g * NET(x)[:, 1], x, baseline=base, steps=7)
    assert float((both - f * a - g * b).abs().max()) < 1e-10


@search
@given(x=vectors, base=vectors, unused=st.sets(st.integers(0, 4), max_size=4))
def test_dummy(x, base, unused):
    used = row(*(float(i not in unused) for i in range(5)))
    found = ig(lambda x: NET(x * used)[:, 1], x, baseline=base, steps=7)
    assert bool((found * (1 - used) == 0).all())


@search
@given(x=vectors, base=vectors)
def test_equal_to_the_baseline_gets_exactly_nothing(x, base):
    base[:, ::2] = x[:, ::2]
    assert bool((ig(NET, x, 1, baseline=base, steps=7)[:, ::2] == 0).all())


@search
@given(x=vectors, base=vectors)
def test_symmetry(x, base):
    x[:, 1], base[:, 1] = x[:, 0], base[:, 0]
    swap = [1, 0, 2, 3, 4]
    found = ig(lambda x: NET(x)[:, 0] * NET(x[:, swap])[:, 0], x, baseline=base, steps=7)
    assert float((found[:, 0] - found[:, 1]).abs()) <= 1e-10 * (1 + float(found.abs().max()))


@search
@given(x=vectors, scale=st.floats(0.1, 10), shift=numbers)
def test_affine_scale_invariance(x, scale, shift):
    """Measuring a feature in other units changes nothing (given the baseline in those units)."""
    plain = ig(NET, x, 1, steps=7)
    other = ig(lambda z: NET((z - shift) / scale), x * scale + shift, 1, baseline=shift, steps=7)
    assert float((plain - other).abs().max()) < 1e-8 * (1 + float(plain.abs().max()))


@search
@given(order=st.permutations(range(4)), batch_size=st.integers(1, 9))
def test_rows_do_not_see_each_other(order, batch_size):
    order = list(order)
    expected = ig(NET, X, [0, 1, 2, 0], steps=5)[order]
    target = torch.tensor([0, 1, 2, 0])[order]
    got = ig(NET, X[order], target, steps=5, batch_size=batch_size)
    assert relative_error(got, expected) < 1e-12
