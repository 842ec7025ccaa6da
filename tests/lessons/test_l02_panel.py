"""The randomisation panel and its trace, against loops of the test's own."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

import xaicourse as xc
from xaicourse.widgets import (
    RandomisePanel,
    likeness,
    randomise_top,
    weight_layers,
)
from xaicourse.widgets.plates import figure_of

PHOTO = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
CLASSES = {"cat": 2, "owl": 0}


class Net(nn.Module):
    """Two convolutions and a linear layer, with batch-norm between; counts its calls."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.second, self.last = nn.Conv2d(4, 5, 3), nn.Linear(5, 4)
        self.relu = nn.ReLU()
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator) / 3)
            self.norm.weight.fill_(1.0)
        self.seen = 0
        self.eval().requires_grad_(False)

    def forward(self, x):
        self.seen += len(x)
        hidden = self.relu(self.norm(self.first(x)))
        return self.last(self.relu(self.second(hidden)).mean((2, 3)))


@pytest.fixture
def panel():
    return RandomisePanel(Net(), PHOTO, CLASSES)


# ---------------------------------------------------------------- the trace


def test_layers_with_weights_are_listed_from_the_output_down():
    assert weight_layers(Net()) == ["last", "second", "first"]  # no batch-norm


def test_only_the_top_layers_are_drawn_anew_and_keep_mean_and_spread():
    net = Net()
    before = {name: p.clone() for name, p in net.named_parameters()}
    one, two = randomise_top(net, 1), randomise_top(net, 2)
    for name, parameter in net.named_parameters():
        assert torch.equal(parameter, before[name])  # the caller's net stays
        changed = not torch.equal(one.get_parameter(name), parameter)
        assert changed == (name == "last.weight"), name
        changed = not torch.equal(two.get_parameter(name), parameter)
        assert changed == (name in ("last.weight", "second.weight")), name
    assert torch.equal(one.last.weight, two.last.weight)  # one layer more, same draw above
    big = nn.Linear(200, 200).requires_grad_(False)
    drawn = randomise_top(nn.Sequential(big), 1)[0].weight
    assert float(drawn.mean() - big.weight.mean()) == pytest.approx(0, abs=1e-3)
    assert float(drawn.std() / big.weight.std()) == pytest.approx(1, rel=0.02)


def test_another_seed_gives_another_draw_and_global_chance_is_left_alone():
    net = Net()
    state = torch.get_rng_state()
    a, b, again = (randomise_top(net, 3, seed=seed).first.weight for seed in (0, 1, 0))
    assert torch.equal(a, again)
    assert not torch.equal(a, b)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("layers", [-1, 4, 1.0, True, "all"])
def test_a_wrong_number_of_layers_is_refused(layers):
    with pytest.raises(ValueError, match="layers must be a whole number from 0 to 3"):
        randomise_top(Net(), layers)


def test_likeness_is_the_cosine_with_its_control():
    a, b = torch.tensor([[3.0, -4.0]]), torch.tensor([[4.0, 3.0]])
    found = likeness(a, b)
    assert found.signed == pytest.approx(0)
    assert found.absolute == pytest.approx(24 / 25)
    assert likeness(a, -2 * a).signed == pytest.approx(-1)
    assert likeness(a, 0 * a).signed == 0
    noise = torch.randn(100, 100, generator=torch.Generator().manual_seed(0))
    same = likeness(noise, noise)
    assert same.signed == same.absolute == pytest.approx(1)
    assert same.signed_control == pytest.approx(0, abs=0.05)
    assert same.absolute_control == pytest.approx(2 / math.pi, abs=0.02)  # E|x|^2 / E x^2
    with pytest.raises(ValueError, match="shape of first"):
        likeness(a, b.T)


# ---------------------------------------------------------------- the panel


@pytest.mark.parametrize("method", ["gradient", "deconvnet", "guided_backprop"])
@pytest.mark.parametrize("layers", [0, 2])
def test_the_panel_shows_both_maps_and_their_cosine(panel, method, layers, close):
    panel.set(**{"method": method, "class": "owl", "layers": layers})
    view = panel.result
    explain = getattr(xc, method)
    before = explain(panel.model, PHOTO, 0)[0].sum(0)
    after = explain(randomise_top(panel.model, layers), PHOTO, 0)[0].sum(0)
    close(view.before, before, 1e-06)
    close(view.after, after, 1e-06)
    cosine = nn.functional.cosine_similarity(before.flatten(), after.flatten(), dim=0)
    assert view.likeness.signed == pytest.approx(float(cosine), abs=1e-6)
    assert f"{layers} of 3 layers drawn anew" in panel.caption.value


def test_maps_are_computed_once_and_all_that_was_visited_is_drawn(panel):
    panel.set(layers=2)
    seen = panel.model.seen
    panel.set(layers=0)
    panel.set(layers=1)
    panel.set(layers=2)
    assert panel.model.seen == seen
    assert sorted(panel.result.visited) == [0, 1, 2]
    panel.set(**{"class": "owl"})
    assert sorted(panel.result.visited) == [0, 2]


def test_a_bad_setting_keeps_the_last_picture(panel):
    picture = panel.picture.value
    panel.set(method="occlusion")
    assert "method cannot be" in panel.message.value
    assert panel.picture.value == picture


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": lambda x: x}, TypeError, "must be an nn.Module"),
        ({"x": PHOTO.repeat(2, 1, 1, 1)}, ValueError, "x must be one photo"),
        ({"methods": ["tarot"]}, ValueError, "'tarot' is unknown"),
        ({"methods": ["grad_cam"]}, ValueError, "no value for each pixel"),
        ({"layers": 4}, ValueError, "layers must be from 0 to 3"),
        ({"classes": {}}, ValueError, "at least one entry"),
    ],
)
def test_what_the_panel_refuses(change, error, message):
    given = {"model": Net(), "x": PHOTO, "classes": CLASSES, **change}
    with pytest.raises(error, match=message):
        RandomisePanel(**given)


def test_a_stored_panel_is_a_picture_with_text(panel):
    data, metadata = panel._repr_mimebundle_()
    title = "randomisation panel, method, class and number of layers drawn anew"
    assert data["text/plain"] == f"Panel: {title}"
    assert "image/png" in data
    assert "map of gradient for cat" in metadata["image/png"]["alt"]


def test_the_picture_says_which_method_and_class_it_shows(panel):
    view = panel.result
    for name in ("method", "class"):
        other = replace(view, settings={**view.settings, name: "another"})
        assert panel.draw(other) != panel.picture.value


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_the_legend_stays_clear_of_the_curves_and_inside_the_picture(panel, layers):
    panel.set(layers=layers)
    figure = figure_of(panel.size, panel.plates(panel.result))
    figure.draw_without_rendering()
    axis = figure.axes[-1]
    legend = axis.get_legend().get_window_extent()
    assert not legend.overlaps(axis.get_window_extent())
    assert not legend.overlaps(axis.xaxis.get_label().get_window_extent())
    for low, high, inside in zip(legend.min, legend.max, figure.bbox.size, strict=True):
        assert 0 <= low <= high <= inside


def test_zero_has_no_minus(panel):
    likeness = replace(panel.result.likeness, signed=-0.001, signed_control=-0.34, absolute=0.004)
    words = panel.describe(replace(panel.result, likeness=likeness))
    assert "original 0.00 (shuffled -0.34)" in words
    assert "absolute maps 0.00 (" in words
