"""Whether raters agree with each other more than chance would make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from xaicourse.core.near_names import suggest_names

__all__ = ["krippendorff_alpha"]

Level = Literal["nominal", "ordinal", "interval"]
LEVELS = ("nominal", "ordinal", "interval")


@suggest_names
def krippendorff_alpha(ratings: Sequence[Sequence[Any]], *, level: Level = "nominal") -> float:
    r"""Return Krippendorff's alpha: 1 for full agreement, 0 for what chance gives.

    .. math:: \alpha = 1 - D_o / D_e, \quad
              D_o = \frac{1}{n} \sum_{c, k} o_{ck} \, \delta^2_{ck}, \quad
              D_e = \frac{1}{n (n - 1)} \sum_{c, k} n_c n_k \, \delta^2_{ck}

    The coincidences :math:`o_{ck}` count the pairs of values of one item, each divided by the
    item's number of ratings minus 1; :math:`n_c` is the sum of a line, n of all of them.

    Parameters
    ----------
    ratings : sequence (R, N)
        One line a rater, one entry an item; None or NaN where there is no rating.
    level : str
        The distance of two values: "nominal", 0 if equal and otherwise 1; "ordinal", by the
        ratings that lie between them; "interval", their difference.

    Returns
    -------
    float
        alpha; below 0 where raters disagree more than chance would. NaN if all ratings are equal:
        then nothing is known of chance.

    Raises
    ------
    ValueError
        If lines have different lengths, `level` is not known, no item has two ratings, or values
        of "ordinal" or "interval" are no numbers.

    Notes
    -----
    Forced choices of one pair that most raters prefer give a small alpha in spite of much
    agreement: chance agrees, too.

    References
    ----------
    K. Krippendorff, 2004, Content Analysis, chapter 11.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.people.krippendorff_alpha([["a", "b", "a"], ["a", "b", None]])
    1.0
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {level!r}")
    units = _units(ratings, level)
    values = sorted({value for unit in units for value in unit}, key=lambda v: (str(type(v)), v))
    place = {value: k for k, value in enumerate(values)}
    o = np.zeros((len(values), len(values)))
    for unit in units:
        counts = np.bincount([place[value] for value in unit], minlength=len(values))
        o += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    n_c = o.sum(1)
    n = n_c.sum()
    distance = _distances(values, n_c, level)
    observed = (o * distance).sum() / n
    expected = (np.outer(n_c, n_c) * distance).sum() / (n * (n - 1))
    return float(1 - observed / expected) if expected > 0 else float("nan")


def _units(ratings: Sequence[Sequence[Any]], level: Level) -> list[list[Any]]:
    """Return the ratings of each item that has two or more."""
    lines = [list(line) for line in ratings]
    lengths = {len(line) for line in lines}
    if len(lengths) > 1:
        raise ValueError(f"ratings must have one entry an item in each line, got {sorted(lengths)}")
    units = [[v for v in unit if v is not None and v == v] for unit in zip(*lines, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    if not units:
        raise ValueError("ratings must hold an item with two ratings: agreement needs a pair")
    if level != "nominal":
        try:
            units = [[float(value) for value in unit] for unit in units]
        except (TypeError, ValueError):
            raise ValueError(f'ratings must be numbers for level="{level}"') from None
    return units


def _distances(values: list[Any], n_c: np.ndarray, level: Level) -> np.ndarray:
    """Return the squared distance of each two values."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        numbers = np.asarray(values)
        return (numbers[:, None] - numbers[None, :]) ** 2
    between = np.cumsum(n_c) - n_c / 2  # ratings up to the middle of each value
    return (between[:, None] - between[None, :]) ** 2
