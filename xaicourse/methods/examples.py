"""Small models and inputs on which registered methods are tried by the contract tests."""

import torch
from torch import nn

from xaicourse.core.registry import Example

__all__ = [
    "small_classifier",
    "small_image_classifier",
    "small_relu_classifier",
    "smooth_image_classifier",
]


class SmallNet(nn.Module):
    """Two layers, 6 -> 5 -> 3, with fixed weights; a tanh beside the ReLU unless left out."""

    def __init__(self, tanh: float = 0.1) -> None:
        super().__init__()
        self.tanh = tanh
        self.hidden = nn.Linear(6, 5)
        self.output = nn.Linear(5, 3)
        for k, parameter in enumerate(self.parameters()):
            ramp = torch.arange(parameter.numel(), dtype=torch.float64).view_as(parameter)
            parameter.data = torch.sin(1.7 * ramp + k)  # fixed, of mixed sign, no seed needed

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.hidden(x)
        active = torch.relu(hidden)
        if self.tanh:
            active = active + self.tanh * torch.tanh(hidden)
        return self.output(active)


def small_classifier() -> Example:
    """Return a net 6 -> 3 in float64 with two rows that have different targets."""
    x = torch.cos(torch.arange(12, dtype=torch.float64)).view(2, 6)
    return Example(SmallNet().eval().requires_grad_(False), x, torch.tensor([0, 2]))


def small_relu_classifier() -> Example:
    """Return the same net with ReLUs alone."""
    smooth = small_classifier()
    return Example(SmallNet(tanh=0).eval().requires_grad_(False), smooth.x, smooth.target)


class SmallImageNet(nn.Module):
    """Two convolutions with ReLUs, the average of each feature map, and a linear layer 4 -> 3."""

    def __init__(self, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 5, 3), activation()),  # (N, 5, 4, 4)
            *(nn.Conv2d(5, 4, 2), activation()),  # (N, 4, 3, 3)
        )
        self.output = nn.Linear(4, 3)
        for k, parameter in enumerate(self.parameters()):
            ramp = torch.arange(parameter.numel(), dtype=torch.float64).view_as(parameter)
            parameter.data = torch.sin(1.7 * ramp + k) / 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(self.features(x).mean((2, 3)))


def small_image_classifier() -> Example:
    """Return a net for images 3 x 6 x 6, with the layer that makes its feature maps."""
    x = torch.cos(torch.arange(216, dtype=torch.float64)).view(2, 3, 6, 6)
    model = SmallImageNet().eval().requires_grad_(False)
    return Example(model, x, torch.tensor([0, 2]), {"layer": "features"})


def smooth_image_classifier() -> Example:
    """Return the same net with tanh, and images that change much from pixel to pixel."""
    x = 1 + torch.cos(0.9 * torch.arange(216, dtype=torch.float64)).view(2, 3, 6, 6)
    model = SmallImageNet(nn.Tanh).eval().requires_grad_(False)
    return Example(model, x, torch.tensor([0, 2]))
