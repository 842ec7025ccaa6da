"""The layer explorer and its maps, against the methods themselves and a loop of the test's own."""

import math

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l04_class_activation_maps.maps import share_inside
from xaicourse.widgets import LayerPanel, layer_maps
from xaicourse.widgets.panel import widgets_in

PHOTO = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
CLASSES = {"cat": 2, "owl": 0, "never": 3}
TOP = torch.zeros(12, 12)
TOP[:6] = 1


class Net(torch.nn.Module):
    """Two convolutions, a mean, a linear layer; class 3 is spoken against everywhere."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first, self.second = torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.Conv2d(4, 5, 2, 2)
        self.act1, self.act2 = torch.nn.ReLU(), torch.nn.ReLU()
        self.last = torch.nn.Linear(5, 4)
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator) / 3)
            self.second.bias.fill_(0.5)
            self.last.weight[3] = -1.0
        self.seen = 0
        self.eval().requires_grad_(False)

    def forward(self, x):
        self.seen += len(x)
        A = self.act2(self.second(self.act1(self.first(x))))
        return self.last(A.mean((2, 3)))


@pytest.fixture
def panel():
    regions = {"top": TOP, "bottom": 1 - TOP}
    return LayerPanel(Net(), PHOTO, CLASSES, layers=["act1", "act2"], regions=regions)


def test_the_maps_are_those_of_a_loop_over_the_classes(close):
    net = Net()
    found = layer_maps(net, PHOTO, CLASSES, "act1", "hires_cam")
    for name, index in CLASSES.items():
        A = net.act1(net.first(PHOTO)).requires_grad_()
        score = net.last(net.act2(net.second(A)).mean((2, 3)))[0, index]
        g = torch.autograd.grad(score, A)[0]
        close(found.maps[name].float(), (g * A).sum(1)[0].detach(), 1e-05)
        assert found.scores[name] == pytest.approx(float(score.detach()), abs=1e-5)


def test_the_last_layer_is_first_and_adds_up_to_the_logit(panel):
    assert panel.settings["layer"] == "act2"
    for method in ("grad_cam", "hires_cam"):
        panel.set(values="with sign", method=method)
        view = panel.result
        bias = float(panel.model.last.bias[2])
        assert float(view.raw.sum()) == pytest.approx(view.score - bias, abs=1e-5)
        assert view.raw.shape == (6, 6)


def test_positive_only_is_the_relu_and_the_shared_scale_is_common(panel, close):
    limits = set()
    for name, index in CLASSES.items():
        panel.set(**{"class": name})
        right = xc.grad_cam(panel.model, PHOTO, target=index, layer="act2", upsample=None)[0, 0]
        close(panel.result.raw.float(), right, 1e-05)
        limits.add(round(panel.result.limit, 9))
    assert len(limits) == 1
    panel.set(scale="own", **{"class": "owl"})
    assert panel.result.limit == pytest.approx(float(panel.result.raw.max()))


def test_the_caption_names_each_region_with_its_share(panel):
    top, bottom = panel.result.shares["top"], panel.result.shares["bottom"]
    assert f"share in top {top:.2f}, bottom {bottom:.2f}" in panel.caption.value


def test_an_empty_map_stays_empty_on_every_scale(panel):
    panel.set(**{"class": "never"})
    for scale in ("own", "shared by all classes"):
        panel.set(scale=scale)
        assert panel.result.empty
        assert panel.error is None
        assert not bool(panel.result.shown.any())
        assert math.isnan(panel.result.shares["top"])
        assert panel.caption.value.count("nothing is positive") == 1
    panel.set(values="with sign")
    assert not panel.result.empty
    assert panel.result.empty_positive


def test_cells_are_squares_and_smooth_is_what_the_method_enlarges(panel, close):
    cells = panel.result.shown
    assert torch.equal(cells, cells[::2, ::2].repeat_interleave(2, 0).repeat_interleave(2, 1))
    panel.set(display="smooth")
    right = xc.grad_cam(panel.model, PHOTO, target=2, layer="act2")[0, 0]
    close(panel.result.shown.float(), right, 1e-05)
    panel.set(display="over the photo")
    close(panel.result.shown.float(), right, 1e-05)


def test_the_shares_of_the_regions_add_up_to_one(panel):
    for layer in ("act1", "act2"):
        panel.set(layer=layer)
        view = panel.result
        assert sum(view.shares.values()) == pytest.approx(1.0)
        positive = view.shown.clamp_min(0)
        assert view.shares["top"] == pytest.approx(float(positive[:6].sum() / positive.sum()))
        assert view.areas == {"top": 0.5, "bottom": 0.5}
    values = torch.tensor([[3.0, -5.0], [1.0, 0.0]])
    assert share_inside(values, torch.tensor([[1.0, 1.0], [0.0, 0.0]])) == 0.75


def test_a_layer_that_was_seen_is_not_computed_again(panel):
    panel.set(layer="act1")
    seen = panel.model.seen
    panel.set(layer="act2")
    panel.set(layer="act1", display="smooth", scale="own", values="with sign")
    panel.set(**{"class": "owl"})
    assert panel.model.seen == seen


def test_every_setting_changes_the_picture(panel):
    moves = [
        {"class": "owl"}, {"values": "with sign"}, {"scale": "own"}, {"display": "smooth"},
        {"display": "over the photo"}, {"layer": "act1"}, {"method": "hires_cam"},
    ]  # fmt: skip
    seen = {panel.picture.value}
    for move in moves:
        panel.set(**move)
        assert panel.error is None
        assert panel.picture.value not in seen, move
        seen.add(panel.picture.value)
    assert panel.picture.alt == panel.alt(panel.result)
    assert "hires_cam map of owl at act1: 12 × 12 cells" in panel.alt(panel.result)


def test_every_control_has_a_name(panel):
    named = [
        w for w in widgets_in(panel.view) if getattr(w, "description", "") and hasattr(w, "value")
    ]
    assert {w.description for w in named} >= set(panel.controls)


def test_all_layers_with_maps_are_there_unless_some_are_named():
    every = LayerPanel(Net(), PHOTO, {"cat": 2}).layers
    assert list(every) == list(xc.map_layers(Net(), PHOTO))


def test_a_method_that_does_not_fit_the_layer_is_said_and_the_picture_stays():
    panel = LayerPanel(
        Net(), PHOTO, CLASSES, layers=["act1", "act2"], methods=["cam"], layer="act2"
    )
    before = panel.picture.value
    panel.set(layer="act1")
    assert "cam is defined only where" in str(panel.error)
    assert panel.picture.value == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": ["act3"]}, "got 'act3'"),
        ({"layers": []}, "got 'none'"),
        ({"classes": {}}, "classes and methods must each hold"),
        ({"methods": ["gradient"]}, "method must be one of cam, grad_cam"),
        ({"x": PHOTO.repeat(2, 1, 1, 1)}, r"pass x\[0:1\]"),
        ({"regions": {"top": torch.ones(3, 3)}}, r"region 'top' must have the photo's shape"),
        ({"layer": "first"}, "layer must be one of act1, act2"),
    ],
)
def test_bad_input_is_refused(change, message):
    given = {"x": PHOTO, "classes": CLASSES, "layers": ["act1", "act2"], **change}
    with pytest.raises(ValueError, match=message):
        LayerPanel(Net(), given.pop("x"), given.pop("classes"), **given)
