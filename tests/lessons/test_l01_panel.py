"""The tangent explorer and its trace, against closed forms and a loop of the test's own."""

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l01_saliency.trace import STEPS
from xaicourse.widgets import TangentExplorer, trace_tangent

TOY_X = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
SECOND = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
PHOTO = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)).double()
LABELS = ["ant", "cat", "owl", "elk", "dog"]


class Counted(torch.nn.Module):
    """A small net that counts the points it was given."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first = torch.randn(40, 768, generator=generator).double() / 20
        self.second = torch.randn(5, 40, generator=generator).double()
        self.counted = torch.zeros(1)  # no setting, which would make it another model each time
        self.eval()

    @property
    def seen(self):
        return int(self.counted)

    def forward(self, x):
        self.counted += len(x)
        return torch.tanh(x.flatten(1) @ self.first.T) @ self.second.T


@pytest.fixture
def panel():
    return TangentExplorer(Counted(), PHOTO, 2, labels=LABELS, side=4)


# ---------------------------------------------------------------- the trace


def test_the_toy_net_keeps_its_promise_up_to_the_kink():
    steps = [0.25, 0.5, 1.0, 1.1, 1.5, 2.0]
    trace = trace_tangent(xc.zoo.toy(), TOY_X, direction=SECOND, steps=steps, unit=1.0)
    assert trace.score == pytest.approx(2.0)
    assert trace.slope == pytest.approx(-3.0)
    assert trace.values.tolist() == [[1.0, -3.0]]
    assert trace.actual.tolist() == pytest.approx([-0.75, -1.5, -3.0, -2.7, -1.5, 0.0])
    assert trace.promised.tolist() == pytest.approx([-0.75, -1.5, -3.0, -3.3, -4.5, -6.0])
    assert trace.kept == 1.0


def test_a_bent_score_keeps_ten_percent_as_long_as_the_hand_says():
    # f(3 + s) = 9 + 6 s + s^2: the truth exceeds the promise 6 s by s / 6, 10 % at s = 0.6
    steps = torch.arange(1, 20, dtype=torch.float64) / 10 + 1e-9
    x = torch.tensor([[3.0]], dtype=torch.float64)
    trace = trace_tangent(
        lambda p: p[:, 0] ** 2, x, direction=torch.ones_like(x), steps=steps - 2e-9, unit=1.0
    )
    assert trace.kept == pytest.approx(0.6)


def test_rounding_noise_breaks_no_promise_and_a_flat_score_keeps_its_own():
    x = torch.full((1, 4), 0.5)
    steep = trace_tangent(lambda p: 1e-6 * p.sum(1) + 20, x, direction=torch.ones(1, 4))
    assert steep.kept == float(STEPS[-1])
    flat = trace_tangent(
        lambda p: 1 - torch.relu(1 - p[:, 0]), x + 1.5, direction=-torch.ones(1, 4)
    )
    assert flat.slope == 0
    assert flat.kept == float(STEPS[-1])  # 10 grey levels do not reach the kink
    steps = [1.0, 200.0, 300.0]
    bent = trace_tangent(
        lambda p: 1 - torch.relu(1 - p[:, 0]), x + 1.5, direction=-torch.ones(1, 4), steps=steps
    )
    assert bent.kept == 200.0


@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("output", ["logit", "probability"])
def test_scores_and_slope_are_those_of_a_plain_loop(batch_size, output):
    net = Counted()
    direction = torch.rand(PHOTO.shape, generator=torch.Generator().manual_seed(1)).double() - 0.5

    def read(point):
        scores = net(point)
        return scores.softmax(1)[0, 2] if output == "probability" else scores[0, 2]

    trace = trace_tangent(net, PHOTO, 2, direction=direction, output=output, batch_size=batch_size)
    x = PHOTO.clone().requires_grad_()
    grad = torch.autograd.grad(read(x), x)[0]
    assert trace.slope == pytest.approx(float((grad * direction).sum() / 255), rel=1e-10)
    for step, score in zip(trace.steps, trace.scores, strict=True):
        assert float(score) == pytest.approx(float(read(PHOTO + step / 255 * direction)), rel=1e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"direction": torch.ones(1, 3)}, r"direction must have the shape of x, \(1, 2\)"),
        ({"steps": [1.0, 1.0]}, "steps must be a rising row"),
        ({"steps": []}, "steps must be a rising row"),
        ({"x": TOY_X.repeat(2, 1), "direction": SECOND.repeat(2, 1)}, r"pass x\[0:1\]"),
    ],
)
def test_bad_input_is_refused(change, message):
    given = {"x": TOY_X, "direction": SECOND, **change}
    with pytest.raises(ValueError, match=message):
        trace_tangent(xc.zoo.toy(), **given)


# ---------------------------------------------------------------- the panel


def test_the_panel_shows_promise_truth_and_gradient_at_the_step(panel, close):
    panel.set(direction="random up and down", step=1.0)
    view = panel.result
    moved = view.point - PHOTO
    assert set((255 * moved).round().flatten().tolist()) == {-1.0, 1.0}
    slopes = xc.gradient(panel.model, PHOTO, 2)
    assert view.promised == pytest.approx(float((slopes * moved).sum()))
    scores = xc.scores(panel.model, torch.cat([PHOTO, view.point]), 2)
    assert view.actual == pytest.approx(float(scores[1] - scores[0]))
    close(view.slopes, xc.gradient(panel.model, view.point, 2), 1e-06)
    close(view.trace.values, slopes, 1e-06)
    assert -1 <= view.likeness < 1
    assert not view.coarse
    assert "step 1 grey level  ·" in panel.caption.value


def test_up_and_down_follow_the_sign_of_the_slope(panel, close):
    slopes = xc.gradient(panel.model, PHOTO, 2)
    each = float(slopes.abs().sum()) / 255
    panel.set(direction="up its slope", step=0.1)
    assert panel.result.promised == pytest.approx(0.1 * each)
    panel.set(direction="down its slope")
    assert panel.result.promised == pytest.approx(-0.1 * each)
    panel.set(output="probability")  # the same line, another score
    close(255 * (panel.result.point - PHOTO), -0.1 * slopes.sign(), 1e-06)
    assert panel.result.trace.score == pytest.approx(float(panel.model(PHOTO).softmax(1)[0, 2]))


def test_a_patch_and_a_pixel_lie_where_the_sliders_say(panel):
    panel.set(direction="one patch brighter", down=2, across=4, step=1.0)
    moved = (255 * (panel.result.point - PHOTO)).round()
    assert float(moved[..., 4:8, 12:16].min()) == 1
    assert float(moved.sum()) == 3 * 16
    assert panel.result.frame == (4, 8, 12, 16)
    panel.set(direction="one pixel brighter")
    moved = (255 * (panel.result.point - PHOTO)).round()
    assert (moved[0, :, 6, 14] == 1).all()
    assert float(moved.sum()) == 3
    assert panel.result.frame == (6, 7, 14, 15)
    panel.set(direction="all brighter")
    assert panel.result.frame is None
    assert float((255 * (panel.result.point - PHOTO)).round().min()) == 1


def test_a_line_is_walked_once(panel):
    panel.set(step=0.5)
    first = panel.model.seen
    panel.set(step=0.7)
    assert panel.model.seen == first + 1  # the gradient at the new point
    panel.set(direction="all brighter", down=3)
    middle = panel.model.seen
    assert middle > first + len(STEPS)
    panel.set(down=1)  # this direction has no place
    assert panel.model.seen == middle + 1


def test_a_coarse_answer_comes_first():
    panel = TangentExplorer(Counted(), PHOTO, 2, side=4)
    panel.memory.clear()
    views = [view for view in panel.compute(panel.settings) if view is not None]
    assert [view.coarse for view in views] == [True, False]
    assert len(views[0].trace.steps) < len(views[1].trace.steps) / 2
    assert views[0].promised == views[1].promised
    assert "refining" in panel.describe(views[0])
    assert "refining" not in panel.describe(views[1])


def test_a_vector_has_a_direction_for_each_feature():
    panel = TangentExplorer(xc.zoo.toy(), TOY_X, step=2.0)
    assert list(panel.controls["direction"].options) == [
        "up its slope", "down its slope", "x1 up", "x1 down", "x2 up", "x2 down"
    ]  # fmt: skip
    panel.set(direction="x2 up")
    assert panel.result.point.tolist() == [[3.0, 3.0]]
    assert (panel.result.promised, panel.result.actual) == pytest.approx((-6.0, 0.0))
    assert panel.result.slopes.tolist() == [[-4.0, 5.0]]
    assert panel.result.trace.kept == pytest.approx(1.0)
    panel.set(direction="x1 down")
    assert panel.result.point.tolist() == [[1.0, 1.0]]
    assert "unit" in panel.caption.value


def test_a_direction_of_ones_own():
    panel = TangentExplorer(xc.zoo.toy(), TOY_X, directions={"both": torch.ones_like(TOY_X)})
    panel.set(direction="both", step=1.0)
    assert panel.result.point.tolist() == [[4.0, 2.0]]
    with pytest.raises(ValueError, match="which the panel uses itself"):
        TangentExplorer(xc.zoo.toy(), TOY_X, directions={"x1 up": SECOND})


def test_a_bad_setting_keeps_the_last_picture(panel):
    picture = panel.picture.value
    panel.set(direction="sideways")
    assert "direction cannot be" in panel.message.value
    assert panel.picture.value == picture
    panel.set(direction="all brighter")
    assert panel.error is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": 1000.0}, "step must be from 0.01 to 10 here, got 1000.0"),
        ({"side": 17}, "side is 17, but x has"),
        ({"x": PHOTO.repeat(2, 1, 1, 1)}, r"pass x\[0:1\]"),
        ({"output": "margin"}, "output must be one of logit, probability"),
    ],
)
def test_what_the_panel_refuses(change, message):
    given = {"x": PHOTO, "target": 2, **change}
    with pytest.raises(ValueError, match=message):
        TangentExplorer(Counted(), **given)


def test_the_caller_keeps_model_and_photo():
    before, net = PHOTO.clone(), Counted()
    panel = TangentExplorer(net, PHOTO, 2, side=4)
    panel.set(direction="down its slope", step=10.0)
    assert torch.equal(PHOTO, before)
    assert not PHOTO.requires_grad


def test_a_stored_panel_is_a_picture_with_text(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == "Panel: tangent explorer, the promise of a gradient and the truth"
    assert "image/png" in data
    assert "logit of owl, direction: up its slope" in metadata["image/png"]["alt"]
