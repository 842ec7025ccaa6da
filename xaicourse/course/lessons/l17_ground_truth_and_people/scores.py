"""Three scores of a map beside a mask, and what is done wrong with them (task 17.1)."""

import torch


def pixel_sizes(maps):
    """Return the size of each pixel, the sum over channels of |map|, (N, P)."""
    return maps.abs().sum(dim=1).flatten(1)


def share_inside(values, inside):
    """Return the share of all size that lies inside, (N,)."""
    return (values * inside).sum(1) / values.sum(1)


def among_largest(values, inside, k):
    """Return the part of the k largest values (P,) that lies inside; equal ones share places."""
    least = values.sort(descending=True).values[k - 1]
    above, equal = values > least, values == least
    each = (k - above.sum()) / equal.sum()  # of a place, for each of the equal values
    return ((above & inside).sum() + each * (equal & inside).sum()) / k


def as_many(inside):
    """Return how many pixels each mark has, (N,)."""
    return inside.sum(1).tolist()


def localise(
    maps, masks, *, size=pixel_sizes, mass=share_inside, top=among_largest, counts=as_many, hit=None
):
    """Return mass, rank and hit of each map, (N, 3)."""
    values, inside = size(maps), masks.flatten(1)
    pairs = list(zip(values, inside, counts(inside), strict=True))
    ranks = torch.stack([top(v, i, int(k)) for v, i, k in pairs])
    hits = torch.stack([(hit or top)(v, i, 1) for v, i, _ in pairs])
    return torch.stack([mass(values, inside), ranks, hits], dim=1)


# ---------------------------------------------------------------- what is done wrong


def by_topk(values, inside, k):
    """Take the k places that topk happens to give."""
    return inside[values.topk(k).indices].double().mean()


def by_argsort(values, inside, k):
    """Take the first k places of a sort."""
    return inside[values.argsort(descending=True)[:k]].double().mean()


def by_argmax(values, inside, k):
    """Ask the first of the largest values."""
    return inside[values.argmax()].double()


def by_threshold(values, inside, k):
    """Take all that is as large as the k-th, and divide by k."""
    return ((values >= values.topk(k).values[-1]) & inside).sum() / k


def of_all_taken(values, inside, k):
    """Take all that is as large as the k-th, and divide by how many these are."""
    taken = values >= values.topk(k).values[-1]
    return (taken & inside).sum() / taken.sum()


def only_above(values, inside, k):
    """Take only what is larger than the k-th."""
    return ((values > values.topk(k).values[-1]) & inside).sum() / k


def all_equal_inside(values, inside, k):
    """Give the last places to those inside."""
    key = values.double() + 1e-9 * inside
    return by_topk(key, inside, k)


def any_hit(values, inside, k):
    """Call it a hit if one of the largest values is inside."""
    return ((values == values.max()) & inside).any().double()


def all_hit(values, inside, k):
    """Call it a hit if all of the largest values are inside."""
    return inside[values == values.max()].all().double()


def smallest(values, inside, k):
    """Take the smallest values."""
    return among_largest(-values, inside, k)
