"""docs/methods/: a page and a picture for each method, and the pages that lead to them."""

import doctest
import hashlib
import importlib
import inspect
import io
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image

import xaicourse as xc

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = DOCS / "methods"
PICTURES = PAGES / "pictures"
OVERVIEWS = ("cheat_sheet", "glossary", "timeline")
ALL = [*(f"methods/{name}.md" for name in sorted(xc.METHODS)), "methods/index.md",
       *(f"{name}.md" for name in OVERVIEWS)]  # fmt: skip
LARGEST, LARGEST_TOGETHER = 20_000, 2_000_000  # bytes
SIDE = 224  # pixels
# what explains the photo at the cost of a gradient or two, and one of each other kind
QUICK = ["deep_taylor", "generalized_ig", "grad_cam", "gradient", "graph_ig", "lrp", "pattern_net",
         "discretized_ig", "meta_ig"]  # fmt: skip
# one of each way to draw: a map, cells of a layer, a small picture, pairs, words, bars
REDRAWN = ["gradient", "grad_cam", "pattern_net", "meta_ig", "discretized_ig", "graph_ig"]
HEADS = ["The equation", "Call", "Try it", "What it costs", "What it keeps and breaks",
         "When it fails", "Where it stands", "Paper"]  # fmt: skip
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)


@pytest.fixture(scope="module", autouse=True)
def _scripts_in_reach():
    """Let the scripts in docs/ find each other, in this file only."""
    added = [] if str(DOCS) in sys.path else [str(DOCS)]
    sys.path[:0] = added
    yield
    for folder in added:
        sys.path.remove(folder)


def module(name: str) -> ModuleType:
    return importlib.import_module(name)


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


# ---- pages ---------------------------------------------------------------------------------------


def test_the_pages_are_up_to_date():
    made = module("make_methods").pages()
    assert {file.name for file in PAGES.glob("*.md")} == set(made)
    old = [name for name, text in made.items() if text_of(f"methods/{name}") != text]
    assert old == [], "run  python docs/make_methods.py"


@pytest.mark.parametrize("name", OVERVIEWS)
def test_the_overviews_are_up_to_date(name):
    made = module(f"make_{name}").page()
    assert text_of(f"{name}.md") == made, f"run  python docs/make_{name}.py"


@pytest.mark.parametrize("page", ALL)
def test_links_and_pictures_are_there(page):
    text = FENCE.sub("", text_of(page))
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert links
    local = [link for link in links if not link.startswith("https://")]
    gone = [link for link in local if not (DOCS / page).parent.joinpath(link).exists()]
    assert gone == []
    assert all(len(alt) > 20 for alt in re.findall(r"!\[([^\]]*)\]", text))


@pytest.mark.parametrize("page", ALL)
def test_markdown_is_clean(page):
    """One title a page, formulas closed, nothing left of the docstring's own marks, no HTML."""
    text = FENCE.sub("", text_of(page))
    assert len(re.findall(r"^# ", text, re.M)) == 1
    assert text.startswith("# ")
    assert not re.search(r"^#{3,}", text, re.M)
    assert text.count("$$") % 2 == 0
    assert not re.search(r"\\[^\w\s]", text), "a host may read it as an escape"
    assert not re.search(r":\w+:`|``|^\.\. |^={4,}|</?[a-z]+>", text, re.M)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


@pytest.mark.parametrize("name", sorted(xc.METHODS))
def test_a_page_says_all_that_is_asked(name):
    text = text_of(f"methods/{name}.md")
    heads = re.findall(r"^## (.+)$", FENCE.sub("", text), re.M)
    assert heads == HEADS
    parts = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    assert all(len(part.split()) >= 6 for part in parts.values())
    assert "$$" in parts["The equation"]
    for parameter in inspect.signature(xc.METHODS[name].method).parameters:
        assert f"**`{parameter}`**" in parts["Call"]
    assert not re.search(r"<\w+ .* at 0x|object at", parts["Call"])
    assert parts["What it costs"].strip().startswith(f"{xc.METHODS[name].cost({})} gradient")
    assert f"Taught in lesson [{xc.METHODS[name].lesson}]" in text or "planned" in text
    assert "@misc{" in parts["Paper"]


