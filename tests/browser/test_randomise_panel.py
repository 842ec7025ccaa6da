"""The randomisation panel in JupyterLab: the layer slider, the lists, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import RandomisePanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 6, 5, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(6, 6, 3), torch.nn.ReLU(),
    torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(96, 5),
).eval().requires_grad_(False)
rows = torch.linspace(0, 1, 32)
down, right = torch.meshgrid(rows, rows, indexing="ij")
photo = torch.stack([down * right, down, 1 - right])
panel = RandomisePanel(net, photo[None], {"owl": 2, "elk": 3})
panel
"""


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_the_keyboard_draws_more_layers_anew(notebook):
    notebook.settled("1 of 3 layers drawn anew · cosine with the original")
    none = notebook.press(0, "Home", "0 of 3 layers drawn anew · cosine with the original 1.00")
    one = notebook.press(0, "ArrowRight", "1 of 3 layers drawn anew")
    everything = notebook.press(0, "End", "3 of 3 layers drawn anew")
    assert len({none, one, everything}) == 3


def test_method_and_class_change_the_picture(notebook):
    page = notebook.page
    before = notebook.press(0, "End", "3 of 3")
    method, name = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1))
    method.select_option("guided_backprop")
    notebook.wait_for(lambda: notebook.picture_hash() != before, "the guided map")
    name.select_option("elk")
    alt = re.compile("map of guided_backprop for elk")
    notebook.wait_for(lambda: page.get_by_role("img", name=alt).count() == 1, "its name")
    name.select_option("owl")
    method.select_option("gradient")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("list") == ["method", "class", "layers drawn anew"]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
