"""Lines of lesson 12 with the stub's names, as a student in a hurry would hand them in."""

import torch


def tree_ig(f, thresholds, x, baseline):
    """Section 2: places by the formula, and the map of lesson 05 with slopes that are 0."""
    alphas = (torch.arange(1000) + 0.5) / 1000
    points = baseline + alphas[:, None] * (x - baseline)
    slopes = (f(points + 1e-6 * (x - baseline)) - f(points)) / 1e-6
    return (x - baseline) * slopes.mean()


def share_jump(f, before, after, movers):
    """The answer to 12.1, called between before and after."""
    limits = [[float((a + b) / 2)] for a, b in zip(before, after, strict=True)]
    total, middle = torch.zeros_like(before), [0.25, 0.75]
    ends = f(torch.lerp(before, after, torch.tensor(middle).to(before)[:, None]))
    for i, each in enumerate(limits):
        if (before[i] > each[0]) != (after[i] > each[0]):
            total[i] += ends[1] - ends[0]
    return total


def next_point(word, point, baseline, m):
    """Lesson 05: one step of the straight way."""
    return baseline + (1 - 1 / m) * (point - baseline)


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "12.1": (tree_ig, None),
    "12.2": (share_jump, "whole_to_each"),
    "12.3": (next_point, "straight"),
}
