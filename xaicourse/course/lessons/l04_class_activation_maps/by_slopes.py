"""What slopes promise of each cell of feature maps, where its effect is asked for."""

import torch

__all__ = ["grad_cam", "hires_cam", "integrated", "layer_cam"]


def slopes(head, A, target):
    """Return the slopes of the target's score with respect to maps (S, K, h, w)."""
    A = A.detach().clone().requires_grad_()
    return torch.autograd.grad(head(A)[:, target].sum(), A)[0]


def hires_cam(head, A, target):
    """Return slope times value."""
    return (slopes(head, A, target) * A).sum(1)[0]


def grad_cam(head, A, target):
    """Return mean slope times value, without relu."""
    return (slopes(head, A, target).mean((2, 3), True) * A).sum(1)[0]


def layer_cam(head, A, target):
    """Return positive slope times value."""
    return (slopes(head, A, target).relu() * A).sum(1)[0]


def integrated(head, A, target):
    """Return the mean slope on the way from maps of 0, times value."""
    alphas = ((torch.arange(200.0) + 0.5) / 200).view(-1, 1, 1, 1)
    return (slopes(head, alphas * A, target).mean(0) * A[0]).sum(0)
