"""Pixel flipping (2015): turn features over, the most relevant first, and average the drop."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.shared_of_metrics import RemovingInOrder
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.removal import Removal, additive_example, better
from xaicourse.evaluation.result import MetricResult

__all__ = ["pixel_flipping"]


@metric(
    title="Pixel flipping",
    year=2015,
    paper="10.1371/journal.pone.0130140",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=additive_example,
)
def pixel_flipping(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "flip",
    **asked: Unpack[RemovingInOrder],
) -> MetricResult:
    r"""Measure how far the score has fallen on average while features are flipped.

    .. math::
        \mathrm{PF} = \frac{1}{T + 1} \sum_{k=0}^{T} (s_0 - s_k), \qquad
        s_k = F\big(x \text{ with its } k\,U/T \text{ most relevant units flipped}\big)

    Returns
    -------
    MetricResult
        One mean drop an image, in units of `output`, so from -1 to 1 for probabilities,
        **higher is better** (lower with ``order="lerf"``), with the curve of scores (N, T + 1).

    Notes
    -----
    Flipped is 1 - x, black for white, for inputs in [0, 1]; other ranges need
    ``imputer=xc.evaluation.Flip(low, high)``, and are refused without it.

    **Cost.** T + 1 forward passes a row, one more where the class is to be predicted.

    **Fails when** features in the middle of their range are important: flipping leaves grey as it
    is. Images of which the model is sure weigh most.

    References
    ----------
    .. [bach2015] S. Bach, A. Binder, G. Montavon, F. Klauschen, K.-R. Mueller, W. Samek, 2015,
       10.1371/journal.pone.0130140.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.pixel_flipping(toy, x, xc.gradient(toy, x), imputer=0, output="logit").values
    tensor([-0.3333], dtype=torch.float64)
    """
    curve = Removal(imputer=imputer, **asked).curve(model, x, attribution, target)
    drop = curve.scores[:, :1] - curve.scores  # (N, T + 1)
    return curve.result("pixel_flipping", curve.mean(drop), "mean drop", better("higher", asked))
