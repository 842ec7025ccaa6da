"""docs/architectures.md and the stored verdicts agree, and leave out no method and no family."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

import xaicourse as xc

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location(
        "architectures_page", ROOT / "benchmarks/architectures_page.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(ROOT / "benchmarks"))
    return module


@pytest.fixture(scope="module")
def store() -> dict:
    return json.loads((RESULTS / "architectures.json").read_text(encoding="utf-8"))


def test_page_and_results_say_what_is_stored(tables, store):
    again = "run  python benchmarks/architectures.py"
    page = (ROOT / "docs/architectures.md").read_text(encoding="utf-8")
    assert page == tables.page(store), again
    result = (RESULTS / "architectures.md").read_text(encoding="utf-8")
    assert result == tables.result_text(store), again


# The second opinions on these are still to be written. This list may only shrink.
NOT_JUDGED = {
    *("expected_gradients", "gradient_shap", "weighted_ig", "boundary_ig", "blur_ig", "xrai"),
    *("path_attribution", "left_ig", "split_ig", "path_weighted_ig", "path_sampled_ig"),
    *("integrated_hessians", "meta_ig", "gaussian_process_ig"),
    *("manifold_ig", "manifold_aligned_guided_ig", "tangentially_aligned_ig"),
    *("important_direction_ig", "integrated_decision_gradients", "spectral_ig"),
    *("geodesic_ig", "pattern_guided_ig", "ig_correlation"),
    *("guided_ig", "adversarial_gradient_integration", "ig2", "greedy_path_ig"),
    *("important_direction_ig", "integrated_decision_gradients"),
    "discretized_ig",
    "integrated_directional_gradients",
    "generalized_ig",
    "graph_ig",
    "gradient_artificial_distancing",
    "geometrically_guided_ig",
}


@pytest.mark.fault("P7")
def test_every_family_is_judged_on_the_methods(tables, store):
    assert set(store["verdicts"]) == set(tables.FAMILIES)
    in_columns = {name for names, _ in tables.COLUMNS.values() for name in names}
    wanted = set(xc.METHODS) - NOT_JUDGED
    assert wanted <= in_columns
    for family, verdicts in store["verdicts"].items():
        assert set(verdicts) == wanted, family


@pytest.mark.fault("P7")
def test_nothing_wrong_is_hidden(tables):
    """A cell with one wrong method shows it, in bold."""
    told = {"lrp": {"verdict": "right"}, "deep_taylor": {"verdict": "wrong"}}
    assert tables.cell(told, ("lrp", "deep_taylor")) == "1 of 2, **wrong**"
    assert tables.cell(told, ("deep_taylor",)) == "**wrong**"
    crashed = {"lrp": {"verdict": "right"}, "deep_taylor": {"verdict": "crash"}}
    assert "**crash**" in tables.cell(crashed, ("lrp", "deep_taylor"))
    assert tables.cell(told, ("lrp",)) == "right"


def test_what_was_not_run_is_not_right(tables):
    told = {"eigen_cam": {"verdict": "right"}, "score_cam": {"verdict": "not run"}}
    assert tables.cell(told, ("eigen_cam", "score_cam")) == "right, 1 not run"
    store = {"verdicts": {"resnet": told}}
    assert tables.reach(store, ("eigen_cam", "score_cam")) == "0 to 1 of 1"
