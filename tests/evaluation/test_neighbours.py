"""Stability of maps: quadratic models have closed forms, and captum agrees where it is right."""

import captum.attr
import captum.metrics
import numpy as np
import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.evaluation import (
    average_sensitivity,
    local_lipschitz,
    max_sensitivity,
    relative_input_stability,
    relative_output_stability,
    relative_representation_stability,
)

A = torch.tensor([[1, 0.5], [0.5, -2]], dtype=torch.float64)
X = torch.tensor([[1.0, 2], [-0.5, 1]], dtype=torch.float64)
SIX = [
    max_sensitivity,
    average_sensitivity,
    local_lipschitz,
    relative_input_stability,
    relative_output_stability,
]


def quadratic(x):
    return ((x @ A.to(x)) * x).sum(1)  # its gradient is 2 A x


def linear(x):
    return x @ torch.tensor([3.0, -1], dtype=x.dtype)


def shifts(n, radius, *shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    draws = [torch.rand(shape, generator=generator, dtype=torch.float64) for _ in range(n)]
    return [radius * (2 * u - 1) for u in draws]


def norm(t):
    return t.norm(dim=1)


# ---------------------------------------------------------------- sensitivity and slope


@pytest.mark.parametrize("metric", SIX, ids=lambda m: m.__name__)
def test_the_gradient_of_a_linear_model_does_not_move(metric):
    found = metric(linear, X, "gradient", radius=0.5)
    assert found.values.tolist() == [0.0, 0.0]
    assert found.details["map_change"].tolist() == [0.0, 0.0]
    assert (found.details["output_change"] >= 0).all()


def test_a_quadratic_model_in_closed_form(close):
    draws = shifts(7, 0.3, 2, seed=4)
    moves = torch.stack([norm(2 * d[None] @ A) for d in draws]).squeeze(1)  # |2 A delta|, (7,)
    sizes = norm(2 * X @ A)
    settings = {"radius": 0.3, "samples": 7, "seed": 4}
    most, mean, steep = (
        m(quadratic, X, "gradient", **settings)
        for m in (max_sensitivity, average_sensitivity, local_lipschitz)
    )
    close(most.values, moves.max() / sizes, 1e-13)
    close(mean.values, moves.mean() / sizes, 1e-13)
    lengths = torch.stack(draws).norm(dim=1)
    close(steep.values, (moves / lengths).max().expand(2), 1e-12)
    bound = float(torch.linalg.matrix_norm(A, 2))
    assert (most.values <= bound * 0.3 * 2**0.5 * 2 / sizes).all()
    assert (steep.values <= 2 * bound).all()


def test_the_slope_reaches_its_bound_along_the_steepest_direction(close):
    direction = torch.linalg.eigh(A).eigenvectors[:, 0]  # of the eigenvalue -2.08, the largest

    def along(t):
        return quadratic(t * direction.to(t))

    t = torch.tensor([[0.4], [-1.0]], dtype=torch.float64)
    found = local_lipschitz(along, t, "gradient")
    close(found.values, [2 * float(torch.linalg.matrix_norm(A, 2))] * 2, 1e-9)


def test_captum_agrees_on_the_same_draws(close):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double().eval()
    x = torch.cos(torch.arange(18, dtype=torch.float64)).view(3, 6)
    saliency = captum.attr.Saliency(net)
    draws = torch.stack(shifts(5, 0.2, 6))

    def explain(x, target):
        with torch.enable_grad():
            x = x[0] if isinstance(x, tuple) else x
            return (saliency.attribute(x.requires_grad_(), target, abs=False),)

    theirs = [  # it repeats each row five times
        captum.metrics.sensitivity_max(
            explain, row[None], lambda x: x + draws, n_perturb_samples=5, target=1
        )
        for row in x
    ]
    found = max_sensitivity(net, x, "gradient", 1, radius=0.2, samples=5, same_class=False)
    close(found.values, torch.cat(theirs), 1e-12)


def test_a_function_may_differentiate_by_hand(close):
    """captum 0.9.0 runs the explanation under torch.no_grad(), where this raises."""

    def by_hand(model, x, target):
        x = x.requires_grad_()
        return torch.autograd.grad(model(x).sum(), x)[0]

    found = max_sensitivity(quadratic, X, by_hand)
    close(found.values, max_sensitivity(quadratic, X, "gradient").values, 1e-14)
    with pytest.raises(RuntimeError, match="does not require grad"):
        captum.metrics.sensitivity_max(lambda x: by_hand(quadratic, x[0], None), X.clone())


def test_almost_no_noise_moves_almost_nothing():
    """Quantus 0.6.0 divides one map by the largest of the data set, the other by its batch's."""
    x = torch.cat([X, 1000 * X])
    found = max_sensitivity(quadratic, x, "gradient", radius=1e-9)
    assert (found.values < 1e-8).all()
    wrong = []
    maps = xc.gradient(quadratic, x) / xc.gradient(quadratic, x).abs().max()
    for row in range(4):  # batches of one
        there = xc.gradient(quadratic, x[row : row + 1] + 1e-9)
        wrong.append(float((there / there.abs().max() - maps[row]).norm() / 1e-9))
    assert max(wrong) > 1e8
    slopes = local_lipschitz(quadratic, x, "gradient", radius=1e-6)
    assert (slopes.values < 4.2).all()


def test_more_draws_find_more_and_the_mean_does_not_grow():
    few, many = (max_sensitivity(quadratic, X, "gradient", samples=n).values for n in (3, 40))
    assert (many > few).all()
    means = [average_sensitivity(quadratic, X, "gradient", samples=n).values for n in (40, 400)]
    assert float((means[0] / means[1] - 1).abs().max()) < 0.2


def test_draws_go_both_ways_and_are_the_same_for_every_row():
    seen = []
    max_sensitivity(
        linear, X, lambda m, x, t: (seen.append(x.clone()), x)[1], radius=0.2, samples=200
    )
    moves = torch.stack(seen[1:]) - X  # Quantus 0.6.0 draws from 0.02 to 0.2: one-sided
    assert float((moves[:, 0] - moves[:, 1]).norm()) <= 1e-14 * float(moves[:, 0].norm())
    assert float(moves.abs().max()) <= 0.2
    assert abs(float(moves.mean())) < 0.02
    assert float(moves.min()) < -0.15


# ---------------------------------------------------------------- what the output did


def test_the_map_is_not_blamed_for_what_the_output_did(close):
    """A map that follows F exactly moves a lot where F is steep: its stability to F is 1."""

    def steep(x):
        return torch.exp(20 * x[:, :1])

    def follows(model, x, target):
        return model(x) * torch.ones_like(x)

    x = torch.tensor([[0.1, 0.3], [0.2, -0.4]], dtype=torch.float64)
    most = max_sensitivity(steep, x, follows, radius=0.1)
    assert (most.values > 1).all()
    close(most.details["output_change"] / steep(x)[:, 0], most.details["map_change"], 1e-12)
    close(relative_output_stability(steep, x, follows, radius=0.1).values, [1.0, 1.0], 1e-12)


def test_neighbours_of_another_class_are_left_out():
    def two(x):
        return torch.cat([10 * x[:, :1] ** 3, -x[:, :1]], dim=1)

    x = torch.tensor([[0.05, 1.0], [3.0, 1.0]], dtype=torch.float64)
    every = max_sensitivity(two, x, "gradient", 0, radius=0.1, samples=40, same_class=False)
    same = max_sensitivity(two, x, "gradient", 0, radius=0.1, samples=40)
    assert every.details["counted"].tolist() == [1.0, 1.0]
    assert 0 < float(same.details["counted"][0]) < 1
    assert float(same.details["counted"][1]) == 1
    assert every.protocol != same.protocol


def test_neighbours_whose_output_moves_far_are_left_out():
    settings = {"radius": 0.5, "samples": 30}
    free = max_sensitivity(quadratic, X, "gradient", **settings)
    tight = max_sensitivity(quadratic, X, "gradient", most_output_change=0.5, **settings)
    assert (free.details["output_change"] > 0.5).any()
    assert (tight.details["output_change"] <= 0.5).all()
    assert (tight.details["counted"] < 1).all()
    assert (tight.values <= free.values).all()
    none = max_sensitivity(quadratic, X, "gradient", most_output_change=0.0, **settings)
    assert not none.valid.any()
    assert none.details["counted"].tolist() == [0.0, 0.0]


def test_a_map_that_is_nan_at_a_neighbour_has_no_value():
    calls = iter(range(99))

    def broken(model, x, target):
        found = x.clone()
        if next(calls) == 3:
            found[1, 0] = torch.nan
        return found

    for metric in (max_sensitivity, average_sensitivity):
        calls = iter(range(99))
        assert metric(linear, X, broken).valid.tolist() == [True, False]


def test_the_class_is_fixed_at_x():
    net, seen = nn.Linear(2, 3).double(), []
    max_sensitivity(net, X, lambda m, x, t: (seen.append(t.tolist()), x)[1], radius=9.0)
    assert seen == [net(X).argmax(1).tolist()] * 11


# ---------------------------------------------------------------- relative stabilities


@pytest.mark.parametrize("form", ["norm", "elementwise"])
def test_the_input_as_map_has_one_and_a_constant_map_zero(form, close):
    one = relative_input_stability(linear, X, lambda m, x, t: x, form=form)
    close(one.values, [1.0, 1.0], 1e-12)
    zero = relative_input_stability(linear, X, lambda m, x, t: x * 0 + 2, form=form)
    assert zero.values.tolist() == [0.0, 0.0]


def test_input_x_gradient_of_a_linear_model_moves_as_the_input_does(close):
    found = relative_input_stability(linear, X, "input_x_gradient", form="elementwise")
    close(found.values, [1.0, 1.0], 1e-10)
    norms = relative_input_stability(linear, X, "input_x_gradient")
    assert (norms.values - 1).abs().min() > 0.01  # the two forms are not the same quantity


@pytest.mark.parametrize("form", ["norm", "elementwise"])
def test_against_a_loop(form, close):
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3)).double().eval()

    def relative(a, b):
        if form == "norm":
            return np.linalg.norm(b - a) / np.linalg.norm(a)
        return np.linalg.norm((b - a) / a)

    expected = np.zeros((3, 2))
    for d in shifts(6, 0.02, 2):
        for row in range(2):
            pair = [X[row : row + 1], X[row : row + 1] + d]
            maps = [xc.gradient(net, p, 1)[0].numpy() for p in pair]
            outs = [net(p)[0].detach().numpy() for p in pair]
            inside = [net[0](p)[0].detach().numpy() for p in pair]
            up = relative(*maps)
            out = relative(*outs) if form == "norm" else np.linalg.norm(outs[0] - outs[1])
            below = relative(*(p[0].numpy() for p in pair)), out, relative(*inside)
            for k in range(3):
                expected[k, row] = max(expected[k, row], up / max(below[k], 1e-6))
    settings = {"form": form, "samples": 6, "same_class": False}
    for metric, row, more in (
        (relative_input_stability, 0, {}),
        (relative_output_stability, 1, {}),
        (relative_representation_stability, 2, {"layer": "0"}),
    ):
        close(metric(net, X, "gradient", 1, **settings, **more).values, expected[row], 1e-9)


