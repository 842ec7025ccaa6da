"""The noise panel in JupyterLab: both sliders, what is averaged, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import NoisePanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 6, 5, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 3),
).eval().requires_grad_(False)
rows = torch.linspace(0, 1, 20)
down, right = torch.meshgrid(rows, rows, indexing="ij")
panel = NoisePanel(net, (down * right)[None, None], 2, labels=["cat", "dog", "owl"], samples=8)
panel
"""

SIGMA, SAMPLES = 0, 1  # places of the sliders


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_an_arrow_key_changes_n_and_the_picture(notebook):
    before = notebook.press(SAMPLES, "Home", "n = 2 ·")
    after = notebook.press(SAMPLES, "ArrowRight", "n = 4 ·")
    assert after != before
    assert notebook.press(SAMPLES, "Home", "n = 2 ·") == before
    notebook.press(SAMPLES, "End", "n = 512 ·")


def test_many_fast_moves_of_sigma_end_on_the_last_value(notebook):
    notebook.press(SAMPLES, "Home", "n = 2 ·")
    notebook.press(SIGMA, "Home", "sigma 0.0032,")
    for _ in range(15):
        notebook.page.keyboard.press("ArrowRight")
    fast = notebook.settled("sigma 0.1,")
    notebook.press(SIGMA, "ArrowRight", "sigma 0.13,")
    assert notebook.press(SIGMA, "ArrowLeft", "sigma 0.1,") == fast


def test_what_is_averaged_and_the_method_change_the_picture(notebook):
    page = notebook.page
    before = notebook.press(SAMPLES, "Home", "n = 2 ·")
    average, method = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1))
    average.select_option("sizes first")
    sizes = notebook.settled("no signs, so none can be certain")
    assert sizes != before
    average.select_option("with signs")
    method.select_option("gradient x input")
    name = re.compile("Noise panel, logit of owl, gradient x input, average with signs")
    notebook.wait_for(lambda: page.get_by_role("img", name=name).count() == 1, "its name")
    method.select_option("gradient")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("slider", SIGMA) == ["sigma", "n, copies", "average", "method"]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
