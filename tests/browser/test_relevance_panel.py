"""The relevance panel in JupyterLab: rule, class, net, epsilon, by mouse and keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
import xaicourse as xc
from xaicourse.widgets import RelevancePanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 6, 5, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 3),
).eval().requires_grad_(False)
steps = torch.linspace(0, 1, 24)
photo = (steps[:, None] * steps[None])[None, None]
toy = (xc.zoo.toy(), xc.zoo.toy_input(), {"f": None})
panel = RelevancePanel({"small": (net, photo, {"cat": 0, "owl": 1, "elk": 2}), "TOY": toy})
panel
"""


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def choose(notebook, place, option, words):
    """Choose an option in a list and wait until the caption says so; return the picture's hash."""
    notebook.choose(place, option)
    return notebook.settled(words)


def test_rule_and_class_change_map_and_words(notebook):
    before = choose(notebook, 2, "epsilon", "rule epsilon ")
    flat = choose(notebook, 2, "flat", "rule flat")
    assert flat != before
    assert "likeness to the other classes' maps 1.00" in notebook.caption()
    choose(notebook, 1, "owl", "owl, rule flat")
    choose(notebook, 1, "cat", "cat, rule flat")
    assert choose(notebook, 2, "epsilon", "rule epsilon ") == before


def test_another_net_brings_its_own_classes(notebook):
    choose(notebook, 0, "TOY", "f, rule epsilon")
    options = notebook.page.locator(".widget-dropdown select").nth(1).locator("option")
    assert options.all_inner_texts() == ["f"]
    assert "score 2" in notebook.caption()
    name = re.compile("Relevance panel, TOY, f, rule epsilon")
    notebook.wait_for(lambda: notebook.page.get_by_role("img", name=name).count() == 1, "its name")
    choose(notebook, 0, "small", "cat, rule epsilon")


def test_the_keyboard_moves_epsilon(notebook):
    handle = notebook.page.locator(".widget-slider .noUi-handle").nth(0)
    before = notebook.settled("rule epsilon")
    handle.focus()
    notebook.page.keyboard.press("End")
    notebook.wait_for(lambda: notebook.picture_hash() != before, "another picture")
    notebook.wait_for(lambda: "· epsilon 10 ·" in notebook.caption(), "epsilon in the caption")
    assert notebook.page.locator(".widget-slider .widget-readout").inner_text() == "10"
    notebook.page.keyboard.press("Home")
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_epsilon_is_off_for_a_rule_without_it(notebook):
    slider = notebook.page.locator(".widget-slider .noUi-target")
    choose(notebook, 2, "z_plus", "rule z_plus ")
    notebook.wait_for(lambda: slider.get_attribute("disabled") is not None, "a grey slider")
    choose(notebook, 2, "epsilon", "rule epsilon ")
    notebook.wait_for(lambda: slider.get_attribute("disabled") is None, "a live slider")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("list") == ["net", "class", "rule", "epsilon"]


def test_a_picture_of_the_panel(notebook):
    notebook.page.screenshot(path=str(notebook.path.with_name("relevance.png")))


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
