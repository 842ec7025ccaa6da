"""Small models and inputs on which registered methods are tried by the contract tests."""

import torch
from torch import nn

from xaicourse.core.registry import Example

__all__ = [
    "small_classifier",
    "small_graph_classifier",
    "small_image_classifier",
    "small_relu_classifier",
    "small_sentence_classifier",
    "small_smooth_classifier",
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


class SmallSmoothNet(SmallNet):
    """The same layers with tanh alone: no kinks."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(torch.tanh(self.hidden(x)))


def small_smooth_classifier() -> Example:
    """Return the same net without ReLUs."""
    smooth = small_classifier()
    return Example(SmallSmoothNet().eval().requires_grad_(False), smooth.x, smooth.target)


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
    """Return the same net with tanh, images that change much from pixel to pixel, few steps."""
    x = 1 + torch.cos(0.9 * torch.arange(216, dtype=torch.float64)).view(2, 3, 6, 6)
    model = SmallImageNet(nn.Tanh).eval().requires_grad_(False)
    return Example(model, x, torch.tensor([0, 2]), {"steps": 16})


class SmallSentenceNet(nn.Module):
    """Four words of three numbers: a layer that all words share, tanh, and a layer 20 -> 3."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(3, 5)
        self.output = nn.Linear(4 * 5, 3)
        for k, parameter in enumerate(self.parameters()):
            ramp = torch.arange(parameter.numel(), dtype=torch.float64).view_as(parameter)
            parameter.data = torch.sin(1.7 * ramp + k)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(torch.tanh(self.hidden(x)).flatten(1))


def small_sentence_classifier() -> Example:
    """Return a net for sentences of four words, (N, 4, 3)."""
    x = torch.cos(torch.arange(24, dtype=torch.float64)).view(2, 4, 3)
    return Example(SmallSentenceNet().eval().requires_grad_(False), x, torch.tensor([0, 2]))


class SmallGraphNet(nn.Module):
    """Five nodes of three numbers, a ring with a tail: a layer, tanh, the mean over neighbours.

    The scores (N, 3) are those of node 0.
    """

    near: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(3, 5)
        self.output = nn.Linear(5, 3)
        for k, parameter in enumerate(self.parameters()):
            ramp = torch.arange(parameter.numel(), dtype=torch.float64).view_as(parameter)
            parameter.data = torch.sin(1.7 * ramp + k)
        near = torch.eye(5, dtype=torch.float64)[0]
        for pair in SMALL_GRAPH:
            if 0 in pair:
                near[max(pair)] = 1
        self.register_buffer("near", near / near.sum())  # node 0 and its neighbours

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.hidden(x))  # (N, V, 5)
        return self.output((self.near[:, None] * hidden).sum(1).square())


SMALL_GRAPH = [(0, 1), (1, 2), (2, 3), (3, 0), (2, 4)]


def small_graph_classifier() -> Example:
    """Return a net for the numbers of five nodes, (N, 5, 3), with the graph's edges."""
    x = torch.cos(torch.arange(30, dtype=torch.float64)).view(2, 5, 3)
    model = SmallGraphNet().eval().requires_grad_(False)
    return Example(model, x, torch.tensor([0, 2]), {"edges": SMALL_GRAPH, "node": 0})
