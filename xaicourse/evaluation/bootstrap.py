"""How sure a mean over images is: the percentile bootstrap."""

from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.evaluation.seeds import seeded

__all__ = ["Interval", "bootstrap_ci"]


class Interval(NamedTuple):
    """A mean with the two ends of its confidence interval.

    Parameters
    ----------
    mean : float
        The mean of the values, in their units.
    low, high : float
        The ends of the interval.
    images : int
        How many values there were.
    """

    mean: float
    low: float
    high: float
    images: int


def bootstrap_ci(
    values: Tensor, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    r"""Return the mean of values and its percentile bootstrap interval.

    Images are drawn with replacement, as many as there are, `draws` times; the interval holds
    the middle `level` of the means.

    Parameters
    ----------
    values : Tensor (N,)
        One value an image, without NaN.
    level : float
        Between 0 and 1.
    draws : int
        How many resampled means.
    seed : int
        Equal seeds give equal intervals; the global random state is not touched.

    Returns
    -------
    Interval
        mean, low, high, images. With one image the interval is that image: no spread is known.

    Raises
    ------
    ValueError
        If there are no values, one is NaN, or `level` is not between 0 and 1.

    References
    ----------
    B. Efron, 1979, Annals of Statistics 7(1). Lesson 05.
    """
    check_positive_int(draws, "draws")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, such as 0.95, got {level!r}")
    values = torch.as_tensor(values).detach().cpu().double().flatten()
    if len(values) == 0 or not bool(torch.isfinite(values).all()):
        raise ValueError(
            f"values must hold at least one number and no NaN, got {len(values)} value(s) with "
            f"{int((~torch.isfinite(values)).sum())} that are not finite"
        )
    picks = torch.randint(len(values), (draws, len(values)), generator=seeded(seed))
    means = values[picks].mean(dim=1)
    low, high = torch.quantile(means, torch.tensor([(1 - level) / 2, (1 + level) / 2]).double())
    return Interval(float(values.mean()), float(low), float(high), len(values))
