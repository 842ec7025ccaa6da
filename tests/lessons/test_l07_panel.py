"""The noise panel and its trace, against closed forms, the package and a loop of the test's own."""

import math

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l07_noise.trace import (
    NoiseTrace,
    certain_by_chance,
    repeated_by_chance,
)
from xaicourse.widgets import NoisePanel, trace_noise

TOY_X = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
PICTURE = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()
LABELS = ["ant", "cat", "owl"]


class Counted(torch.nn.Module):
    """A small net that counts the points it was given."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = torch.randn(30, 64, generator=generator).double() / 4
        self.second = torch.randn(3, 30, generator=generator).double()
        self.seen = 0
        self.eval()

    def forward(self, x):
        self.seen += len(x)
        return torch.tanh(x.flatten(1) @ self.first.T) @ self.second.T


@pytest.fixture
def panel():
    return NoisePanel(Counted(), PICTURE, 2, labels=LABELS, sigma=0.1, samples=32)


def made(maps):
    maps = torch.as_tensor(maps, dtype=torch.float64)
    return NoiseTrace(maps, maps[:1], 1.0, None)


# ---------------------------------------------------------------- the trace


def test_mean_and_error_by_hand():
    average = made([[1.0, -2.0], [3.0, -2.0], [2.0, -2.0]]).average()
    assert average.mean.tolist() == [2.0, -2.0]
    assert average.error.tolist() == pytest.approx([1 / math.sqrt(3), 0.0])
    assert average.certain.tolist() == [True, True]
    assert average.signal_share == pytest.approx(1 - (1 / 3) / 8)
    sizes = made([[1.0, -2.0], [-1.0, -2.0]]).average("sizes first")
    assert sizes.mean.tolist() == [1.0, 2.0]
    assert made([[1.0], [-1.0]]).average().mean.tolist() == [0.0]
    assert made([[2.0], [-1.0]]).average("squares").mean.tolist() == [2.5]


def test_pure_noise_has_five_percent_of_certain_signs_and_no_signal():
    noise = torch.randn(200, 4000, generator=torch.Generator().manual_seed(1))
    average = made(noise).average()
    assert average.certain_share == pytest.approx(0.05, abs=0.015)
    assert abs(average.signal_share) < 0.06
    assert made(noise).average("sizes first").certain_share == 1.0  # sizes are never near 0


@pytest.mark.parametrize("n", [2, 4, 16, 512])
def test_what_pure_noise_gets_depends_on_n(n):
    noise = torch.randn(n, 20000, generator=torch.Generator().manual_seed(3))
    trace = made(noise)
    assert trace.average().certain_share == pytest.approx(certain_by_chance(n), abs=0.01)
    for how in ("with signs", "sizes first", "squares"):
        share = trace.average(how).signal_share
        assert share == pytest.approx(repeated_by_chance(n, how), abs=0.03), how


def test_the_chance_of_a_certain_sign_has_closed_forms():
    assert certain_by_chance(2) == pytest.approx(1 - 2 / math.pi * math.atan(2), abs=1e-6)
    assert certain_by_chance(3) == pytest.approx(1 - 2 / math.sqrt(6), abs=1e-6)
    normal = 2 * float(torch.special.ndtr(torch.tensor(-2.0, dtype=torch.float64)))
    assert certain_by_chance(10**6) == pytest.approx(normal, abs=1e-6)


def test_the_signal_share_forecasts_the_cosine_of_two_runs():
    generator = torch.Generator().manual_seed(2)
    signal = torch.randn(5000, generator=generator)
    one, two = (signal + 4 * torch.randn(16, 5000, generator=generator) for _ in range(2))
    share = made(one).average().signal_share
    cosine = torch.nn.functional.cosine_similarity(one.mean(0), two.mean(0), dim=0)
    assert share == pytest.approx(float(cosine), abs=0.05)
    assert share == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_the_trace_is_that_of_the_package_and_of_a_loop(batch_size, close):
    net = Counted()
    trace = trace_noise(net, PICTURE, 2, sigma=0.2, samples=20, batch_size=batch_size)
    package = xc.smoothgrad(net, PICTURE, 2, sigma=0.2, samples=20, return_details=True)
    average = trace.average()
    close(average.mean[None], package.values, 1e-10)
    close(average.error[None], package.standard_error, 1e-08)

    generator = torch.Generator().manual_seed(0)
    best = int(net(PICTURE).argmax())
    for k in range(20):
        draw = torch.randn(1, 8, 8, generator=generator)
        copy = PICTURE + trace.sigma * draw.double()
        close(trace.maps[k], xc.gradient(net, copy, 2)[0], 1e-10)
        assert bool(trace.kept[k]) == (int(net(copy).argmax()) == best)
        if k == 0:
            close(trace.copy, copy, 1e-06)
    assert trace.sigma == pytest.approx(0.2 * float(PICTURE.max() - PICTURE.min()))


def test_the_toy_net_tends_to_its_closed_form():
    toy = xc.zoo.toy()
    trace = trace_noise(toy, TOY_X, sigma=1.0, relative=False, samples=3000, batch_size=500)
    sums, lengths = torch.tensor([2.0, -2.0, 3.0]), torch.tensor([2.0, 5.0, 2.0]).sqrt()
    chance = torch.special.ndtr(sums / lengths).double()
    exact = (chance * toy.output.weight[0]) @ toy.hidden.weight
    average = trace.average()
    assert bool(((average.mean - exact).abs() < 4 * average.error).all())
    assert trace.kept is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": 1}, "samples must be a whole number from 2 on, got 1"),
        ({"x": TOY_X.repeat(2, 1)}, r"pass x\[0:1\]"),
        ({"sigma": -1.0}, "sigma must be at least 0"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        trace_noise(xc.zoo.toy(), **{"x": TOY_X, **change})
    with pytest.raises(ValueError, match="how must be one of"):
        made([[1.0]]).average("loudest")


# ---------------------------------------------------------------- the panel


def test_the_panel_shows_the_package_average(panel, close):
    view = panel.result
    package = xc.smoothgrad(panel.model, PICTURE, 2, sigma=0.1, samples=32)
    close(view.average.mean[None], package, 1e-10)
    assert not view.coarse
    assert "sigma 0.1, n = 32  ·  sign certain at " in panel.caption.value
    assert view.score_name == "logit of owl"
    assert 0 <= view.kept_share <= 1


def test_sizes_squares_and_another_method(panel, close):
    panel.set(average="sizes first", samples=16)
    sizes = panel.result.average.mean
    panel.set(average="with signs")
    assert bool((sizes >= panel.result.average.mean.abs()).all())
    panel.set(average="squares")
    close(
        panel.result.average.mean[None],
        xc.smoothgrad_squared(panel.model, PICTURE, 2, sigma=0.1, samples=16),
        1e-10,
    )
    assert "no signs, so none can be certain" in panel.caption.value
    assert "signal share" not in panel.caption.value  # pure noise would get 0.89 here
    assert "(pure noise: 0.89)" in panel.caption.value
    panel.set(average="with signs", method="gradient x input")
    package = xc.smoothgrad(
        panel.model, PICTURE, 2, sigma=0.1, samples=16, method="input_x_gradient"
    )
    close(panel.result.average.mean[None], package, 1e-10)


def test_fewer_copies_cost_nothing_and_more_are_added(panel):
    first = panel.model.seen
    panel.set(samples=8)
    panel.set(average="squares")
    assert panel.model.seen == first
    assert len(panel.result.trace.maps) == 8
    panel.set(samples=2, average="with signs")
    assert "(pure noise: 30 %)" in panel.caption.value
    panel.set(samples=64)
    middle = panel.model.seen
    assert middle > first
    panel.set(samples=4, sigma=0.1)
    assert panel.model.seen == middle


def test_the_error_falls_with_the_root_of_n(panel):
    panel.set(samples=16)
    before = float(panel.result.average.error.norm())
    panel.set(samples=256)
    assert float(panel.result.average.error.norm()) == pytest.approx(before / 4, rel=0.2)


def test_a_coarse_answer_comes_first(panel):
    settings = {**panel.settings, "sigma": 0.5, "samples": 128}
    views = [view for view in panel.compute(settings) if view is not None]
    assert [view.coarse for view in views] == [True, False]
    assert "refining" in panel.describe(views[0])
    assert "refining" not in panel.describe(views[1])


def test_a_vector_has_bars():
    panel = NoisePanel(xc.zoo.toy(), TOY_X, sigma=0.01, samples=8)
    assert panel.result.average.mean.tolist() == pytest.approx([1.0, -3.0])
    assert panel.result.kept_share is None
    assert "One bar for each input" in panel.alt(panel.result)
    assert "keep their class" not in panel.caption.value


def test_methods_of_ones_own():
    ig = xc.spec("integrated_gradients", steps=4)
    panel = NoisePanel(xc.zoo.toy(), TOY_X, methods={"IG": ig}, sigma=0.01, samples=4)
    assert panel.settings["method"] == "IG"
    expected = xc.integrated_gradients(xc.zoo.toy(), TOY_X, None, steps=4)
    assert torch.allclose(panel.result.average.mean, expected[0], atol=0.1)


def test_a_bad_setting_keeps_the_last_picture(panel):
    picture = panel.picture.value
    panel.set(average="loudest")
    assert "average cannot be" in panel.message.value
    assert panel.picture.value == picture
    panel.set(samples=4)
    assert panel.error is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sigma": 50.0}, "sigma must be from 0.0032 to 3.2 here, got 50.0"),
        ({"samples": 1000}, "samples must be from 2 to 512 here, got 1000"),
        ({"x": PICTURE.repeat(2, 1, 1, 1)}, r"pass x\[0:1\]"),
        ({"x": torch.rand(1, 3, 64, 64).double()}, "this panel keeps every map"),
    ],
)
def test_what_the_panel_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        NoisePanel(Counted(), **{"x": PICTURE, "target": 2, **change})


def test_the_caller_keeps_model_and_picture(panel):
    before = PICTURE.clone()
    panel.set(sigma=1.0)
    assert torch.equal(PICTURE, before)
    assert not PICTURE.requires_grad


def test_a_stored_panel_is_a_picture_with_text(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == "Panel: noise panel, an average over noisy copies and its error"
    assert "logit of owl, gradient, average with signs" in metadata["image/png"]["alt"]
