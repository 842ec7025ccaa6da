"""Faithfulness estimate (2018): whether the score falls most where the map is largest."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.path import rows_of
from xaicourse.core.shared_of_metrics import Perturbing
from xaicourse.evaluation.order import removal_rank
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.removal import Removal
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.sets import Sets, ask_sets, pearson, sum_example

__all__ = ["faithfulness_estimate"]


@metric(
    title="Faithfulness estimate",
    year=2018,
    paper="arXiv:1806.07538",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=sum_example,
)
def faithfulness_estimate(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    output: Any = "logit",
    steps: int | None = None,
    seed: int = 0,
    **asked: Unpack[Perturbing],
) -> MetricResult:
    r"""Correlate each unit's value with how far the score falls when it alone is removed.

    .. math::
        \mathrm{FE} = \mathrm{corr}_i \big( \phi_i,\; F(x) - F(x \text{ without } i) \big)

    Parameters
    ----------
    steps : int, optional
        How many groups the units are removed in, where one at a time costs too much: the largest
        values together, then the next ones. Without it one unit a group, 224 groups at most.
    imputer : number, str, Tensor or callable
        What stands in for removed features.

    Returns
    -------
    MetricResult
        One correlation an image, from -1 to 1, **higher is better**. For a constant map, or where
        the score falls alike for all units, it is not defined: NaN, which is counted.

    Notes
    -----
    Where units are grouped, the value of a group is the sum of its units. The paper calls it
    faithfulness.

    **Cost.** steps + 1 forward passes a row.

    **Fails when** features stand in for each other: without one of two the score does not fall.

    References
    ----------
    .. [alvarezmelis2018] D. Alvarez-Melis, T. S. Jaakkola, 2018, arXiv:1806.07538.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.faithfulness_estimate(toy, x, xc.gradient(toy, x)).values.round(decimals=3)
    tensor([1.], dtype=torch.float64)
    """
    removal = Removal(imputer=imputer, output=output, steps=steps, seed=seed, **asked)
    about = ask_sets(removal, model, x, attribution, target)
    group, groups = grouped(about, seed)  # (N, U)
    told = torch.zeros_like(about.found[:, :groups]).scatter_add_(1, group, about.found)  # (N, T)
    drops = about.drops(lambda row, k: rows_of(group, row) == k[:, None], groups)  # (R, N, T)
    values = pearson(told, drops.mean(dim=0), about.rounding(drops))
    return about.result("faithfulness_estimate", values, "pearson", steps=groups)


def grouped(about: Sets, seed: int) -> tuple[Tensor, int]:
    """Return the group of each unit, (N, U), by its rank; and how many groups there are."""
    ends = about.asked.counts[0, 1:].contiguous()  # (T,) after how many units each group ends
    rank = removal_rank(about.found.nan_to_num(0.0), seed)  # (N, U)
    return torch.searchsorted(ends, rank, right=True), len(ends)
