"""Sensitivity-n (2017) and faithfulness correlation (2020): does the map add up as the score falls.

Both remove random sets of units. A map that is exact on an additive model gets 1 for every size of
the sets.
"""

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.checks import check_choice, check_positive_int
from xaicourse.core.shared_of_metrics import Perturbing
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.removal import Removal
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.sets import (
    CORRELATIONS,
    Sets,
    ask_sets,
    random_subsets,
    subsets_example,
    sums_over,
)

__all__ = ["faithfulness_correlation", "sensitivity_n"]


@metric(
    title="Sensitivity-n",
    year=2017,
    paper="arXiv:1711.06104",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=subsets_example,
)
def sensitivity_n(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    sizes: int | Sequence[int] | None = None,
    samples: int = 100,
    imputer: Any = "black",
    output: Any = "logit",
    seed: int = 0,
    **asked: Unpack[Perturbing],
) -> MetricResult:
    r"""Correlate the sum of the map over random sets of n units with how far the score falls.

    .. math::
        \mathrm{Sens}(n) = \mathrm{corr}_{|S| = n}\Big( \sum_{i \in S} \phi_i,\;
        F(x) - F(x \text{ without } S) \Big)

    Parameters
    ----------
    sizes : int, sequence of int, optional
        n, below the number U of units: at n = U there is one set, and nothing varies. Of several
        the correlations are averaged; without it eight sizes, from 1 to 0.8 U.
    samples : int
        How many sets of each size.
    imputer : number, str, Tensor or callable
        What stands in for removed features; it asks the map's own question where it is the
        baseline of the map.
    seed : int
        Draws the sets, the same for every row and on every device.

    Returns
    -------
    MetricResult
        One mean correlation an image, from -1 to 1, **higher is better**. Where the map says the
        same of all sets, or the score falls alike for all, it is not defined: NaN, which is
        counted.

    Notes
    -----
    The sets are the same for all rows. Each image has its own correlation; across images it would
    compare their scales.

    **Cost.** sizes x samples + 1 forward passes a row.

    **Fails when** large sets leave nothing that the model has learnt from; and it asks for a sum,
    which no map of single features can give where features only act together.

    References
    ----------
    .. [ancona2017] M. Ancona, E. Ceolini, C. Öztireli, M. Gross, 2017, arXiv:1711.06104.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.sensitivity_n(toy, x, xc.gradient(toy, x), sizes=1).values.round(decimals=3)
    tensor([1.], dtype=torch.float64)
    """
    removal = Removal(imputer=imputer, output=output, seed=seed, steps=None, **asked)
    about = ask_sets(removal, model, x, attribution, target)
    n = sizes_of(sizes, about.found.shape[1])
    found = [agreement(about, size, samples, seed, "pearson") for size in n]
    values = torch.stack(found).mean(dim=0)
    return about.result(
        "sensitivity_n", values, "mean of Pearson's", sizes=n, samples=samples, seed=seed
    )


@metric(
    title="Faithfulness correlation",
    year=2020,
    paper="arXiv:2005.00631",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=subsets_example,
)
def faithfulness_correlation(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    size: int | None = None,
    samples: int = 100,
    correlation: str = "pearson",
    imputer: Any = "black",
    output: Any = "logit",
    seed: int = 0,
    **asked: Unpack[Perturbing],
) -> MetricResult:
    r"""Correlate the sum of the map over random sets of one size with how far the score falls.

    .. math::
        \mathrm{FC} = \mathrm{corr}_{|S| = k}\Big( \sum_{i \in S} \phi_i,\;
        F(x) - F(x \text{ without } S) \Big)

    Parameters
    ----------
    size : int, optional
        k, below the number U of units; a fifth of them without it.
    samples : int
        How many sets.
    correlation : str
        ``"pearson"``, or ``"spearman"``, which makes it :math:`\mu`-fidelity.
    imputer : number, str, Tensor or callable
        What stands in for removed features.
    seed : int
        Draws the sets, the same for every row and on every device.

    Returns
    -------
    MetricResult
        One correlation an image, from -1 to 1, **higher is better**. Where the map says the same
        of all sets, or the score falls alike for all, it is not defined: NaN, which is counted.

    Notes
    -----
    It is `sensitivity_n` for one n.

    **Cost.** samples + 1 forward passes a row.

    **Fails when** few sets are drawn: with 100 the standard error of a correlation near 0 is 0.1.

    References
    ----------
    .. [bhatt2020] U. Bhatt, A. Weller, J. M. F. Moura, 2020, arXiv:2005.00631.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.faithfulness_correlation(toy, x, -xc.gradient(toy, x), size=1).values < 0
    tensor([True])
    """
    removal = Removal(imputer=imputer, output=output, seed=seed, steps=None, **asked)
    about = ask_sets(removal, model, x, attribution, target)
    units = about.found.shape[1]
    (k,) = sizes_of(max(1, round(0.2 * units)) if size is None else size, units, "size")
    values = agreement(about, k, samples, seed, correlation)
    return about.result(
        "faithfulness_correlation", values, correlation, size=k, samples=samples, seed=seed
    )


def agreement(about: Sets, size: int, samples: int, seed: int, correlation: str) -> Tensor:
    """Return corr(sum of the map over S, drop without S) over random S of one size, (N,)."""
    check_choice(correlation, CORRELATIONS, "correlation")
    units, device = about.found.shape[1], about.found.device
    sets = random_subsets(units, size, samples, seed, device)  # (S, U)
    told = sums_over(about.found, sets)  # (N, S)
    drops = about.drops(lambda row, k: sets[k], samples)  # (R, N, S)
    return CORRELATIONS[correlation](told, drops.mean(dim=0), about.rounding(drops))


def sizes_of(sizes: Any, units: int, name: str = "sizes") -> tuple[int, ...]:
    """Return how many units the sets have."""
    if sizes is None:
        last = max(1.0, 0.8 * units)
        spaced = [round(last ** (k / 7)) for k in range(8)]
        return tuple(sorted({min(size, max(1, units - 1)) for size in spaced}))
    listed = [sizes] if isinstance(sizes, int) or not isinstance(sizes, Sequence) else sizes
    found = tuple(check_positive_int(size, name) for size in listed)
    if not found or max(found) > units:
        raise ValueError(f"{name}={sizes} must be from 1 to the {units} units that there are")
    return found
