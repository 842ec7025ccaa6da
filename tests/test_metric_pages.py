"""docs/metrics/: a page for each metric, the table of all, and the pages that lead to them."""

import doctest
import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import xaicourse as xc
from tests.contract.metric_checks import has, run
from xaicourse.core.lesson_of import LESSON_OF
from xaicourse.evaluation.registry import MetricExample, MetricKind

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = DOCS / "metrics"
ALL = [*sorted(xc.METRICS), "index"]
HEADS = ["The equation", "Call", "Try it", "What it needs", "What the values mean",
         "What it costs", "When it misleads", "Where it stands", "Paper"]  # fmt: skip
LEAD_HERE = {  # page -> what it says of the table of the metrics
    "../README.md": "(docs/metrics/index.md)",
    "api.md": "(metrics/index.md)",
    "cheat_sheet.md": "(metrics/index.md)",
    "metrics.md": "(metrics/index.md)",
    "methods/index.md": "(../metrics/index.md)",
    "site/metrics.md": "(../metrics/index.md)",
}
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
# how a docstring says between what the values lie
BOTH_ENDS = re.compile(r"from (-?\d+) (?:\([^)]*\) )?to (-?\d+)(?! - |\w)")
ONE_END = re.compile(r"at (least|most) (-?\d+)")
IN_WORDS = re.compile(
    r"\b1 (?:\(hit\) )?or 0 |from 0 to U|from 0 .* to ln d|from 1 to d|from 0 .* to 1 - 1/d"
)


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    sys.path.insert(0, str(DOCS))
    module = importlib.import_module("make_metrics_pages")
    sys.path.remove(str(DOCS))
    return module


def text_of(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def parts_of(name: str) -> dict[str, str]:
    """Return heading -> what stands below it."""
    return dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text_of(name), re.M | re.S))


# ---- the files -----------------------------------------------------------------------------------


def test_the_pages_are_up_to_date(pages):
    assert {file.name for file in PAGES.iterdir()} == {f"{name}.md" for name in ALL}
    assert pages.out_of_step() == [], "run  python docs/make_metrics_pages.py"


