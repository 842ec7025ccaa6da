"""The attack lab in JupyterLab: eps, goal, method, what the attacker knows, the keyboard."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import AttackPanel

torch.manual_seed(3)
net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 6, 5, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4),
    torch.nn.Flatten(), torch.nn.Linear(96, 3),
).eval().requires_grad_(False)
rows = torch.linspace(0, 1, 20)
down, right = torch.meshgrid(rows, rows, indexing="ij")
panel = AttackPanel(net, (down * right)[None, None], labels=["ant", "cat", "owl"])
panel
"""

EPS = 0  # place of the slider


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def test_an_arrow_key_moves_the_twin_and_the_picture(notebook):
    before = notebook.press(EPS, "Home", "eps 1 grey levels")
    after = notebook.press(EPS, "End", "eps 32 grey levels")
    assert after != before


def test_method_goal_and_attacker_change_the_picture(notebook):
    page = notebook.page
    goal, method, knows = (page.locator(".widget-dropdown select").nth(k) for k in (0, 1, 2))
    method.select_option("SmoothGrad")
    notebook.settled("SmoothGrad: of the 50")
    knows.select_option("the method itself")
    notebook.settled("attacker knows the method itself")
    goal.select_option("centre of mass")
    name = re.compile("Attack lab, .*centre of mass, SmoothGrad, attacker knows the method itself")
    notebook.wait_for(lambda: page.get_by_role("img", name=name).count() == 1, "its name")


def test_all_controls_are_reached_by_the_tab_key_and_have_names(notebook):
    assert notebook.named_by_tab("slider", EPS) == [
        "eps, grey levels", "goal", "method", "attacker knows", "beta",
    ]  # fmt: skip


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
