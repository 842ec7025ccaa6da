import hashlib
import urllib.error
from pathlib import Path

import pytest
import torch
from torchvision import models

import xaicourse as xc
from xaicourse.zoo.torchvision_models import IMAGENET_DEVIATION, IMAGENET_MEAN, _hash_in_name

WEIGHTS = models.SqueezeNet1_1_Weights.IMAGENET1K_V1
NAME = "torchvision/squeezenet1_1"


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    """No network and an empty place for weights; the list tells what was asked for."""
    asked = []

    def no_network(url, *arguments, **settings):
        asked.append(url)
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setattr("torch.hub.urlopen", no_network)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub._hub_dir", None)
    return asked


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Random weights in a file that is named for its sha256, as torchvision's are."""
    source = tmp_path / "source.pth"
    torch.save(models.squeezenet1_1().state_dict(), source)
    content = source.read_bytes()
    start = hashlib.sha256(content).hexdigest()[:8]
    url = f"https://example.org/squeezenet1_1-{start}.pth"
    monkeypatch.setattr(WEIGHTS.value, "url", url)
    return source, tmp_path / "hub" / "checkpoints" / f"squeezenet1_1-{start}.pth"


def test_random_weights_need_no_network(network):
    before = torch.get_rng_state()
    model = xc.zoo.load("torchvision/resnet18", weights=None)
    again = xc.zoo.load("torchvision/resnet18", weights=None)
    other = xc.zoo.load("torchvision/resnet18", weights=None, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    x = torch.rand(2, 3, 64, 64)
    assert model(x).shape == (2, 1000)
    assert torch.equal(model(x), again(x))
    assert not torch.equal(model(x), other(x))
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert model.weights is model.categories is None
    assert network == []


@pytest.mark.parametrize("name", ["googlenet", "mobilenet_v3_small"])
def test_other_families(name):
    model = xc.zoo.load(f"torchvision/{name}", weights=None)
    assert model(torch.rand(1, 3, 64, 64)).shape == (1, 1000)


def test_images_are_normalised_inside(close):
    model = xc.zoo.load(NAME, weights=None)
    x = torch.rand(2, 3, 64, 64)
    mean = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
    deviation = torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1)
    close(model(x), model.model((x - mean) / deviation), 1e-6)
    assert model.double()(x.double()).dtype == torch.float64


def test_nothing_is_downloaded_unless_asked_for(network, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        xc.zoo.load(NAME)
    assert network == []
    message = str(caught.value)
    assert "SqueezeNet1_1_Weights.IMAGENET1K_V1" in message  # what
    assert "(5 MB)" in message
    assert str(tmp_path / "hub" / "checkpoints") in message  # where
    assert f"xc.zoo.load('{NAME}', weights='IMAGENET1K_V1', download=True)" in message  # how
    assert "efficientnet_lite0" in message  # what else


def test_a_download_that_fails_says_why_and_leaves_nothing(network, tmp_path):
    with pytest.raises(ConnectionError, match=r"no network in tests.*copy https://\S+ to "):
        xc.zoo.load(NAME, download=True)
    assert len(network) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_download_is_kept(published, monkeypatch, network, close):
    source, place = published
    fetched = []

    def fetch(url, path, hash_prefix=None, progress=True):
        fetched.append((url, hash_prefix))
        place.write_bytes(source.read_bytes())

    monkeypatch.setattr("torch.hub.download_url_to_file", fetch)
    model = xc.zoo.load(NAME, download=True)
    again = xc.zoo.load(NAME)  # from the disk
    assert len(fetched) == 1
    assert place.name.endswith(f"-{fetched[0][1]}.pth")
    assert network == []

    plain = models.squeezenet1_1().requires_grad_(False)
    plain.load_state_dict(torch.load(source, weights_only=True))
    x = torch.rand(1, 3, 64, 64)
    close(model.model(x), plain.eval()(x), 1e-6)
    close(again(x), model(x), 1e-6)
    assert model.weights == "SqueezeNet1_1_Weights.IMAGENET1K_V1"
    assert model.categories == xc.zoo.labels()


def test_a_damaged_file_is_refused(published):
    source, place = published
    place.parent.mkdir(parents=True)
    place.write_bytes(source.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"is damaged: .*Delete it and load the model again"):
        xc.zoo.load(NAME)


class Harmful:
    def __reduce__(self):
        return (pytest.fail, ("code from a weights file was run",))


def test_a_file_that_holds_code_is_never_run(tmp_path, monkeypatch):
    """Even if its sum is right."""
    source = tmp_path / "source.pth"
    torch.save({"features.0.weight": Harmful()}, source)
    start = hashlib.sha256(source.read_bytes()).hexdigest()[:8]
    monkeypatch.setattr(WEIGHTS.value, "url", f"https://example.org/squeezenet1_1-{start}.pth")
    place = tmp_path / "hub" / "checkpoints" / f"squeezenet1_1-{start}.pth"
    place.parent.mkdir(parents=True)
    source.rename(place)
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        xc.zoo.load(NAME)


def test_unknown_names_are_answered_with_known_ones():
    with pytest.raises(
        ValueError, match=r"no image classifier 'resnet19'; did you mean .*resnet18"
    ):
        xc.zoo.load("torchvision/resnet19", weights=None)
    with pytest.raises(ValueError, match="no image classifier 'fasterrcnn_resnet50_fpn'"):
        xc.zoo.load("torchvision/fasterrcnn_resnet50_fpn", weights=None)
    with pytest.raises(ValueError, match="no weights 'V9'; there are IMAGENET1K_V1"):
        xc.zoo.load(NAME, weights="V9")


def test_each_classifier_states_what_is_needed():
    for name in models.list_models(module=models):
        for weights in models.get_model_weights(name):
            assert _hash_in_name(Path(weights.url))
            assert weights.meta["_file_size"] > 1
            assert len(weights.transforms().mean) == len(weights.transforms().std) == 3