def test_the_inside_may_be_the_input_itself(close):
    net = nn.Sequential(nn.Identity(), nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3)).double().eval()
    inside = relative_representation_stability(net, X, "gradient", 0, layer=net[0])
    close(inside.values, relative_input_stability(net, X, "gradient", 0).values, 1e-12)
    assert ("layer", "0") in inside.protocol.own


def test_what_was_zero_and_moves_has_no_relative_change():
    x = torch.tensor([[0.0, 2], [1, 1]], dtype=torch.float64)
    found = relative_input_stability(quadratic, x, "gradient", form="elementwise")
    assert found.valid.tolist() == [False, True]
    assert relative_input_stability(quadratic, x, "gradient").valid.all()

    def still(model, x, target):  # a number that is 0 and stays 0 has not changed
        return torch.cat([x[:, :1] * 0, x[:, 1:]], dim=1)

    assert relative_input_stability(quadratic, X, still, form="elementwise").valid.all()


def test_numbers_near_zero_make_elementwise_explode():
    def nearly_sparse(model, x, target):
        return torch.stack([x[:, 0], 1e-9 * torch.sin(100 * x[:, 1])], dim=1)

    whole, single = (
        float(relative_input_stability(linear, X, nearly_sparse, form=f).values.max())
        for f in ("norm", "elementwise")
    )
    assert whole < 3
    assert single > 10 * whole


