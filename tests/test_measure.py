"""`xaicourse methods --measure`: cost, gap and map error of every method."""

import pytest
import torch

import xaicourse as xc
from xaicourse import cli
from xaicourse.measure import Measured, Picture, measure, read, store


@pytest.fixture
def small(monkeypatch):
    """Measure on the TOY net alone."""
    toy = Picture("toy", xc.zoo.toy(), xc.zoo.toy_input(), None)
    monkeypatch.setattr("xaicourse.measure.NETS", {"toy": lambda: toy})
    return toy


def only(name, small):
    (one,) = measure([name], ["toy"])
    return one


def test_a_sum_is_compared_with_four_times_its_steps(small):
    one = only("weighted_ig", small)
    assert one.how == "4 times the steps"
    ask = {"model": small.model, "x": small.x, "target": None}
    plain, better = xc.weighted_ig(**ask), xc.weighted_ig(**ask, steps=200)
    assert one.map_error == pytest.approx(float((plain - better).norm() / better.norm()))


def test_a_methods_own_estimates_come_first(small):
    ig = xc.integrated_gradients(small.model, small.x, None, return_details=True)
    one = only("integrated_gradients", small)
    assert one.map_error == pytest.approx(float(ig.map_error))
    assert one.gap == pytest.approx(float(ig.relative_gap.abs()))
    assert (one.gradients, one.how) == (50, "own estimate")
    assert one.seconds > 0
    assert only("smoothgrad", small).how == "standard error"


def test_where_nothing_is_summed_nothing_is_said(small):
    one = only("gradient", small)
    assert (one.gap, one.map_error, one.how) == (None, None, "")


def test_a_refusal_is_a_result(small):
    one = only("grad_cam", small)
    assert one.seconds is None
    assert one.refused


def test_an_unknown_name_is_refused_before_anything_is_measured():
    with pytest.raises(ValueError, match="did you mean 'smoothgrad'"):
        measure(["smoth_grad"])


def test_results_survive_a_file(tmp_path):
    found = [Measured("a", "toy", 0.1, 3, None, 0.2, "own estimate"), Measured("b", "toy")]
    store(found, tmp_path / "found.json")
    assert read(tmp_path / "found.json") == found


def test_at_the_command_line(small, monkeypatch, tmp_path, capsys):
    file = tmp_path / "found.json"
    assert cli.main(["methods", "--measure", "gradient", "left_ig", "--store", str(file)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["gradient", "left_ig"]
    assert head.split() == ["NAME", "ON", "SECONDS", "GRADIENTS", "GAP", "MAP", "ERROR"]
    assert lines[1].endswith("own estimate")
    assert [one.method for one in read(file)] == ["gradient", "left_ig"]
    assert torch.isfinite(torch.tensor([one.seconds for one in read(file)])).all()


def test_store_alone_is_refused(capsys):
    assert cli.main(["methods", "--store", "file.json"]) == 2
    assert "--store needs --measure" in capsys.readouterr().err
