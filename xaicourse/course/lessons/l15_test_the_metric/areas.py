"""The area under a removal curve, step by step, and wrong ways to find it (task 15.1)."""

import torch


def largest_first(phi, key):
    """Return which feature goes first, second, ..., (N, D): among equals the smaller key."""
    by_key = key.argsort()
    return by_key[(-phi[:, by_key]).argsort(dim=1, stable=True)]


def counts_gone(x):
    """Return how many features are gone at each point of the curve."""
    return torch.arange(x.shape[1] + 1)


def without(x, order, fill, counts=counts_gone):
    """Return x with 0, 1, ..., D features gone, (N, D + 1, D)."""
    place = order.argsort(dim=1)  # of each feature in the order
    gone = place[:, None, :] < counts(x)[None, :, None]
    return torch.where(gone, fill, x[:, None, :])


def trapezoids(scores):
    """Return the area over a share from 0 to 1: all steps are equally wide."""
    return ((scores[:, 1:] + scores[:, :-1]) / 2).mean(1)


def removal_area(F, x, phi, fill, key, *, order=largest_first, inputs=without, area=trapezoids):
    """Return the area under the score while features go, the largest phi first, (N,)."""
    points = inputs(x, order(phi, key), fill)  # (N, D + 1, D)
    scores = F(points.reshape(-1, x.shape[1])).reshape(points.shape[:2])
    return area(scores)


# ---------------------------------------------------------------- wrong orders


def of_first_row(phi, key):
    """Use the order of the first input for all."""
    return largest_first(phi, key)[:1].expand(len(phi), -1)


def of_mean_map(phi, key):
    """Use the order of the mean map for all."""
    return largest_first(phi.mean(0, keepdim=True), key).expand(len(phi), -1)


def by_index(phi, key):
    """Order equal values by their place."""
    return (-phi).argsort(dim=1, stable=True)


def key_alone(phi, key):
    """Ignore the map."""
    return key.argsort().expand(len(phi), -1)


def flipped(phi, key):
    """Sort upwards and turn the result round: equal values are turned round, too."""
    by_key = key.argsort()
    return by_key[phi[:, by_key].argsort(dim=1, stable=True)].flip(1)


# ---------------------------------------------------------------- wrong inputs


def restored(x, order, fill):
    """Begin with nothing and put features back."""
    place = order.argsort(dim=1)
    back = place[:, None, :] < counts_gone(x)[None, :, None]
    return torch.where(back, x[:, None, :], fill)


def one_at_a_time(x, order, fill):
    """Take one feature away and put it back before the next."""
    place = order.argsort(dim=1)
    gone = place[:, None, :] == counts_gone(x)[None, :, None] - 1
    return torch.where(gone, fill, x[:, None, :])


def place_as_order(x, order, fill):
    """Mix up which feature goes k-th with when the k-th feature goes."""
    gone = order[:, None, :] < counts_gone(x)[None, :, None]
    return torch.where(gone, fill, x[:, None, :])


def fill_added(x, order, fill):
    """Add the fill to what is there."""
    return without(x, order, 0.0) + (without(x, order, 0.0) != x[:, None, :]) * (
        x[:, None, :] + fill
    )
