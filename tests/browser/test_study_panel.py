"""A whole study in JupyterLab: by keys, with a kernel that is killed, and two raters at once."""

import os
import re
import signal
import sqlite3
import time
from textwrap import dedent

import pytest

from tests.browser.conftest import run_all
from xaicourse.people import Answers, analyse_choices, forced_choice

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

MAKE_PANEL = """
import os
import xaicourse as xc

print("kernel", os.getpid())
panel = xc.widgets.StudyPanel(
    *xc.widgets.study_pair({count}), file="{file}", rater={rater}
)
panel
"""
KEYS = {"1": "left", "2": "right", "0": "cannot tell"}
STUDY, SMALL = (
    forced_choice(range(count), ("Integrated Gradients", "edges"), raters=1000, name="lesson 17")
    for count in (20, 4)
)


def opened(open_notebook, name, file, rater, count=20):
    cell = MAKE_PANEL.format(count=count, file=file, rater=rater)
    return open_notebook(cell, name=name, shows=".xai-panel")


def process_id(notebook):
    said = notebook.page.locator(".jp-OutputArea-output:has-text('kernel')").first.inner_text()
    return int(re.search(r"kernel (\d+)", said)[1])


def agree(notebook):
    """Agree by keyboard: the focus then waits on the first answer."""
    button = notebook.page.get_by_role("button", name="I agree: begin")
    button.wait_for()
    button.press("Enter")
    first = "document.activeElement.textContent.trim() === '1  left'"
    notebook.wait_for(lambda: notebook.page.evaluate(first), "the focus on the first answer")


def answer(notebook, key, number, length):
    """Press a key at the question of this number, and wait for the next one."""
    notebook.page.wait_for_timeout(300)  # nobody judges faster, says the panel
    notebook.page.keyboard.press(key)
    words = f"question {number + 1} of {length}" if number < length else "was chosen"
    notebook.wait_for(lambda: words in notebook.caption(), words)


def key_of(trial):
    """Return the key of a rater who looks: whole maps before shuffled ones, otherwise by turns."""
    if trial.catch:
        return "2" if trial.left == "shuffled" else "1"
    return "120"[trial.number % 3]


def test_a_study_from_first_question_to_result_with_a_killed_kernel(open_notebook, lab):
    notebook = opened(open_notebook, "study.ipynb", "killed.sqlite", 1)
    page, length = notebook.page, STUDY.length
    trials = STUDY.trials(1)
    assert "question 1 of 22" in notebook.caption()
    assert page.locator(".xai-answers button").count() == 0, "nothing is asked before the consent"
    agree(notebook)
    page.screenshot(path=str(lab.folder / "study_question.png"))
    pictures = {notebook.picture_hash()}
    for trial in trials[:9]:
        answer(notebook, key_of(trial), trial.number, length)
        pictures.add(notebook.picture_hash())
    assert len(pictures) == 10
    assert page.locator(".jp-MarkdownCell").count() == 0, "the keys are not JupyterLab's"

    before = process_id(notebook)
    os.kill(before, signal.SIGKILL)
    end = time.monotonic() + 120
    while process_id(notebook) == before and time.monotonic() < end:
        run_all(page)
        page.wait_for_timeout(2000)
    assert process_id(notebook) != before
    notebook.wait_for(lambda: "question 10 of 22" in notebook.caption(), "the tenth question")
    kept = Answers(STUDY, lab.folder / "killed.sqlite").of(1)
    assert [a.trial for a in kept] == list(trials[:9])

    page.locator(".xai-answers button").first.focus()
    for trial in trials[9:]:
        answer(notebook, key_of(trial), trial.number, length)
    kept = Answers(STUDY, lab.folder / "killed.sqlite").of(1)
    assert [(a.trial, a.choice) for a in kept] == [(t, KEYS[key_of(t)]) for t in trials]
    found = analyse_choices(kept, STUDY.methods)
    caption = notebook.caption()
    assert f"Integrated Gradients was chosen {found.pooled.k} of {found.pooled.n} times" in caption
    assert f"cannot tell {found.silent}" in caption
    assert found.left_out == ()
    assert page.locator(".xai-answers button").count() == 0
    page.screenshot(path=str(lab.folder / "study_result.png"))


def test_two_raters_in_two_browsers_at_once(open_notebook, lab):
    file, length = "two.sqlite", SMALL.length
    raters = {
        rater: opened(open_notebook, f"rater{rater}.ipynb", file, rater, 4) for rater in (1, 2)
    }
    assert process_id(raters[1]) != process_id(raters[2])
    for notebook in raters.values():
        agree(notebook)
    trials = {rater: SMALL.trials(rater) for rater in raters}
    for number in range(1, length + 1):
        for rater, notebook in raters.items():
            answer(notebook, key_of(trials[rater][number - 1]), number, length)
    for rater in raters:
        kept = Answers(SMALL, lab.folder / file).of(rater)
        wanted = [(t, KEYS[key_of(t)]) for t in trials[rater]]
        assert [(a.trial, a.choice) for a in kept] == wanted
    for notebook in raters.values():
        assert notebook.problems == []


def test_buttons_and_simulated_raters(open_notebook):
    notebook = opened(open_notebook, "simulated.ipynb", "simulated.sqlite", 3, 4)
    page = notebook.page
    agree(notebook)
    page.wait_for_timeout(300)
    page.get_by_role("button", name="2 right").click()
    notebook.wait_for(lambda: "question 2 of 6" in notebook.caption(), "the second question")
    first = notebook.picture_hash()
    page.get_by_role("combobox", name="mode", exact=True).select_option("simulated raters")
    notebook.wait_for(lambda: "false alarms" in notebook.caption(), "simulated studies")
    assert page.locator(".xai-answers button").count() == 0
    page.get_by_role("slider", name="for the left", exact=True).press("End")
    page.get_by_role("combobox", name="sides", exact=True).select_option("A always left")
    notebook.wait_for(lambda: "false alarms 99%" in notebook.caption(), "side for method")
    page.get_by_role("combobox", name="mode", exact=True).select_option("you judge")
    notebook.wait_for(lambda: "question 2 of 6" in notebook.caption(), "the second question again")
    assert notebook.picture_hash() == first
    assert notebook.problems == []


def test_a_simulatability_study_by_keys(open_notebook, lab):
    cell = """
    import xaicourse as xc

    panel = xc.widgets.GuessPanel(*xc.widgets.guess_items(2), file="guesses.sqlite")
    panel
    """
    notebook = open_notebook(dedent(cell), name="guesses.ipynb", shows=".xai-panel")
    page = notebook.page
    page.get_by_role("button", name="I agree: begin").press("Enter")
    on_row = "!!document.activeElement.closest('.xai-answers')"
    for number, key in enumerate("12121212", start=1):
        words = f"question {number} of 8 · What does the net say?"
        notebook.wait_for(lambda: words in notebook.caption(), words)  # noqa: B023
        notebook.wait_for(lambda: page.evaluate(on_row), "the focus on the answers")
        page.wait_for_timeout(300)
        page.keyboard.press(key)
    notebook.wait_for(lambda: "gain by the net's map" in notebook.caption(), "both gains")
    with sqlite3.connect(lab.folder / "guesses.sqlite") as base:
        kept = base.execute("select trial, choice from answer order by trial").fetchall()
    assert [trial for trial, _ in kept] == list(range(1, 9))
    names = [choice for _, choice in kept]
    assert names == names[:2] * 4
    assert names[0] != names[1]
    assert notebook.problems == []
