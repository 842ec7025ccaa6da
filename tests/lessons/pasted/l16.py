"""Lines of lesson 16 with the stub's names, as a student in a hurry would hand them in."""

import torch

import xaicourse as xc


def sensitivity(explain, x, draws, radius):
    """Section 2: the formula, with one length for all."""
    maps = [explain(x + radius * draw) for draw in draws]
    return max((m - explain(x)).norm() / explain(x).norm() for m in maps).expand(len(x))


def move(x, slope, score, same_class, eps, step, n):
    """Section 3: the formula of the step, n times."""
    p = x
    for _ in range(n):
        p = p - step * slope(p).sign()
        p = torch.minimum(torch.maximum(p, x - eps), x + eps).clamp(0, 1)
    return p


def disguise(model, picture):
    """Section 1: add something to the picture."""
    return lambda x: model(x + picture)


def stable(model, x, target):
    """The lesson's SmoothGrad, which moves least of its three methods."""
    return xc.smoothgrad(model, x, target=target, samples=10)


def twins(model, x, target):
    """Section 1: the random twin."""
    return xc.robustness.random_twin(x, 8 / 255)


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "16.1": (sensitivity, "whole_batch"),
    "16.2": (move, "last_point"),
    "16.3": (disguise, "moves_the_input"),
    "16.4": (stable, "still_moves"),
    "16.6": (twins, "as_random"),
}
