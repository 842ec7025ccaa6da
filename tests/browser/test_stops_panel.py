"""The stops panel in JupyterLab: the share, the weight, the steps, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import StopsPanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 6, 5, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 3),
).eval().requires_grad_(False)
rows = torch.linspace(0, 1, 20)
down, right = torch.meshgrid(rows, rows, indexing="ij")
panel = StopsPanel(net, (down * right)[None, None], 2, classes={"owl": 2, "cat": 0})
panel
"""

SHARE = 0  # place of the slider


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_an_arrow_key_moves_the_stop_and_the_picture(notebook):
    before = notebook.press(SHARE, "Home", "share 0.05")
    after = notebook.press(SHARE, "End", "share 0.95")
    assert after != before
    assert notebook.press(SHARE, "Home", "share 0.05") == before


def test_weight_steps_and_class_change_the_picture(notebook):
    page = notebook.page
    before = notebook.press(SHARE, "Home", "share 0.05")
    weight, steps, chosen = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1, 2))
    weight.select_option("squares")
    squares = notebook.settled("shared by the squared gradient")
    assert squares != before
    steps.select_option("3")
    notebook.settled("3 gradients")
    chosen.select_option("cat")
    name = re.compile("Stops panel, logit of cat, weight squares")
    notebook.wait_for(lambda: page.get_by_role("img", name=name).count() == 1, "its name")
    chosen.select_option("owl")
    steps.select_option("27")
    weight.select_option("after")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("slider", SHARE) == ["share", "weight", "steps", "class"]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
