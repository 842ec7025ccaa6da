"""The attribution explorer in JupyterLab: patches turn grey by mouse and by keyboard."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import NotebookPage

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

PHOTO = [28.8, 33.6, 244.8]  # left, top and side of the photo in its piece, in pixels
GRID = ".xai-squares .widget-toggle-button"


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


@pytest.mark.fault("J6")
def test_a_click_on_the_photo_greys_what_lies_there(notebook):
    """The buttons lie on the photo: where one is clicked, the picture turns grey, on all pages."""
    page = notebook.page
    for width in (1000, 800, 1400):
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(500)
        photo = page.locator("img.widget-image").first
        photo.scroll_into_view_if_needed()
        box = photo.bounding_box()
        x, y = PHOTO[0] + 2.5 * PHOTO[2] / 4, PHOTO[1] + 1.5 * PHOTO[2] / 4  # 2 down, 3 across
        before = colours(page)
        page.mouse.click(box["x"] + x, box["y"] + y)
        wait_for_grey(notebook, 1)
        notebook.picture_hash()
        after = colours(page)
        changed = [k for k in range(16) if before[k] != after[k]]
        assert changed == [6]
        assert after[6] == [127, 127, 127]
        page.mouse.click(box["x"] + x, box["y"] + y)
        wait_for_grey(notebook, 0)


def colours(page):
    """Return the colour in each patch of the photo, beside the cross in its middle."""
    return page.evaluate(
        """async ([left, top, side]) => {
            const image = document.querySelector('img.widget-image');
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
            const paper = canvas.getContext('2d'), scale = image.naturalWidth / image.width;
            paper.drawImage(image, 0, 0);
            return [...Array(16).keys()].map(k => [...paper.getImageData(
                scale * (left + (k % 4 + 0.3) * side / 4),
                scale * (top + (Math.floor(k / 4) + 0.3) * side / 4), 1, 1).data].slice(0, 3));
        }""",
        PHOTO,
    )


@pytest.mark.fault("J6")
def test_the_keyboard_alone_greys_a_patch(notebook):
    """One stop of the tab key; arrows go from patch to patch and stop at the edges."""
    page = notebook.page

    def here():
        return page.evaluate("document.activeElement.getAttribute('aria-label')")

    page.locator(GRID).first.focus()
    page.get_by_role("button", name="restore all").focus()
    page.keyboard.press("Tab")
    assert here() == "patch 1 down, 1 across"
    for key in ("ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        assert here() == "patch 1 down, 1 across"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert here() == "patch 2 down, 2 across"
    page.keyboard.press("Enter")
    wait_for_grey(notebook, 1)
    assert here() == "patch 2 down, 2 across"
    pressed = page.get_by_role("button", name="patch 2 down, 2 across", pressed=True)
    notebook.wait_for(lambda: pressed.count() == 1, "a button that says it is pressed", 5)
    page.keyboard.press("Tab")  # leaves the photo
    assert "patch" not in (here() or "")
    page.keyboard.press("Shift+Tab")  # and comes back to where it was
    assert here() == "patch 2 down, 2 across"
    page.get_by_role("button", name="restore all").focus()
    page.keyboard.press("Enter")
    wait_for_grey(notebook, 0)
    assert page.get_by_role("button", pressed=True).count() == 0


def test_a_patch_button_answers_to_the_space_bar(notebook):
    notebook.page.locator(GRID).nth(0).focus()
    notebook.page.keyboard.press("Space")
    wait_for_grey(notebook, 1)
    notebook.page.keyboard.press("ArrowRight")
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


@pytest.mark.fault("J6")
def test_the_picture_and_the_buttons_have_names(notebook):
    image = notebook.page.get_by_role("img", name=re.compile("Attribution explorer"))
    assert image.count() == 1
    assert notebook.page.locator(GRID).count() == 16
    for number, name in ((3, "patch 1 down, 4 across"), (13, "patch 4 down, 2 across")):
        button = notebook.page.get_by_role("button", name=name, exact=True)
        assert button.bounding_box() == notebook.page.locator(GRID).nth(number).bounding_box()


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []


def test_what_jupyterlab_asks_for_itself_is_no_problem_of_a_panel() -> None:
    page = NotebookPage(page=None, path=Path("panel.ipynb"))
    cancelled = "Error: Canceled future for {} message before replies were done"
    for own in ("create_subshell_request", "kernel_info_request"):
        page.hear(cancelled.format(own))
    assert page.problems == []
    for ours in ("execute_request", "comm_info_request"):
        page.hear(cancelled.format(ours))
    page.hear("TypeError: x is undefined")
    assert len(page.problems) == 3
