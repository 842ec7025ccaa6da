"""The record of a map: what it says of itself, its picture, and the file that holds it."""

import json

import pytest
import torch
from safetensors import safe_open

import xaicourse as xc


@pytest.fixture(scope="module")
def found():
    net = xc.zoo.load("fashion_cnn")
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    return xc.integrated_gradients(net, x, target=3, steps=8, return_details=True)


@pytest.mark.fault("P12")
def test_its_words_fit_on_a_screen_and_hold_the_errors(found):
    said = repr(found)
    assert len(said) < 300
    assert said.count("\n") == 2
    assert "integrated_gradients" in said
    assert "(1, 1, 28, 28)" in said
    assert "8 gradients" in said
    total, rise = float(found.values.sum()), float(found.f_end - found.f_start)
    assert f"{total:.4g}" in said
    assert f"gap about {100 * abs(total - rise) / abs(rise):.2g} %" in said


@pytest.mark.fault("P12")
def test_of_a_batch_the_worst_row_is_said():
    x = torch.stack([torch.zeros(2), torch.ones(2)])
    steep = lambda z: (4 * z).exp().sum(1)  # noqa: E731
    several = xc.integrated_gradients(steep, x, steps=2, return_details=True)
    one = xc.integrated_gradients(steep, x[1:], steps=2, return_details=True)
    words = repr(one).split("gap ")[1].split(",")[0]
    assert f"gap {words} (the worst row)" in repr(several)


def test_what_has_no_gap_says_none():
    said = repr(xc.gradient(lambda z: z.sum(1), torch.ones(1, 3), return_details=True))
    assert "gap" not in said
    assert "1 gradients" in said


def test_a_record_of_ones_own_has_no_method():
    assert repr(xc.Attribution(torch.ones(2, 3), "input", 0)).startswith("Attribution: (2, 3)")


@pytest.mark.fault("P1")
def test_it_shows_itself(found):
    picture = found.show(photo=torch.rand(1, 1, 28, 28))
    assert isinstance(picture, xc.plot.Picture)
    assert "integrated_gradients" in picture.alt


def test_what_is_saved_comes_back_bit_for_bit(found, tmp_path):
    file = tmp_path / "map.safetensors"
    found.save(file)
    with safe_open(file, "pt") as kept:
        assert torch.equal(kept.get_tensor("values"), found.values)
        assert torch.equal(kept.get_tensor("gap"), found.gap)
        about = kept.metadata()
    assert about["method"] == "integrated_gradients"
    assert about["target"] == str(found.target)
    assert json.loads(about["settings"])["steps"] == "8"
    with pytest.raises(ValueError, match=r"end in \.safetensors.*show\(\)"):
        found.save(tmp_path / "map.png")
