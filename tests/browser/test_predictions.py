"""A prediction in JupyterLab: buttons reached by the tab key, answered where a reader hears it."""

import json

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LONG = (
    "on most photos below alpha = 0.1, because the network sees edges long before it sees "
    "colours, so that all later light adds very little to what it knows already"
)
ASK = f"""
import os
os.environ["XAICOURSE_PROGRESS"] = "progress.json"
import xaicourse as xc
from xaicourse.course.progress.predictions import questions

questions()["05.P2"] = {{
    "choices": {{"a": "evenly", "b": "{LONG}", "c": "above alpha = 0.5"}},
    "said": {{"a": "Look at cell 6.", "b": "Look at cell 7: it draws the line.", "c": "Cell 8."}},
}}
xc.predict("05.P2")
"""
SHOW = """
control = {"pixels shuffled": 0.5, "another class": [0.125] * 6}
xc.show("a long line of a lesson, with numbers of its own", [0.25] * 9, control=control)
print("/no" * 90)
"""
BUTTON = "button.xai-choice"
BROKEN = """() => [...document.querySelectorAll('.jp-OutputArea-output pre')].flatMap(pre => {
    const text = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT), broken = [];
    for (let node = text.nextNode(); node; node = text.nextNode())
        for (const word of node.data.matchAll(/[^\\s]+/g)) {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
            if (tops.size > 1) broken.push(word[0]);
        }
    return broken;
})"""


@pytest.fixture(scope="module")
def notebook(open_notebook):
    return open_notebook(ASK, SHOW, name="prediction.ipynb", shows=BUTTON)


def status(notebook):
    return " ".join(notebook.page.locator('[role="status"]').all_inner_texts()).strip()


def test_the_buttons_have_their_whole_text_as_name(notebook):
    page = notebook.page
    for name in ("(a) evenly", f"(b) {LONG}", "(c) above alpha = 0.5"):
        assert page.get_by_role("button", name=name, exact=True).count() == 1, name
    assert page.locator('.xai-said[role="status"][aria-live="polite"]').count() == 1
    assert status(notebook) == ""


@pytest.mark.parametrize("width", [1400, 1000, 800])
def test_no_text_is_cut_off(notebook, width):
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(500)
    boxes = page.eval_on_selector_all(
        BUTTON,
        """buttons => buttons.map(b => {
            const range = document.createRange();
            range.selectNodeContents(b);
            const text = range.getBoundingClientRect(), box = b.getBoundingClientRect();
            const room = b.closest('.jp-OutputArea-output').getBoundingClientRect();
            return {inside: text.left >= box.left && text.right <= box.right
                && text.top >= box.top && text.bottom <= box.bottom && box.right <= room.right,
                overflow: b.scrollWidth > b.clientWidth || b.scrollHeight > b.clientHeight,
                top: box.top, bottom: box.bottom, left: box.left};
        })""",
    )
    page.screenshot(path=str(notebook.path.with_name(f"prediction_{width}.png")))
    assert len(boxes) == 3
    assert all(box["inside"] and not box["overflow"] for box in boxes), boxes
    assert boxes[0]["bottom"] <= boxes[1]["top"] <= boxes[1]["bottom"] <= boxes[2]["top"]
    assert len({box["left"] for box in boxes}) == 1


@pytest.mark.fault("J3")
@pytest.mark.parametrize("width", [1400, 1000, 800])
def test_what_is_printed_is_not_broken_inside_words(notebook, width):
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(500)
    printed = page.locator(".jp-OutputArea-output pre", has_text="a long line")
    assert printed.evaluate("pre => pre.getBoundingClientRect().height") > 30  # several lines
    assert page.evaluate(BROKEN) == ["/no" * 90]  # a word that is wider than the page
    assert printed.evaluate("pre => pre.scrollWidth <= pre.clientWidth")


def test_tab_and_enter_choose_the_second_and_the_answer_is_a_status(notebook):
    page = notebook.page
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.locator(BUTTON).first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("(b) ")
    page.keyboard.press("Enter")
    answer = "You chose b. Look at cell 7: it draws the line."
    notebook.wait_for(lambda: status(notebook) == answer, answer)
    marked = page.get_by_role("button", name=f"(b) {LONG} (your choice)", exact=True)
    notebook.wait_for(lambda: marked.count() == 1, "the mark on the button")
    assert page.evaluate("document.activeElement.textContent").startswith("(b) ")
    page.screenshot(path=str(notebook.path.with_name("prediction_answered.png")))
    stored = json.loads(notebook.path.with_name("progress.json").read_text())
    assert stored["predictions"]["05.P2"].items() >= {"first": "b", "last": "b"}.items()


def test_a_second_choice_is_answered_and_the_first_kept(notebook):
    page = notebook.page
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    notebook.wait_for(lambda: status(notebook) == "You chose c. Cell 8.", "the second answer")
    before = page.get_by_role("button", name=f"(b) {LONG} (chosen before)", exact=True)
    notebook.wait_for(lambda: before.count() == 1, "the mark on the first choice")
    page.screenshot(path=str(notebook.path.with_name("prediction_twice.png")))
    stored = json.loads(notebook.path.with_name("progress.json").read_text())
    assert stored["predictions"]["05.P2"].items() >= {"first": "b", "last": "c"}.items()


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
