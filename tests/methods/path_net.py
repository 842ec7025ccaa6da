"""A net, four rows and two sets of baselines on which methods along a path are tried."""

import torch
from torch import Tensor


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def wave(*shape: int, step: float = 1.0) -> Tensor:
    return torch.cos(1 + step * torch.arange(torch.Size(shape).numel()).double()).view(shape)


A, B = wave(8, 5, step=1.1), wave(3, 8, step=0.9)
X, BASE = wave(4, 5), torch.sin(2 * torch.arange(20, dtype=torch.float64)).view(4, 5)


def net(x: Tensor, relu=torch.relu) -> Tensor:
    """Eight ReLUs, three outputs."""
    return relu(x @ A.to(x).T + 0.3) @ B.to(x).T


def smooth(x: Tensor) -> Tensor:
    """The same with another nonlinearity, three outputs."""
    return torch.tanh(x @ A.to(x).T + 0.3) @ B.to(x).T


def gradient(model, point: Tensor) -> Tensor:
    """Return dF/dx (d,) of a model of single points, by autograd alone."""
    point = point.detach().clone().requires_grad_(True)
    (grad,) = torch.autograd.grad(model(point[None])[0], point)
    return grad
