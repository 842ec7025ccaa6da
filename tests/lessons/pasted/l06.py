"""Lines of lessons 03 and 06 with the stub's names, as a student in a hurry would hand them in."""

import torch


def linear_pattern(x, y):
    """Section 1: the arrow that everybody looks for first, the weights."""
    return torch.linalg.lstsq(x - x.mean(0), y - y.mean()).solution


def two_component(x, w, b):
    """The answer to 06.2, with the values of this neuron."""
    y = x @ w + b
    dx, dy = x - x.mean(0), y - y.mean()
    return (dx * dy[:, None]).mean(0) / (dy * dy).mean()


def attribution(weights, biases, patterns, x, target):
    """Section 2: weight times pattern times y, of all layers in turn."""
    units = x
    for W, b in zip(weights, biases, strict=True):
        y = units @ W.T + b
        units = torch.relu(y)
    R = y
    for W, a in zip(reversed(weights), reversed(patterns), strict=True):
        R = R @ (W * a)
    return R


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "06.2": (linear_pattern, "the_weights"),
    "06.3": (two_component, "linear"),
    "06.4": (attribution, None),
}
