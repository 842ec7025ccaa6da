"""The relevance trace and its panel, against closed forms and the method itself."""

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

import xaicourse as xc
from xaicourse.course.lessons.l03_relevance.trace import RelevanceTrace, trace_classes
from xaicourse.evaluation.likeness import cosine
from xaicourse.plot.account import draw_account
from xaicourse.widgets import RelevancePanel, trace_relevance

TOY_X = torch.tensor([[3.0, 1.0]], dtype=torch.float64)


def small_net():
    """A small convolutional net with fixed weights and large biases."""
    generator = torch.Generator().manual_seed(4)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)
    ).double()
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator).double()
    return net.eval().requires_grad_(False)


PHOTO = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()
CLASSES = {"ant": 0, "cat": 1, "owl": 2}


@pytest.fixture
def panel():
    return RelevancePanel(
        {"small": (small_net(), PHOTO, CLASSES), "TOY": (xc.zoo.toy(), TOY_X, {"f": None})}
    )


# ---------------------------------------------------------------- the trace


def test_the_account_of_the_toy_net_is_that_of_the_hand():
    trace = trace_relevance(xc.zoo.toy(), TOY_X, epsilon=1e-12)
    assert trace.score == pytest.approx(2.0)
    assert trace.absorbed.tolist() == pytest.approx([1.0, 1.0])  # the output's bias first
    assert trace.left.tolist() == pytest.approx([2.0, 1.0, 0.0])
    assert trace.values[0].tolist() == pytest.approx([3.0, -3.0])
    assert trace.share == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("rule", ["epsilon", "z_plus", "gamma", "flat", "epsilon_plus"])
def test_the_last_bar_is_the_sum_of_the_map(rule):
    for target in range(3):
        trace = trace_relevance(small_net(), PHOTO, target, rules=rule, epsilon=0.1)
        assert float(trace.left[-1]) == pytest.approx(trace.total)
        assert trace.score == pytest.approx(float(small_net()(PHOTO)[0, target]))
        assert trace.names[0] == "linear"
        assert trace.names[-1] == "conv2d"


def test_one_batch_for_all_classes_is_one_call_for_each(close):
    together = trace_classes(small_net(), PHOTO, [0, 1, 2], rules="gamma")
    for target, trace in enumerate(together):
        alone = trace_relevance(small_net(), PHOTO, target, rules="gamma")
        close(trace.values, alone.values, 1e-09)
        close(trace.absorbed, alone.absorbed, 1e-09)


def test_more_than_one_input_is_refused():
    with pytest.raises(ValueError, match=r"pass x\[0:1\]"):
        trace_relevance(xc.zoo.toy(), TOY_X.repeat(2, 1))


def test_bars_are_a_picture_with_a_text():
    picture = trace_relevance(xc.zoo.toy(), TOY_X).bars(alt="Three bars.")
    assert repr(picture) == "Figure: Three bars."
    many = nn.Sequential(*[nn.Linear(2, 2).double() for _ in range(15)]).eval()
    assert trace_relevance(many, TOY_X, 0).bars(alt="Many bars.", title="deep").png


# ---------------------------------------------------------------- the panel


def test_the_panel_shows_the_map_of_the_method(panel, close):
    for rule in ("epsilon", "z_plus", "flat"):
        panel.set(rule=rule, **{"class": "owl"})
        expected = xc.lrp(small_net(), PHOTO, 2, rules=rule)
        close(panel.result.trace.values, expected, 1e-09)
        assert panel.error is None


def test_likeness_compares_with_the_other_classes(panel):
    panel.set(rule="epsilon", **{"class": "cat"})
    maps = [xc.lrp(small_net(), PHOTO, k) for k in range(3)]
    mean = (abs(cosine(maps[1], maps[0])) + abs(cosine(maps[1], maps[2]))) / 2
    assert panel.result.likeness == pytest.approx(mean)
    panel.set(rule="flat")
    assert panel.result.likeness == pytest.approx(1.0)
    assert "likeness to the other classes' maps 1.00" in panel.describe(panel.result)


def test_epsilon_changes_the_sum(panel):
    panel.set(epsilon=1e-6)
    before = panel.result.trace.absorbed
    panel.set(epsilon=10.0)
    assert float((panel.result.trace.absorbed - before).norm()) > 0.1


