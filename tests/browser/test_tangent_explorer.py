"""The tangent explorer in JupyterLab: the step slider, a direction, a patch, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import TangentExplorer

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 6, 5, stride=2), torch.nn.Tanh(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 5),
).eval().requires_grad_(False)
rows = torch.linspace(0, 1, 32)
down, right = torch.meshgrid(rows, rows, indexing="ij")
photo = torch.stack([down * right, down, 1 - right])
panel = TangentExplorer(net, photo[None], 2, labels=["cat", "dog", "owl", "elk", "ant"], side=4)
panel
"""

STEP = ".widget-slider .noUi-handle"


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_an_arrow_key_changes_the_step_and_the_picture(notebook):
    before = notebook.press(0, "Home", "step 0.01 grey levels · promised ")
    after = notebook.press(0, "ArrowRight", "step 0.011 grey levels")
    assert after != before
    assert notebook.press(0, "Home", "step 0.01 grey levels") == before
    notebook.press(0, "End", "step 10 grey levels")


def test_many_fast_moves_end_on_the_last_value(notebook):
    notebook.press(0, "Home", "step 0.01 grey levels")
    for _ in range(40):
        notebook.page.keyboard.press("ArrowRight")
    fast = notebook.settled("step 1 grey level ·")
    notebook.press(0, "ArrowRight", "step 1.1 grey levels")
    assert notebook.press(0, "ArrowLeft", "step 1 grey level ·") == fast


def test_direction_and_output_change_the_picture(notebook):
    page = notebook.page
    before = notebook.press(0, "Home", "step 0.01")
    direction, output = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1))
    direction.select_option("down its slope")
    notebook.wait_for(lambda: "promised -" in notebook.caption(), "a promise below 0")
    down = notebook.settled("step 0.01")
    output.select_option("probability")
    notebook.wait_for(lambda: notebook.picture_hash() != down, "the picture of the probability")
    name = re.compile("Tangent explorer, probability of owl, direction: down its slope")
    notebook.wait_for(lambda: page.get_by_role("img", name=name).count() == 1, "its name")
    output.select_option("logit")
    direction.select_option("up its slope")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_the_patch_sliders_move_the_patch(notebook):
    page = notebook.page
    page.locator(".widget-dropdown select").nth(0).select_option("one patch brighter")
    notebook.wait_for(
        lambda: page.get_by_role("img", name=re.compile("one patch brighter")).count(), "the patch"
    )
    before = notebook.press(0, "End", "step 10")
    page.locator(STEP).nth(1).focus()
    page.keyboard.press("ArrowRight")
    notebook.wait_for(lambda: notebook.picture_hash() != before, "the patch below")
    notebook.settled("step 10")
    page.locator(STEP).nth(1).focus()
    page.keyboard.press("ArrowLeft")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first patch again")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("list") == [
        "direction",
        "step",
        "output",
        "patch, down",
        "patch, across",
    ]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
