"""Lines of lesson 15 with the stub's names, as a student in a hurry would hand them in."""

import torch

import xaicourse as xc


def removal_area(F, x, phi, fill, key):
    """Section 1: the package's deletion."""
    found = xc.evaluation.deletion(F, x, phi, imputer=fill, output="logit")
    return found.values


def neighbour_fill(x, keep, sweeps):
    """Section 3: the package's blur, where pixels are gone."""
    wide = xc.evaluation.Blur(1)(x[None, None], keep[None, None].to(x))
    return wide[0, 0]


def paired(a, b):
    """Lesson 15's own line for the interval that is not paired."""
    from scipy import stats

    half = (a.var() / len(a) + b.var() / len(b)).sqrt() * stats.t.ppf(0.975, len(a) - 1)
    mean = a.mean() - b.mean()
    return torch.stack([mean, mean - half, mean + half])


def trusted(low, high, above):
    """Section 6: the line of `sure`, for the first question."""
    return (low[:, 0] > 0).int() - (high[:, 0] < 0).int()


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "15.1": (removal_area, None),
    "15.2": (neighbour_fill, None),
    "15.3": (paired, "unpaired"),
    "15.6": (trusted, None),
}