@pytest.mark.parametrize("name", sorted(xc.METHODS))
def test_the_example_of_a_page_runs(name, capsys):
    code = "\n".join(
        re.findall(r"^```pycon\n(.*?)^```$", text_of(f"methods/{name}.md"), re.M | re.S)
    )
    assert f"xc.{name}" in code
    test = doctest.DocTestParser().get_doctest(code, {}, name, None, 0)
    wrong = doctest.DocTestRunner(verbose=False).run(test, out=sys.stdout.write).failed
    assert wrong == 0, capsys.readouterr().out


def test_every_method_and_metric_has_its_place():
    gallery, timeline, metrics = (
        text_of(p) for p in ("methods/index.md", "timeline.md", "metrics.md")
    )
    for name in xc.METHODS:
        assert f"({name}.md)" in gallery
        assert f"(methods/{name}.md)" in timeline
    for name in xc.METRICS:
        assert f"| `{name}` |" in metrics
        assert f"(metrics/{name}.md)" in timeline


def test_the_timeline_goes_forward():
    years = [int(year) for year in re.findall(r"^\| \*\*(\d{4})\*\*", text_of("timeline.md"), re.M)]
    assert years == sorted({record.year for record in xc.METHODS.values()})


def test_a_year_is_that_of_the_preprint_or_a_later_print():
    """As the page says; two years are the longest that a paper of ours was in print."""
    records = [*xc.METHODS.values(), *xc.METRICS.values()]
    papers = [(r, re.match(r"arXiv:(\d\d)\d\d\.", r.paper)) for r in records]
    years = {r.name: r.year - 2000 - int(found[1]) for r, found in papers if found}
    assert set(years.values()) == {0, 1, 2}
    two = {r.year for r in records if r.paper == xc.METHODS["deconvnet"].paper}
    assert two == {2013, 2014}
    assert "occlusion under 2013, DeconvNet under 2014" in text_of("timeline.md")


def test_every_method_that_needs_something_stands_on_the_cheat_sheet():
    text = text_of("cheat_sheet.md")
    special = [r.name for r in xc.METHODS.values() if set(r.needs) - {"gradient"}]
    assert [name for name in special if f"`{name}`" not in text] == []