def test_check_says_which_page_is_old(pages, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    monkeypatch.setattr(pages, "pages", lambda: {"road.md": "new", "roar.md": "same"})
    for name, text in {"road.md": "old", "roar.md": "same", "gone.md": "no metric's"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["make_metrics_pages.py", "--check"])
    assert pages.main() == 1
    said = re.findall(r"docs/metrics/(\S+) is out of step", capsys.readouterr().out)
    assert said == ["gone.md", "road.md"]
    assert (tmp_path / "road.md").read_text(encoding="utf-8") == "old"


def anchors(page: Path) -> set[str]:
    """Return the names under which the headings of a page are linked."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    kept = ("".join(c for c in head.lower() if c.isalnum() or c in " -") for head in heads)
    return {head.replace(" ", "-") for head in kept}


def broken(name: str, text: str) -> list[str]:
    """Return the links of a page that lead nowhere."""
    gone = []
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text)):
        file, _, place = link.partition("#")
        there = PAGES / file if file else PAGES / f"{name}.md"
        if not link.startswith("https://") and (
            not there.exists() or (place and place not in anchors(there))
        ):
            gone.append(link)
    return gone


@pytest.mark.parametrize("name", ALL)
def test_links_lead_somewhere(name):
    assert "](../" in text_of(name)
    assert broken(name, text_of(name)) == []


def test_a_broken_link_is_seen():
    links = ["roar.md", "gone.md", "../claims.md#gone", "../claims.md#sanity-checks"]
    text = " ".join(f"[a]({link})" for link in links)
    assert broken("road", text) == ["gone.md", "../claims.md#gone"]


@pytest.mark.parametrize("name", ALL)
def test_markdown_is_clean(name):
    """One title a page, formulas closed, nothing left of the docstring's own marks, no HTML."""
    text = FENCE.sub("", text_of(name))
    assert len(re.findall(r"^# ", text, re.M)) == 1
    assert text.startswith("# ")
    assert not re.search(r"^#{3,}", text, re.M)
    assert text.count("$$") % 2 == 0
    assert not re.search(r"\\[^\w\s]", text), "a host may read it as an escape"
    assert not re.search(r"\\$", text, re.M), "a space of TeX that is lost at the end of a line"
    assert not re.search(r":\w+:`|``|^\.\. |^={4,}|</?[a-z]+>|\]_", text, re.M)
    assert "\n\n\n" not in text_of(name), "a part is empty"
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


@pytest.mark.parametrize("page", LEAD_HERE)
def test_others_lead_to_the_table(page):
    assert LEAD_HERE[page] in (DOCS / page).read_text(encoding="utf-8")


def test_the_table_leads_to_every_metric_and_says_which_way_is_better():
    text = text_of("index")
    for name, record in xc.METRICS.items():
        (row,) = re.findall(rf"^\| \[[^]]+\]\({name}\.md\) \|.*$", text, re.M)
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[2] == record.direction
        assert all(len(cell) >= 5 for cell in cells)
    heads = re.findall(r"^## ", text, re.M)
    assert len(heads) == len(MetricKind)


# ---- what a page says ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(xc.METRICS))
def test_a_page_says_all_that_is_asked(name):
    record, text = xc.METRICS[name], text_of(name)
    assert re.findall(r"^## (.+)$", FENCE.sub("", text), re.M) == HEADS
    parts = parts_of(name)
    assert all(len(part.split()) >= 6 for part in parts.values())
    assert "$$" in parts["The equation"]
    assert f"xc.evaluation.{name}(" in parts["Call"]
    for parameter in inspect.signature(record.metric).parameters:
        assert f"**`{parameter}`**" in parts["Call"]
    assert not re.search(r"<\w+ .* at 0x|object at|<class", parts["Call"])
    assert f"**{record.direction} is better**" in parts["What the values mean"]
    assert f"| better is | {record.direction} |" in text
    assert f"[{LESSON_OF[name]}](../../notebooks/" in parts["Where it stands"]
    assert re.search(r"^@\w+\{", parts["Paper"], re.M)


@pytest.mark.parametrize("name", sorted(xc.METRICS))
def test_the_example_of_a_page_runs(name, capsys):
    code = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", text_of(name), re.M | re.S))
    assert re.search(rf"xc\.evaluation\.{name}\b", code)
    test = doctest.DocTestParser().get_doctest(code, {}, name, None, 0)
    wrong = doctest.DocTestRunner(verbose=False).run(test, out=sys.stdout.write).failed
    assert wrong == 0, capsys.readouterr().out


def ends(returns: str) -> tuple[float, float] | None:
    """Return the least and the largest value that a docstring names, None where in words only."""
    if both := BOTH_ENDS.search(returns):
        return float(both[1]), float(both[2])
    if one := ONE_END.search(returns):
        end = float(one[2])
        return (end, float("inf")) if one[1] == "least" else (float("-inf"), end)
    assert IN_WORDS.search(returns), "between what do the values lie?"
    return None


def returns_of(name: str) -> str:
    found = re.search(r"\*\*Returns\*\* (.*)", parts_of(name)["What the values mean"])
    assert found
    return found[1]


@pytest.mark.parametrize("name", sorted(xc.METRICS))
def test_values_lie_where_the_page_says(name, pages):
    record, said = xc.METRICS[name], returns_of(name)
    between = ends(said)
    if between is None:
        return
    settings = {"output": "probability"} if "probabilities" in said else {}
    example, low, high = record.example(), *between
    if settings and isinstance(example, MetricExample):
        assert has(record, "output")
    for made in (example, pages.worse(record)):
        values = run(record, made, **settings).values
        known = values[values.isfinite()]
        assert len(known) > 0
        assert float(known.min()) >= low - 1e-9
        assert float(known.max()) <= high + 1e-9


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("One share, from -1 to 1, **higher", (-1, 1)),
        ("from 0 (all alike) to 1 (one has all)", (0, 1)),
        ("One gap, at least 0, **lower", (0, float("inf"))),
        ("at most 1 for probabilities", (float("-inf"), 1)),
        ("from 0 (all entries alike) to 1 - 1/d (one", None),
        ("1 (hit) or 0 (miss) an image", None),
    ],
)
def test_ends_are_read(said, found):
    assert ends(said) == found


def test_a_docstring_without_ends_is_seen():
    with pytest.raises(AssertionError, match="between what"):
        ends("One area an image, **lower is better**.")


def test_the_right_map_is_better_than_the_worse_one():
    """The table on a page must not contradict the direction above it."""
    for name, record in xc.METRICS.items():
        row = re.search(r"^\| (-?[\d.]+) \| (-?[\d.]+) \| \S.* \| \S.* \|$", text_of(name), re.M)
        if record.kind is not MetricKind.MAP:
            assert row, name
            right, worse = float(row[1]), float(row[2])
            assert right > worse if record.direction == "higher" else right < worse, name


def test_what_is_refused_is_said_where_it_is_refused():
    said = {name: re.findall(r"^- Refused: (.*?)[,:]", text_of(name), re.M) for name in xc.METRICS}
    assert said["insertion"] == ["rows of features"]
    assert said["parameter_randomisation"] == ["a plain function as model"]
    assert said["deletion"] == said["max_sensitivity"] == said["roar"] == []
    assert "- `mask`: " in parts_of("pointing_game")["What it needs"]
    assert "- `layer`: " in parts_of("relative_representation_stability")["What it needs"]
    assert "fine-tuned" in parts_of("f_fidelity")["What it needs"]
