"""A right result that was scaled by itself: divided by its largest size, its length or its sum."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from xaicourse.course.grading.compare import distance

__all__ = ["normalised"]

SAME = 1e-3  # of the larger norm
CHANGED = 0.05  # a scaling that changes less than this is none

# rows (M, D) to their sizes (M,); each has a name in the catalogue
SIZES: dict[str, Callable[[Tensor], Tensor]] = {
    "normalised_largest": lambda rows: rows.abs().amax(1),
    "normalised_length": lambda rows: rows.norm(dim=1),
    "normalised_sum": lambda rows: rows.abs().sum(1),
}


def normalised(given: Sequence[Tensor], expected: Sequence[Tensor | None]) -> str | None:
    """Return which size is 1 if every result is the right one divided by it, or None.

    The size may be that of each input, (N, ...) -> (N,), or that of the whole result.
    """
    pairs = [(g, e) for g, e in zip(given, expected, strict=True) if e is not None]
    if len(pairs) < len(given) or any(g.squeeze().shape != e.squeeze().shape for g, e in pairs):
        return None
    for axes in (whole, each_input):
        a = [axes(g.reshape(e.shape).double()) for g, e in pairs]
        b = [axes(e.double()) for _, e in pairs]
        for name, size in SIZES.items():
            if _scaled(a, b, size):
                return name
    return None


def whole(result: Tensor) -> Tensor:
    """Return the whole result in one row."""
    return result.reshape(1, -1)


def each_input(result: Tensor) -> Tensor:
    """Return one row for each input."""
    return result.reshape(len(result), -1) if result.ndim > 1 else whole(result)


def _scaled(given: list[Tensor], right: list[Tensor], size: Callable[[Tensor], Tensor]) -> bool:
    """Say whether the rows (M, D) of every case are the right ones over their sizes."""
    if any(rows.shape[1] < 2 for rows in right):
        return False
    sizes = [size(rows) for rows in right]  # 0 where a result is 0, which no scaling changes
    scaled = [torch.where(s > 0, rows.T / s, 0.0).T for rows, s in zip(right, sizes, strict=True)]
    changed = torch.cat([s[s > 0] - 1 for s in sizes]).abs()
    return bool((changed > CHANGED).any()) and all(
        distance(g, s) <= SAME for g, s in zip(given, scaled, strict=True)
    )
