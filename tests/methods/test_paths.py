"""Monotone paths: closed forms, which axioms each keeps and breaks, and what is refused."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import xaicourse as xc
from tests.methods.path_net import BASE, X, gradient, net, row, wave
from xaicourse.core.gradients import ask
from xaicourse.methods.integrated.paths import corner, monotone, one_by_one, power, random_order

search = settings(max_examples=10, deadline=None, derandomize=True)
vectors = st.lists(st.floats(-2, 2, width=32), min_size=5, max_size=5).map(lambda v: row(*v))
fine = {"steps": 200}


def along(path, model, x: Tensor, base: Tensor | float = 0.0, **how) -> Tensor:
    return xc.path_attribution(model, x, path=path, baselines=base, **{**fine, **how})


def product(x: Tensor) -> Tensor:
    return x[:, 0] * x[:, 1]


# ---- which axiom each path lacks ----------------------------------------------------------------


def test_the_power_path_sees_the_unit_of_a_feature(close):
    """Lerma and Lucas: x1 x2 at (1, 2) and 2 y1 y2 at (1, 1) are one function in two units."""
    close(along(power, product, row(1, 2)), row(0.8, 1.2), 1e-4)
    close(along(power, lambda y: 2 * product(y), row(1, 1)), row(1, 1), 1e-4)
    for path in ("straight", "corner", "random"):  # these do not
        one = along(path, product, row(1, 2), quadrature="midpoint")
        two = along(path, lambda y: 2 * product(y), row(1, 1), quadrature="midpoint")
        close(two, one, 1e-12)


@search
@given(x=vectors, scale=vectors, shift=vectors)
def test_symmetry_and_any_unit_leave_only_integrated_gradients(x, scale, shift):
    """All features at one pace, at whatever speed, is the straight line."""
    scale = scale.sign() * (scale.abs() + 0.2) + 0.1
    steady = monotone(lambda alpha, distance: alpha**2 * (3 - 2 * alpha))
    model = lambda x: torch.tanh(net(x)[:, 0])  # noqa: E731
    ig = xc.integrated_gradients(model, x, quadrature="midpoint", steps=1000)
    found = along(steady, model, x, quadrature="midpoint", steps=1000)
    size = float(ig.abs().max()) + 1e-3
    assert float((found - ig).abs().max()) < 1e-2 * size
    other = along(
        steady, lambda y: model((y - shift) / scale), scale * x + shift, shift,
        quadrature="midpoint", steps=1000,
    )  # fmt: skip
    assert float((other - found).abs().max()) < 1e-9 * size


@search
@given(x=vectors, base=vectors, path=st.sampled_from([power, corner, random_order(3)]))
def test_where_f_grows_along_every_monotone_path_no_share_is_negative(x, base, path):
    way = (x - base).sign()

    def model(x):
        z = x * way  # F does not fall in any z
        return torch.relu(z[:, 0] + z[:, 1] - 1) + torch.tanh(z[:, 2]) + z[:, 3:].sum(1).exp()

    assert float(along(path, model, x, base, steps=20).min()) >= 0


# ---- one feature after the other -----------------------------------------------------------------


def by_corners(model, x: Tensor, base: Tensor, order: list[list[int]]) -> Tensor:
    """F's change as each group of features moves, for groups of one: no gradient is needed."""
    point, shares = base.clone(), torch.zeros_like(x)
    for group in order:
        before = model(point[None])
        point[group] = x[group]
        shares[group] = (model(point[None]) - before)[0] / len(group)
    return shares


ORDERS = {
    "corner": ("corner", range(5)),
    "largest last": (one_by_one(lambda start, end: (end - start).abs()), None),
    "random": ("random", None),
}


@pytest.mark.parametrize("name", ORDERS)
def test_a_feature_gets_what_f_gains_while_it_moves(name, close):
    path, order = ORDERS[name]
    model = lambda x: torch.tanh(net(x)[:, 1] / 4) + net(x)[:, 0]  # noqa: E731
    found = along(path, model, X, BASE[None], quadrature="midpoint", steps=5 * 400)
    for k in range(4):
        if name == "largest last":
            order = (X[k] - BASE[k]).abs().argsort().tolist()
        if name == "random":  # the same for each row: the one that fits the first row
            order = order or next(
                o for o in itertools.permutations(range(5))
                if float((by_corners(model, X[0], BASE[0], [[i] for i in o]) - found[0]).norm())
                < 1e-2
            )  # fmt: skip
        close(found[k], by_corners(model, X[k], BASE[k], [[i] for i in order]), 1e-2)


