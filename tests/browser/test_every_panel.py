"""All panels on one page: no scrollbars, words large enough, names and values that are spoken."""

import json

import pytest

from tests.frozen.make import panels

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MAKE_PANEL = """
from tests.frozen.make import panels

panel = panels()["{name}"]()
panel.view.add_class("panel-{name}")
panel
"""
POINTS = """
from matplotlib.text import Text
from xaicourse.widgets.plates import figure_of

texts = figure_of(panel.size, panel.plates(panel.result)).findobj(Text)
print("smallest words:", min(t.get_fontsize() for t in texts if t.get_visible() and t.get_text()))
"""
FIGURE = """
from matplotlib.figure import Figure
import xaicourse as xc

xc.plot.Picture(Figure(figsize=(2, 1)), "An empty sheet.")
"""
NAMES = [name for name in panels() if not name.endswith("_toy")]  # one of each lesson
TALL = 9000  # pixels: every cell is on the page
SMALLEST = 9  # pixels of a word's font, as the browser shows it
WIDTHS = (1400, 1000, 800)
PIECES = """panel => [...panel.querySelectorAll('img.widget-image')].map(
    image => ({top: image.offsetTop, shown: image.width, stored: image.naturalWidth}))"""
SCROLLED = """panel => [...panel.closest('.jp-Cell-outputArea').querySelectorAll('*')]
    .filter(one => one.scrollWidth > one.clientWidth && one.clientWidth
            && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX))
    .map(one => `${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)"""


@pytest.fixture(scope="module")
def notebook(open_notebook):
    cells = [cell.format(name=name) for name in NAMES for cell in (MAKE_PANEL, POINTS)]
    return open_notebook(*cells, FIGURE, height=TALL)


@pytest.fixture(params=WIDTHS)
def width(request, notebook):
    notebook.page.set_viewport_size({"width": request.param, "height": TALL})
    notebook.page.wait_for_timeout(700)  # the page is laid out anew
    return request.param


def panel_of(notebook, name):
    return notebook.page.locator(f".panel-{name}")


@pytest.mark.fault("J2")
def test_no_panel_has_a_horizontal_scrollbar(notebook, width):
    scrolled = {name: panel_of(notebook, name).evaluate(SCROLLED) for name in NAMES}
    assert scrolled == {name: [] for name in NAMES}


@pytest.mark.fault("J9")
def test_pieces_stand_side_by_side_where_there_is_room(notebook, width):
    for name in NAMES:
        tops = {piece["top"] for piece in panel_of(notebook, name).evaluate(PIECES)}
        assert (len(tops) == 1) is (width == 1400), name


@pytest.mark.fault("J9")
def test_the_smallest_words_can_be_read(notebook, width):
    """A word of p points has p / 72 inches, at 120 stored pixels an inch."""
    said = notebook.page.locator(".jp-OutputArea-output:has-text('smallest words:')")
    points = [float(text.split(":")[1]) for text in said.all_text_contents()]
    sizes = {
        name: min(
            smallest / 72 * 120 * piece["shown"] / piece["stored"]
            for piece in panel_of(notebook, name).evaluate(PIECES)
        )
        for name, smallest in zip(NAMES, points, strict=True)
    }
    assert min(sizes.values()) >= SMALLEST, sizes


@pytest.mark.fault("J4")
def test_every_slider_says_its_label_and_the_value_that_is_read(notebook):
    sliders = notebook.page.locator(".xai-panel .widget-slider")
    assert sliders.count() >= 11
    for slider in sliders.all():
        label = slider.locator(".widget-label").inner_text()
        handle = slider.get_by_role("slider", name=label, exact=True)
        for key in ("ArrowLeft", "Home", "End"):
            handle.press(key)
            read = slider.locator(".widget-readout").inner_text()
            spoken = f"{label} after {key}: {read}"
            notebook.wait_for(lambda: handle.get_attribute("aria-valuetext") == read, spoken, 5)  # noqa: B023


@pytest.mark.fault("J4")
def test_what_is_spoken_is_no_exponent_and_no_index(notebook):
    for panel, label, value in (
        ("noise", "sigma", "0.0032"),
        ("noise", "n, copies", "2"),
        ("layer", "layer", "act1"),
        ("pattern", "strength", "0.0"),
        ("tangent", "patch, down", "1"),
    ):
        handle = panel_of(notebook, panel).get_by_role("slider", name=label, exact=True)
        handle.press("Home")
        said = f"{label}: {value}"
        notebook.wait_for(lambda: handle.get_attribute("aria-valuetext") == value, said, 5)  # noqa: B023


def test_lists_and_fields_have_names(notebook):
    for kind, label in (("combobox", "rule"), ("combobox", "baseline"), ("spinbutton", "steps")):
        assert panel_of(notebook, "path").get_by_role(kind, name=label, exact=True).count() == 1


@pytest.mark.fault("J4")
def test_every_piece_of_a_picture_has_an_alt_text(notebook):
    for name in NAMES:
        alts = (
            panel_of(notebook, name)
            .locator("img.widget-image")
            .evaluate_all("images => images.map(image => image.alt)")
        )
        assert len(alts[0]) > 40
        rest = [f"part {k} of the same picture" for k in range(2, len(alts) + 1)]
        assert alts[1:] == rest


def test_a_panels_words_are_folded_open_by_key_and_follow_the_settings(notebook):
    panel = panel_of(notebook, "path")
    words = panel.locator(".xai-text")
    assert not words.is_visible()
    panel.get_by_text("In words").press("Enter")
    assert words.is_visible()
    panel.get_by_role("slider", name="alpha").press("Home")
    notebook.wait_for(lambda: "at alpha 0.00" in words.inner_text(), "the words at alpha 0", 10)
    assert words.is_visible()
    panel.get_by_text("In words").press("Enter")
    assert not words.is_visible()


def test_only_one_line_in_words_stands_below_a_live_panel(notebook):
    shown = [line.is_visible() for line in notebook.page.locator(".xai-in-words").all()]
    assert shown == [False] * len(NAMES) + [True]


@pytest.mark.fault("J4")
def test_a_figures_words_reach_a_reader_who_does_not_trust_the_notebook(notebook, lab):
    """JupyterLab takes away from such outputs what may be dangerous."""
    stored = json.loads(notebook.path.read_text())
    stored["cells"] = stored["cells"][-1:]
    from xaicourse.plot.in_words import in_words

    output = {"output_type": "display_data", "metadata": {}, "data": in_words("A line & more.")}
    stored["cells"][0]["outputs"] = [output]
    (lab.folder / "stored.ipynb").write_text(json.dumps(stored))
    page = notebook.page.context.new_page()
    page.goto(f"{lab.url('lab/tree/stored.ipynb')}&reset", wait_until="domcontentloaded")
    fold = page.locator(".jp-OutputArea details")
    fold.wait_for()
    assert fold.evaluate("fold => fold.getBoundingClientRect().height") < 30
    assert not fold.get_by_text("A line & more.").is_visible()
    fold.get_by_text("In words").click()
    assert fold.get_by_text("A line & more.").is_visible()
    page.close()


def test_the_browser_had_nothing_to_complain_about(notebook):
    assert notebook.problems == []
