import importlib.util
import json
import sys

import pytest
import torch

import xaicourse.zoo as zoo
from tests.datasets.make_imagenet_numbers import NUMBERS, crop_sha256
from xaicourse.datasets import foolbox_photos, imagenet_photos

if importlib.util.find_spec("foolbox") is None:
    pytest.skip("foolbox is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def photos():
    return imagenet_photos()


@pytest.fixture(scope="module")
def numbers():
    return json.loads(NUMBERS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def logits(photos):
    with torch.no_grad():
        return zoo.load("efficientnet_lite0")(photos.x)


def test_shapes_names_and_labels(photos, numbers):
    assert photos.x.shape == (20, 3, 224, 224)
    assert photos.x.dtype == torch.float32
    assert photos.labels.dtype == torch.int64
    assert dict(zip(photos.names, photos.labels.tolist(), strict=True)) == {
        name: entry["label"] for name, entry in numbers.items()
    }
    assert "foolbox" not in sys.modules


def test_the_crops_are_the_ones_the_numbers_belong_to(photos, numbers):
    found = {n: crop_sha256(x) for n, x in zip(photos.names, photos.x, strict=True)}
    assert found == {name: entry["crop_sha256"] for name, entry in numbers.items()}


def test_the_network_recognises_the_photos(photos, logits):
    right = logits.argmax(1) == photos.labels
    p = logits.softmax(1).gather(1, photos.labels[:, None])
    assert right.sum() >= 17
    assert p.mean() >= 0.68


def test_the_logits_are_the_stored_ones(photos, logits, numbers):
    for row, name in enumerate(photos.names):
        entry = numbers[name]
        stored = torch.tensor([value for _, value in entry["top5"]])
        found = logits[row, [index for index, _ in entry["top5"]]]
        assert (found - stored).abs().max() < 1e-3, name
        assert abs(logits[row, entry["label"]].item() - entry["label_logit"]) < 1e-3, name


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install foolbox"):
        imagenet_photos()


def test_incomplete_package_is_refused(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "imagenet_00_243.jpg").write_bytes(b"x")

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(foolbox_photos.importlib.util, "find_spec", lambda name: Spec)
    with pytest.raises(FileNotFoundError, match="has 1 ImageNet photos, expected 20"):
        imagenet_photos()
