"""The bias explorer in JupyterLab: its five lists, by mouse and by keyboard."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
import torch
from xaicourse.widgets import BiasPanel

torch.manual_seed(3)
def net():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3, stride=2), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(54, 4),
    ).eval().requires_grad_(False)
photos = {"down": torch.linspace(0, 1, 64).view(1, 1, 8, 8)}
photos["across"] = photos["down"].mT.contiguous()
panel = BiasPanel({"a": net(), "b": net()}, photos, labels=["cat", "dog", "owl", "elk"])
panel
"""


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(MAKE_PANEL)


def choose(notebook, place, option):
    """Choose an option of a list and return the new picture's hash."""
    before = notebook.picture_hash()
    notebook.choose(place, option)
    notebook.wait_for(lambda: notebook.picture_hash() != before, f"a new picture for {option}")
    return notebook.picture_hash()


def test_every_list_changes_the_picture_and_back(notebook):
    start = notebook.picture_hash()
    for place, option, back in (
        (0, "b", "a"),
        (1, "across", "down"),
        (2, "least likely", "most likely"),
        (3, "input", "everything"),
        (4, "the paper's picture", "with sign: it adds up"),
    ):
        assert choose(notebook, place, option) != start
        assert choose(notebook, place, back) == start


def test_the_words_follow(notebook):
    choose(notebook, 3, "input")
    notebook.wait_for(lambda: "input: share" in notebook.caption(), "the words")
    choose(notebook, 3, "everything")


def test_all_controls_are_reached_by_the_tab_key(notebook):
    assert notebook.named_by_tab("list") == ["net", "photo", "class", "shown", "picture"]


def test_the_browser_had_nothing_to_complain_about(notebook):
    notebook.page.screenshot(path=str(notebook.path.with_name("bias_panel.png")))
    assert notebook.problems == []