def test_the_least_that_is_divided_by(close):
    flat = nn.Linear(2, 1).double()
    nn.init.zeros_(flat.weight)
    found = relative_output_stability(flat, X, lambda m, x, t: x, epsilon=0.5)
    moved = max_sensitivity(flat, X, lambda m, x, t: x)
    close(found.values, moved.values / 0.5, 1e-12)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"radius": 0}, ValueError, "radius must be above 0"),
        ({"radius": -1}, ValueError, "radius must be at least 0"),
        ({"radius": "big"}, TypeError, "radius must be a number"),
        ({"samples": 0}, ValueError, "samples must be at least 1"),
        ({"most_output_change": float("nan")}, ValueError, "most_output_change must be"),
    ],
)
def test_bad_settings(settings, error, message):
    with pytest.raises(error, match=message):
        max_sensitivity(linear, X, "gradient", **settings)


def test_bad_forms_and_layers():
    with pytest.raises(ValueError, match="form must be one of norm, elementwise, got 'l2'"):
        relative_input_stability(linear, X, "gradient", form="l2")
    with pytest.raises(TypeError, match="epsilon must be a number"):
        relative_output_stability(linear, X, "gradient", epsilon=None)
    with pytest.raises(ValueError, match="layer 'nothing' is not in the model"):
        relative_representation_stability(
            nn.Linear(2, 2).double(), X, "gradient", 0, layer="nothing"
        )
