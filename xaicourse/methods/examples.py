"""Small models and inputs on which registered methods are tried by the contract tests."""

import torch
from torch import nn

from xaicourse.core.registry import Example

__all__ = ["small_classifier"]


class SmallNet(nn.Module):
    """Two smooth-and-kinked layers, 6 -> 5 -> 3, with fixed weights."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(6, 5)
        self.output = nn.Linear(5, 3)
        for k, parameter in enumerate(self.parameters()):
            ramp = torch.arange(parameter.numel(), dtype=torch.float64).view_as(parameter)
            parameter.data = torch.sin(1.7 * ramp + k)  # fixed, of mixed sign, no seed needed

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.hidden(x)
        return self.output(torch.relu(hidden) + 0.1 * torch.tanh(hidden))


def small_classifier() -> Example:
    """Return a net 6 -> 3 in float64 with two rows that have different targets."""
    x = torch.cos(torch.arange(12, dtype=torch.float64)).view(2, 6)
    return Example(SmallNet().eval().requires_grad_(False), x, torch.tensor([0, 2]))
