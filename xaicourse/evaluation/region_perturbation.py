"""Region perturbation (2017): the area over the perturbation curve, AOPC."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.shared_of_metrics import RemovingInOrder
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.removal import Removal, additive_example, better
from xaicourse.evaluation.result import MetricResult

__all__ = ["region_perturbation"]


@metric(
    title="Region perturbation (AOPC)",
    year=2017,
    paper="10.1109/TNNLS.2016.2599820",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=additive_example,
)
def region_perturbation(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "uniform",
    **asked: Unpack[RemovingInOrder],
) -> MetricResult:
    r"""Measure how far the score has fallen on average while regions become noise.

    .. math::
        \mathrm{AOPC} = \frac{1}{T + 1} \sum_{k=0}^{T} \big(s_0 - \mathbb{E}\, s_k\big), \qquad
        s_k = F\big(x \text{ whose } k\,U/T \text{ most relevant regions are noise}\big)

    Returns
    -------
    MetricResult
        One mean drop an image, in units of `output`, so from -1 to 1 for probabilities,
        **higher is better** (lower with ``order="lerf"``), with the curve of mean scores (N, T +
        1).

    Notes
    -----
    The mean is over ten draws of uniform noise; ``imputer=xc.evaluation.Uniform(repeats=...)``
    for more. The papers perturb the first 100 regions of 9 x 9 pixels; here all regions go, of
    which `unit` is the side. The area between both orders is `abpc`.

    **Cost.** 10 (T + 1) forward passes a row, as many as draws; one more where the class is to be
    predicted.

    **Fails when** it is read as a loss: it is a drop, so that more is better. Noise is far from
    the data, and the first regions may cost the score whatever they show.

    References
    ----------
    .. [samek2017] W. Samek, A. Binder, G. Montavon, S. Lapuschkin, K.-R. Mueller, 2017,
       10.1109/TNNLS.2016.2599820.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, model = torch.ones(1, 4), lambda x: x @ torch.tensor([4.0, 3, 2, 1])
    >>> xc.evaluation.region_perturbation(model, x, -x.cumsum(1), imputer=0, output="logit").values
    tensor([6.], dtype=torch.float64)
    """
    curve = Removal(imputer=imputer, **asked).curve(model, x, attribution, target)
    drop = curve.scores[:, :1] - curve.scores  # (N, T + 1)
    values = curve.mean(drop)
    return curve.result("region_perturbation", values, "mean drop", better("higher", asked))
