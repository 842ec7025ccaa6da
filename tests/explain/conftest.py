"""A model of a thousand classes in a millisecond, and a photo for it."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from xaicourse.zoo import registry

CAT = 285


class Tiny(nn.Module):
    """A thousand classes in a millisecond; class 285 reads the left half, class 0 the right."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):  # (N, 3, 224, 224) -> (N, 1000)
        self.calls += 1
        left, right = x[..., :112].mean((1, 2, 3)), x[..., 112:].mean((1, 2, 3))
        logits = x.new_zeros(len(x), 1000) + 0 * left[:, None]
        return torch.cat(
            [
                10 * right[:, None] ** 2,
                logits[:, 1:CAT],
                (12 * torch.relu(left - 0.2))[:, None],
                logits[:, CAT + 1 :],
            ],
            dim=1,
        )


def in_place_of_lite0(model, monkeypatch):
    record = registry.MODELS["efficientnet_lite0"]
    settings = {name: getattr(record, name) for name in record.__dataclass_fields__}
    settings["build"] = lambda: model
    monkeypatch.setitem(registry.MODELS, "efficientnet_lite0", registry.ModelRecord(**settings))
    return model


@pytest.fixture
def tiny(monkeypatch):
    return in_place_of_lite0(Tiny().eval(), monkeypatch)


@pytest.fixture
def cnn(monkeypatch):
    """A small net of layers: 28 x 28 and then 7 x 7 cells, an average and a linear layer."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 8, stride=8), nn.ReLU(), nn.Conv2d(6, 8, 4, stride=4), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1000)]
    return in_place_of_lite0(nn.Sequential(*layers).eval(), monkeypatch)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def photo(folder):
    """A photo that is bright on the left: Tiny calls it class 285."""
    values = np.full((300, 300, 3), 60, dtype=np.uint8)
    values[:, :150] = 250
    Image.fromarray(values).save(folder / "cat.png")
    return "cat.png"