def test_a_new_net_brings_its_classes(panel):
    pictures = {panel.picture.value}
    panel.set(net="TOY")
    assert panel.settings["class"] == "f"
    assert panel.result.likeness is None
    assert panel.result.trace.values[0].tolist() == pytest.approx([3.0, -3.0], abs=1e-4)
    pictures.add(panel.picture.value)
    panel.controls["net"].value = "small"
    assert panel.settings["class"] == "ant"
    assert panel.result.x.ndim == 4
    assert panel.error is None
    assert len(pictures) == 2


def test_passes_are_kept(panel, monkeypatch):
    panel.set(rule="gamma")
    panel.set(rule="epsilon")
    monkeypatch.setattr("xaicourse.course.lessons.l03_relevance.panel.passes", None)
    panel.set(rule="gamma", **{"class": "owl"})
    assert panel.error is None
    assert panel.settings["class"] == "owl"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nets": {}}, "nets must hold at least one entry"),
        ({"nets": {"a": (xc.zoo.toy(), TOY_X.repeat(2, 1), {"f": None})}}, "one input"),
        ({"nets": {"a": (xc.zoo.toy(), TOY_X, {})}}, "at least one class"),
        ({"epsilon": 0.0}, "epsilon must be"),
        ({"rule": "nonsense"}, "rule must be one of"),
    ],
)
def test_bad_settings_are_refused(change, message):
    given = {"nets": {"TOY": (xc.zoo.toy(), TOY_X, {"f": None})}, **change}
    with pytest.raises(ValueError, match=message):
        RelevancePanel(given.pop("nets"), **given)


def test_words_and_alt_describe(panel):
    panel.set(rule="z_plus", **{"class": "ant"})
    assert panel.describe(panel.result).startswith("ant, rule z_plus  ·  score ")
    assert "ant, rule z_plus" in panel.alt(panel.result)
    with_picture = panel._repr_mimebundle_()[0]
    assert with_picture["text/plain"].startswith("Panel: relevance panel")


# ---------------------------------------------------------------- found in a browser


def drawn(trace):
    axis = Figure().add_subplot()
    draw_account(axis, trace.left, trace.absorbed, trace.names)
    return axis


def test_an_operation_is_named_on_its_step_not_on_a_bar():
    """The bias bar between two bars belongs to the operation between them."""
    axis = drawn(trace_relevance(small_net(), PHOTO, 0))
    names = {tick: label.get_text().strip() for tick, label in zip(
        axis.get_xticks(), axis.get_xticklabels(), strict=True)}  # fmt: skip
    assert names == {0.0: "score", 0.5: "linear", 1.5: "conv2d", 2.0: "map"}


def test_the_number_of_a_negative_bar_stands_below_it():
    trace = RelevanceTrace(torch.zeros(1, 2), -2.0, ("linear",), torch.tensor([-5.0]), "epsilon")
    for number, below in zip(drawn(trace).texts, (True, False), strict=True):
        assert (number.get_va() == "top") is below  # -2, then 3
        assert number.get_bbox_patch() is not None  # the dashed line does not strike it through


def test_rounding_is_written_as_zero():
    trace = RelevanceTrace(torch.zeros(1, 2), 2.0, ("linear",), torch.tensor([2.000001]), "epsilon")
    assert [number.get_text() for number in drawn(trace).texts] == ["2", "0"]


def test_the_words_say_which_epsilon_was_drawn(panel):
    panel.set(rule="epsilon", epsilon=0.1)
    assert "·  epsilon 0.1  ·" in panel.describe(panel.result)
    panel.set(epsilon=10.0)
    assert "·  epsilon 10  ·" in panel.describe(panel.result)
    assert panel.controls["epsilon"].readout_format == ".2g"  # .1g writes 1e+1


@pytest.mark.parametrize("rule", ["z_plus", "flat", "gamma", "w_square", "alpha2_beta1"])
def test_a_rule_without_epsilon_switches_the_slider_off(panel, rule):
    panel.set(rule=rule, epsilon=1e-6)
    before = panel.result.trace.values
    assert panel.controls["epsilon"].disabled
    assert "epsilon 1e-06" not in panel.describe(panel.result)
    panel.set(epsilon=10.0)
    assert torch.equal(panel.result.trace.values, before)
    panel.set(rule="epsilon_plus")
    assert not panel.controls["epsilon"].disabled
