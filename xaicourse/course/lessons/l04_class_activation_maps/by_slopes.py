"""What slopes promise of each cell of feature maps, where its effect is asked for."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["by_the_mean_slope", "by_the_slope", "integrated", "layer_cam"]


def slopes(head: Callable[[Tensor], Tensor], A: Tensor, target: int) -> Tensor:
    """Return the slopes of the target's score with respect to maps (S, K, h, w)."""
    with torch.enable_grad():
        A = A.detach().clone().requires_grad_()
        return torch.autograd.grad(head(A)[:, target].sum(), A)[0]


def by_the_slope(head, A, target):
    """Slope times value: HiResCAM."""
    return (slopes(head, A, target) * A).sum(1)[0]


def by_the_mean_slope(head, A, target):
    """Mean slope times value: Grad-CAM without ReLU."""
    return (slopes(head, A, target).mean((2, 3), keepdim=True) * A).sum(1)[0]


def layer_cam(head, A, target):
    """Positive slope times value: LayerCAM."""
    return (slopes(head, A, target).relu() * A).sum(1)[0]


def integrated(head, A, target):
    """Mean slope on the way from maps of 0, times value: Integrated Gradients."""
    alphas = ((torch.arange(200.0) + 0.5) / 200).view(-1, 1, 1, 1)
    return (slopes(head, alphas * A, target).mean(0) * A[0]).sum(0)
