"""ABPC, pixel flipping and region perturbation: closed forms, antisymmetry, a loop as witness."""

from itertools import permutations

import pytest
import torch

import xaicourse as xc
from xaicourse.core.row_guard import is_asking
from xaicourse.evaluation import (
    Uniform,
    abpc,
    controls,
    deletion,
    insertion,
    pixel_flipping,
    region_perturbation,
)

WEIGHT = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
X = torch.ones(1, 4, dtype=torch.float64)
EXACT = WEIGHT * X
PLAIN = {"output": "logit", "imputer": 0.0}


def additive(x):
    return x @ WEIGHT


def image_model(x):
    """Two classes; not additive, and the place matters."""
    height = torch.arange(x.shape[2], dtype=x.dtype)[:, None]
    a = (x * height).sum(dim=(1, 2, 3))
    return torch.stack([torch.tanh(a / 20), torch.relu(a - 3) / 9], dim=1)


def photos(n=3, size=6):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, 3, size, size, generator=generator, dtype=torch.float64)


# ---- closed forms -------------------------------------------------------------------------------


def test_abpc_of_the_exact_map(close):
    found = abpc(additive, X, EXACT, **PLAIN)
    # least first 10 9 7 4 0, most first 10 6 3 1 0
    close(found.curve, [[0.0, 3, 4, 3, 0]])
    close(found.values, [6.25 - 3.75])
    assert found.direction == "higher"


@pytest.mark.parametrize(("order", "drop"), [("morf", 6.0), ("lerf", 4.0)])
@pytest.mark.parametrize("metric", [pixel_flipping, region_perturbation])
def test_mean_drops_of_the_exact_map(metric, order, drop, close):
    # most first 0 4 7 9 10, least first 0 1 3 6 10
    found = metric(additive, X, EXACT, order=order, **PLAIN)
    close(found.values, [drop])
    assert found.direction == {"morf": "higher", "lerf": "lower"}[order]
    assert found.protocol.own == {"morf": (), "lerf": (("order", "lerf"),)}[order]


def test_pixel_flipping_flips(close):
    x = torch.tensor([[0.0, 1.0, 0.25, 0.5]], dtype=torch.float64)
    found = pixel_flipping(additive, x, EXACT, output="logit")
    # f of x, then with (1, ...), (1, 0, ...), (1, 0, .75, ...), (1, 0, .75, .5)
    close(found.curve, [[4.0, 8.0, 5.0, 6.0, 6.0]])
    close(found.values, [(0 - 4 - 1 - 2 - 2) / 5])


def test_regions_with_block_weights_drop_by_their_running_sum(close):
    block = torch.tensor([[4.0, 3.0], [2.0, 1.0]], dtype=torch.float64)
    weight = block.repeat_interleave(2, 0).repeat_interleave(2, 1) / 4
    x = torch.ones(1, 1, 4, 4, dtype=torch.float64)
    found = region_perturbation(
        lambda x: (x * weight).sum(dim=(1, 2, 3)), x, weight * x, unit=2, **PLAIN
    )
    close(found.curve, [[10.0, 6, 3, 1, 0]])
    close(found.values, [(4 + 7 + 9 + 10) / 5])


def test_many_uniform_draws_are_their_mean_for_a_linear_model():
    many = region_perturbation(
        additive, X, EXACT, output="logit", imputer=Uniform(-1, 2, repeats=400)
    )
    half = region_perturbation(additive, X, EXACT, output="logit", imputer=0.5)
    # one draw of the last point has the deviation sqrt(30 * 9 / 12)
    error = float((many.curve - half.curve).abs().max())
    assert 0 < error < 4 * (30 * 9 / 12 / 400) ** 0.5


def test_the_mean_of_abpc_over_all_orders_is_zero():
    found = [
        float(abpc(lambda x: additive(x).sin(), X, torch.tensor([order]).double(), **PLAIN).values)
        for order in permutations([4, 3, 2, 1])
    ]
    assert sum(found) == pytest.approx(0, abs=1e-12)
    assert max(found) > 0.1


# ---- properties ---------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 7, 36])
def test_abpc_upside_down_is_minus_abpc_ties_and_all(steps, close):
    x, heat = photos(), photos().flip(0).mul(4).round()  # many ties
    settings = {"imputer": "grey", "steps": steps, "seed": 3}
    found = abpc(image_model, x, heat, 1, **settings)
    assert found.tie_fraction.min() > 0.5
    close(abpc(image_model, x, -heat, 1, **settings).values, -found.values, 1e-12)
    flat = abpc(image_model, x, controls.constant(x), 1, **settings)
    assert torch.equal(flat.values, torch.zeros(3, dtype=torch.float64))


def test_abpc_is_insertion_minus_deletion_and_least_minus_most(close):
    x, heat = photos(), photos().flip(0)
    settings = {"imputer": "grey", "unit": 2, "channels": "l2"}
    found = abpc(image_model, x, heat, 1, **settings)
    back = insertion(image_model, x, heat, 1, **settings)
    gone = deletion(image_model, x, heat, 1, **settings)
    close(found.values, back.values - gone.values, 1e-9)  # a small difference of areas
    close(found.curve, back.curve.flip(1) - gone.curve, 1e-12)


def test_deletion_has_no_zero_that_is_known_but_abpc_has():
    x = photos(8)
    noise = controls.random(x)
    assert abs(deletion(image_model, x, noise, 1, imputer="white").mean()) > 0.5
    many = [
        abpc(image_model, x, controls.random(x, s), 1, imputer="white").mean() for s in range(9)
    ]
    assert abs(sum(many)) / 9 < 0.05


