"""The network of the lessons and of the seconds: EfficientNet-Lite0, or what stands in for it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tests.gpu.part import Where
from xaicourse.zoo import efficientnet_lite


class Network(NamedTuple):
    """A classifier of photos (N, 3, 224, 224) with 1000 outputs, on the CPU."""

    model: nn.Module
    layer: str  # the last one with feature maps
    name: str
    missing: list[str]


def network(where: Where) -> Network:
    """Return EfficientNet-Lite0, untrained where its weights are not here; a tiny net if asked."""
    if where.tiny:
        return Network(tiny(), "maps", "a tiny net", [])
    try:
        model = efficientnet_lite.efficientnet_lite0()
    except FileNotFoundError:
        said = "the weights of EfficientNet-Lite0 are not here: an untrained one takes its place"
        return Network(untrained(), "head", "EfficientNet-Lite0, untrained", [said])
    return Network(model, "head", "EfficientNet-Lite0", [])


def untrained() -> nn.Module:
    """Return EfficientNet-Lite0 with random weights that keep the size of a signal."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = efficientnet_lite.EfficientNetLite0()
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
    model.eval()
    efficientnet_lite.fold_batch_norms(model)
    return model.requires_grad_(False)


def tiny() -> nn.Module:
    """Return a small net with the same input and output."""
    parts = {
        "patches": nn.Conv2d(3, 4, 28, 28),  # (N, 4, 8, 8)
        "relu": nn.ReLU(),
        "maps": nn.Conv2d(4, 6, 3),  # (N, 6, 6, 6)
        "relu2": nn.ReLU(),
        "pool": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
        "output": nn.Linear(6, 1000),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential()
        for name, part in parts.items():
            net.add_module(name, part)
            if isinstance(part, nn.Conv2d | nn.Linear):
                for parameter in part.parameters():
                    parameter.data = torch.randn_like(parameter) / parameter[0].numel() ** 0.5
    return net.eval().requires_grad_(False)


def waves(name: str) -> Tensor:
    """Return a picture (1, 3, 224, 224) in [0, 1], another one for each name."""
    step = 0.01 * (1 + sum(name.encode()) % 7)
    places = torch.arange(3 * 224 * 224, dtype=torch.float32)
    return (0.5 + 0.5 * torch.sin(step * places)).view(1, 3, 224, 224)