def test_features_with_the_same_key_move_together(close):
    """x1 x2 x3 at (1, 2, 3): the first two move at once, then the third takes all."""
    first_two = one_by_one(lambda start, end: torch.tensor([[5.0, 5.0, 8.0]]))
    x = row(1, 2, 3)
    found = along(first_two, lambda x: x.prod(1) + x[:, 0] * x[:, 1], x, quadrature="midpoint")
    close(found, row(1, 1, 6), 1e-12)
    everything = one_by_one(lambda start, end: torch.zeros(1, 1))
    close(along(everything, product, row(3, 2)), row(3, 3), 1e-12)


def test_the_colours_of_a_pixel_move_together(close):
    """F = product of a pixel's colours, summed: alone they would share otherwise."""
    x = 1 + wave(2, 2, 3, 3) / 2
    model = lambda x: x.prod(1).sum((1, 2))  # noqa: E731
    found = along(random_order(1), model, x, quadrature="midpoint", steps=90)
    close(found, (x.prod(1, keepdim=True) / 2).expand(2, 2, 3, 3), 1e-12)
    for seed in (0, 1):
        mixed = lambda x: torch.tanh(x.sum((1, 2, 3)) / 8) ** 2  # noqa: E731
        both = along(random_order(seed), mixed, x, quadrature="midpoint", steps=90)
        again = along(random_order(seed), mixed, x[1:], quadrature="midpoint", steps=90)
        close(both[1:], again, 0.0)
        other = along(random_order(seed + 2), mixed, x, quadrature="midpoint", steps=90)
        assert float((both - other).norm() / both.norm()) > 0.1


# ---- the engine's promise ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [power, corner, random_order(0)])
def test_a_short_step_far_from_0_keeps_its_digits(path):
    """Steps are paces times distance, never differences of two nearly equal points."""
    x, start = 1000 + wave(2, 5).abs(), torch.full((2, 5), 999.5).double()
    left, right = torch.tensor([0.5, 0.7001]).double(), torch.tensor([0.5001, 0.7003]).double()
    rows, steps = torch.arange(2), []
    for dtype in (torch.float32, torch.float64):
        ends = start.to(dtype), x.float().to(dtype)
        steps.append(path(ask(net, ends[1], 0), *ends).step(left, right, rows).double())
    assert float((steps[0] - steps[1]).norm() / steps[1].norm()) < 1e-6


def test_against_a_sum_over_points(close):
    """The sum of differences of points times gradients, by autograd alone."""
    h = lambda a, d: torch.sin(torch.pi / 2 * a) ** (2 + torch.tanh(d))  # noqa: E731
    model = lambda x: torch.tanh(net(x)).sum(1)  # noqa: E731
    found = along(monotone(h), model, X, BASE[None], quadrature="midpoint", steps=50)
    for k in range(4):
        d, total = X[k] - BASE[k], torch.zeros(5, dtype=torch.float64)
        at = [BASE[k] + d * h(torch.tensor(j / 100, dtype=torch.float64), d) for j in range(101)]
        for j in range(50):
            total += (at[2 * j + 2] - at[2 * j]) * gradient(model, at[2 * j + 1])
        close(found[k], total, 1e-12)


@pytest.mark.parametrize(
    ("course", "words"),
    [
        (lambda a, d: a / 2 + 0 * d, "it is 0.5 at alpha = 1"),
        (lambda a, d: 1 - a + 0 * d, "it is 1 at alpha = 0"),
        (lambda a, d: a + torch.sin(2 * torch.pi * a) + 0 * d, "at alpha = 0.375"),
    ],
)
def test_a_course_that_does_not_rise_from_0_to_1(course, words):
    with pytest.raises(ValueError, match=f"must rise from 0 at alpha = 0 to 1.*{words}"):
        along(monotone(course), product, row(3, 2))


def test_a_key_without_an_order():
    with pytest.raises(ValueError, match=r"key\(start, end\) gives NaN or infinite numbers"):
        along(one_by_one(lambda start, end: end / 0), product, row(3, 2))
