"""docs/api.md is what docs/make_api.py writes today, and names everything."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import xaicourse as xc

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def make_api() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_api", DOCS / "make_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(make_api):
    stored = (DOCS / "api.md").read_text(encoding="utf-8")
    assert stored == make_api.page(), "run  python docs/make_api.py"


def test_the_page_names_everything(make_api):
    cells = set(re.findall(r"^\| `([^`]+)` \|", make_api.page(), re.M))
    for part in ["xc", *make_api.PARTS]:
        assert set(make_api.found(part).__all__) <= cells, part
    assert set(xc.METHODS) | set(xc.METRICS) | set(xc.zoo.MODELS) <= cells


def test_every_row_of_a_table_has_as_many_cells_as_its_head(make_api):
    for text in re.findall(r"(?:^\|.*\n)+", make_api.page(), re.M):
        rows = [re.split(r"(?<!\\)\|", line) for line in text.splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}, text[:200]
        assert all(cell.strip() for row in rows for cell in row[1:3]), text[:200]


def test_links_to_files_lead_somewhere(make_api):
    links = re.findall(r"\]\(([^)]+)\)", make_api.page())
    assert len(links) > 20
    assert all(link.startswith("https://") or (DOCS / link).exists() for link in links)


def test_a_table_without_a_description_is_refused(make_api):
    with pytest.raises(KeyError, match="say in VALUES what"):
        make_api.sentence({}, "xc.zoo.NEW")
