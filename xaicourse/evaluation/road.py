"""ROAD (2022): remove pixels so that their holes do not show, and do not train again."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.shared_of_metrics import RemovingInOrder
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.removal import Removal, better
from xaicourse.evaluation.result import MetricResult

__all__ = ["road"]

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)  # the authors'


def example() -> MetricExample:
    """Return two grey images with bright spots, which the score counts by their squares."""
    count = torch.arange(2 * 2 * 36, dtype=torch.float64)
    x = 0.5 + 0.02 * torch.cos(1.7 * count).view(2, 2, 6, 6)
    x[0, :, 1, 2] = x[0, :, 4, 1] = x[1, :, 4, 3] = 1.0

    def model(x: Tensor) -> Tensor:
        return x.square().sum(dim=(1, 2, 3))

    return MetricExample(model, x, x.square(), None, {"output": "logit"})


@metric(
    title="ROAD",
    year=2022,
    paper="arXiv:2202.00449",
    kind="curve",
    direction="lower",
    rank_only=True,
    example=example,
)
def road(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    imputer: Any = "noisy_linear",
    **asked: Unpack[RemovingInOrder],
) -> MetricResult:
    r"""Measure how fast the score falls when removed pixels are filled in by their neighbours.

    .. math::
        \mathrm{ROAD} = \int_0^1 F\big(\tilde x(a)\big)\, da, \qquad
        \tilde x_i = \frac{\sum_{j \in N(i)} w_{ij}\, \tilde x_j}{\sum_{j \in N(i)} w_{ij}}
        + \sigma\epsilon_i \ \text{ for the share } a \text{ of most relevant pixels}

    Parameters
    ----------
    steps : int, optional
        T; without it the score is read at the authors' shares: 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9,
        and at both ends.

    Returns
    -------
    MetricResult
        One area an image, in units of `output`, so from 0 to 1 for probabilities,
        **lower is better** (higher with ``order="lerf"``), with the curve.

    Notes
    -----
    The authors report the accuracy at each share: ``output="accuracy"``, and the mean of the curve
    over images. Every image counts, and exactly the share that is asked for is removed, also where
    most of a map is 0. Where all is removed the mean colour stands. The area between both orders
    is ``abpc(..., imputer="noisy_linear")``.

    **Cost.** 9 forward passes a row, one more where the class is to be predicted, and 7 systems
    of equations a row. On a CPU these take longer than the forward passes of a small net.

    **Fails when** holes are large: they are filled smoothly, which still favours blurred maps. That
    the form of a mask tells nothing of the class is assumed, not sure.

    References
    ----------
    .. [rong2022] Y. Rong, T. Leemann, V. Borisov, G. Kasneci, E. Kasneci, 2022, arXiv:2202.00449.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.arange(64.0).view(1, 1, 8, 8) / 64
    >>> xc.evaluation.road(lambda x: x.sum((1, 2, 3)), x, x, output="logit").shares
    tensor([0.0000, 0.0938, 0.2031, 0.2969, 0.4062, 0.5000, 0.7031, 0.9062, 1.0000],
           dtype=torch.float64)
    """
    removal = Removal(imputer=imputer, grid=SHARES, **asked)
    curve = removal.curve(model, x, attribution, target)
    return curve.result("road", curve.area(), direction=better("lower", asked))
