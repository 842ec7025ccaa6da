"""The path explorer, driven by its settings; the browser test drives the same controls by hand."""

import asyncio

import pytest
import torch

import xaicourse as xc
from xaicourse.core.gradients import Question
from xaicourse.course.lessons.l05_integrated_gradients.panel import MOST_TRACES
from xaicourse.widgets import PathPanel
from xaicourse.widgets.panel import widgets_in

TOY_X = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
PHOTO = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def small_net():
    torch.manual_seed(3)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(144, 5)
    )
    return net.eval().requires_grad_(False)


@pytest.fixture
def gradients_taken(monkeypatch):
    """Count the points at which a gradient is asked for."""
    taken = []
    plain = Question.gradients

    def counted(self, points, rows, receive, differentiable=False):
        taken.append(len(rows))
        return plain(self, points, rows, receive, differentiable)

    monkeypatch.setattr(Question, "gradients", counted)
    return taken


def test_alpha_reads_what_was_kept(gradients_taken, close):
    panel = PathPanel(small_net(), PHOTO, 2, steps=8)
    assert sum(gradients_taken) == 8
    seen = set()
    for alpha in (0.0, 0.25, 0.5, 1.0):
        panel.set(alpha=alpha)
        close(panel.result.point, alpha * PHOTO, 1e-06)
        assert float(panel.result.collected.sum()) == pytest.approx(
            panel.result.sum_so_far, abs=1e-5
        )
        seen.add(panel.picture.value)
    assert len(seen) == 4
    assert sum(gradients_taken) == 8  # not one more


def test_the_map_at_the_end_is_integrated_gradients():
    panel = PathPanel(small_net(), PHOTO, 2, steps=8, alpha=1.0)
    for settings in ({}, {"baseline": "white"}, {"quadrature": "trapezoid"}, {"steps": 3}):
        panel.set(**settings)
        now = panel.settings
        record = xc.integrated_gradients(
            small_net(), PHOTO, 2, baseline=now["baseline"], steps=now["steps"],
            quadrature=now["quadrature"], return_details=True,
        )  # fmt: skip
        whole = record.values[0].sum(0)
        assert (panel.result.collected - whole).norm() < 1e-5 * whole.norm()
        assert panel.result.gap == pytest.approx(float(record.gap), abs=1e-6)
        assert panel.result.map_error == pytest.approx(float(record.map_error), rel=1e-4)


def test_gap_and_map_error_are_two_numbers_in_the_caption():
    panel = PathPanel(small_net(), PHOTO, 2, steps=8)
    assert "gap of the whole sum" in panel.caption.value
    assert "error of the whole map" in panel.caption.value


def test_output_changes_the_score_that_is_explained():
    panel = PathPanel(small_net(), PHOTO, 2, labels=["cat", "dog", "owl", "elk", "ant"])
    assert panel.result.score_name == "logit of owl"
    logit_rise = panel.result.rise
    panel.set(output="probability")
    assert panel.result.score_name == "probability of owl"
    expected = small_net()(torch.cat([PHOTO, 0 * PHOTO])).softmax(1)[:, 2]
    assert panel.result.rise == pytest.approx(float(expected[0] - expected[1]), rel=1e-4)
    assert panel.result.rise != pytest.approx(logit_rise, rel=1e-2)


def test_the_predicted_class_is_fixed_when_the_panel_is_made():
    panel = PathPanel(small_net(), PHOTO, labels=list("abcde"))
    k = int(small_net()(PHOTO).argmax())
    assert panel.result.score_name == f"logit of {'abcde'[k]}"
    panel.set(output="probability")
    assert panel.result.score_name == f"probability of {'abcde'[k]}"


def test_toy_collects_its_known_answer():
    panel = PathPanel(xc.zoo.toy(), TOY_X, steps=4, alpha=0.25)
    assert panel.result.collected.tolist() == pytest.approx([1.5, -0.5])
    panel.set(alpha=1.0)
    assert panel.result.collected.tolist() == pytest.approx([3.75, -2.75])
    assert "gap of the whole sum 0" in panel.caption.value
    panel.set(steps=5)
    assert abs(panel.result.gap) > 0.01


@pytest.mark.parametrize("steps", [0, -3, 100_000])
def test_bad_steps_are_named_and_a_good_number_recovers(steps):
    panel = PathPanel(xc.zoo.toy(), TOY_X, steps=4)
    good = panel.picture.value
    panel.set(steps=steps)
    assert f"steps must be from 1 to 512 here, got {steps}" in panel.message.value
    assert panel.picture.value == good
    panel.set(steps=6)
    assert panel.message.value == ""
    assert panel.result.steps == 6


def test_a_word_for_a_number_is_an_error_too():
    panel = PathPanel(xc.zoo.toy(), TOY_X, steps=4)
    panel.set(steps="many")
    assert "steps cannot be" in panel.message.value
    panel.set(steps=5)
    assert panel.result.steps == 5


