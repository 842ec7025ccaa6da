"""Three ways to write Integrated Gradients that are wrong. Task 05.4: convict each of them.

f maps (N, D) to (N,); x and baseline are (N, D).
"""

# ruff: noqa: D103 - students read these functions; a docstring would give the mistake away

import torch

__all__ = ["bug_a", "bug_b", "bug_c"]


def bug_a(f, x, baseline, steps):
    total = torch.zeros_like(x)
    for k in range(1, steps):
        point = baseline + k / steps * (x - baseline)
        point = point.detach().requires_grad_(True)
        total += torch.autograd.grad(f(point).sum(), point)[0]
    return (x - baseline) * total / steps


def bug_b(f, x, baseline, steps):
    total = torch.zeros_like(x)
    for k in range(steps):
        point = baseline + (k + 0.5) / steps * x
        point = point.detach().requires_grad_(True)
        total += torch.autograd.grad(f(point).sum(), point)[0]
    return (x - baseline) * total / steps


def bug_c(f, x, baseline, steps):
    total = torch.zeros_like(x)
    for k in range(steps):
        point = baseline + (k + 0.5) / steps * (x - baseline)
        point = point.detach().requires_grad_(True)
        total += torch.autograd.grad(f(point).sum(), point)[0]
    width = (x[-1] - baseline[-1]) / steps
    return width * total
