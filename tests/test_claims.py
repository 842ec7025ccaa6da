"""Small reproductions: the rows measure what is stored, and the page says it."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
import torch

import xaicourse as xc
from xaicourse.evaluation import stored_claims

ROOT = Path(__file__).parents[1]
CLAIMS = xc.evaluation.claims()


@pytest.fixture(scope="module", autouse=True)
def folders():
    added = [str(ROOT / "data"), str(ROOT / "docs")]
    sys.path[:0] = added
    yield
    for folder in added:
        sys.path.remove(folder)


@pytest.fixture
def measuring():
    return importlib.import_module("measure_claims")


@pytest.fixture
def writing():
    return importlib.import_module("make_claims")


def row(name):
    return importlib.import_module(f"claim_rows.{name}")


# ---------------------------------------------------------------- what is stored


def test_all_rows_are_measured(measuring):
    assert tuple(CLAIMS) == measuring.ROWS


@pytest.mark.parametrize("key", CLAIMS)
def test_words_and_verdict_are_those_of_the_row(measuring, key):
    stored = measuring.stored()[key]
    assert measuring.content(key, stored["tables"]) == stored, (
        "run  python data/measure_claims.py --words"
    )


@pytest.mark.parametrize("key", CLAIMS)
def test_each_number_with_an_interval_is_one(key):
    found = [cell for lines in CLAIMS[key].tables.values() for line in lines
             for cell in line.values() if isinstance(cell, dict)]  # fmt: skip
    assert found
    for cell in found:
        assert set(cell) == {"mean", "low", "high", "n"}
        assert cell["n"] == 0 or cell["low"] <= cell["mean"] <= cell["high"]


@pytest.mark.parametrize("key", CLAIMS)
def test_a_claim_says_what_decides(key):
    claim = CLAIMS[key]
    assert claim.conditions
    assert all(condition["numbers"] for condition in claim.conditions)
    assert claim.papers
    assert all(re.fullmatch(r"\d{4}\.\d{5}", paper) for paper in claim.papers)
    assert claim.lesson in range(10, 18)


def test_a_changed_file_is_refused(monkeypatch, tmp_path):
    for name in ("cards.json", stored_claims.FILE):
        (tmp_path / name).write_bytes((ROOT / "data" / name).read_bytes())
    monkeypatch.setattr("xaicourse.datasets.shipped.data_folder", lambda: tmp_path)
    monkeypatch.setattr("xaicourse.datasets.cards.data_folder", lambda: tmp_path)
    assert xc.evaluation.claims().keys() == CLAIMS.keys()
    file = tmp_path / stored_claims.FILE
    file.write_bytes(file.read_bytes().replace(b"came", b"CAME", 1))
    with pytest.raises(ValueError, match="not the file on its card"):
        xc.evaluation.claims()


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [((1, 1), "came"), ((1, 0), "came in part"), ((0, 0), "did not come"), ((), "not tried")],
    ids=["all", "some", "none", "untried"],
)
def test_the_verdict_counts_what_was_seen(seen, verdict):
    conditions = [{"came": bool(one)} for one in seen]
    claim = stored_claims.Claim("k", "t", "s", (), 15, "e", conditions, (), {})
    assert claim.verdict == verdict


def test_a_line_is_found_or_named():
    claim = next(iter(CLAIMS.values()))
    table, lines = next(iter(claim.tables.items()))
    column = next(iter(lines[0]))
    assert claim.line(table, **{column: lines[0][column]}) == lines[0]
    with pytest.raises(KeyError, match="has no table 'nowhere'"):
        claim.line("nowhere")
    with pytest.raises(KeyError, match="has no line with"):
        claim.line(table, **{column: "no such thing"})


# ---------------------------------------------------------------- measured again


def again(values):
    """Return a mean with its interval as it is stored."""
    return importlib.import_module("claim_rows.common").interval(values)


def same(found, stored, within=2e-3):
    """Compare cells; sums differ a little from machine to machine."""
    assert found["n"] == stored["n"]
    for end in ("mean", "low", "high"):
        assert found[end] == pytest.approx(stored[end], rel=within, abs=within)


def test_sanity_again():
    found = row("sanity").curves("fashion_cnn", "gradient", "abs", None)
    cell = CLAIMS["sanity"].line("rank correlation", net="fashion_cnn", compared="sizes",
                                 map="gradient")  # fmt: skip
    same(again(found[:, 1]), cell["logits drawn anew"])
    same(again(found[:, -1]), cell["all layers"])


def test_roar_again():
    ask = row("roar").asked
    found = ask("roar", lambda model, x, target: x, None, fractions=(0.9,), trainings=3,
                controls=("random",))  # fmt: skip
    stored = CLAIMS["roar"].line("roar", map="random")
    assert found.details["random"].curve[:, 1].mean() == pytest.approx(stored["0.9"], abs=0.03)
    assert found.curve[:, 0].mean() == pytest.approx(stored["0"], abs=0.03)


def test_road_again(monkeypatch):
    road = row("road")
    monkeypatch.setattr(road, "METHODS", {"GB": road.METHODS["GB"]})
    monkeypatch.setattr(road, "ORDERS", {"MoRF": "roar"})
    found = torch.stack([road.accuracies(run, None)["MoRF, not retrained, linear"][0]
                         for run in range(road.RUNS)])  # fmt: skip
    stored = CLAIMS["road"].line("accuracy", map="GB", protocol="MoRF, not retrained, linear")
    assert found.mean(dim=0).tolist() == pytest.approx([stored["0.33"], stored["0.67"]], abs=0.03)


def test_rise_again():
    found = row("rise").scores("fashion_cnn", "Grad-CAM")
    stored = CLAIMS["rise"].line("areas", net="fashion_cnn", map="Grad-CAM")
    for name in ("insertion", "deletion"):
        same(again(found[name]), stored[name])


def test_idgi_again():
    found = row("idgi").scores("fashion_cnn", "IDGI, 8 steps")
    stored = CLAIMS["idgi"].line("areas", net="fashion_cnn", map="IDGI, 8 steps")
    for name in ("insertion", "SIC"):
        same(again(found[name]), stored[name], within=1e-2)


def test_smoothing_again():
    smoothing = row("smoothing")
    found = smoothing.values("gradient", smoothing.METHODS["gradient"], None)
    stored = CLAIMS["smoothing"].line("values", map="gradient")
    for name in ("infidelity", "max-sensitivity"):
        same(again(found[name]), stored[name])


def test_subsets_again():
    found = row("subsets").curve("fashion_mlp", "gradient x input")
    stored = CLAIMS["subsets"].line("correlation", net="fashion_mlp", map="gradient x input")
    same(again(found[:, 0]), stored["n = 1"])


def test_agreement_again():
    found = row("agreement").values("deletion", "gradient", None)
    same(again(found), CLAIMS["agreement"].line("values", metric="deletion")["gradient"])


@pytest.mark.parametrize("key", ["mosaics", "tetrominoes", "bam"])
def test_where_the_truth_is_known_the_stored_measurements_are_told(measuring, key):
    claim = row(key).ROW
    assert (
        importlib.import_module("claim_rows.common").rounded(claim.measure(None))
        == (measuring.stored()[key]["tables"])
    )
    truth = json.loads((ROOT / "data" / "ground_truth.json").read_text())[key]["claims"]
    told = [condition["came"] for condition in CLAIMS[key].conditions]
    if key == "tetrominoes":  # told of all nets together, there of each
        parts = [
            [said.partition(", smoothing ")[2], seen == "seen"] for said, seen in truth.items()
        ]
        seen = {said: all(s for t, s in parts if t == said) for said, _ in parts}
        assert told == list(seen.values())
    else:
        assert told == [seen == "seen" for seen in truth.values()]


# ---------------------------------------------------------------- the page, the script


def test_the_page_is_up_to_date(writing):
    stored = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    assert stored == writing.page(), "run  python docs/make_claims.py"


def test_no_table_of_the_page_has_a_blank_cell(writing):
    tables = re.findall(r"(?:^\|.*\n)+", writing.page(), re.M)
    assert len(tables) > 2 * len(CLAIMS)
    for text in tables:
        rows = [line.strip("|").split("|") for line in text.splitlines()]
        assert {len(one) for one in rows} == {len(rows[0])}
        assert all(cell.strip() for one in rows[1:] for cell in one)


def test_links_lead_somewhere(writing):
    page = writing.page()
    headings = {writing.anchor(text) for text in re.findall(r"^## (.+)$", page, re.M)}
    for link in set(re.findall(r"\]\(([^)]+)\)", page)):
        if link.startswith("#"):
            assert link[1:] in headings
        else:
            assert link.startswith("https://") or (ROOT / "docs" / link).exists()


def test_measuring_a_row_leaves_the_others(measuring, monkeypatch, tmp_path):
    kept = json.dumps(measuring.stored())
    for name in ("TABLE", "LOG"):
        file = tmp_path / getattr(measuring, name).name
        file.write_bytes(getattr(measuring, name).read_bytes())
        monkeypatch.setattr(measuring, name, file)
    (tmp_path / "cards.json").write_bytes((ROOT / "data" / "cards.json").read_bytes())
    monkeypatch.setattr(measuring, "DATA", tmp_path)
    claim = measuring.row("subsets")
    known = measuring.stored()["subsets"]["tables"]

    class Row:
        def __getattr__(self, name):
            return (lambda keep: known) if name == "measure" else getattr(claim, name)

    plain = measuring.row
    monkeypatch.setattr(measuring, "row", lambda name: Row() if name == "subsets" else plain(name))
    monkeypatch.setattr(sys, "argv", ["measure_claims.py", "subsets", "--keep",
                                      str(tmp_path / "kept.sqlite")])  # fmt: skip
    threads = torch.get_num_threads()
    measuring.main()
    torch.set_num_threads(threads)
    assert json.dumps(measuring.stored()) == kept
    assert len(measuring.LOG.read_text().splitlines()) == 6 + len(measuring.ROWS)
