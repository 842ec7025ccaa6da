"""Filling regions: the right way with named steps, and what students write instead."""

import torch

__all__ = [
    "as_given",
    "best_of_each_pixel",
    "first_only",
    "last_missing",
    "mean_of_each_pixel",
    "mean_of_new",
    "median_of_new",
    "once",
    "part_of_whole",
    "ranks",
    "regions",
    "total_of_new",
    "whole_mean",
]


def mean_of_new(pixel_map, mask, new):
    """Return the mean of the new pixels of a region."""
    return pixel_map[new].mean()


def regions(pixel_map, masks, *, worth=mean_of_new, given=mean_of_new, better=torch.gt, keep=False):
    """Return the map in which the new pixels of each region have their mean, (H, W)."""
    result, open_ = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    left = list(masks)
    while left:
        best = None
        for k, mask in enumerate(left):
            new = mask & open_
            if new.any():
                value = worth(pixel_map, mask, new)
                if best is None or better(value, best[0]):
                    best = (value, k, new)
        if best is None:
            break
        mask, new = left.pop(best[1]), best[2]
        result[mask if keep else new] = given(pixel_map, mask, new)
        open_ = open_ & ~mask
    return result


def once(pixel_map, masks):
    """Rank the regions once, by their means over all their pixels."""
    result, open_ = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    order = torch.stack([pixel_map[mask].mean() for mask in masks]).argsort(descending=True)
    for k in order.tolist():
        new = masks[k] & open_
        if new.any():
            result[new] = pixel_map[new].mean()
        open_ = open_ & ~masks[k]
    return result


def as_given(pixel_map, masks):
    """Take the regions in the order in which they are given."""
    result, open_ = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    for mask in masks:
        new = mask & open_
        if new.any():
            result[new] = pixel_map[new].mean()
        open_ = open_ & ~mask
    return result


def best_of_each_pixel(pixel_map, masks):
    """Give each pixel the largest mean of the regions that hold it."""
    means = torch.stack([pixel_map[mask].mean() for mask in masks])[:, None, None]
    return torch.where(masks, means, -torch.inf).amax(0)


def mean_of_each_pixel(pixel_map, masks):
    """Give each pixel the mean over the regions that hold it."""
    means = torch.stack([pixel_map[mask].mean() for mask in masks])[:, None, None]
    return (means * masks).sum(0) / masks.sum(0)


def first_only(pixel_map, masks):
    """Fill the first region only."""
    means = torch.stack([pixel_map[mask].mean() for mask in masks])
    return torch.where(masks[int(means.argmax())], means.max(), torch.zeros_like(pixel_map))


def ranks(pixel_map, masks, first=1.0, falling=True):
    """Return when each pixel was taken, 1 first; or the number of its mean among all means."""
    found = regions(pixel_map, masks)
    values = found.unique().flip(0) if falling else found.unique()
    return first + (found[..., None] == values).double().argmax(-1)


def last_missing(pixel_map, masks):
    """Leave out the region that would be filled last, in as many turns as there are regions."""
    result, open_ = torch.zeros_like(pixel_map), torch.ones_like(masks[0])
    for _ in masks[1:]:
        new = [mask & open_ for mask in masks if bool((mask & open_).any())]
        if new:
            best = max(new, key=lambda pixels: float(pixel_map[pixels].mean()))
            result[best], open_ = pixel_map[best].mean(), open_ & ~best
    return result


def total_of_new(pixel_map, mask, new):
    """Return the sum of the new pixels."""
    return pixel_map[new].sum()


def part_of_whole(pixel_map, mask, new):
    """Return the sum of the new pixels, divided by the size of the whole region."""
    return pixel_map[new].sum() / mask.sum()


def median_of_new(pixel_map, mask, new):
    """Return the median of the new pixels."""
    return pixel_map[new].median()


def whole_mean(pixel_map, mask, new):
    """Return the mean over all pixels of a region."""
    return pixel_map[mask].mean()
