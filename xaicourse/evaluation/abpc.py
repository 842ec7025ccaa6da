"""ABPC (2017): insertion minus deletion, the removal metric with a zero that is known."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.shared_of_metrics import Removing
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.removal import Removal, additive_example
from xaicourse.evaluation.result import MetricResult

__all__ = ["abpc"]


@metric(
    title="ABPC: insertion minus deletion",
    year=2017,
    paper="10.1109/TNNLS.2016.2599820",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=additive_example,
)
def abpc(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    **asked: Unpack[Removing],
) -> MetricResult:
    r"""Measure the area between the curves of removing the least and the most important first.

    .. math::
        \mathrm{ABPC} = \int_0^1 \big(s^{\mathrm{LeRF}}(a) - s^{\mathrm{MoRF}}(a)\big)\, da,
        \qquad s(a) = F\big(x \text{ without the share } a \text{ of its units}\big)

    Removing the least important first, read from its end, is insertion: this is insertion minus
    deletion with the same imputer.

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from -1 to 1 for probabilities,
        **higher is better**; its curve is the difference, 0 at both ends.

    Notes
    -----
    Zero is known: a map turned upside down has minus the value, on any net, so that random orders
    have 0 on average. Equal values go in the same random order in both curves, so that a constant
    map has 0 exactly. Read it first, then deletion and insertion; and with a second imputer, since
    an imputer is a baseline, too.

    **Cost.** 2 T forward passes a row, one more where the class is to be predicted.

    **Fails when** the imputer asks another question than the map answers: black as imputer
    favours maps that have black as their baseline.

    References
    ----------
    .. [samek2017] W. Samek, A. Binder, G. Montavon, S. Lapuschkin, K.-R. Mueller, 2017,
       10.1109/TNNLS.2016.2599820.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.abpc(toy, x, xc.gradient(toy, x), imputer=0, output="logit").values
    tensor([0.5000], dtype=torch.float64)
    """
    removal = Removal(imputer=imputer, **asked).ask(model, x, attribution, target)
    most = removal.curve("morf")
    least = removal.inner_curve("lerf", most)
    between = most.of(least.scores - most.scores)
    return between.result("abpc", between.area())
