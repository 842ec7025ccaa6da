"""The pattern explorer in JupyterLab: two sliders, by keyboard, and the words under the picture."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
from xaicourse.widgets import PatternPanel

panel = PatternPanel(angle=45, strength=2.0)
panel
"""


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_the_arrows_follow_the_angle(notebook):
    before = notebook.picture_hash()
    assert notebook.press(0, "ArrowRight", "distractor at 50°, strength 2.0") != before
    assert notebook.press(0, "ArrowLeft", "distractor at 45°, strength 2.0") == before


def test_without_strength_the_weights_lie_on_the_signal(notebook):
    before = notebook.picture_hash()
    assert notebook.press(1, "Home", "weights 0° away from the signal") != before
    notebook.press(1, "End", "strength 4.0 · weights 45° away from the signal · pattern 0° away")


def test_the_browser_had_nothing_to_complain_about(notebook):
    notebook.page.screenshot(path=str(notebook.path.with_name("pattern_panel.png")))
    assert notebook.problems == []
