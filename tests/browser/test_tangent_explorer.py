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


def caption(notebook):
    return " ".join(notebook.page.inner_text('[role="status"]').split())


def settle(notebook, words):
    """Wait until the finished answer is shown, and return the picture's hash."""
    notebook.wait_for(
        lambda: caption(notebook).startswith(words) and "refining" not in caption(notebook), words
    )
    seen = [notebook.picture_hash()]

    def unchanged():
        notebook.page.wait_for_timeout(300)
        seen.append(notebook.picture_hash())
        return seen[-1] == seen[-2]

    notebook.wait_for(unchanged, "a picture that stays")
    return seen[-1]


def press(notebook, key, words):
    notebook.page.locator(STEP).nth(0).focus()
    notebook.page.keyboard.press(key)
    return settle(notebook, words)


def test_an_arrow_key_changes_the_step_and_the_picture(notebook):
    before = press(notebook, "Home", "step 0.01 grey levels · promised ")
    after = press(notebook, "ArrowRight", "step 0.011 grey levels")
    assert after != before
    assert press(notebook, "Home", "step 0.01 grey levels") == before
    press(notebook, "End", "step 10 grey levels")


def test_many_fast_moves_end_on_the_last_value(notebook):
    press(notebook, "Home", "step 0.01 grey levels")
    for _ in range(40):
        notebook.page.keyboard.press("ArrowRight")
    fast = settle(notebook, "step 1 grey level ·")
    press(notebook, "ArrowRight", "step 1.1 grey levels")
    assert press(notebook, "ArrowLeft", "step 1 grey level ·") == fast


def test_direction_and_output_change_the_picture(notebook):
    page = notebook.page
    before = press(notebook, "Home", "step 0.01")
    direction, output = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1))
    direction.select_option("down its slope")
    notebook.wait_for(lambda: "promised -" in caption(notebook), "a promise below 0")
    down = settle(notebook, "step 0.01")
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
    before = press(notebook, "End", "step 10")
    page.locator(STEP).nth(1).focus()
    page.keyboard.press("ArrowRight")
    notebook.wait_for(lambda: notebook.picture_hash() != before, "the patch below")
    settle(notebook, "step 10")
    page.locator(STEP).nth(1).focus()
    page.keyboard.press("ArrowLeft")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first patch again")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    notebook.page.locator(".widget-dropdown select").nth(0).focus()
    reached = ["direction"]
    for _ in range(10):
        notebook.page.keyboard.press("Tab")
        name = notebook.page.evaluate(
            """() => {
                const label = document.activeElement.closest('.jupyter-widgets')
                    ?.querySelector('.widget-label');
                return label ? label.textContent : '';
            }"""
        )
        if name and name not in reached:
            reached.append(name)
    assert reached == ["direction", "step", "output", "patch, down", "patch, across"]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
