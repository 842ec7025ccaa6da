"""ROAR and KAR (2018): remove, or keep, what the map calls important, and train anew."""

from collections.abc import Callable
from typing import Any, Unpack

from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.retraining import Retraining, factorial_example
from xaicourse.evaluation.shared_by_trainings import Retrained

__all__ = ["kar", "roar"]


@metric(
    title="ROAR",
    year=2018,
    paper="arXiv:1806.10758",
    kind="data",
    direction="lower",
    rank_only=True,
    example=factorial_example,
)
def roar(
    train: Callable[..., Any], data: Any, method: Any, **asked: Unpack[Retrained]
) -> MetricResult:
    r"""Remove the most important features from all data, train anew and read the accuracy.

    .. math::
        \mathrm{ROAR} = \frac1{t_T}\int_0^{t_T} a(t)\,dt, \qquad
        a(t) = \text{accuracy of a net trained and tested on } x
        \text{ without its } t\,U \text{ most important of } U \text{ units}

    Returns
    -------
    MetricResult
        One mean accuracy a training, from 0 to 1, **lower is better**, with the curve (S, T + 1)
        over the removed shares 0, t_1 ... t_T. ``details`` holds the results of the controls, by
        name.

    Notes
    -----
    The maps of training and testing data are all of one model. Compare with ``details["random"]``:
    what stays right there, any net can read from what is left.

    **Cost.** S (1 + T (1 + controls)) trainings and one for the model that is explained; one map of
    each row. Equal trainings are done once, and with `keep` never again.

    **Fails when** another feature says the same: what a map removes is then not missed, however
    much the model uses it. And the removed places themselves can say the class: a map drawn from
    the explained model's verdict hands it on to the new one. Blurring a map, which adds nothing,
    can improve its score [song2023]_.

    References
    ----------
    .. [hooker2018] S. Hooker, D. Erhan, P.-J. Kindermans, B. Kim, 2018, arXiv:1806.10758.
    .. [song2023] J. Song, K. Cha, J. Seo, 2023, arXiv:2304.13836.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["roar"].example()
    >>> xc.evaluation.roar(e.train, e.data, e.method, fractions=(0.2, 0.4), trainings=1).curve
    tensor([[1.0000, 0.5000, 0.5000]], dtype=torch.float64)
    """
    return Retraining(**asked).curves(train, data, method).result("roar")


@metric(
    title="KAR",
    year=2018,
    paper="arXiv:1806.10758",
    kind="data",
    direction="higher",
    rank_only=True,
    example=factorial_example,
)
def kar(
    train: Callable[..., Any], data: Any, method: Any, **asked: Unpack[Retrained]
) -> MetricResult:
    r"""Keep the most important features of all data, train anew and read the accuracy.

    .. math::
        \mathrm{KAR} = \frac1{t_T}\int_0^{t_T} a(t)\,dt, \qquad
        a(t) = \text{accuracy of a net trained and tested on } x
        \text{ without its } t\,U \text{ least important of } U \text{ units}

    Returns
    -------
    MetricResult
        One mean accuracy a training, from 0 to 1, **higher is better**, with the curve (S, T + 1)
        over the removed shares 0, t_1 ... t_T. ``details`` holds the results of the controls, by
        name.

    Notes
    -----
    As ROAR with the order turned round: at t the share 1 - t is kept.

    **Cost.** S (1 + T (1 + controls)) trainings and one for the model that is explained; one map of
    each row. Equal trainings are done once, and with `keep` never again.

    **Fails when** the kept places themselves say the class: the new net then reads the explained
    model's verdict from their form, whatever is in them.

    References
    ----------
    .. [hooker2018] S. Hooker, D. Erhan, P.-J. Kindermans, B. Kim, 2018, arXiv:1806.10758.

    Examples
    --------
    >>> import xaicourse as xc
    >>> e = xc.METRICS["kar"].example()
    >>> xc.evaluation.kar(e.train, e.data, e.method, fractions=(0.8, 1), trainings=1).curve
    tensor([[1.0000, 1.0000, 0.5000]], dtype=torch.float64)
    """
    return Retraining(**asked).curves(train, data, method, least_first=True).result("kar")
