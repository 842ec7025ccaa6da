"""Lines of lesson 17 with the stub's names, as a student in a hurry would hand them in."""

import math

import torch

import xaicourse as xc


def localise(maps, masks):
    """Lesson 07's lines: the largest pixels, by topk."""
    sizes, inside = maps.abs().sum(1).flatten(1), masks.flatten(1)
    found = []
    for values, mark in zip(sizes, inside, strict=True):
        rank = mark[values.topk(int(mark.sum())).indices].double().mean()
        found.append([(values * mark).sum() / values.sum(), rank, mark[values.argmax()]])
    return torch.tensor(found)


def exact_p(k, n):
    """Section 8: the ways to get k votes, of all ways."""
    return math.comb(n, k) / 2**n


def read_study(trials):
    """Section 9: the formula for t, with all answers in one heap."""
    votes = [float(picked == side) for _, _, side, picked in trials if picked is not None]
    shares = torch.tensor(votes)
    m, s = shares.mean(), shares.std()
    return m, (m - 0.5) / (s / len(shares) ** 0.5)


def paint(x):
    """Section 2's control: the brightness of the picture."""
    return x


def contrast(object_maps, scene_maps, masks):
    """The answer to 17.1: the mass of both, and their difference."""

    def mass(maps):
        return xc.evaluation.relevance_mass(None, None, maps, mask=masks, channels="abs_sum").values

    return mass(object_maps) - mass(scene_maps)


PASTED = {  # task -> the attempt, and the mistake that is to be named (None: none is)
    "17.1": (localise, "first_of_equal"),
    "17.2": (exact_p, "this_count"),
    "17.3": (read_study, "pooled"),
    "17.4": (paint, "brightness"),
    "17.6": (contrast, "mass"),
}
