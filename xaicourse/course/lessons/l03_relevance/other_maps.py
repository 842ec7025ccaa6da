"""Maps of dense ReLU nets: DeepLIFT's Rescale, and what other lessons make of the same net."""

import torch
from torch import Tensor

from xaicourse.course.grading.shared_mistakes import pick
from xaicourse.course.lessons.l03_relevance.nets import run

__all__ = ["FEW_STEPS", "gradient", "integrated", "occlusion", "open_gates", "quotients", "rescale"]

STEPS = 400
FEW_STEPS = 0.09  # how far Integrated Gradients in 10 steps may be from one in 400


def open_gates(z: Tensor) -> Tensor:
    """Return 1 where the sum z is above 0, else 0."""
    return (z > 0).to(z)


def quotients(z: Tensor, z0: Tensor) -> Tensor:
    """Return (relu(z) - relu(z0)) / (z - z0), and the slope at z where z does not change."""
    still = (z - z0).abs() < 1e-7
    change = torch.where(still, 1.0, z - z0)
    return torch.where(still, open_gates(z), (z.relu() - z0.relu()) / change)


def rescale(
    weights, biases, x, baseline, target, *,
    quotient=quotients, score=pick, end=lambda x, x0: x - x0,
):  # fmt: skip
    """Return (x - x') m, (N, D): m is the chain rule with quotients in place of slopes."""
    sums, sums0 = run(weights, biases, x)[1], run(weights, biases, baseline)[1]
    z = sums[-1].detach().requires_grad_()
    with torch.enable_grad():
        (m,) = torch.autograd.grad(score(z, target).sum(), z)  # 1 at the target
    m = m @ weights[-1]
    for W, z, z0 in reversed(list(zip(weights[:-1], sums[:-1], sums0[:-1], strict=True))):
        m = (m * quotient(z, z0)) @ W
    return end(x, baseline) * m


def gradient(weights, biases, x, target):
    """Return the gradient of the target's score: quotients of a change of nothing are slopes."""
    return rescale(weights, biases, x, x, target, end=lambda x, x0: torch.ones_like(x))


def integrated(weights, biases, x, baseline, target):
    """Return Integrated Gradients."""
    total = torch.zeros_like(x)
    for k in range(STEPS):
        total += gradient(weights, biases, baseline + (k + 0.5) / STEPS * (x - baseline), target)
    return (x - baseline) * total / STEPS


def occlusion(weights, biases, x, baseline, target):
    """Return what the score loses if one input at a time is put on its baseline."""
    found = torch.zeros_like(x)
    for k in range(x.shape[1]):
        off = x.clone()
        off[:, k] = baseline[:, k]
        ends = [pick(run(weights, biases, point)[1][-1], target) for point in (x, off)]
        found[:, k] = ends[0] - ends[1]
    return found
