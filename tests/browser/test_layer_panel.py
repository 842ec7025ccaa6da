"""The layer explorer in JupyterLab: the layer slider, the choices, the keyboard."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
import xaicourse as xc

net = xc.zoo.load("fashion_residual")
photo = xc.datasets.fashion_mnist(n=1).x
half = torch.zeros(28, 28)
half[:, :14] = 1
panel = xc.widgets.LayerPanel(
    net, photo, {"ankle boot": 9, "coat": 4}, layers=["relu", "block1", "block2"],
    regions={"left": half, "right": 1 - half},
)
panel
"""


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_arrow_keys_walk_through_the_layers(notebook):
    last = notebook.settled("grad_cam at block2: 7 × 7 cells")
    middle = notebook.press(0, "ArrowLeft", "grad_cam at block1: 14 × 14 cells")
    first = notebook.press(0, "ArrowLeft", "grad_cam at relu: 28 × 28 cells")
    assert len({last, middle, first}) == 3
    notebook.press(0, "ArrowRight", "grad_cam at block1")
    assert notebook.press(0, "ArrowRight", "grad_cam at block2") == last


def test_class_method_and_display_change_the_picture_and_come_back(notebook):
    before = notebook.settled("grad_cam at block2")
    for number, value, back in (
        (0, "coat", "ankle boot"), (2, "with sign", "positive only"),
        (3, "own", "shared by all classes"), (4, "over the photo", "cells"),
    ):  # fmt: skip
        notebook.choose(number, value)
        notebook.wait_for(lambda: notebook.picture_hash() != before, value)
        notebook.choose(number, back)
        notebook.wait_for(lambda: notebook.picture_hash() == before, f"{value} taken back")
    notebook.choose(1, "hires_cam")
    notebook.settled("hires_cam at block2")
    notebook.choose(1, "grad_cam")
    assert notebook.settled("grad_cam at block2") == before


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("slider") == [
        "layer",
        "class",
        "method",
        "values",
        "scale",
        "display",
    ]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
    notebook.page.screenshot(path=str(notebook.path.with_name("layer_panel.png")))
