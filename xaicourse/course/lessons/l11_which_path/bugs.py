"""Three functions that follow a path badly. Task 11.5: convict each of them.

f maps (N, D) to (N,); x is (1, D); points are (K + 1, D).
"""

# ruff: noqa: D103 - students read these functions; a docstring would give the mistake away

import torch

__all__ = ["bug_a", "bug_b", "bug_c"]


def slopes(f, points):
    points = points.detach().requires_grad_(True)
    return torch.autograd.grad(f(points).sum(), points)[0]


def bug_a(f, x, step):
    z, total = x, torch.zeros_like(x)
    for _ in range(100):
        if f(z)[0] < 0:
            break
        move = -step * slopes(f, z).sign()
        total -= slopes(f, z + move / 2) * move
        z = x + move
    return total[0]


def bug_b(f, points):
    middle = (points[1:] + points[:-1]) / 2
    return (points[-1] - points[0]) * slopes(f, middle).mean(0)


def bug_c(f, points):
    middle, moves = (points[1:] + points[:-1]) / 2, points.diff(dim=0)
    forward = (points[-1] - points[0]).sign()
    moves = torch.where(moves * forward > 0, moves, 0)
    return (slopes(f, middle) * moves).sum(0)
