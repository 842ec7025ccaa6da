"""The stops panel and its trace, against closed forms and the package."""

import pytest
import torch

import xaicourse as xc
from xaicourse.widgets import StopsPanel, trace_stops

TOY, X = xc.zoo.toy(), xc.zoo.toy_input()
PICTURE = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()


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
    return StopsPanel(Counted(), PICTURE, 2, classes={"owl": 2, "ant": 0})


# ---------------------------------------------------------------- the trace


def test_the_toy_net_by_hand():
    trace = trace_stops(TOY, X, steps=40)  # the kink at 1/4 lies between two steps
    assert trace.stop(0.9) == pytest.approx(0.225)
    assert trace.stop(0.5) == pytest.approx(0.125)
    assert trace.map("before", 0.9).tolist() == pytest.approx([1.35, -0.45], abs=1e-5)
    assert trace.map("after", 0.9).tolist() == pytest.approx([2.4, -2.3], abs=1e-5)
    assert trace.map("all").tolist() == pytest.approx([3.75, -2.75], abs=1e-5)
    assert float(trace.map("rising").sum()) == pytest.approx(0.25, abs=1e-5)
    assert float(trace.map("falling").sum()) == pytest.approx(1.75, abs=1e-5)
    assert trace.map("slope").tolist() == pytest.approx([6, -2], abs=1e-4)
    assert trace.map("squares").tolist() == pytest.approx([0.5, 0.5], abs=1e-5)


@pytest.mark.parametrize("steps", [9, 27])
def test_each_weight_is_a_method_of_the_package(steps, close):
    net = Counted()
    trace = trace_stops(net, PICTURE, 1, steps=steps)
    asked = {"target": 1, "steps": steps, "quadrature": "midpoint"}
    for name, found in {
        "all": xc.integrated_gradients(net, PICTURE, **asked),
        "slope": xc.integrated_decision_gradients(net, PICTURE, **asked),
        "squares": xc.important_direction_ig(net, PICTURE, **asked),
        "before": xc.left_ig(net, PICTURE, **asked, share=0.7),
        "after": xc.split_ig(net, PICTURE, **asked, share=0.7),
        "rising": xc.path_weighted_ig(net, PICTURE, **asked, weight="linear"),
        "falling": xc.path_weighted_ig(net, PICTURE, **asked, weight="falling"),
    }.items():
        close(trace.map(name, 0.7).double(), found[0, 0], 0.02)


def test_fewer_steps_are_read_from_the_same_walk(close):
    net = Counted()
    fine, coarse = (trace_stops(net, PICTURE, 1, steps=n) for n in (27, 9))
    kept = fine.every(3)
    close(kept.pulls, coarse.pulls, 1e-5)
    close(kept.scores, coarse.scores, 1e-9)
    for factor in (2, 5):
        with pytest.raises(ValueError, match="factor must be odd and divide 27"):
            fine.every(factor)


def test_random_vectors_add_up_as_well():
    trace = trace_stops(Counted(), PICTURE, 1, steps=3)
    for name in ("squares", "random"):
        assert float(trace.map(name).sum()) == pytest.approx(trace.rise, rel=1e-5)
    likeness = torch.cosine_similarity(
        trace.map("squares").flatten(), trace.map("random").flatten(), dim=0
    )
    assert float(likeness) < 0.9


def test_a_falling_and_a_flat_score():
    falls = trace_stops(lambda p: 3 - 2 * p[:, 0], torch.ones(1, 1).double(), steps=10)
    assert falls.stop(0.9) == pytest.approx(0.9)
    assert float(falls.map("before", 0.9)) == pytest.approx(-1.8, abs=1e-5)
    flat = trace_stops(lambda p: p[:, 0] - p[:, 1], torch.ones(1, 2).double(), steps=10)
    assert flat.stop(0.9) == 1.0
    assert flat.map("before", 0.9).tolist() == pytest.approx([1, -1], abs=1e-6)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="weight must be one of all, before"):
        trace_stops(TOY, X, steps=3).map("middle")
    with pytest.raises(ValueError, match=r"pass x\[0:1\]"):
        trace_stops(TOY, X.repeat(2, 1), steps=3)
    with pytest.raises(ValueError, match="NaN"):
        trace_stops(lambda p: p.sqrt().sum(1), torch.full((1, 2), -1.0), steps=3)


# ---------------------------------------------------------------- the panel


def test_settings_are_read_from_one_walk(panel):
    before = panel.model.seen
    for settings in (
        {"weight": "squares"},
        {"steps": "3"},
        {"weight": "before", "share": 0.3},
        {"weight": "random", "steps": "27"},
    ):
        panel.set(**settings)
        assert panel.error is None
    assert panel.model.seen == before
    panel.set(**{"class": "ant"})
    assert panel.model.seen > before
    assert panel.result.score_name == "logit of ant"


def test_the_panel_says_what_it_shows(panel, close):
    panel.set(weight="squares", steps="3")
    assert "3 gradients" in panel.caption.value
    assert "sum of the map 1 rises" in panel.caption.value
    assert panel.result.likeness < 1
    panel.set(steps="27")
    assert panel.result.likeness == pytest.approx(1, abs=1e-6)
    panel.set(weight="slope")
    assert "squared rises" in panel.caption.value
    panel.set(weight="before", share=0.5)
    whole = panel.result.finest.map("after", 0.5) + panel.result.collected
    close(whole, panel.result.plain, 1e-5)


def test_a_weight_is_drawn_with_its_sign():
    panel = StopsPanel(lambda p: 3 - p[:, 0], torch.ones(1, 2).double(), weight="slope")
    (_, lower, *_) = panel.plates(panel.result)
    weight = lower.lines[1][1]
    assert float(weight.max()) < 0
    assert lower.axes["ylim"][0] < float(weight.min())
    assert "with its sign" in lower.says
    panel.set(weight="squares")
    (_, lower, *_) = panel.plates(panel.result)
    assert "weight" not in lower.says
    assert lower.axes["ylim"][0] == 0


def test_a_vector_has_bars():
    panel = StopsPanel(TOY, X, weight="after", share=0.9)
    assert panel.result.collected.tolist() == pytest.approx([2.4, -2.3], abs=0.05)
    assert "one bar for each input" in panel.alt(panel.result)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": "loud"}, "weight must be one of"),
        ({"steps": "5"}, "steps must be one of 3, 9, 27"),
        ({"classes": {}}, "at least one entry"),
        ({"x": X.repeat(2, 1)}, r"pass x\[0:1\]"),
    ],
)
def test_what_the_panel_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        StopsPanel(TOY, **{"x": X, **change})


def test_a_stored_panel_is_a_picture_with_text(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"].startswith("Panel: stops panel")
    assert "logit of owl, weight after" in metadata["image/png"]["alt"]
