"""Filling removed pixels from their neighbours, and wrong ways to do it (task 15.2)."""

import torch

WEIGHTS = ((1 / 12, 1 / 6, 1 / 12), (1 / 6, 0, 1 / 6), (1 / 12, 1 / 6, 1 / 12))
CROSS = ((0, 1 / 4, 0), (1 / 4, 0, 1 / 4), (0, 1 / 4, 0))
EQUAL = ((1 / 8, 1 / 8, 1 / 8), (1 / 8, 0, 1 / 8), (1 / 8, 1 / 8, 1 / 8))
TURNED = ((1 / 6, 1 / 12, 1 / 6), (1 / 12, 0, 1 / 12), (1 / 6, 1 / 12, 1 / 6))
WITH_ITSELF = ((1 / 12, 1 / 6, 1 / 12), (1 / 6, 1, 1 / 6), (1 / 12, 1 / 6, 1 / 12))


def summed(u, weights):
    """Return the weighted sum over the neighbours of each pixel (H, W); outside is 0."""
    kernel = torch.tensor(weights, dtype=u.dtype)[None, None]
    return torch.nn.functional.conv2d(u[None, None], kernel, padding=1)[0, 0]


def weighted_mean(u, weights):
    """Divide by the weights of those neighbours that are there."""
    return summed(u, weights) / summed(torch.ones_like(u), weights)


def kept_mean(x, keep):
    """Return what removed pixels are at first."""
    return x[keep].mean()


def where_removed(x, keep, new):
    """Return the next picture: what is kept stays."""
    return torch.where(keep, x, new)


def neighbour_fill(
    x, keep, sweeps, *, weights=WEIGHTS, mean=weighted_mean, start=kept_mean, blend=where_removed
):
    """Return the picture (H, W) with its removed pixels filled from their neighbours."""
    u = torch.where(keep, x, start(x, keep))
    for _ in range(sweeps):
        u = blend(x, keep, mean(u, weights))
    return u


# ---------------------------------------------------------------- wrong ways


def one_after_the_other(x, keep, sweeps):
    """Use new values within a sweep."""
    u = torch.where(keep, x, kept_mean(x, keep))
    for _ in range(sweeps):
        for i, j in (~keep).nonzero().tolist():
            u[i, j] = weighted_mean(u, WEIGHTS)[i, j]
    return u


def kept_only(x, keep, sweeps):
    """Average over kept neighbours alone; where there is none the mean stays."""
    share = summed(keep.to(x.dtype), WEIGHTS)
    near = summed(x * keep, WEIGHTS) / share.clamp_min(1e-12)
    return torch.where(keep, x, torch.where(share > 0, near, kept_mean(x, keep)))


def growing(x, keep, sweeps):
    """Fill pixels that have a kept neighbour, and count them as kept from then on."""
    u, there = torch.where(keep, x, kept_mean(x, keep)), keep.clone()
    for _ in range(sweeps):
        share = summed(there.to(x.dtype), WEIGHTS)
        near = summed(u * there, WEIGHTS) / share.clamp_min(1e-12)
        new = ~there & (share > 0)
        u, there = torch.where(new, near, u), there | new
    return u


def kept_each_time(x, keep, sweeps):
    """Average over kept neighbours alone, in each sweep; where there is none it becomes 0."""
    near = summed(x * keep, WEIGHTS) / summed(keep.to(x.dtype), WEIGHTS).clamp_min(1e-9)
    return torch.where(keep, x, near) if sweeps else torch.where(keep, x, kept_mean(x, keep))


def put_back_at_the_end(x, keep, sweeps):
    """Let kept pixels change in the sweeps, and put them back once."""
    u = neighbour_fill(x, keep, sweeps, blend=lambda x, keep, new: new)
    return torch.where(keep, x, u)


def wrapped(u, weights):
    """Let the last row be a neighbour of the first."""
    kernel = torch.tensor(weights, dtype=u.dtype)[None, None]
    around = torch.nn.functional.pad(u[None, None], (1, 1, 1, 1), mode="circular")
    return torch.nn.functional.conv2d(around, kernel)[0, 0]


def blurred(x, keep, sweeps):
    """Put the blurred picture where pixels are gone: it has read them."""
    return torch.where(keep, x, weighted_mean(x, WITH_ITSELF))


def replicated(u, weights):
    """Continue the picture over its border."""
    wide = torch.nn.functional.pad(u[None, None], (1, 1, 1, 1), mode="replicate")
    kernel = torch.tensor(weights, dtype=u.dtype)[None, None]
    return torch.nn.functional.conv2d(wide, kernel)[0, 0]
