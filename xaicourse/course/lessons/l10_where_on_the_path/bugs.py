"""Three functions that choose their places on the path badly. Task 10.5: convict each of them.

f maps (N, D) to (N,); x and baseline are (1, D).
"""

# ruff: noqa: D103 - students read these functions; a docstring would give the mistake away

import torch

__all__ = ["bug_a", "bug_b", "bug_c"]


def bug_a(f, x, baseline, steps):
    ends = torch.linspace(0, 1, steps + 1, dtype=x.dtype)[:, None]
    scores = f(baseline + ends * (x - baseline)).detach()
    bar = scores[0] + 0.9 * (scores[-1] - scores[0])
    total = torch.zeros_like(x)
    for k in range(steps):
        if scores[k] > bar:
            break
        point = baseline + (k + 0.5) / steps * (x - baseline)
        point = point.detach().requires_grad_(True)
        total += torch.autograd.grad(f(point).sum(), point)[0]
    return (x - baseline) * total / steps


def bug_b(f, x, baseline, steps):
    ends = torch.linspace(0, 1, 11, dtype=x.dtype)[:, None]
    change = f(baseline + ends * (x - baseline)).detach().diff().abs()
    counts = (steps * change / change.sum().clamp_min(1e-12)).round()
    total = torch.zeros_like(x)
    for k, count in enumerate(counts.int().tolist()):
        for j in range(count):
            alpha = (k + (j + 0.5) / count) / 10
            point = baseline + alpha * (x - baseline)
            point = point.detach().requires_grad_(True)
            slope = torch.autograd.grad(f(point).sum(), point)[0]
            total += slope / (10 * count)
    return (x - baseline) * total


def bug_c(f, x, baseline, steps):
    ends = torch.linspace(0, 1, steps + 1, dtype=x.dtype)[:, None]
    points = baseline + ends * (x - baseline)
    change = f(points).detach().diff()
    start = points[:-1].detach().requires_grad_(True)
    square = torch.autograd.grad(f(start).sum(), start)[0] ** 2
    total = square.sum(1, keepdim=True)
    shares = square / torch.where(total > 0, total, 1)
    return (change[:, None] * shares).sum(0)[None]
