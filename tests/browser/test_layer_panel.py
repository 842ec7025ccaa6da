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

LAYER = ".widget-hslider .noUi-handle"


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def caption(notebook):
    return " ".join(notebook.page.inner_text('[role="status"]').split())


def settle(notebook, words):
    """Wait until the caption begins with these words, and return the picture's hash."""
    notebook.wait_for(lambda: caption(notebook).startswith(words), words)
    seen = [notebook.picture_hash()]

    def unchanged():
        notebook.page.wait_for_timeout(300)
        seen.append(notebook.picture_hash())
        return seen[-1] == seen[-2]

    notebook.wait_for(unchanged, "a picture that stays")
    return seen[-1]


def press(notebook, key, words):
    notebook.page.locator(LAYER).nth(0).focus()
    notebook.page.keyboard.press(key)
    return settle(notebook, words)


def choose(notebook, number, value):
    notebook.page.locator(".widget-dropdown select").nth(number).select_option(value)


def test_arrow_keys_walk_through_the_layers(notebook):
    last = settle(notebook, "grad_cam at block2: 7 × 7 cells")
    middle = press(notebook, "ArrowLeft", "grad_cam at block1: 14 × 14 cells")
    first = press(notebook, "ArrowLeft", "grad_cam at relu: 28 × 28 cells")
    assert len({last, middle, first}) == 3
    press(notebook, "ArrowRight", "grad_cam at block1")
    assert press(notebook, "ArrowRight", "grad_cam at block2") == last


def test_class_method_and_display_change_the_picture_and_come_back(notebook):
    before = settle(notebook, "grad_cam at block2")
    for number, value, back in (
        (0, "coat", "ankle boot"), (2, "with sign", "positive only"),
        (3, "own", "shared by all classes"), (4, "over the photo", "cells"),
    ):  # fmt: skip
        choose(notebook, number, value)
        notebook.wait_for(lambda: notebook.picture_hash() != before, value)
        choose(notebook, number, back)
        notebook.wait_for(lambda: notebook.picture_hash() == before, f"{value} taken back")
    choose(notebook, 1, "hires_cam")
    settle(notebook, "hires_cam at block2")
    choose(notebook, 1, "grad_cam")
    assert settle(notebook, "grad_cam at block2") == before


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    notebook.page.locator(LAYER).nth(0).focus()
    reached = ["layer"]
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
    assert reached == ["layer", "class", "method", "values", "scale", "display"]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
    notebook.page.screenshot(path=str(notebook.path.with_name("layer_panel.png")))
