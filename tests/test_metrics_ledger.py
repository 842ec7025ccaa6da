"""docs/metrics.md is what docs/make_metrics.py writes today, and has no blank cell."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from xaicourse.evaluation import METRICS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def ledger() -> ModuleType:
    sys.path.insert(0, str(DOCS))
    module = importlib.import_module("make_metrics")
    sys.path.remove(str(DOCS))
    return module


def test_nothing_is_missing(ledger):
    assert ledger.blanks() == []


def test_the_page_is_up_to_date(ledger):
    stored = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert stored == ledger.page(), "run  python docs/make_metrics.py"


def test_every_metric_has_a_row_in_each_table_and_no_row_a_blank_cell(ledger):
    tables = re.findall(r"(?:^\|.*\n)+", ledger.page(), re.M)
    assert len(tables) == 3
    for text in tables:
        rows = [line.strip("|").split("|") for line in text.splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}
        assert all(cell.strip() for row in rows for cell in row)
        assert sorted(row[0].strip(" `") for row in rows[2:]) == sorted(METRICS)


def test_links_lead_somewhere(ledger):
    links = set(re.findall(r"\]\(([^)]+)\)", ledger.page()))
    assert all(link.startswith("https://") or (DOCS / link).exists() for link in links)


OF_ROAD = "tests/evaluation/test_road.py::"


@pytest.mark.parametrize(
    ("leg", "text", "says"),
    [
        ("closed_form", "", "no closed_form"),
        ("oracle", "none exists", "there is no file"),
        ("oracle", "none exists: no code", "there is no file"),
        ("closed_form", "none exists: nothing of it can be written down", "there is no file"),
        ("closed_form", "tests/evaluation/test_gone.py::test_a", "there is no file"),
        ("closed_form", OF_ROAD + "test_gone", "no 'test_gone'"),
        ("oracle", "tests/evaluation/test_roar.py::test_patches_go_together", "never says road"),
        ("picture", OF_ROAD + "test_it_is_not_always_0", "picture is no leg"),
    ],
    ids=["blank", "no reason", "short reason", "closed form", "file", "test", "other", "leg"],
)
def test_each_gap_is_seen(ledger, monkeypatch, leg, text, says):
    legs = ledger.read_legs()
    legs["road"] = {**legs["road"], leg: text}
    monkeypatch.setattr(ledger, "read_legs", lambda: legs)
    (blank,) = ledger.blanks()
    assert blank.startswith("road: ")
    assert says in blank


@pytest.mark.parametrize("name", ["road", "roar", "sparseness", "pointing_game"])
def test_only_metrics_that_ask_the_callers_model_are_measured(ledger, monkeypatch, name):
    measured = {key: one for key, one in ledger.read_measured().items() if key != name}
    monkeypatch.setattr(ledger, "read_measured", lambda: measured)
    assert ledger.blanks() == (["road: not measured"] if name == "road" else [])


def test_what_is_no_metric_is_seen(ledger, monkeypatch):
    legs = {**ledger.read_legs(), "gone": {}}
    monkeypatch.setattr(ledger, "read_legs", lambda: legs)
    assert ledger.blanks() == ["gone is no metric"]


def test_a_check_that_leaves_a_metric_out_promises_nothing(ledger):
    assert "a factor on the map" in ledger.held(METRICS["road"], ledger.UNCHANGED)
    assert "a factor on the map" not in ledger.held(METRICS["infidelity"], ledger.UNCHANGED)
    assert "batch mates" not in ledger.held(METRICS["roar"], ledger.UNCHANGED)
    assert "mask" not in ledger.held(METRICS["road"], ledger.COUNTED)
    assert "mask" in ledger.held(METRICS["relevance_mass"], ledger.COUNTED)
    for name in {**ledger.UNCHANGED, **ledger.COUNTED}:
        assert any(ledger.asks(ledger.contract()[name], record) for record in METRICS.values())
