"""The pages of the methods are what docs/make_methods.py writes today, and their links lead on."""

import importlib
import io
import json
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import xaicourse as xc

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PICTURES = DOCS / "methods" / "pictures"


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(DOCS))
    found = [importlib.import_module(n) for n in ("make_methods", "make_method_pictures")]
    sys.path.remove(str(DOCS))
    return found


@pytest.fixture(scope="module")
def pages(scripts):
    return scripts[0].pages()


def test_the_pages_are_up_to_date(pages):
    for file, text in pages.items():
        assert file.read_text(encoding="utf-8") == text, "run  python docs/make_methods.py"
    there = set((DOCS / "methods").glob("*.md"))
    assert there == {file for file in pages if file.parent.name == "methods"}


def test_every_method_has_a_page_with_all_its_parts(pages):
    for name, record in xc.METHODS.items():
        text = pages[DOCS / "methods" / f"{name}.md"]
        assert text.startswith(f"# {record.title} ({record.year})\n")
        heads = re.findall(r"^## (.+)$", text, re.M)
        assert heads == [
            "Call", "What it keeps, what it costs, when it fails", "Example", "Proved by", "Cite",
        ]  # fmt: skip
        for part in ("**Cost.**", "**Fails when**", "$", "@misc{", f"xc.{name}(", "| Paper |"):
            assert part in text, (name, part)
        assert ".. math" not in text
        assert ":math:" not in text
        assert "``" not in text.replace("```", "")
        assert text.count("$$") % 2 == 0


def test_every_link_and_picture_leads_somewhere(pages):
    for file, text in pages.items():
        without_math = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "", text, flags=re.S)
        links = re.findall(r"\]\(([^)]+)\)", without_math)
        assert links
        lost = [
            link for link in links
            if not link.startswith("https://") and not (file.parent / link).exists()
        ]  # fmt: skip
        assert lost == [], file.name


def test_every_method_has_its_picture_or_a_reason(scripts):
    drawn = scripts[1].stored()
    reasons = {name: scripts[1].why_none(record) for name, record in xc.METHODS.items()}
    assert set(drawn) == {name for name, reason in reasons.items() if not reason}
    assert {file.stem for file in PICTURES.glob("*.png")} == set(drawn)
    assert json.loads((PICTURES / "pictures.json").read_text()) == drawn
    sizes = []
    for file in PICTURES.glob("*.png"):
        with Image.open(file) as picture:
            assert picture.size == (224, 224)
            assert len(np.unique(np.asarray(picture.convert("L")))) > 3, file.name
        sizes.append(file.stat().st_size)
    assert max(sizes) < 20_000
    assert sum(sizes) < 2_000_000


@pytest.mark.parametrize("name", ["pattern_net", "input_x_gradient", "hires_cam", "meta_ig"])
def test_a_picture_drawn_today_is_the_stored_one(scripts, name):
    png, facts = scripts[1].make(xc.METHODS[name], scripts[1].the_pictures())
    assert facts == scripts[1].stored()[name]
    with Image.open(io.BytesIO(png)) as now, Image.open(PICTURES / f"{name}.png") as then:
        values = [np.asarray(p.convert("RGB")).astype(float) for p in (now, then)]
    assert np.linalg.norm(values[0] - values[1]) < 0.05 * np.linalg.norm(values[1])


def test_every_example_of_a_page_runs(pages):
    for name in xc.METHODS:
        text = pages[DOCS / "methods" / f"{name}.md"]
        code = re.search(r"## Example\n\n```python\n(.*?)```", text, re.S)[1]
        exec(compile(code, name, "exec"), {})  # our own page


def test_the_gallery_and_the_timeline_name_every_method_once(pages):
    for page in ("methods/index.md", "timeline.md"):
        text = pages[DOCS / page]
        links = re.findall(r"\]\((?:methods/)?(\w+)\.md\)", text)
        assert sorted(links) == sorted(xc.METHODS), page
    years = [int(y) for y in re.findall(r"^\| (\d{4}) \|", pages[DOCS / "timeline.md"], re.M)]
    assert years == sorted(years)
    assert len(years) == len(xc.METHODS)


def test_the_cheat_sheet_is_one_page_and_every_method_stands_under_its_cost(pages):
    text = pages[DOCS / "cheat_sheet.md"]
    assert len(re.sub(r"\]\([^)]*\)", "]", text).split()) < 450
    by_cost = text.partition("## What can you pay?")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"\]\(methods/(\w+)\.md\)", by_cost)) == sorted(xc.METHODS)
    for name in re.findall(r"`xc\.evaluation\.(\w+)`", text):
        assert hasattr(xc.evaluation, name)


def test_the_glossary_says_each_word_of_its_source_in_order(scripts, pages):
    words = tomllib.loads(scripts[0].GLOSSARY.read_text(encoding="utf-8"))
    said = re.findall(r"^\*\*(.+?)\*\* \(\[\d\d\]", pages[DOCS / "glossary.md"], re.M)
    assert said == sorted(words, key=str.lower)
    assert len(said) > 45
    for word, text in words.items():
        assert 5 <= len(text.split()) <= 40, word
        assert text.endswith((".", "'")), word


def test_a_word_that_no_lesson_says_is_refused(scripts):
    with pytest.raises(ValueError, match="no lesson says 'zwieback'"):
        scripts[0].first_lesson("zwieback")
