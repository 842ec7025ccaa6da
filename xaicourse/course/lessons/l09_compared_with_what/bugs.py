"""Three wrong ways to write Expected Gradients with its error. Task 09.4: convict each of them.

gradient maps points (n, D) to slopes (n, D); x is (1, D), references (n, D), alphas (n,).
"""

# ruff: noqa: D103 - students read these functions; a docstring would give the mistake away

import torch

__all__ = ["bug_a", "bug_b", "bug_c"]


def bug_a(gradient, x, references, alphas):
    way = x - references
    slopes = gradient(references + alphas[:, None] * way)
    found = way * slopes
    mean = way.mean(0) * slopes.mean(0)
    return torch.stack([mean, found.std(0) / len(found) ** 0.5])


def bug_b(gradient, x, references, alphas):
    way = x - references
    places = alphas.sort().values
    found = way * gradient(references + places[:, None] * way)
    return torch.stack([found.mean(0), found.std(0) / len(found) ** 0.5])


def bug_c(gradient, x, references, alphas):
    way = x - references
    found = way * gradient(references + alphas[:, None] * way)
    return torch.stack([found.mean(0), found.abs().std(0) / len(found) ** 0.5])
