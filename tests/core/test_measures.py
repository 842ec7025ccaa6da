"""A weight on [0, 1] as a measure: integral, inverse and Gauss rule against closed forms."""

import numpy as np
import pytest
import torch
from torch import Tensor

from xaicourse.core.measures import measure

# weight, its integral, and E[alpha^k] under it
WEIGHTS = {
    "even": (lambda a: 1.0, 1, lambda k: 1 / (k + 1)),
    "root": (torch.sqrt, 2 / 3, lambda k: 1.5 / (k + 1.5)),
    "pole at 0": (lambda a: a**-0.5, 2, lambda k: 0.5 / (k + 0.5)),
    "steep pole": (lambda a: a**-0.8, 5, lambda k: 0.2 / (k + 0.2)),
    "jump": (lambda a: 10.0 * (a > 0.9), 1, lambda k: 10 * (1 - 0.9 ** (k + 1)) / (k + 1)),
    "gap": (
        lambda a: ((a < 0.25) | (a > 0.75)).double(),
        0.5,
        lambda k: 2 * (0.25 ** (k + 1) + 1 - 0.75 ** (k + 1)) / (k + 1),
    ),
    "hill": (lambda a: a * (1 - a), 1 / 6, lambda k: 6 / ((k + 2) * (k + 3))),
}
CASES = pytest.mark.parametrize(("weight", "total", "moment"), WEIGHTS.values(), ids=WEIGHTS)


@CASES
def test_total_and_gauss_rule(weight, total, moment):
    """n nodes are exact for alpha^k up to k = 2 n - 1, and no further."""
    found = measure(weight)
    assert abs(found.total / total - 1) < 1e-11
    for n in (2, 4):
        nodes, weights = found.gauss(n)
        errors = [float((weights * nodes**k).sum()) / moment(k) - 1 for k in range(2 * n + 1)]
        assert max(abs(e) for e in errors[:-1]) < 1e-11
        assert n == 4 or abs(errors[-1]) > 1e-8


@pytest.mark.parametrize("n", [1, 2, 5, 50, 120])
def test_the_gauss_rule_of_no_weight_is_gauss_legendre(n, close):
    nodes, weights = measure(lambda a: 1.0).gauss(n)
    expected = np.polynomial.legendre.leggauss(n)
    close(nodes, torch.from_numpy(expected[0] + 1) / 2, 1e-13)
    close(weights, torch.from_numpy(expected[1]) / 2, 1e-13)


@CASES
def test_segments_hold_their_node_and_its_mass(weight, total, moment, close):
    found = measure(weight)
    nodes = found.nodes(7, 2)
    assert nodes.alpha.shape == (2, 7)
    assert float(nodes.left[0, 0]) == 0
    assert float(nodes.right[0, -1]) == 1
    assert torch.equal(nodes.left[0, 1:], nodes.right[0, :-1])
    assert bool(((nodes.left <= nodes.alpha) & (nodes.alpha <= nodes.right)).all())
    mass = found.cumulated(nodes.right[0]) - found.cumulated(nodes.left[0])
    close(mass, found.gauss(7)[1], 1e-12)


def test_cumulated_and_inverse(close):
    found = measure(lambda a: a**-0.5)  # W = sqrt(alpha)
    alpha = torch.tensor([0.0, 1e-12, 0.04, 0.5, 1.0], dtype=torch.float64)
    close(found.cumulated(alpha), alpha.sqrt(), 1e-12)
    close(found.cumulated(alpha.view(5, 1)), alpha.sqrt().view(5, 1), 1e-12)  # any shape
    close(found.inverse(alpha[1:-1].sqrt()), alpha[1:-1], 1e-11)


REFUSED = {
    "pole of 1 / alpha": (lambda a: 1 / a, "no integral .* near alpha = 0"),
    "pole at 1": (lambda a: 1 / (1 - a), "no integral .* near alpha = 1"),
    "pole inside": (lambda a: (a - 0.31).abs() ** -1.0, "inf at alpha = 0.31|no integral"),
    "all 0": (torch.zeros_like, "0 on all of"),
    "negative": (lambda a: a - 0.5, "weight is -0.5 at alpha"),
    "NaN": (lambda a: (a - 0.5).sqrt(), "weight is nan at alpha"),
    "another shape": (lambda a: a[:3], "one number for each alpha"),
}


@pytest.mark.parametrize(("weight", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_integrated_is_refused(weight, words):
    with pytest.raises(ValueError, match=words):
        measure(weight)


def test_a_weight_is_asked_inside_only():
    asked: list[Tensor] = []

    def weight(alpha: Tensor) -> Tensor:
        asked.append(alpha)
        return alpha**-0.5

    measure(weight).nodes(5, 1)
    alpha = torch.cat([a.flatten() for a in asked])
    assert bool(((alpha > 0) & (alpha < 1)).all())
