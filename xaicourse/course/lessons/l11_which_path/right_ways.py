"""What the three functions of task 11.5 should be."""

from itertools import pairwise

import torch

__all__ = ["along", "finer", "moving"]

MOST = 100  # steps of the search


def finer(points, parts):
    """Cut each piece of a path into equal parts, (K * parts + 1, D)."""
    share = torch.arange(parts, dtype=points.dtype)[:, None] / parts
    pieces = [torch.lerp(a[None], b[None], share) for a, b in pairwise(points)]
    return torch.cat([*pieces, points[-1:]])


def along(f, points):
    """Return the line integral along the points, (D,)."""
    middle = (points[1:] + points[:-1]) / 2
    return (f.gradient(middle) * points.diff(dim=0)).sum(0)


def moving(f, x, step):
    """Return AGI for a score whose sign is the class, (D,), and the points of its way."""
    points = [x]
    while len(points) <= MOST and float(f.value(points[-1])) >= 0:
        points.append(points[-1] - step * f.gradient(points[-1]).sign())
    way = torch.cat(points[::-1])
    return along(f, finer(way, 20)), way
