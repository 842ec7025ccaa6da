"""DiffROAR (2021): what the top of a map says of the class, minus what its bottom says."""

from collections.abc import Callable
from typing import Any, Unpack

from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.retraining import Retraining, factorial_example
from xaicourse.evaluation.shared_by_trainings import Retrained

__all__ = ["diff_roar"]


@metric(
    title="DiffROAR",
    year=2021,
    paper="arXiv:2102.12781",
    kind="data",
    direction="higher",
    rank_only=True,
    example=factorial_example,
)
def diff_roar(
    train: Callable[..., Any], data: Any, method: Any, **asked: Unpack[Retrained]
) -> MetricResult:
    r"""Train on the top of each map and on its bottom, and subtract the accuracies.

    .. math::
        \mathrm{DiffROAR} = \frac1{t_T}\int_0^{t_T} a_{\text{top}}(t) - a_{\text{bottom}}(t)\,dt

    Returns
    -------
    MetricResult
        One difference a training, from -1 to 1, **higher is better**, with the curve (S, T + 1)
        over the removed shares 0, t_1 ... t_T; 0 is what a random order has on average. ``details``
        holds the results of the controls, by name.

    Notes
    -----
    At t the share 1 - t is kept: a_top is KAR's accuracy and a_bottom is ROAR's. The inverted map
    has the opposite value. The area over the shares is ours; the paper gives them one by one.

    **Cost.** Twice that of ROAR.

    **Fails when** the form of what is left says the class, at the top or at the bottom; and below 0
    it does not say whether the map is wrong about the model, or the model needs other features
    than a new net would.

    References
    ----------
    .. [shah2021] H. Shah, P. Jain, P. Netrapalli, 2021, arXiv:2102.12781.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["diff_roar"].example()
    >>> xc.evaluation.diff_roar(e.train, e.data, e.method, fractions=(0.2, 0.4), trainings=1).curve
    tensor([[0.0000, 0.5000, 0.5000]], dtype=torch.float64)
    """
    choices = Retraining(**asked)
    top = choices.curves(train, data, method, least_first=True)
    bottom = choices.curves(train, data, method)
    return top.minus(bottom).result("diff_roar")
