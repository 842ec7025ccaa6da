"""The attribution explorer, driven by its settings and its buttons."""

import pytest
import torch

import xaicourse as xc
from xaicourse.course.lessons.l00_start_here.greying import occlusion
from xaicourse.widgets import AttributionPanel, PatchGrid
from xaicourse.widgets.panel import widgets_in

PHOTOS = {
    name: torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(k))
    for k, name in enumerate(("first", "second"))
}
CLASSES = {"cat": 2, "owl": 0}


class Counted(torch.nn.Module):
    """A small net that counts the photos that it was given without asking for gradients."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.net = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(784, 5)
        )
        self.seen = 0
        self.eval().requires_grad_(False)

    def forward(self, x):
        self.seen += len(x)
        return self.net(x)


@pytest.fixture
def panel():
    return AttributionPanel(Counted(), PHOTOS, CLASSES, side=4)


def test_the_map_is_occlusion_as_the_sheet_defines_it(panel):
    right = occlusion(panel.model, PHOTOS["first"], 2, 4, 0.5).numpy()
    assert abs(panel.result.values - right).max() < 1e-5
    panel.set(display="absolute")
    assert abs(panel.result.values - abs(right)).max() < 1e-5


def test_greying_one_patch_changes_the_logit_by_its_effect(panel):
    effects = panel.result.values.copy()
    for place in [(0, 0), (1, 3), (3, 2)]:
        panel.set(patches=[place])
        assert panel.result.change == pytest.approx(-effects[place], abs=1e-5)
    photo = panel.result.photo
    assert float(photo[..., 12:16, 8:12].std()) == 0
    assert torch.equal(photo[..., :12, :], PHOTOS["first"][..., :12, :])


def test_several_patches_are_grey_together(panel):
    panel.set(patches=[(0, 1), (2, 2)])
    grey = PHOTOS["first"].clone()
    grey[..., 0:4, 4:8] = grey[..., 8:12, 8:12] = 0.5
    now = float(panel.model(grey)[0, 2])
    assert panel.result.score == pytest.approx(now, abs=1e-5)
    assert f"({panel.result.change:+.2f}) with 2 grey patches" in panel.caption.value


def test_gradient_maps_come_from_the_registry(panel):
    panel.set(method="gradient", **{"class": "owl"})
    right = xc.gradient(panel.model, PHOTOS["first"], target=0)[0].sum(0).numpy()
    assert abs(panel.result.values - right).max() < 1e-5
    panel.set(display="absolute")
    right = xc.gradient(panel.model, PHOTOS["first"], target=0)[0].abs().sum(0).numpy()
    assert abs(panel.result.values - right).max() < 1e-5


def test_the_shared_scale_is_that_of_the_strongest_class(panel):
    own = {}
    for name in CLASSES:
        panel.set(scale="own", **{"class": name})
        own[name] = panel.result.limit
        assert own[name] == pytest.approx(float(abs(panel.result.values).max()))
    assert own["cat"] != own["owl"]
    for name in CLASSES:
        panel.set(scale="shared by all classes", **{"class": name})
        assert panel.result.limit == pytest.approx(max(own.values()))


def test_what_was_computed_is_kept(panel):
    first = panel.model.seen
    assert first == 1 + 16
    panel.set(**{"class": "owl"})
    panel.set(display="absolute", scale="own")
    panel.set(patches=[(2, 3)])  # known from the occlusion map
    assert panel.model.seen == first
    panel.set(patches=[(2, 3), (0, 0)])
    assert panel.model.seen == first + 1
    panel.set(photo="second")
    assert panel.model.seen == first + 1 + 17 + 1


def test_an_occlusion_map_fills_up():
    panel = AttributionPanel(Counted(), PHOTOS, CLASSES, side=8)
    panel.maps.clear()
    views = [view for view in panel.compute(panel.settings) if view is not None]
    assert [view.share_done for view in views] == [0.25, 0.5, 0.75, 1.0]
    assert (views[0].values[2:] == 0).all()
    assert "25 % done" in panel.describe(views[0])
    assert "done" not in panel.describe(views[-1])


def test_the_photo_of_the_caller_stays_as_it_is():
    before = PHOTOS["first"].clone()
    AttributionPanel(Counted(), PHOTOS, CLASSES, side=4).set(patches=[(0, 0), (1, 1)])
    assert torch.equal(PHOTOS["first"], before)


def test_a_bad_setting_keeps_the_last_picture(panel):
    picture = panel.picture.value
    panel.set(patches=[(9, 0)])
    assert "patch (9, 0) does not exist" in panel.message.value
    assert panel.picture.value == picture
    panel.set(patches=[])
    assert panel.error is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photos": {}}, "at least one entry"),
        ({"photos": {"odd": torch.zeros(1, 3, 15, 16)}}, "divisible by 4, got"),
        ({"methods": ["attention"]}, "method 'attention' is unknown; there are occlusion"),
    ],
)
def test_bad_input_is_refused(change, message):
    given = {"photos": PHOTOS, "classes": CLASSES, "side": 4, **change}
    with pytest.raises(ValueError, match=message):
        AttributionPanel(Counted(), **given)


# ---------------------------------------------------------------- the grid of buttons


def test_buttons_and_value_say_the_same(panel):
    grid = panel.controls["patches"]
    grid.button(1, 2).value = True
    assert grid.value == ((1, 2),)
    assert panel.result.settings["patches"] == ((1, 2),)
    grid.button(0, 0).value = True
    assert grid.value == ((0, 0), (1, 2))
    grid.button(1, 2).value = False
    assert grid.value == ((0, 0),)
    grid.value = [(3, 3)]
    on = [(i, j) for i in range(4) for j in range(4) if grid.button(i, j).value]
    assert on == [(3, 3)]
    assert grid.button(3, 3).description == "×"  # a sign beside the colour


def test_all_patches_are_restored_at_once(panel):
    grid = panel.controls["patches"]
    grid.value = [(0, 0), (1, 1)]
    assert panel.result.change != 0
    grid.clear.click()
    assert grid.value == ()
    assert not any(button.value for button in grid._buttons)


def test_the_buttons_lie_on_the_photo(panel):
    """The first piece of the picture holds them, where the photo's plate is."""
    squares, layout = panel.controls["patches"].squares, panel.controls["patches"].squares.layout
    assert squares in panel.picture.children[0].children
    assert squares not in panel.controls["patches"].children
    left, bottom, wide, high = next(iter(panel.plates(panel.result))).at
    top = panel.size[1] - bottom - high
    assert layout.margin == f"{96 * top:.1f}px 0 0 {96 * left:.1f}px"
    assert (layout.width, layout.height) == (f"{96 * wide:.1f}px", f"{96 * high:.1f}px")


def test_every_button_has_a_name():
    names = {
        widget.tooltip
        for widget in widgets_in(PatchGrid(4))
        if type(widget).__name__ == "ToggleButton"
    }
    assert len(names) == 16
    assert "patch 1 down, 4 across" in names


def test_a_stored_panel_is_a_picture_with_text(panel):
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"].startswith("Panel: attribution explorer")
    assert "image/png" in data
    assert "occlusion for cat" in metadata["image/png"]["alt"]
