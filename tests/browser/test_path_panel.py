"""The path explorer in JupyterLab: keys and mouse in, another picture out."""

import json
import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import PathPanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 6, 5, stride=2), torch.nn.Tanh(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 5),
).eval().requires_grad_(False)
rows = torch.linspace(0, 1, 32)
down, right = torch.meshgrid(rows, rows, indexing="ij")
photo = torch.stack([down * right, down, 1 - right])
panel = PathPanel(net, photo[None], 2, steps=12, labels=["cat", "dog", "owl", "elk", "ant"])
panel
"""

ALPHA, STEPS = ".widget-slider .noUi-handle", ".widget-text input[type=number]"


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def settle(notebook, alpha, gradients=12):
    """Wait until the panel shows the finished answer, and return the picture's hash."""
    return notebook.settled(f"α = {alpha:.2f} · {gradients} gradients")


def go_to(notebook, key, alpha):
    """Press a key on the alpha slider and wait until the panel shows alpha."""
    notebook.page.focus(ALPHA)
    notebook.page.keyboard.press(key)
    return settle(notebook, alpha)


def type_steps(notebook, text):
    notebook.page.fill(STEPS, text)
    notebook.page.keyboard.press("Enter")


def test_an_arrow_key_changes_the_picture(notebook):
    before = go_to(notebook, "Home", 0.0)
    after = go_to(notebook, "ArrowRight", 0.01)
    assert after != before
    assert go_to(notebook, "Home", 0.0) == before  # the same settings give the same bytes


def test_many_fast_moves_end_on_the_last_value(notebook):
    go_to(notebook, "Home", 0.0)
    for _ in range(30):
        notebook.page.keyboard.press("ArrowRight")
    fast = settle(notebook, 0.3)
    go_to(notebook, "ArrowRight", 0.31)
    assert go_to(notebook, "ArrowLeft", 0.3) == fast


def test_dragging_with_the_mouse_ends_where_the_readout_says(notebook):
    go_to(notebook, "Home", 0.0)
    box = notebook.page.locator(ALPHA).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.down()
    notebook.page.mouse.move(x + 120, y, steps=40)
    notebook.page.mouse.up()
    readout = float(notebook.page.inner_text(".widget-readout"))
    assert readout > 0.2
    settle(notebook, readout)


def test_a_bad_setting_shows_an_error_and_a_good_one_recovers(notebook):
    before = go_to(notebook, "End", 1.0)
    type_steps(notebook, "0")
    notebook.page.wait_for_selector('[role="alert"]')
    assert "steps must be from 1 to 512 here, got 0" in notebook.page.inner_text('[role="alert"]')
    assert notebook.picture_hash() == before
    type_steps(notebook, "5")
    assert settle(notebook, 1.0, gradients=5) != before
    assert not notebook.page.locator('[role="alert"]').count()
    type_steps(notebook, "12")
    assert settle(notebook, 1.0) == before


@pytest.mark.fault("J5")
def test_words_below_a_refused_value_are_true(notebook):
    """The walk of 300 steps is stopped by a value that is refused: nothing refines then."""
    go_to(notebook, "End", 1.0)
    type_steps(notebook, "300")
    type_steps(notebook, "100000")
    notebook.page.wait_for_selector('[role="alert"]')
    notebook.page.wait_for_timeout(500)
    assert "got 100000" in notebook.page.inner_text('[role="alert"]')
    assert notebook.caption().startswith("picture of the last allowed settings · ")
    assert "refining" not in notebook.caption()
    type_steps(notebook, "12")
    settle(notebook, 1.0)
    assert "last allowed" not in notebook.caption()


def test_a_newer_number_of_steps_ends_the_older_walk(notebook):
    before = go_to(notebook, "End", 1.0)
    type_steps(notebook, "500")
    type_steps(notebook, "7")
    assert settle(notebook, 1.0, gradients=7) != before
    type_steps(notebook, "12")
    assert settle(notebook, 1.0) == before


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("slider") == ["alpha", "steps", "rule", "baseline", "output"]


def test_the_picture_has_a_name_for_screen_readers(notebook):
    image = notebook.page.get_by_role("img", name=re.compile("Path explorer at alpha"))
    assert image.count() == 1


def test_a_choice_in_a_list_changes_the_picture(notebook):
    before = go_to(notebook, "End", 1.0)
    baseline = notebook.page.locator(".widget-dropdown select").nth(1)
    baseline.select_option("white")
    notebook.wait_for(lambda: notebook.picture_hash() != before, "the picture from white")
    baseline.select_option("black")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the picture from black again")


def test_the_saved_notebook_holds_a_picture_and_a_line_of_text(notebook):
    notebook.page.keyboard.press("Control+s")

    def saved():
        outputs = json.loads(notebook.path.read_text())["cells"][0]["outputs"]
        return outputs and outputs[0]["data"]

    data = notebook.wait_for(saved, "the saved output")
    assert "image/png" in data
    assert "".join(data["text/plain"]) == "Panel: path explorer, from the baseline to the input"


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
