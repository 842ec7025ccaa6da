"""Small nets that attacks are tried on: smooth ones, so that nothing is hidden by a kink."""

from typing import Any

import torch
from torch import Tensor, nn

from xaicourse.methods.examples import smooth_image_classifier


def smooth_net() -> nn.Module:
    """Return a net of tanh for images 3 x 6 x 6, in float64."""
    return smooth_image_classifier().model


def images(n: int = 2, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return images (n, 3, 6, 6) in [0, 1] that differ."""
    k = torch.arange(n * 108, dtype=torch.float64)
    return ((1 + torch.cos(0.9 * k + 0.1 * k.sqrt())) / 2).view(n, 3, 6, 6).to(dtype)


def quadratic(a: list[float]) -> Any:
    """Return F(x) = 1/2 sum a_i x_i^2, whose gradient is a x, and whose class is its sign."""
    weights = torch.tensor(a, dtype=torch.float64)
    return lambda x: 0.5 * (weights.to(x.dtype).to(x.device) * x**2).sum(dim=1)


def relu_net() -> nn.Module:
    """Return a small net of ReLUs for four numbers, in float64."""
    draw = torch.Generator().manual_seed(3)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randn(weight.shape, generator=draw, dtype=torch.float64))
    return net.eval().requires_grad_(False)
