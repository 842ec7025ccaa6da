"""The attribution explorer in JupyterLab: patches turn grey by mouse and by keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import AttributionPanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 6, 5, stride=2), torch.nn.Tanh(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 5),
).eval().requires_grad_(False)
steps = torch.linspace(0, 1, 32)
down, across = torch.meshgrid(steps, steps, indexing="ij")
photo = torch.stack([down * across, down, 1 - across])
panel = AttributionPanel(net, {"ramp": photo[None]}, {"cat": 2, "owl": 0}, side=4)
panel
"""

GRID = ".widget-gridbox .widget-toggle-button"


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def wait_for_grey(notebook, count):
    """Wait until the caption names so many grey patches."""
    wanted = {0: r"^logit of \w+: -?[\d.]+$", 1: "with 1 grey patch$"}
    pattern = wanted.get(count, f"with {count} grey patches$")
    notebook.wait_for(lambda: re.search(pattern, notebook.caption()), f"{count} grey patches")


def test_a_click_on_a_patch_changes_picture_and_logit_and_a_second_takes_it_back(notebook):
    wait_for_grey(notebook, 0)
    before = notebook.picture_hash()
    notebook.page.locator(GRID).nth(6).click()  # 2 down, 3 across
    wait_for_grey(notebook, 1)
    assert notebook.picture_hash() != before
    notebook.page.locator(GRID).nth(6).click()
    wait_for_grey(notebook, 0)
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_the_keyboard_alone_greys_a_patch(notebook):
    page = notebook.page
    handles = page.locator(".widget-hslider .noUi-handle")
    handles.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="grey / restore this patch").focus()
    page.keyboard.press("Enter")
    wait_for_grey(notebook, 1)
    assert page.locator(GRID).nth(4).inner_text().strip() == "×"  # 2 down, 1 across
    page.get_by_role("button", name="restore all").focus()
    page.keyboard.press("Enter")
    wait_for_grey(notebook, 0)


def test_a_patch_button_answers_to_the_space_bar(notebook):
    notebook.page.locator(GRID).nth(0).focus()
    notebook.page.keyboard.press("Space")
    wait_for_grey(notebook, 1)
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Space")
    wait_for_grey(notebook, 2)
    notebook.page.get_by_role("button", name="restore all").click()
    wait_for_grey(notebook, 0)


def test_class_method_display_and_scale_change_the_picture(notebook):
    seen = [notebook.picture_hash()]
    selects = notebook.page.locator(".widget-dropdown select")
    for place, value in ((1, "owl"), (2, "gradient"), (3, "absolute"), (4, "own")):
        selects.nth(place).select_option(value)
        notebook.wait_for(lambda: notebook.picture_hash() not in seen, f"a picture with {value}")
        seen.append(notebook.picture_hash())
    assert notebook.caption().startswith("logit of owl")


def test_the_picture_and_the_buttons_have_names(notebook):
    image = notebook.page.get_by_role("img", name=re.compile("Attribution explorer"))
    assert image.count() == 1
    assert notebook.page.locator(GRID).count() == 16
    assert notebook.page.locator(GRID).nth(3).get_attribute("title") == "patch 1 down, 4 across"


def test_the_browser_had_nothing_to_complain_about(notebook):
    # JupyterLab's own debugger complains when a kernel starts slowly; that is not the panel's.
    assert [text for text in notebook.problems if "debugger state" not in text] == []
