"""Monotonicity (2019) and monotonicity correlation (2020): the score rises as the map says."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.shared_of_metrics import Removing
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.removal import Removal, additive_example
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.sets import ask_sets, single_units, spearman

__all__ = ["monotonicity", "monotonicity_correlation"]


def order_example() -> MetricExample:
    """Return a model on which the order decides: x_2 does harm until x_1 is there."""
    x = torch.tensor([[1.0, 1], [2, 1]], dtype=torch.float64)
    settings = {"output": "logit", "imputer": 0.0}
    return MetricExample(
        lambda x: 3 * x[:, 0] * x[:, 1] - x[:, 1], x, torch.tensor([1.0, 2]) * x, None, settings
    )


@metric(
    title="Monotonicity",
    year=2019,
    paper="arXiv:1909.03012",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=order_example,
)
def monotonicity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    share: bool = False,
    imputer: Any = "black",
    **asked: Unpack[Removing],
) -> MetricResult:
    r"""Ask whether the score rises at each step as features come back, the least important first.

    .. math::
        \mathrm{Mono} = \big[\, s_0 \ge s_1 \ge \dots \ge s_T \,\big], \qquad
        s_k = F\big(x \text{ without its } k\,U/T \text{ most important of } U \text{ units}\big)

    Parameters
    ----------
    share : bool
        Return the share of steps that rise; with many steps hardly any image has all of them.

    Returns
    -------
    MetricResult
        1 or 0 an image (or the share, from 0 to 1), **higher is better**, with the curve, which is
        that of `deletion`: what comes back from the least important is what is left without the
        most.

    Notes
    -----
    A fall that rounding explains is none. The step from nothing to the first feature counts, too.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** all features speak for the class: then every order rises, the reversed one, too.
    One feature that speaks against it makes every order fall.

    References
    ----------
    .. [arya2019] V. Arya and others, 2019, arXiv:1909.03012.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.monotonicity(toy, x, xc.gradient(toy, x), output="logit").values
    tensor([0.], dtype=torch.float64)
    """
    curve = Removal(imputer=imputer, **asked).curve(model, x, attribution, target)
    rises = curve.scores[:, :-1] - curve.scores[:, 1:]  # (N, T)
    rounding = 16 * torch.finfo(x.dtype).eps * curve.scores.abs().amax(dim=1, keepdim=True)
    rising = (rises >= -rounding).to(rises.dtype)
    values = rising.mean(dim=1) if share else rising.amin(dim=1)
    return curve.result(
        "monotonicity",
        values.masked_fill(curve.scores.isnan().any(dim=1), torch.nan),
        area="share of steps that rise" if share else "all steps rise",
    )


def effect_example() -> MetricExample:
    """Return the additive model; the map that is flipped is wrong, the negative one is not."""
    made = additive_example()
    wrong = 1 / made.attribution
    return MetricExample(made.model, made.x, made.attribution, None, made.settings, worse=wrong)


@metric(
    title="Monotonicity correlation",
    year=2020,
    paper="arXiv:2007.07584",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=effect_example,
)
def monotonicity_correlation(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "uniform",
    output: Any = "logit",
    channels: str = "sum",
    unit: Any = 1,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Correlate the ranks of the map's sizes and of how strongly the score reacts to each unit.

    .. math::
        \mathrm{MC} = \mathrm{Spearman}_i \Big( |\phi_i|,\;
        \mathbb E\big[ (F(x) - F(x_{\tilde i}))^2 \big] \Big), \qquad
        x_{\tilde i} = x \text{ with other values at } i

    Parameters
    ----------
    imputer : number, str, Tensor or callable
        What the values of a unit become; where chance is in it, as in uniform, the expectation is
        over its draws. With a constant only one other value is tried, and a unit that has it
        already seems to matter nothing.

    Returns
    -------
    MetricResult
        One rank correlation an image, from -1 to 1, **higher is better**; equal values share their
        rank. For a constant map, or where the score reacts alike to all units, it is NaN, which is
        counted.

    Notes
    -----
    The map's sign does not count: evidence for and against the class are both reactions.

    **Cost.** U + 1 forward passes a row for each draw, ten of them in uniform: take large units.

    **Fails when** most units matter nothing: the order among them, which is noise, decides.

    References
    ----------
    .. [nguyen2020] A. Nguyen, M. Rodriguez Martinez, 2020, arXiv:2007.07584.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.monotonicity_correlation(toy, x, xc.gradient(toy, x)).values.round(decimals=3)
    tensor([1.], dtype=torch.float64)
    """
    removal = Removal(imputer, output, channels, "abs", unit, None, 0, batch_size)
    about = ask_sets(removal, model, x, attribution, target)
    units = about.found.shape[1]
    drops = about.drops(single_units(units, x.device), units)  # (R, N, U)
    reaction = drops.square().mean(dim=0).sqrt()  # its square has the same order
    values = spearman(about.found, reaction, about.rounding(drops))
    return about.result("monotonicity_correlation", values, "spearman")
