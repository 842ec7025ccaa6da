"""Completeness (2017) and non-sensitivity (2020): two axioms, measured."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.attribution import relative_gap
from xaicourse.evaluation.complexity import check_threshold
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.removal import Removal, additive_example
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.sets import ask_sets, single_units

__all__ = ["completeness", "non_sensitivity"]


@metric(
    title="Completeness",
    year=2017,
    paper="arXiv:1703.01365",
    kind="curve",
    direction="lower",
    rank_only=False,
    example=additive_example,
)
def completeness(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    relative: bool = True,
    imputer: Any = "black",
    output: Any = "logit",
    batch_size: int | None = None,
) -> MetricResult:
    r"""Measure how far the sum of the map is from the rise of the score.

    .. math::
        \mathrm{gap} = \frac{\big| \sum_i \phi_i - (F(x) - F(x')) \big|}{|F(x) - F(x')|}

    Parameters
    ----------
    relative : bool
        False: the gap in units of F, not as a share of the rise.
    imputer : number, str, Tensor or callable
        What all of x is replaced by: the map's own baseline x'.
    output : str or callable
        The scale of the score, the one that the map was made for.

    Returns
    -------
    MetricResult
        One gap an image, at least 0, **lower is better**. A map of zeros has the gap 1 where the
        score rises.

    Notes
    -----
    The share is of :math:`\max(|F(x) - F(x')|,\ 0.001\,(|F(x)| + |F(x')|))`, as in `relative_gap`
    of a method's details: where the score hardly rises, any map would be far off.

    **Cost.** 2 forward passes a row.

    **Fails when** it is read as truth: all of the rise on any one feature is complete.

    References
    ----------
    .. [sundararajan2017] M. Sundararajan, A. Taly, Q. Yan, 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.completeness(toy, x, xc.integrated_gradients(toy, x, steps=500)).values < 0.01
    tensor([True])
    """
    removal = Removal(imputer, output, "sum", "keep", 1, None, 0, batch_size)
    about = ask_sets(removal, model, x, attribution, target)
    everything = torch.ones_like(about.found[:1], dtype=torch.bool)
    rise = about.drops(lambda row, k: everything.expand(len(row), -1), 1).mean(dim=0)[:, 0]
    gap = about.found.sum(dim=1) - rise
    values = relative_gap(gap, about.f_x - rise, about.f_x) if relative else gap.abs()
    return about.result("completeness", values, "gap", relative=relative)


def half_example() -> MetricExample:
    """Return a model that reads two of four features, and a map that says so."""
    made = additive_example()
    reads = torch.tensor([1.0, 1, 0, 0], dtype=torch.float64)
    right = reads * made.attribution
    return replace(
        made,
        model=lambda x: made.model(x * reads.to(x)),
        attribution=right,
        worse=right.flip(1),
    )


@metric(
    title="Non-sensitivity",
    year=2020,
    paper="arXiv:2007.07584",
    kind="curve",
    direction="lower",
    rank_only=True,
    example=half_example,
)
def non_sensitivity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    threshold: float = 1e-6,
    imputer: Any = "uniform",
    output: Any = "logit",
    channels: str = "abs_sum",
    unit: Any = 1,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Count the units that matter to the map alone, or to the model alone.

    .. math::
        \mathrm{NS} = \Big| \{ i : \phi_i = 0 \} \;\triangle\;
        \{ i : \mathbb E\big[ (F(x) - F(x_{\tilde i}))^2 \big] = 0 \} \Big|, \qquad
        x_{\tilde i} = x \text{ with other values at } i

    Parameters
    ----------
    threshold : float
        What is nothing, as a share of the largest in the row: of the map's values, and of the
        score's reactions.
    imputer : number, str, Tensor or callable
        What the values of a unit become; with a constant a unit that has it already seems to
        matter nothing.

    Returns
    -------
    MetricResult
        One number of units an image, from 0 to U, how many there are, **lower is better**.

    Notes
    -----
    Divide by the number of units to compare images of different size.

    **Cost.** U + 1 forward passes a row for each draw, ten of them in uniform: take large units.

    **Fails when** the map is smoothed or upsampled, so that it is 0 nowhere: any size of a value
    counts as something. Look at two thresholds.

    References
    ----------
    .. [nguyen2020] A. Nguyen, M. Rodriguez Martinez, 2020, arXiv:2007.07584.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[0.2, 0.4]])
    >>> xc.evaluation.non_sensitivity(lambda x: x[:, 0], x, torch.tensor([[1.0, 0.3]])).values
    tensor([1.], dtype=torch.float64)
    """
    check_threshold(threshold)
    removal = Removal(imputer, output, channels, "abs", unit, None, 0, batch_size)
    about = ask_sets(removal, model, x, attribution, target)
    units = about.found.shape[1]
    drops = about.drops(single_units(units, x.device), units)  # (R, N, U)
    reaction = drops.square().mean(dim=0).sqrt()  # (N, U)
    least = (threshold * reaction.amax(dim=1, keepdim=True)).maximum(about.rounding(drops))
    silent = about.found <= threshold * about.found.amax(dim=1, keepdim=True)  # phi = 0
    differ = silent != (reaction <= least)
    return about.result("non_sensitivity", differ.sum(dim=1), "count", threshold=threshold)