def test_a_model_that_fails_later_is_an_error_in_the_panel():
    def choosy(x):
        if bool((x > 0.9).flatten(1).all(1).any()):
            raise RuntimeError("too bright for me")
        return small_net()(x)

    panel = PathPanel(choosy, 0.5 * PHOTO, 2, steps=4)
    panel.set(baseline="white")
    assert "too bright for me" in panel.message.value
    panel.set(baseline="black")
    assert panel.message.value == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": 9}, "target"),
        ({"target": 2, "baselines": {}}, "baselines must hold at least one entry"),
        ({"target": 2, "quadrature": "simpson"}, "rule must be one of left, right"),
        ({"target": 2, "steps": 0}, "steps must be from 1"),
        ({"target": 2, "output": "entropy"}, "output must be one of"),
    ],
)
def test_a_wrong_panel_is_not_made(arguments, message):
    with pytest.raises(ValueError, match=message):
        PathPanel(small_net(), PHOTO, **arguments)


def test_a_batch_is_refused():
    with pytest.raises(ValueError, match="x has 2 rows"):
        PathPanel(small_net(), PHOTO.repeat(2, 1, 1, 1), 2)


def test_memory_holds_few_traces():
    panel = PathPanel(small_net(), PHOTO, 2, steps=2)
    panel.draw = lambda view: panel.picture.value  # the drawing is not what is tested
    for steps in range(1, 9):
        panel.set(steps=steps, output="probability")
        panel.set(output="logit")
    assert len(panel.traces) == MOST_TRACES
    panel.set(steps=300)
    assert len(panel.result.trace.sums) <= 40


def test_the_colour_scale_does_not_move_with_alpha():
    panel = PathPanel(small_net(), PHOTO, 2, steps=8)
    limits = set()
    for alpha in (0.0, 0.1, 0.9):
        panel.set(alpha=alpha)
        limits.add(panel.result.limit)
    assert len(limits) == 1
    assert limits.pop() > 0


def test_a_coarse_answer_comes_first_and_a_newer_move_ends_the_walk(monkeypatch, gradients_taken):
    monkeypatch.delenv("XAICOURSE_TEST", raising=False)

    async def drive():
        panel = PathPanel(small_net(), PHOTO, 2, steps=64, batch_size=4)
        assert panel.result.coarse
        assert panel.result.steps == 4
        assert "refining" in panel.caption.value
        await panel._task
        assert not panel.result.coarse
        assert panel.result.steps == 64
        gradients_taken.clear()
        panel.controls["steps"].value = 400
        while sum(gradients_taken) < 12:
            await asyncio.sleep(0.001)
        older = panel._task
        panel.controls["steps"].value = 16
        await asyncio.sleep(0.01)
        await panel._task
        await older
        assert panel.result.steps == 16
        assert sum(gradients_taken) < 100

    asyncio.run(asyncio.wait_for(drive(), 30))


def test_the_device_control_appears_only_beside_another_device(monkeypatch):
    import xaicourse.widgets.controls

    assert "device" not in PathPanel(small_net(), PHOTO, 2, steps=2).controls
    monkeypatch.setattr(xaicourse.widgets.controls, "devices", lambda own: [own, "meta"])
    net = small_net()
    panel = PathPanel(net, PHOTO, 2, steps=2)
    assert panel.controls["device"].options == ("cpu", "meta")
    panel.set(device="meta")  # holds no numbers, so the panel must fail there and come back
    assert panel.error is not None
    panel.set(device="cpu")
    assert panel.error is None
    assert next(net.parameters()).device.type == "cpu"


def test_the_stored_text_holds_no_numbers_and_the_picture_has_an_alt_text():
    panel = PathPanel(small_net(), PHOTO, 2, steps=4)
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == "Panel: path explorer, from the baseline to the input"
    assert metadata["image/png"]["alt"].startswith("Path explorer at alpha 1.00")
    assert panel.picture.alt == metadata["image/png"]["alt"]


def test_no_output_widget_and_every_control_has_a_name():
    panel = PathPanel(small_net(), PHOTO, 2, steps=4)
    kinds = {type(widget).__name__ for widget in widgets_in(panel.view)}
    assert not kinds & {"Output", "interactive"}
    assert all(control.description for control in panel.controls.values())


def test_the_callers_things_stay_as_they_are():
    net, photo = small_net(), PHOTO.clone()
    before = [p.clone() for p in net.parameters()]
    state = torch.get_rng_state()
    PathPanel(net, photo, 2, steps=4).set(baseline="uniform")
    assert torch.equal(photo, PHOTO)
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert all(p.grad is None for p in net.parameters())
    assert torch.equal(torch.get_rng_state(), state)
