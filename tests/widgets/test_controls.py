"""Controls are declared in a panel's class and become widgets when a panel is made."""

import ipywidgets
import pytest
import torch

from xaicourse.widgets import controls
from xaicourse.widgets.controls import (
    Choice,
    ChoiceSlider,
    Device,
    LogSlider,
    Place,
    Slider,
    WholeNumber,
    WholeSlider,
)
from xaicourse.widgets.panel import Panel, png_of


class Many(Panel):
    sigma = LogSlider(0.001, 10)
    samples = LogSlider(2, 512, step=1, base=2, digits=".0f", label="n, copies")
    class_ = Choice("names")
    how = Choice(["plain", "fancy"], label="way")
    layer = ChoiceSlider(["first", "last"])
    alpha = Slider(0.0, 1.0, 0.01)
    steps = WholeNumber()
    count = WholeSlider(0, "most", label="how many")
    down = Place("patch, down")
    device = Device()

    def __init__(self, x=None, model=None, **first):
        self.x = torch.zeros(1, 3, 8, 8) if x is None else x
        self.names, self.most, self.side, self.model = {"cat": 1, "owl": 2}, 3, 4, model
        usual = {"sigma": 0.1, "samples": 8, "alpha": 0.5, "steps": 3, "count": 2}
        super().__init__({**usual, "own": ipywidgets.IntText(7), **first})

    def compute(self, settings):
        return dict(settings)

    def draw(self, result):
        return png_of((0.5, 0.5), ())


def test_every_control_has_its_name_its_value_and_its_words():
    panel = Many()
    assert panel.settings == {
        "sigma": 0.1, "samples": 8, "class": "cat", "how": "plain", "layer": "last",
        "alpha": 0.5, "steps": 3, "count": 2, "down": 2, "own": 7,
    }  # fmt: skip
    words = {name: control.description for name, control in panel.controls.items()}
    assert (words["samples"], words["class"], words["how"]) == ("n, copies", "class", "way")
    assert panel.controls["class"].options == ("cat", "owl")
    slider = panel.controls["sigma"]
    assert (slider.min, slider.max, slider.base, slider.readout_format) == (-3.0, 1.0, 10, ".2g")
    assert (panel.controls["samples"].min, panel.controls["samples"].max) == (1.0, 9.0)
    assert panel.controls["count"].max == 3


def test_first_values_are_those_that_are_given():
    panel = Many(how="fancy", layer="first", down=1, **{"class": "owl"})
    assert [panel.settings[k] for k in ("how", "layer", "down", "class")] == [
        "fancy", "first", 1, "owl"
    ]  # fmt: skip
    panel.set(**{"class": "cat", "own": 8})
    assert panel.result["class"] == "cat"


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ({"sigma": 20.0}, "sigma must be from 0.001 to 10 here, got 20.0"),
        ({"samples": 1}, "samples must be from 2 to 512 here, got 1"),
        ({"how": "odd"}, "way must be one of plain, fancy, got 'odd'"),
        ({"class": "dog"}, "class must be one of cat, owl"),
        ({"layer": "third"}, "layer must be one of first, last"),
        ({"count": 4}, "count must be from 0 to 3 here, got 4"),
    ],
)
def test_a_first_value_out_of_range_is_refused(first, message):
    with pytest.raises(ValueError, match=message):
        Many(**first)


def test_a_control_without_use_is_left_out(monkeypatch):
    assert "down" not in Many(torch.zeros(1, 2)).controls
    assert "device" not in Many().controls
    monkeypatch.setattr(controls, "devices", lambda own: [own, "meta"])
    assert "device" not in Many().controls  # what is no module cannot be moved

    assert Many(model=torch.nn.Identity()).controls["device"].options == ("cpu", "meta")


def test_controls_may_change_each_other_before_the_panel_hears_of_it():
    class Linked(Many):
        def connect(self):
            def follow(change):
                self.controls["own"].value = change["new"]

            self.controls["steps"].observe(follow, "value")

    panel = Linked()
    panel.controls["steps"].value = 5
    assert (panel.result["steps"], panel.result["own"]) == (5, 5)
