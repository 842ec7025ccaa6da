"""IDGI, and other ways to share out what F changes in each step (task 10.2)."""

import torch


def slopes_at(F, points):
    """Return the gradients of F at points, (n, D)."""
    points = points.detach().requires_grad_(True)
    return torch.autograd.grad(F(points).sum(), points)[0]


def middles(points):
    """Return the middle of each step."""
    return (points[1:] + points[:-1]) / 2


def changes(F, points):
    """Return by how much F changes in each step, (n,)."""
    return F(points).detach().diff()


def squared_shares(slopes):
    """Return how the inputs share a step, (n, D): nothing where the gradient is 0."""
    square = slopes**2
    total = square.sum(1, keepdim=True)
    return square / torch.where(total > 0, total, 1)


def my_idgi(F, points, *, where=middles, change=changes, shares=squared_shares):
    """Return what each input gets of the changes of F along the points, (D,)."""
    return change(F, points) @ shares(slopes_at(F, where(points)))


def shared(size):
    """Return a way to share by another size of the slopes."""

    def shares(slopes):
        value = size(slopes)
        total = value.sum(1, keepdim=True)
        return value / torch.where(total != 0, total, 1)

    return shares


def over_the_path(slopes):
    """One total for the whole path."""
    return slopes**2 / (slopes**2).sum()


def length_not_squared(slopes):
    """Divide by the length of the gradient."""
    length = slopes.norm(dim=1, keepdim=True)
    return slopes**2 / torch.where(length > 0, length, 1)


def integrated(F, points):
    """Integrated Gradients in the middles."""
    return (slopes_at(F, middles(points)) * points.diff(dim=0)).sum(0)


def of_the_steps(F, points):
    """Return what each input gets in each step, (n, D)."""
    return changes(F, points)[:, None] * squared_shares(slopes_at(F, middles(points)))


def times_distance(F, points, way=lambda points: points.diff(dim=0)):
    """Multiply by a distance as well."""
    return (of_the_steps(F, points) * way(points)).sum(0)


def distance_in_the_shares(F, points):
    """Share by gradient times step, squared."""
    pulls = slopes_at(F, middles(points)) * points.diff(dim=0)
    return changes(F, points) @ squared_shares(pulls)


def mean_of_the_ends(F, points, size=lambda slopes: slopes):
    """Share by the gradients at both ends of a step."""
    ends = size(slopes_at(F, points))
    return changes(F, points) @ squared_shares((ends[1:] + ends[:-1]) / 2)


def even_middles(points):
    """Return the middles of equal steps."""
    n = len(points) - 1
    at = (torch.arange(n, dtype=points.dtype)[:, None] + 0.5) / n
    return points[:1] + at * (points[-1:] - points[:1])


def with_a_number_added(number):
    """Return a way to share that adds a number to the divisor."""
    return lambda slopes: slopes**2 / ((slopes**2).sum(1, keepdim=True) + number)


def where_it_is_zero(fill):
    """Give the change of a step without a gradient to somebody: fill(shares)."""

    def shares(slopes):
        given = squared_shares(slopes)
        return torch.where((given.sum(1) > 0)[:, None], given, fill(given))

    return shares


def first_input(shares):
    """Give all to the first input."""
    return torch.eye(shares.shape[1], dtype=shares.dtype)[:1]


def step_before(shares):
    """Share as in the step before."""
    return torch.cat([0 * shares[:1], shares[:-1]])


def made_exact(F, points):
    """Scale the result, so that it adds up to the rise."""
    found, ends = my_idgi(F, points), F(points).detach()[[0, -1]]
    return found * (ends[1] - ends[0]) / found.sum()


def linear_changes(F, points):
    """What the slopes promise for each step."""
    return (slopes_at(F, middles(points)) * points.diff(dim=0)).sum(1)


def even_changes(F, points):
    """Return the same part of the rise for every step."""
    ends = F(points).detach()[[0, -1]]
    return ((ends[1] - ends[0]) / (len(points) - 1)).expand(len(points) - 1)


def by_width(F, points):
    """The rise, by the length of each step."""
    width = points.diff(dim=0).norm(dim=1)
    ends = F(points).detach()[[0, -1]]
    return (ends[1] - ends[0]) * width / width.sum()
