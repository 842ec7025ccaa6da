"""The truth strip on a linear model of the collage whose two classes look at one half each."""

import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.evaluation.truth_strip import EGYPTIAN_CAT, ESPRESSO, randomise_last_layer


@pytest.fixture(scope="module")
def halves():
    """Cat = mean of the left half's 8 x 4 cells, espresso = of the right half's."""
    net = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.Flatten(), nn.Linear(192, 1000))
    left = torch.zeros(3, 8, 8)
    left[:, :, :4] = 1.0
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
        net[2].weight[EGYPTIAN_CAT] = left.flatten()
        net[2].weight[ESPRESSO] = 1 - left.flatten()
    return net.eval().requires_grad_(False)


def test_a_method_that_knows_the_answer_passes_all_three(halves):
    strip = xc.truth_strip("input_x_gradient", model=halves)
    assert strip.own_share.tolist() == [1.0, 1.0]
    assert (strip.deletion < -2 * strip.random_spread).all()
    assert abs(strip.cosine) < 0.2
    assert strip.maps.shape == (3, 1, 224, 224)


def test_a_map_that_ignores_the_class_gets_what_chance_gets(halves):
    strip = xc.truth_strip(lambda model, x, target: x, model=halves)
    assert float(strip.own_share.mean()) == pytest.approx(0.5, abs=1e-12)
    assert strip.cosine == pytest.approx(1.0, abs=1e-12)
    assert strip.absolute_cosine == pytest.approx(1.0, abs=1e-12)
    assert strip.shuffled_cosine < 0.95


def test_a_map_turned_round_is_worse_than_chance(halves):
    strip = xc.truth_strip(lambda m, x, t: -xc.input_x_gradient(m, x, t), model=halves)
    assert (strip.deletion > 0).all()
    assert strip.own_share.tolist() == [1.0, 1.0]  # this row does not see the sign: say so


def test_the_same_numbers_for_every_chunk_and_no_trace(halves):
    before = {k: v.clone() for k, v in halves.state_dict().items()}
    state = torch.get_rng_state()
    spec = xc.spec("integrated_gradients", steps=4)
    one = xc.truth_strip(spec, model=halves, batch_size=1)
    many = xc.truth_strip(spec, model=halves, batch_size=64)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(v, before[k]) for k, v in halves.state_dict().items())
    assert (one.maps - many.maps).norm() <= 1e-6 * one.maps.norm()
    assert (one.deletion - many.deletion).norm() <= 1e-5 * one.deletion.norm()
    assert one.cosine == pytest.approx(many.cosine, abs=1e-6)


def test_only_the_last_linear_layer_is_drawn_anew():
    net = nn.Sequential(nn.Linear(3, 50), nn.ReLU(), nn.Linear(50, 40))
    ruined = randomise_last_layer(net, seed=1)
    assert torch.equal(ruined[0].weight, net[0].weight)
    assert not torch.equal(ruined[2].weight, net[2].weight)
    old, new = (float(n[2].weight.detach().std()) for n in (net, ruined))
    assert new / old == pytest.approx(1, abs=0.1)
    assert torch.equal(randomise_last_layer(net, seed=1)[2].weight, ruined[2].weight)
    with pytest.raises(ValueError, match="Linear"):
        randomise_last_layer(nn.ReLU())


def test_what_is_no_method_or_no_map_is_refused(halves):
    with pytest.raises(TypeError, match="method must be"):
        xc.truth_strip(3, model=halves)
    with pytest.raises(ValueError, match="there is no method"):
        xc.truth_strip("salience", model=halves)
    with pytest.raises(ValueError, match=r"one value a pixel, .*\(2, 1\)"):
        xc.truth_strip(lambda m, x, t: x.flatten(1)[:, :1], model=halves)


def test_its_picture(halves):
    strip = xc.truth_strip("gradient", model=halves)
    picture = xc.plot.truth_strip(strip)
    assert "gradient" in picture.alt
    assert picture.size[0] > 900
    axes = picture.figure.axes
    bars = [[bar.get_height() for bar in axis.patches] for axis in axes[3:6]]
    assert bars[0] == pytest.approx(strip.own_share.tolist())
    assert bars[1] == pytest.approx(strip.deletion.tolist())
    assert bars[2] == pytest.approx([strip.cosine, strip.absolute_cosine])
