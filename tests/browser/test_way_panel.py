"""The way panel in JupyterLab: the path, the way-point, the unit, the rule, the keyboard."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
import xaicourse as xc

end = torch.tensor([[3.0, 3.0]]).double()
functions = {
    "TOY net": (xc.zoo.toy(), xc.zoo.toy_input()),
    "square": (lambda p: (2 * p[:, 0] + p[:, 1]) ** 2, end),
}
maps = {"straight (IG)": torch.eye(28), "corner": -torch.eye(28)}
panel = xc.widgets.WayPanel(functions, photo_maps=maps, n=40)
panel
"""

ACROSS, UP, N = 0, 1, 2  # places of the sliders
FUNCTION, WAY, UNIT, RULE = 0, 1, 2, 3  # places of the lists


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def choose(notebook, place, name):
    notebook.page.locator(".widget-dropdown select").nth(place).select_option(name)


def test_an_arrow_key_moves_the_way_point_until_a_sign_turns(notebook):
    choose(notebook, WAY, "way-point")
    notebook.settled("path way-point")
    notebook.press(ACROSS, "End", "way-point at 1.50")
    high = notebook.press(UP, "Home", "and -0.50 of the way")
    assert "x2 gets -" in notebook.caption()
    notebook.press(ACROSS, "Home", "way-point at -0.50")
    low = notebook.press(UP, "End", "and 1.50 of the way")
    assert low != high
    assert "x2 gets -" not in notebook.caption()


def test_the_unit_turns_the_guided_shares_round(notebook):
    choose(notebook, FUNCTION, "square")
    choose(notebook, WAY, "guided")
    notebook.settled("path guided")
    assert "x1 gets 7" in notebook.caption()
    choose(notebook, UNIT, "1/4")
    notebook.settled("x1 gets 3")
    choose(notebook, UNIT, "1")
    notebook.settled("x1 gets 7")


def test_rule_steps_and_the_photo(notebook):
    choose(notebook, WAY, "straight")
    notebook.settled("path straight")
    notebook.press(N, "Home", "1 steps")
    choose(notebook, RULE, "left")
    notebook.settled("sum 0, rise 81")
    choose(notebook, RULE, "midpoint")
    notebook.settled("sum 81, rise 81")
    before = notebook.picture_hash()
    choose(notebook, WAY, "x1 first")
    notebook.settled("path x1 first")
    assert notebook.picture_hash() != before


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    names = notebook.named_by_tab("slider", ACROSS)
    assert names == ["across", "up", "unit of x1", "rule", "n"]
    lists = notebook.page.locator(".widget-dropdown .widget-label")
    assert lists.all_text_contents() == ["function", "way", "unit of x1", "rule"]


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
