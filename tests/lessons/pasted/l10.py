"""Lines of lesson 10 with the stub's names, as a student in a hurry would hand them in."""

import torch

import xaicourse as xc


def crossing(scores, share):
    """Section 2: the fraction of the formula, and the places where it is above s."""
    level = (scores - scores[0]) / (scores[-1] - scores[0])
    return int((level > share).sum())


def my_idgi(F, points):
    """Lesson 05: gradient times distance, in the middles."""
    middles = (points[1:] + points[:-1]) / 2
    slopes = xc.gradient(F, middles, target=None)
    return (points[-1] - points[0]) * slopes.mean(0)


def spread(scores, M):
    """Section 7: the column "rounded down"."""
    change = scores.diff().abs()
    return (M * change / change.sum()).floor()


def my_idg(F, points):
    """The answer to 10.2: squares and changes."""
    change = F(points).detach().diff()
    middle = ((points[1:] + points[:-1]) / 2).detach().requires_grad_()
    slopes = torch.autograd.grad(F(middle).sum(), middle)[0]
    return (change[:, None] * slopes**2).sum(0)


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "10.1": (crossing, None),
    "10.2": (my_idgi, None),
    "10.3": (spread, "floor_only"),
    "10.7": (my_idg, None),
}
