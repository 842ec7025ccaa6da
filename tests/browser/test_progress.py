"""Progress and review in JupyterLab: a table that unfolds, buttons, and a link that opens."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

START = """
import os
os.environ["XAICOURSE_PROGRESS"] = "../standing.json"
import xaicourse as xc
"""
LESSON_02 = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
PASSED = {"tries": 1, "passed": True, "counted": True}


@pytest.fixture(scope="module")
def notebook(open_notebook, lab):
    record = {"checks": {f"{n}.1": PASSED for n in ("00", "01", "02", "05")} | {"05.3": PASSED}}
    (lab.folder / "standing.json").write_text(json.dumps(record))
    (lab.folder / "exercises").mkdir()
    (lab.folder / "notebooks").mkdir()
    (lab.folder / "notebooks/02_guided_backprop.ipynb").write_text(LESSON_02)
    return open_notebook(
        START, "xc.progress()", "xc.review()", "xc.pretest()",
        name="exercises/standing.ipynb", shows=".xai-progress table",
    )  # fmt: skip


@pytest.mark.parametrize("width", [1400, 800])
def test_nothing_is_cut_off(notebook, width):
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(500)
    outputs = page.locator(".jp-OutputArea-output")
    for number in range(outputs.count()):
        wide, room = outputs.nth(number).evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert wide <= room + 1, number
    page.locator(".xai-progress").scroll_into_view_if_needed()
    page.screenshot(path=str(notebook.path.with_name(f"progress_{width}.png")))
    page.locator("button.xai-choice").nth(7).scroll_into_view_if_needed()
    page.screenshot(path=str(notebook.path.with_name(f"review_{width}.png")))


def test_goals_unfold_by_the_keyboard(notebook):
    page = notebook.page
    assert page.get_by_text("choose the number of steps by evidence").is_visible()
    goal = page.get_by_text("say which number of which class is explained")
    assert not goal.is_visible()
    for title in ("Goals of the other lessons", "Goals of lesson 00, Start here"):
        page.locator("summary", has_text=title).focus()
        page.keyboard.press("Enter")
    notebook.wait_for(goal.is_visible, "the goals of lesson 00")


def test_a_review_question_is_answered_and_kept(notebook):
    page = notebook.page
    page.get_by_role("button", name="(a) 0, 7 and 0", exact=True).click()
    said = "You chose a, which is right. The gradient asks whether the gate was open"
    notebook.wait_for(lambda: said in page.locator(".xai-said").first.inner_text(), said)
    page.get_by_role("button", name="(c) 0, 0 and 7", exact=True).click()
    notebook.wait_for(lambda: "You chose c." in page.locator(".xai-said").first.inner_text(), "c")
    stored = json.loads(notebook.path.parents[1].joinpath("standing.json").read_text())["reviews"][
        "02.R1"
    ]
    assert (stored["asked"], stored["right"]) == (1, 1)


def test_the_pretest_counts_its_answers_in_its_last_line(notebook):
    page = notebook.page
    last = page.locator(".xai-said").last
    assert "0 of 12 questions are answered" in last.inner_text()
    page.get_by_role("button", name="(a) (8, 3)", exact=True).click()
    notebook.wait_for(lambda: "1 of 12" in last.inner_text(), "the count")


def test_the_folded_link_opens_the_lesson(notebook):
    page = notebook.page
    fold = page.locator("details", has_text="lesson 02, section 2").last
    assert not fold.locator("a").is_visible()
    fold.locator("summary").click()
    fold.locator("a").click()
    tab = page.locator('.lm-TabBar-tabLabel:text("02_guided_backprop.ipynb")')
    notebook.wait_for(lambda: tab.count() == 1, "the lesson in a tab")


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
