"""IROF (2020): remove whole segments, the most relevant first."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.shared_of_metrics import RemovingPixels, Unit
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.removal import Removal
from xaicourse.evaluation.result import MetricResult

__all__ = ["irof"]


def example() -> MetricExample:
    """Return images of four one-coloured pieces, and a score that is a sum over them."""
    weight = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    row = torch.arange(4).repeat_interleave(torch.tensor([1, 3, 2, 2]))
    labels = torch.stack([row, 3 - row])[:, None].repeat(1, 4, 1)  # (2, 4, 8), pieces by number
    heat = weight[row].expand(4, 8)
    x = torch.ones(2, 2, 4, 8, dtype=torch.float64) + 0.1 * labels[:, None]

    def model(x: Tensor) -> Tensor:
        return (x * heat.to(x)).sum(dim=(1, 2, 3))

    settings = {"unit": labels, "imputer": 0.0, "output": "logit"}
    return MetricExample(model, x, (x * heat).sum(1, keepdim=True), None, settings)


@metric(
    title="IROF",
    year=2020,
    paper="arXiv:2003.08747",
    kind="curve",
    direction="higher",
    rank_only=True,
    example=example,
)
def irof(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "channel_mean",
    unit: Unit = "superpixel",
    **asked: Unpack[RemovingPixels],
) -> MetricResult:
    r"""Measure the area over the score's share that is left, while segments are removed.

    .. math::
        \mathrm{IROF} = 1 - \int_0^1 \frac{s(a)}{s(0)}\, da, \qquad
        s(a) = F\big(x \text{ without the share } a \text{ of its segments}\big)

    The segments go by their mean attribution, the largest first.

    Parameters
    ----------
    unit : int, str or Tensor
        The segments: ``"superpixel"``, which `superpixels` cuts; the side of square patches; or
        labels (H, W) or (N, H, W), as from `slic`. Where each row has segments of its own the
        curve has 100 steps, and an image with fewer segments than that loses one at a time.

    Returns
    -------
    MetricResult
        One area an image, at most 1 for probabilities and without a lower end,
        **higher is better**; NaN where F(x) is not above 0. The curve is that of the ratio (N, T +
        1).

    Notes
    -----
    The area is over the share of segments, so that their number does not set its scale.

    **Cost.** T + 1 forward passes a row, at most one for each segment and one; one more where the
    class is to be predicted. Cutting a photo into superpixels takes longer than that: cut once,
    and give the labels.

    **Fails when** F(x) is small: the ratio explodes. Segments favour maps that are smooth.

    References
    ----------
    .. [rieger2020] L. Rieger, L. K. Hansen, 2020, arXiv:2003.08747.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, settings = torch.ones(1, 1, 2, 2), {"imputer": 0, "unit": 1, "output": "logit"}
    >>> xc.evaluation.irof(lambda x: x[:, 0, 0, 0], x, -x.cumsum(2).cumsum(3), **settings).values
    tensor([0.8750], dtype=torch.float64)
    """
    removal = Removal(imputer=imputer, unit=unit, mean=True, **asked)
    curve = removal.curve(model, x, attribution, target)
    first = curve.scores[:, :1]
    ratio = curve.scores / first.where(first > 0, torch.nan)  # (N, T + 1)
    return curve.of(ratio).result("irof", 1 - curve.area(ratio), area="1 - trapezoid on [0, 1]")
