"""Three functions that give jumps to the wrong features. Task 12.5: convict each of them.

f maps (N, D) to (N,); x and baseline are (D,); thresholds holds one list for each feature.
"""

# ruff: noqa: D103 - students read these functions; a docstring would give the mistake away

import torch

__all__ = ["bug_a", "bug_b", "bug_c"]


def crossings(thresholds, x, baseline):
    found = []
    for i, places in enumerate(thresholds):
        for theta in places:
            if (x[i] > theta) != (baseline[i] > theta):
                found.append((float((theta - baseline[i]) / (x[i] - baseline[i])), i))
    return sorted(found)


def bug_a(f, thresholds, x, baseline):
    total = torch.zeros_like(x)
    for alpha, i in crossings(thresholds, x, baseline):
        before = baseline + (alpha - 1e-7) * (x - baseline)
        after = baseline + (alpha + 1e-7) * (x - baseline)
        total[i] += f(after[None])[0] - f(before[None])[0]
    return total


def bug_b(f, thresholds, x, baseline):
    walk = crossings(thresholds, x, baseline)
    ends = torch.tensor([0.0, *(alpha for alpha, _ in walk), 1.0], dtype=x.dtype)
    middles = (ends[1:] + ends[:-1]) / 2
    scores = f(middles[:, None] * (x - baseline))
    total = torch.zeros_like(x)
    for (_, i), jump in zip(walk, scores.diff(), strict=True):
        total[i] += jump
    return total


def bug_c(f, thresholds, x, baseline):
    walk = crossings(thresholds, x, baseline)
    names = sorted(
        (theta, i)
        for i, places in enumerate(thresholds)
        for theta in places
        if (x[i] > theta) != (baseline[i] > theta)
    )
    ends = torch.tensor([0.0, *(alpha for alpha, _ in walk), 1.0], dtype=x.dtype)
    middles = (ends[1:] + ends[:-1]) / 2
    scores = f(baseline + middles[:, None] * (x - baseline))
    total = torch.zeros_like(x)
    for (_, i), jump in zip(names, scores.diff(), strict=True):
        total[i] += jump
    return total
