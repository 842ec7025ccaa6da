"""The baseline panel in JupyterLab: the baselines, the number of draws, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import BaselinePanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 6, 5, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 3),
).eval().requires_grad_(False)
lines = torch.linspace(0, 1, 20)
down, across = torch.meshgrid(lines, lines, indexing="ij")
x = (down * across)[None, None]
panel = BaselinePanel(
    net, x, 2, baselines={"black": "black", "white": "white", "noise": torch.rand(30, 1, 20, 20)},
    mask=x > 0.5, labels=["cat", "dog", "owl"], samples=8,
)
panel
"""

DRAWS = 0  # place of the slider


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_an_arrow_key_changes_the_draws_and_the_picture(notebook):
    before = notebook.press(DRAWS, "Home", "black, 4 draws")
    after = notebook.press(DRAWS, "ArrowRight", "black, 8 draws")
    assert after != before
    assert notebook.press(DRAWS, "Home", "black, 4 draws") == before
    notebook.press(DRAWS, "End", "black, 512 draws")


def test_another_baseline_and_the_sizes_change_the_picture(notebook):
    page = notebook.page
    before = notebook.press(DRAWS, "Home", "black, 4 draws")
    baseline, shown = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1))
    baseline.select_option("noise")
    assert notebook.settled("noise, 4 draws") != before
    baseline.select_option("black")
    shown.select_option("sizes of the map")
    name = re.compile("Baseline panel, logit of owl, baseline black, 4 draws, sizes")
    notebook.wait_for(lambda: page.get_by_role("img", name=name).count() == 1, "its name")
    shown.select_option("with signs")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_the_control_is_reached_by_the_tab_key_and_has_its_name(notebook):
    assert notebook.named_by_tab("slider", DRAWS)[0] == "draws"


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
