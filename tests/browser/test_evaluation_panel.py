"""The evaluation panel in JupyterLab: the share, the imputer, the score, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import EvaluationPanel

torch.manual_seed(3)
net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 3)).eval().requires_grad_(False)
x = torch.rand(6, 1, 28, 28)
panel = EvaluationPanel(
    net, x, maps={"picture": x, "turned": -x}, a="picture", b="turned", share=0.5
)
panel
"""

SHARE = 0  # place of the slider


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_an_arrow_key_moves_along_the_curve(notebook):
    before = notebook.press(SHARE, "Home", "imputer black")
    after = notebook.press(SHARE, "End", "imputer black")
    assert after != before


def test_imputer_and_score_change_the_picture(notebook):
    page = notebook.page
    score, imputer = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1))
    imputer.select_option("white")
    white = notebook.settled("imputer white")
    score.select_option("deletion")
    assert notebook.settled("deletion, 5 pictures") != white
    name = re.compile("Evaluation panel, deletion, imputer white")
    notebook.wait_for(lambda: page.get_by_role("img", name=name).count() == 1, "its name")
    imputer.select_option("black")
    score.select_option("ABPC")
    notebook.settled("ABPC, 5 pictures, imputer black")


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
