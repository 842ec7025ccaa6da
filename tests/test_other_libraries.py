"""docs/other_libraries.md: our names exist, and so do theirs in what the tests install."""

import importlib
import re
from pathlib import Path

import pytest

import xaicourse as xc

PAGE = Path(__file__).resolve().parents[1] / "docs" / "other_libraries.md"
LINE = re.compile(r"^\| `([\w.]+)` \| (?:`([\w.]+)`|-) \|", re.MULTILINE)
INSTALLED = {
    "Captum": "captum.attr",
    "pytorch-grad-cam": "pytorch_grad_cam",
    "zennit": "",  # its names are written in full
}


def tables():
    """Return {library: [(their name, ours or "")]}."""
    parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {part.split()[0]: LINE.findall(part) for part in parts}


OURS = sorted({ours for lines in tables().values() for _theirs, ours in lines if ours})


def test_no_line_is_overlooked():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) == sum(map(len, tables().values()))
    assert set(tables()) == {"Captum", "pytorch-grad-cam", "zennit", "shap", "Quantus"}


@pytest.mark.parametrize("name", OURS)
def test_our_name_exists(name):
    home, _, last = name.rpartition(".")
    assert callable(getattr(xc.evaluation if home else xc, last))


@pytest.mark.parametrize("library", INSTALLED)
def test_their_names_exist(library):
    for theirs, _ours in tables()[library]:
        home, _, last = theirs.rpartition(".")
        module = importlib.import_module(home or INSTALLED[library])
        assert hasattr(module, last), theirs


def test_each_metric_of_ours_that_quantus_has_too_is_there():
    """Ours alone have no line."""
    ours = {ours.removeprefix("evaluation.") for _theirs, ours in tables()["Quantus"]}
    assert ours <= set(xc.METRICS)
    alone = {
        "abpc", "data_randomisation", "deletion", "diff_roar", "energy_pointing_game",
        "f_fidelity", "grid_pointing_game", "insertion", "kar", "performance_information_curve",
        "roar",
    }  # fmt: skip
    assert set(xc.METRICS) - ours - alone == set()
