"""How far a map moves at the worst of some draws, and other numbers (task 16.1)."""

import torch


def length(v):
    """Return the length of each row, (N, ...) -> (N,)."""
    return v.flatten(1).norm(dim=1)


def near(x, draws, radius):
    """Return the points that are looked at, (S, N, ...)."""
    return x + radius * draws


def length_of(change, before, after, x, step):
    """Return the length of the change, (N,)."""
    return length(change)


def map_at_x(change, before, after, x, step):
    """Return the length of the map at x, (N,)."""
    return length(before)


def sensitivity(
    explain,
    x,
    draws,
    radius,
    *,
    points=near,
    sizes=torch.Tensor.clone,
    top=length_of,
    bottom=map_at_x,
    worst=lambda shares: shares.amax(0),
):
    """Return the largest share by which the map moves, for each input, (N,)."""
    before = sizes(explain(x))
    shares = []
    for point in points(x, draws, radius):
        after = sizes(explain(point))
        seen = after - before, before, after, x, point - x
        shares.append(top(*seen) / bottom(*seen))
    return worst(torch.stack(shares))


# ---------------------------------------------------------------- wrong ones


def walked(x, draws, radius):
    """Return points of a walk: each draw is added to the point before."""
    return x + radius * draws.cumsum(0)


def mean_map(explain, x, draws, radius):
    """Compare with the mean of all maps."""
    mean = torch.stack([explain(x + radius * draw) for draw in draws]).mean(0)
    return length(mean - explain(x)) / length(explain(x))


def worst_numbers(explain, x, draws, radius):
    """Take the largest change of each number of the map, then the length."""
    changes = torch.stack([(explain(x + radius * draw) - explain(x)).abs() for draw in draws])
    return length(changes.amax(0)) / length(explain(x))


def between_draws(explain, x, draws, radius):
    """Compare each map with the one before."""
    maps = torch.stack([explain(x), *(explain(x + radius * draw) for draw in draws)])
    return torch.stack([length(d) for d in maps.diff(dim=0)]).amax(0) / length(maps[0])


def one_for_all(result):
    """Return the largest number of the batch, for every row."""
    return result.amax().expand_as(result)


def whole_batch(explain, x, draws, radius):
    """Take one length for the whole batch."""
    before = explain(x)
    shares = [(explain(x + radius * d) - before).norm() / before.norm() for d in draws]
    return torch.stack(shares).amax().expand(len(x))
