"""data/ground_truth.json: three numbers each, controls beside them, and verdicts that follow."""

import json

import pytest

import xaicourse as xc
from xaicourse.datasets.shipped import read_file


@pytest.fixture(scope="module")
def table():
    return json.loads(read_file("ground_truth.json"))


def numbers(part):
    """Yield every list of numbers below."""
    if isinstance(part, dict):
        for value in part.values():
            yield from numbers(value)
    elif isinstance(part, list):
        if part and not isinstance(part[0], dict):
            yield part
        else:
            for value in part:
                yield from numbers(value)


def test_all_parts_have_three_numbers_and_their_controls(table):
    assert list(table) == ["tags", "mosaics", "tetrominoes", "bam"]
    found = list(numbers(table))
    assert len(found) > 200
    assert {len(values) for values in found} == {3}
    text = json.dumps(table)
    assert "NaN" not in text
    assert all(text.count(f'"{name}"') > 10 for name in ("random", "edges (Sobel)"))


def test_what_needs_no_net_is_measured_again(table):
    made = xc.datasets.tagged(100, seed=50)
    heat = xc.evaluation.controls.edges(made.x)
    mass = xc.evaluation.relevance_mass(None, None, heat, mask=made.masks).mean()
    stored = table["tags"]["shares of |map|"]["tagged_honest"]["edges (Sobel)"]["mark"][0]
    assert stored == pytest.approx(mass, rel=1e-3)
    for line in table["tetrominoes"]["lines"]:
        if line["scenario"] == "linear":
            best = xc.datasets.tetromino_answer(smoothing=line["smoothing"])
            assert line["closed form: accuracy"] == pytest.approx(best.accuracy, rel=1e-3)


def test_a_map_is_measured_again(table):
    made = xc.datasets.tagged(100, seed=50)
    net = xc.zoo.load("tagged_cheating")
    heat = xc.gradient(net, made.x, made.labels)
    mass = xc.evaluation.relevance_mass(None, None, heat, mask=made.strip_masks).mean()
    stored = table["tags"]["shares of |map|"]["tagged_cheating"]["gradient"]["strip"][0]
    assert stored == pytest.approx(mass, rel=1e-2)


def test_verdicts_follow_from_the_numbers(table):
    full = table["mosaics"]["share in the own cell"]["full"]
    names = ("gradient", "input x gradient", "IG", "guided backprop")
    exact = all(value == 1.0 for name in names for value in full[name])
    claims = table["mosaics"]["claims"]
    assert (claims["DiFull: backward maps have all in their cell"] == "seen") == exact
    measures = table["bam"]["measures"]
    below = [
        a < b
        for a, b in zip(
            measures["guided backprop"]["MCS"], measures["Grad-CAM"]["MCS"], strict=True
        )
    ]
    verdict = table["bam"]["claims"]["guided backprop's contrast is below Grad-CAM's"]
    assert (verdict == "seen") == all(below)
    assert (verdict == "not seen") == (not any(below))
