"""Three metrics, each with one mistake. Task 15.5: convict each of them.

F maps (M, D) to (M,); x and phi are (N, D); fill is a number. Each returns one number a row, (N,).
"""

# ruff: noqa: D103 - students read these functions; a docstring would give the mistake away

import torch

__all__ = ["bug_a", "bug_b", "bug_c"]


def bug_a(F, x, phi, fill):
    half = x.shape[1] // 2
    bar = phi.sort(dim=1, descending=True).values[:, half - 1 : half]
    gone = phi >= bar
    return F(x) - F(torch.where(gone, fill, x))


def bug_b(F, x, phi, fill):
    now, drops = x.clone(), []
    for i in range(x.shape[1]):
        before = F(now)
        now[:, i] = fill
        drops.append(before - F(now))
    pair = torch.stack([phi, torch.stack(drops, dim=1)])
    pair = pair - pair.mean(dim=2, keepdim=True)
    a, b = pair
    return (a * b).sum(dim=1) / (a.norm(dim=1) * b.norm(dim=1)).clamp_min(1e-12)


def bug_c(F, x, phi, fill):
    order = phi.argsort(dim=1, descending=True)
    now, scores = x.clone(), [F(x)]
    for k in range(x.shape[1]):
        now = now.scatter(1, order[:, [k]], fill)
        scores.append(F(now))
    curve = torch.stack(scores, dim=1)
    curve = curve / curve.max()
    return ((curve[:, 1:] + curve[:, :-1]) / 2).mean(dim=1)
