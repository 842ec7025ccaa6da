"""Segments of images: Felzenszwalb and Huttenlocher's graph-based segmentation (2004), and masks.

Pixels are joined along edges, the lightest first, where an edge is hardly heavier than what the two
segments hold inside.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["felzenszwalb", "masks_of"]

Labels = NDArray[np.intp]  # (H, W), a number for each segment
Edges = tuple[NDArray[np.float64], Labels, Labels]  # weight, one pixel, the other


def felzenszwalb(
    image: NDArray[np.float64], scales: Sequence[float], sigma: float, smallest: int
) -> list[Labels]:
    r"""Cut an image (C, H, W) into segments, once for each scale k.

    Two segments are joined along an edge of weight w, the distance of its pixels' colours, if

    .. math:: w \le \min_S \Big(\mathrm{Int}(S) + \frac{k}{|S|}\Big),

    where Int(S) is the heaviest edge that joined S. Segments below `smallest` pixels are then
    joined with the neighbour across their lightest edge. The image is blurred before, by `sigma`
    pixels.
    """
    from scipy import ndimage  # here: it takes a tenth of a second

    smooth = ndimage.gaussian_filter(image, (0, sigma, sigma))
    edges = _edges(smooth)
    return [_joined(edges, image.shape[1:], scale, smallest) for scale in scales]


def _edges(image: NDArray[np.float64]) -> Edges:
    """Return the edges between the eight neighbours of each pixel, the lightest first."""
    _, height, width = image.shape
    number = np.arange(height * width).reshape(1, height, width)
    both = [
        lambda t: (t[:, :, :-1], t[:, :, 1:]),  # right
        lambda t: (t[:, :-1], t[:, 1:]),  # down
        lambda t: (t[:, :-1, :-1], t[:, 1:, 1:]),  # down right
        lambda t: (t[:, 1:, :-1], t[:, :-1, 1:]),  # up right
    ]
    weights, ones, others = [], [], []
    for pair in both:
        a, b = pair(image)
        weights.append(np.sqrt(((a - b) ** 2).sum(axis=0)).ravel())
        a, b = pair(number)
        ones.append(a.ravel())
        others.append(b.ravel())
    weight, one, other = np.concatenate(weights), np.concatenate(ones), np.concatenate(others)
    order = np.argsort(weight, kind="stable")
    return weight[order], one[order], other[order]


def _joined(edges: Edges, shape: tuple[int, ...], k: float, smallest: int) -> Labels:
    """Join pixels along the edges: a forest, in which each segment is a tree."""
    n = shape[0] * shape[1]
    parent, size, most = list(range(n)), [1] * n, [float(k)] * n  # most: Int(S) + k / |S|

    def root(a: int) -> int:
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        return a

    def join(a: int, b: int) -> int:
        if size[a] < size[b]:
            a, b = b, a
        parent[b] = a
        size[a] += size[b]
        return a

    weight, one, other = edges
    for w, a, b in zip(weight.tolist(), one.tolist(), other.tolist(), strict=True):
        a, b = root(a), root(b)
        if a != b and w <= most[a] and w <= most[b]:
            a = join(a, b)
            most[a] = w + k / size[a]
    roots = np.array([root(a) for a in range(n)])
    between = roots[one] != roots[other]
    for a, b in zip(one[between].tolist(), other[between].tolist(), strict=True):
        a, b = root(a), root(b)
        if a != b and (size[a] < smallest or size[b] < smallest):
            join(a, b)
    roots = np.array([root(a) for a in range(n)])
    return np.unique(roots, return_inverse=True)[1].reshape(shape)


def masks_of(labels: Labels, dilation: int = 0) -> list[NDArray[np.intp]]:
    """Return the pixels of each segment, grown by a disk of radius `dilation`, as flat numbers."""
    from scipy import ndimage

    height, width = labels.shape
    number, r = np.arange(height * width).reshape(height, width), dilation
    found = []
    for k, box in enumerate(ndimage.find_objects(labels + 1)):
        rows, columns = (  # the box with room to grow
            slice(max(0, s.start - r), s.stop + r) for s in box
        )
        inside = labels[rows, columns] == k
        if r:
            inside = np.asarray(ndimage.distance_transform_edt(~inside)) <= r
        found.append(number[rows, columns][inside])
    return found
