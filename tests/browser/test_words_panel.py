"""The words panel in JupyterLab: the place on the way, the net, the way, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import xaicourse as xc

nets = {"first net": xc.zoo.load("sentence_cnn"), "second net": xc.zoo.load("sentence_cnn", seed=1)}
panel = xc.widgets.WordsPanel(nets, ["a dull film", "not a bad film"], starts=["[PAD]", "film"])
panel
"""

ALPHA = 0  # place of the slider


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_an_arrow_key_moves_along_the_way(notebook):
    before = notebook.press(ALPHA, "Home", "alpha 0.00")
    after = notebook.press(ALPHA, "End", "alpha 1.00")
    assert after != before
    assert notebook.press(ALPHA, "Home", "alpha 0.00") == before


def test_sentence_net_way_and_start_change_the_picture(notebook):
    page = notebook.page
    before = notebook.press(ALPHA, "End", "alpha 1.00")
    lists = page.locator(".widget-dropdown select")
    sentence, net, way, start = (lists.nth(k) for k in range(4))
    way.select_option("random words")
    drawn = notebook.settled("along words drawn at random")
    assert drawn != before
    net.select_option("second net")
    start.select_option("film")
    sentence.select_option("not a bad film")
    name = re.compile("Words panel, second net, 'not a bad film', random words from film")
    notebook.wait_for(lambda: page.get_by_role("img", name=name).count() == 1, "its name")
    for control, value in (
        (sentence, "a dull film"),
        (net, "first net"),
        (way, "straight"),
        (start, "[PAD]"),
    ):
        control.select_option(value)
    notebook.wait_for(lambda: notebook.picture_hash() == before, "the first picture again")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    names = ["alpha", "sentence", "net", "way", "start"]
    assert notebook.named_by_tab("slider", ALPHA) == names


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
