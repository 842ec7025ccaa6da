"""The pattern explorer and its toy: least squares, covariance, and what the panel says."""

import pytest
import torch
from matplotlib.figure import Figure

from xaicourse.course.lessons.l06_patterns.panel import draw_cloud
from xaicourse.widgets import PatternPanel, pattern_toy, signal_shapes

S, D = (torch.tensor(v, dtype=torch.float64) for v in ([1.0, 0.0], [1.0, 1.0]))


@pytest.fixture
def panel():
    return PatternPanel()


# ---------------------------------------------------------------- the toy


@pytest.mark.parametrize("strength", [0.0, 1.0, 3.0])
def test_weights_have_the_closed_form(strength, close):
    """w = C^-1 s with C = s s' + strength^2 d d' + noise^2 1; the pattern lies along C w = s."""
    toy = pattern_toy(S, D, strength, noise=0.2)
    d = D / D.norm()
    C = torch.outer(S, S) + strength**2 * torch.outer(d, d) + 0.04 * torch.eye(2).double()
    w = torch.linalg.solve(C, S)
    close(toy.w, w)
    close(toy.a, S / float(w @ S))
    assert toy.angle(toy.a) < 1e-5


def test_a_strong_distractor_is_cancelled():
    toy = pattern_toy(S, D, 100.0)
    assert abs(float(toy.w @ toy.d)) < 1e-4
    assert toy.angle(toy.w) == pytest.approx(45, abs=0.1)


def test_draws_are_uncorrelated_and_repeatable(close):
    one, two = pattern_toy(S, D), pattern_toy(S, D)
    assert torch.equal(one.data, two.data)
    close(one.data.mean(0), torch.zeros(2), 1e-10)
    close(one.z.square().mean(), 1.0)
    plus, stripes = signal_shapes()
    assert plus.shape == stripes.shape == (9, 9)
    assert 0.1 < float((plus * stripes).sum()) < 0.9  # they overlap, but differ


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((S, D[:1]), "two vectors of one length"),
        ((S, 0 * D), "not 0"),
        ((S, D, -1.0), "strength must be at least 0"),
        ((S, D, 1.0, 0.0), "noise above 0"),
    ],
)
def test_bad_arguments_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        pattern_toy(*arguments)


# ---------------------------------------------------------------- the panel


def test_the_pattern_stays_and_the_weights_turn(panel):
    angles = set()
    for angle in (20, 45, 70):
        panel.set(angle=angle, strength=3.0)
        for toy in (panel.result.two, panel.result.picture):
            assert toy.angle(toy.a) < 1e-4
            assert toy.angle(toy.w) == pytest.approx(90 - angle, abs=3)
        angles.add(round(panel.result.two.angle(panel.result.two.w)))
    assert len(angles) == 3


@pytest.mark.parametrize("settings", [{"strength": 0.0}, {"angle": 90}, {"angle": 0}])
def test_without_a_distractor_in_the_way_weights_and_pattern_agree(panel, settings):
    panel.set(**settings)
    assert panel.result.two.angle(panel.result.two.w) < 1e-4
    assert "weights 0° away" in panel.caption.value


def test_words_and_picture(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == "Panel: pattern explorer, signal and distractor"
    assert "cloud of inputs" in metadata["image/png"]["alt"]
    first = panel.picture.value
    panel.set(angle=90)
    assert panel.picture.value != first
    panel.set(angle=45)
    assert panel.picture.value == first


def test_every_input_can_be_seen(panel):
    panel.set(angle=135, strength=4.0)
    axis = Figure().add_subplot()
    draw_cloud(axis, panel.result)
    dots = axis.collections[0]
    dots.update_scalarmappable()
    colours = dots.get_facecolors()[:, :3]
    assert colours.max() < 0.95  # no dot is white
    assert colours.min() > 0.2  # and none as dark as an arrow
    assert axis.get_legend() is None  # a legend would lie on the dots
    assert "darker" in next(iter(panel.plates(panel.result))).title


def test_a_bad_setting_keeps_the_picture(panel):
    before = panel.picture.value
    panel.set(strength="much")
    assert panel.error is not None
    assert panel.picture.value == before
