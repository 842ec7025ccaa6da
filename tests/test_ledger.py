"""docs/ledger.md is what docs/make_ledger.py writes today, and has no blank cell."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import xaicourse as xc

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def ledger() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_ledger", DOCS / "make_ledger.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_is_missing(ledger):
    assert ledger.blanks() == []


def test_the_page_is_up_to_date(ledger):
    stored = (DOCS / "ledger.md").read_text(encoding="utf-8")
    assert stored == ledger.page(), "run  python docs/make_ledger.py"


def test_every_row_is_as_wide_as_its_head(ledger):
    tables = re.findall(r"(?:^\|.*\n)+", ledger.page(), re.M)
    assert len(tables) == 2
    for text in tables:
        rows = [line.strip("|").split("|") for line in text.splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}
        assert all(cell.strip() for row in rows for cell in row)
    names = {row.split("`")[1] for row in tables[0].splitlines()[2:]}
    assert names == set(xc.METHODS)


def test_links_lead_somewhere(ledger):
    links = set(re.findall(r"\]\(([^)]+)\)", ledger.page()))
    assert all(link.startswith("https://") or (DOCS / link).exists() for link in links)


@pytest.mark.parametrize(
    ("leg", "text", "says"),
    [
        ("property", "", "no property"),
        ("oracle", "none exists", "there is no file"),
        ("closed_form", "tests/methods/test_gone.py::test_a", "there is no file"),
        ("closed_form", "tests/methods/test_gradient.py::test_gone", "no 'test_gone'"),
        ("picture", "tests/methods/test_gradient.py::test_details", "picture is no leg"),
    ],
)
def test_each_gap_is_seen(ledger, monkeypatch, leg, text, says):
    legs = ledger.read_legs()
    legs["gradient"] = {**legs["gradient"], leg: text}
    monkeypatch.setattr(ledger, "read_legs", lambda: legs)
    (blank,) = ledger.blanks()
    assert blank.startswith("gradient: ")
    assert says in blank


def test_a_method_that_was_not_measured_is_seen(ledger, monkeypatch):
    measured = ledger.read_measured()
    measured["gradient"] = [replace(one, on="fashion_cnn") for one in measured["gradient"][:1]]
    monkeypatch.setattr(ledger, "read_measured", lambda: measured)
    assert ledger.blanks() == ["gradient: not measured on efficientnet_lite0"]


def test_a_reason_stands_for_an_oracle(ledger, monkeypatch):
    legs = ledger.read_legs()
    legs["gradient"]["oracle"] = "none exists: no other code of it was published"
    monkeypatch.setattr(ledger, "read_legs", lambda: legs)
    assert ledger.blanks() == []
