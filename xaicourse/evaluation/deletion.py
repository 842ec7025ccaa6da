"""Deletion and insertion (2018): remove what the map calls important and read the score."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.shared_of_metrics import Removing
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.removal import Removal, additive_example
from xaicourse.evaluation.result import MetricResult

__all__ = ["deletion", "insertion"]


@metric(
    title="Deletion",
    year=2018,
    paper="arXiv:1806.07421",
    kind="curve",
    direction="lower",
    rank_only=True,
    example=additive_example,
)
def deletion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "black",
    **asked: Unpack[Removing],
) -> MetricResult:
    r"""Measure how fast the score falls when the most important features go first.

    .. math::
        \mathrm{Del} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(x \text{ without its } k\,U/T \text{ most important of } U \text{ units}\big)

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from 0 to 1 for probabilities,
        **lower is better**, with the curve (N, T + 1).

    Notes
    -----
    Only the order of the map counts. Always read it beside a random and a centre control.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** holes are no longer what the model has learnt from: removed features leave the
    data's distribution, and noisy maps of sharp pixels often get a low value.

    References
    ----------
    .. [petsiuk2018] V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.deletion(toy, x, xc.gradient(toy, x), output="logit").values
    tensor([2.7500], dtype=torch.float64)
    """
    removal = Removal(imputer=imputer, **asked)
    curve = removal.curve(model, x, attribution, target)
    return curve.result("deletion", curve.area())


@metric(
    title="Insertion",
    year=2018,
    paper="arXiv:1806.07421",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=additive_example,
)
def insertion(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "blur",
    **asked: Unpack[Removing],
) -> MetricResult:
    r"""Measure how fast the score rises when the most important features come back first.

    .. math::
        \mathrm{Ins} = \frac1T\Big(\frac{s_0 + s_T}{2} + \sum_{k=1}^{T-1} s_k\Big), \qquad
        s_k = F\big(\text{only the } k\,U/T \text{ most important units of } x\big)

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from 0 to 1 for probabilities,
        **higher is better**, with the curve (N, T + 1).

    Notes
    -----
    Everything starts as imputed. Read it beside the controls, as deletion.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** sharp maps are compared with smooth ones: from a blurred start it favours those.

    References
    ----------
    .. [petsiuk2018] V. Petsiuk, A. Das, K. Saenko, 2018, arXiv:1806.07421.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.insertion(toy, x, xc.gradient(toy, x), imputer=0, output="logit").values
    tensor([3.2500], dtype=torch.float64)
    """
    removal = Removal(imputer=imputer, restore=True, **asked)
    curve = removal.curve(model, x, attribution, target)
    return curve.result("insertion", curve.area())