def test_the_drop_is_better_when_it_is_larger():
    """Quantus 0.6.0 labels the drop of RegionPerturbation as better when it is lower."""
    right = region_perturbation(additive, X, EXACT, **PLAIN)
    wrong = region_perturbation(additive, X, -EXACT, **PLAIN)
    assert right.direction == "higher"
    assert right.mean() > wrong.mean()
    said_by_the_wrong_label = min((right, "right"), (wrong, "wrong"), key=lambda p: p[0].mean())
    assert said_by_the_wrong_label[1] == "wrong"


def test_neither_end_is_lost_nor_a_step_wide_1():
    """Quantus 0.6.0 leaves out k = 0 and gives each step the width 1."""
    curve = deletion(additive, X, EXACT, **PLAIN).curve[0]
    area = deletion(additive, X, EXACT, **PLAIN).mean()
    without_start = float(torch.trapezoid(curve[1:]))
    width_1 = float(torch.trapezoid(curve))
    assert area == 3.75
    assert (without_start, width_1) == (7.0, 15.0)


# ---- a loop over the paper's words --------------------------------------------------------------


def loop(x, heat, k_most, order, value, unit):
    """Return the scores of one image while regions go one by one."""
    side = x.shape[-1] // unit
    worth = {}
    for r in range(side):
        for c in range(side):
            region = heat[:, r * unit : (r + 1) * unit, c * unit : (c + 1) * unit]
            worth[r, c] = float(region.sum())
    places = sorted(worth, key=worth.get, reverse=order == "morf")
    image, found = x.clone(), []
    for k in range(k_most + 1):
        found.append(float(image_model(image[None]).softmax(1)[0, 1]))
        if k < k_most:
            r, c = places[k]
            cut = (slice(None), slice(r * unit, (r + 1) * unit), slice(c * unit, (c + 1) * unit))
            image[cut] = value[cut]
    return found


@pytest.mark.parametrize("order", ["morf", "lerf"])
@pytest.mark.parametrize("unit", [2, 3])
def test_region_perturbation_equals_the_loop_of_its_paper(unit, order, close):
    x, heat = photos(), photos().flip(0) - 0.4
    noise = Uniform(repeats=3, seed=5)
    measured = region_perturbation(image_model, x, heat, 1, imputer=noise, unit=unit, order=order)
    regions = (6 // unit) ** 2
    for i in range(3):
        draws = [one.background(x)[i] for one in noise.draws()]
        curves = [loop(x[i], heat[i], regions, order, value, unit) for value in draws]
        mean = torch.tensor(curves, dtype=torch.float64).mean(0)
        close(measured.curve[i], mean, 1e-12)
        close(measured.values[i], (mean[0] - mean).sum() / (regions + 1), 1e-12)


@pytest.mark.parametrize("order", ["morf", "lerf"])
def test_pixel_flipping_equals_a_loop(order, close):
    x, heat = photos(), photos().flip(0) - 0.4
    measured = pixel_flipping(image_model, x, heat, 1, order=order)
    for i in range(3):
        curve = torch.tensor(loop(x[i], heat[i], 36, order, 1 - x[i], 1), dtype=torch.float64)
        close(measured.curve[i], curve, 1e-12)
        close(measured.values[i], (curve[0] - curve).mean(), 1e-12)


# ---- targets, cost, errors ----------------------------------------------------------------------


def test_contrastive_and_group_targets(close):
    net = torch.nn.Linear(4, 3, bias=False).double().eval()
    x = photos(1).flatten()[:8].view(2, 4)
    w = net.weight.detach()
    rather = xc.targets.difference(0, 2)
    exact = (w[0] - w[2]) * x
    found = deletion(net, x, exact, rather, **PLAIN)
    close(found.curve[:, 0], exact.sum(1), 1e-12)
    shares = torch.cat(
        [torch.zeros(2, 1).double(), exact.sort(descending=True).values.cumsum(1)], 1
    )
    close(found.curve, exact.sum(1, keepdim=True) - shares, 1e-12)

    def group(outputs, rows):
        return outputs[:, [0, 1]].sum(1)

    found = abpc(net, x, (w[0] + w[1]) * x, group, **PLAIN)
    assert bool((found.values > 0).all())
    together = deletion(net, x, x, group)  # the probability of either
    close(together.curve[:, 0], net(x).softmax(1)[:, :2].sum(1).detach(), 1e-12)


@pytest.mark.parametrize(
    ("metric", "settings", "forwards"),
    [
        (abpc, {"imputer": 0.5}, 2 * 3),
        (abpc, {"imputer": 0.5, "steps": 1}, 2),
        (pixel_flipping, {}, 4),
        (region_perturbation, {}, 10 * 4),
        (region_perturbation, {"imputer": Uniform(repeats=2)}, 2 * 4),
    ],
    ids=["abpc", "abpc of one step", "flipping", "regions", "regions twice"],
)
def test_the_cost_is_what_is_said(metric, settings, forwards):
    rows = []

    def counted(x):
        if not is_asking():
            rows.append(len(x))
        return additive(x)

    metric(counted, X, EXACT, xc.targets.single(), **{"steps": 3, "output": "logit", **settings})
    assert sum(rows) == forwards


@pytest.mark.parametrize("metric", [pixel_flipping, region_perturbation, xc.evaluation.road])
def test_an_unknown_order_is_refused(metric):
    with pytest.raises(ValueError, match="order must be one of morf, lerf, got 'most'"):
        metric(image_model, photos(), photos(), 1, order="most")