def test_the_cheat_sheet_is_one_page():
    """About what a sheet of A4 holds in small print: 60 lines of 110 letters."""
    text = re.sub(r"\]\([^)]*\)", "]", text_of("cheat_sheet.md"))
    lines = sum(1 + len(line) // 110 for line in text.splitlines() if line.strip())
    assert lines <= 60


# ---- pictures ------------------------------------------------------------------------------------


def test_every_method_has_its_picture_and_no_other_lies_there():
    stored = module("method_pictures").stored()
    assert set(stored) == set(xc.METHODS)
    assert {file.stem for file in PICTURES.glob("*.png")} == set(xc.METHODS)
    assert sum(file.stat().st_size for file in PICTURES.iterdir()) < LARGEST_TOGETHER


@pytest.mark.parametrize("name", sorted(xc.METHODS))
def test_a_picture_is_small_in_colour_and_the_one_that_was_put_down(name):
    content = (PICTURES / f"{name}.png").read_bytes()
    assert len(content) <= LARGEST
    assert hashlib.sha256(content).hexdigest() == module("method_pictures").stored()[name]["sha256"]
    picture = Image.open(PICTURES / f"{name}.png")
    assert (picture.mode, picture.size) == ("P", (SIDE, SIDE))
    colours = np.asarray(picture.convert("RGB")).astype(int)
    coloured = (colours.max(-1) - colours.min(-1)) > 60
    assert coloured.mean() > 0.002, "grey where a map should be"


def test_pictures_differ():
    """Only methods that are equal on this net draw the same."""
    stored = module("method_pictures").stored()
    assert len({facts["sha256"] for facts in stored.values()}) > 0.9 * len(stored)


def test_what_was_put_down_is_what_would_be_drawn():
    pictures = module("method_pictures")
    stored = pictures.stored()
    for name, record in xc.METHODS.items():
        scene = pictures.scene(record)
        assert stored[name]["on"] == scene.on, f"draw it again: --pictures {name}"
        assert stored[name]["settings"] == pictures.plain(scene), f"--pictures {name}"


@pytest.mark.parametrize("name", QUICK)
def test_a_map_has_not_changed_since_it_was_drawn(name, close):
    pictures = module("method_pictures")
    scene = pictures.scene(xc.METHODS[name])
    values = xc.METHODS[name].method(scene.model, scene.x, scene.target, **scene.settings)
    size = float(torch.linalg.vector_norm(values.double()))
    stored = pictures.stored()[name]["size of the map"]
    close(torch.tensor(size), torch.tensor(stored), 1e-3)


@pytest.mark.parametrize("name", REDRAWN)
def test_a_picture_is_drawn_again_as_it_is(name):
    """Colours may differ a little where another machine rounds otherwise."""
    pictures = module("method_pictures")
    content, facts = pictures.made(name)
    new, old = (
        np.asarray(Image.open(file).convert("RGB")).astype(int)
        for file in (io.BytesIO(content), PICTURES / f"{name}.png")
    )
    assert np.abs(new - old).mean() < 1, f"draw it again: --pictures {name}"  # of 255
    assert facts["alt"] == pictures.stored()[name]["alt"]


# ---- words and papers ----------------------------------------------------------------------------


def wrong_words(entries: dict[str, dict[str, str]]) -> list[str]:
    glossary = module("make_glossary")
    found = []
    for word, entry in entries.items():
        text = glossary.lessons().get(entry["lesson"], "")
        if not glossary.stands_in(word, entry, text):
            found.append(f"{word} does not stand in lesson {entry['lesson']}")
        first = glossary.lessons().get(entry.get("first", entry["lesson"]), "")
        if "first" in entry and not glossary.stands_in(word, entry, first):
            found.append(f"{word} is not first used in lesson {entry['first']}")
        if not 4 <= len(entry["says"].split()) <= 45 or not entry["says"].endswith("."):
            found.append(f"{word} is not said in one or two sentences")
    return found


def test_words_of_the_glossary_stand_in_their_lessons():
    entries = module("make_glossary").read()
    assert len(entries) > 50
    assert wrong_words(entries) == []


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"lesson": "00", "says": "A point where slopes jump."}, "does not stand in lesson 00"),
        ({"lesson": "99", "says": "A point where slopes jump."}, "does not stand in lesson 99"),
        ({"lesson": "05", "says": "A point."}, "is not said in one or two sentences"),
        (
            {"lesson": "05", "first": "00", "says": "A point where slopes jump."},
            "is not first used in lesson 00",
        ),
    ],
)
def test_a_wrong_word_is_seen(entry, says):
    assert wrong_words({"kink": entry}) == [f"kink {says}"]


def test_a_word_in_capitals_is_looked_for_as_it_is_written():
    stands_in = module("make_glossary").stands_in
    assert stands_in("ROAD", {}, "we use ROAD here")
    assert not stands_in("ROAD", {}, "a road to nowhere")
    assert stands_in("gate", {}, "Gates open")


def test_no_paper_is_left_over():
    """Each entry of references.bib is named in a docstring or a comment of the package."""
    keys = set(re.findall(r"^@\w+\{(\w+),", text_of("references.bib"), re.M))
    sources = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("xaicourse/**/*.py"))
    named = {key for key in keys if f"[{key}]" in sources or f"{key} in" in sources}
    assert keys - named == set()
