"""Quadrature rules against closed forms: weights, exactness, order of convergence."""

import itertools
import math

import pytest
import torch

from tests.conftest import relative_error
from xaicourse.core.path import Nodes
from xaicourse.core.quadrature import QUADRATURES, quadrature


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 50, 1000])
@pytest.mark.parametrize("name", QUADRATURES)
def test_weights_and_nodes(name, steps):
    nodes, weights = quadrature(name, steps)
    assert nodes.dtype == weights.dtype == torch.float64
    assert len(nodes) == len(weights) == (steps + 1 if name == "trapezoid" else steps)
    assert float(weights.sum()) == pytest.approx(1, abs=1e-13)
    assert bool((weights > 0).all())
    assert bool((nodes >= 0).all())
    assert bool((nodes <= 1).all())
    assert bool((nodes.diff() > 0).all())
    if name in ("midpoint", "trapezoid", "gauss_legendre"):
        assert relative_error(nodes, 1 - nodes.flip(0)) < 1e-14
        assert relative_error(weights, weights.flip(0)) < 1e-14


def test_nodes_by_hand():
    expected = {
        "left": ([0, 0.25, 0.5, 0.75], [0.25] * 4),
        "right": ([0.25, 0.5, 0.75, 1], [0.25] * 4),
        "midpoint": ([0.125, 0.375, 0.625, 0.875], [0.25] * 4),
        "trapezoid": ([0, 0.25, 0.5, 0.75, 1], [0.125, 0.25, 0.25, 0.25, 0.125]),
    }
    for name, (nodes, weights) in expected.items():
        got = quadrature(name, 4)
        assert got[0].tolist() == nodes
        assert got[1].tolist() == weights
    nodes, weights = quadrature("gauss_legendre", 2)
    r = 0.5 / math.sqrt(3)
    assert nodes.tolist() == pytest.approx([0.5 - r, 0.5 + r], abs=1e-15)
    assert weights.tolist() == pytest.approx([0.5, 0.5], abs=1e-15)


def integral(name: str, steps: int, function) -> float:
    nodes, weights = quadrature(name, steps)
    return float((weights * function(nodes)).sum())


@pytest.mark.parametrize("steps", [1, 2, 5, 20])
@pytest.mark.parametrize("name", QUADRATURES)
def test_polynomials_of_the_promised_degree_are_exact(name, steps):
    degree = {"left": 0, "right": 0, "midpoint": 1, "trapezoid": 1}.get(name, 2 * steps - 1)
    for d in range(degree + 1):
        got = integral(name, steps, lambda a, d=d: a**d)
        assert got == pytest.approx(1 / (d + 1), abs=1e-13), d
    beyond = integral(name, steps, lambda a: a ** (degree + 1))
    if steps <= 5:  # later the error drowns in rounding
        assert beyond != pytest.approx(1 / (degree + 2), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "order"), [("left", 1), ("right", 1), ("midpoint", 2), ("trapezoid", 2)]
)
def test_order_of_convergence(name, order):
    """Ten times the steps make the error 10 or 100 times smaller."""
    exact = math.e - 1
    errors = [abs(integral(name, n, torch.exp) - exact) for n in (10, 100, 1000)]
    for coarse, fine in itertools.pairwise(errors):
        assert coarse / fine == pytest.approx(10**order, rel=0.06)


def test_gauss_legendre_converges_like_a_power_series():
    exact = math.e - 1
    errors = [abs(integral("gauss_legendre", n, torch.exp) - exact) for n in (1, 2, 3, 4, 5)]
    for coarse, fine in itertools.pairwise(errors):
        assert fine < coarse / 50
    assert abs(integral("gauss_legendre", 10, torch.exp) - exact) < 1e-14


@pytest.mark.parametrize("steps", [1, 2, 10, 50])
@pytest.mark.parametrize("name", QUADRATURES)
def test_each_node_lies_in_the_segment_that_it_stands_for(name, steps):
    nodes = Nodes.from_rule(*quadrature(name, steps), n_rows=3)
    assert nodes.alpha.shape == nodes.left.shape == (3, steps + (name == "trapezoid"))
    assert bool((nodes.left[:, 0] == 0).all())
    assert bool((nodes.right[:, -1] == 1).all())
    assert torch.equal(nodes.left[:, 1:], nodes.right[:, :-1])
    assert bool((nodes.alpha >= nodes.left - 1e-12).all())
    assert bool((nodes.alpha <= nodes.right + 1e-12).all())
    assert relative_error(nodes.weight[0], quadrature(name, steps)[1]) < 1e-14


def test_bad_values():
    for bad in (0, -1):
        with pytest.raises(ValueError, match=f"steps must be at least 1, got {bad}"):
            quadrature("midpoint", bad)
    for bad in (2.0, "3", None, True):
        with pytest.raises(TypeError, match="steps must be a whole number"):
            quadrature("midpoint", bad)
    for bad in ("simpson", "", None, "adaptive", ["left"]):
        with pytest.raises(ValueError, match="quadrature must be one of left, right"):
            quadrature(bad, 3)
