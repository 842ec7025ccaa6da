"""Adversarial training (2017): learn on the inputs that the net is most wrong about."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xaicourse.core.checks import check_positive_int
from xaicourse.core.near_names import suggest_names
from xaicourse.robustness.ball import Limits, check_amount, check_attacked
from xaicourse.robustness.climb import climb, make_ball
from xaicourse.robustness.training import Batch, Training

__all__ = ["adversarial_training"]


@suggest_names
def adversarial_training(
    net: Any,
    x: Tensor,
    labels: Tensor,
    *,
    norm: str = "linf",
    eps: float = 8 / 255,
    step: float | None = None,
    steps: int = 5,
    warm_up: float = 0.0,
    limits: Limits = (0.0, 1.0),
    anew: bool = False,
    epochs: int = 5,
    batch: int = 100,
    rate: float = 2e-3,
    seed: int = 0,
) -> nn.Module:
    r"""Train a copy of a net on inputs that were moved to where its loss is largest.

    .. math::
        \min_w \operatorname{E}_{x, y} \max_{\lVert \delta \rVert \le \epsilon}
        L\big(f_w(x + \delta), y\big)

    L is the cross-entropy. The inner maximum is searched by projected gradient ascent from a
    random point, against the weights of that moment.

    Parameters
    ----------
    net : torch.nn.Module
        (N, ...) -> (N, K) scores of classes; a copy of it is trained, by AdamW.
    x : Tensor (N, ...)
        Inputs to learn from.
    labels : Tensor (N,)
        Their classes, int64.
    norm : str
        ``"linf"`` or ``"l2"``, of the ball.
    eps : float
        :math:`\epsilon`, in units of x; 0 is plain training.
    step : float, optional
        Length of a step of the ascent; 2.5 eps / steps without it.
    steps : int
        Steps of the ascent.
    warm_up : float
        Over this share of the training eps grows from 0: a net that has learnt nothing yet may
        otherwise never begin.
    limits : pair of float or None
        The range of valid inputs, which no input leaves.
    anew : bool
        Start from random weights, drawn by `seed`, and not from those of the net.
    epochs : int
        How often all of x is seen.
    batch : int
        Rows in one step.
    rate : float
        Largest learning rate, in a one-cycle schedule.
    seed : int
        Of weights, order and starts; the same seed gives the same net on the same machine.

    Returns
    -------
    torch.nn.Module
        The trained copy, in eval mode and frozen.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, or an x that is not within `limits`.

    Notes
    -----
    Dropout is off while it trains, and a batch norm keeps its statistics.

    **Cost.** `steps` + 1 gradients a row and epoch.

    **Fails when** it is read as a cure: the net is trained against one norm and one eps, its
    accuracy on plain inputs falls, and whether its maps are better is to be measured.

    References
    ----------
    .. [madry2017] A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu, 2017, arXiv:1706.06083.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, labels = xc.datasets.digits(n=100)
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    >>> xc.robustness.adversarial_training(net, x, labels, epochs=1, anew=True)(x).shape
    torch.Size([100, 10])
    """
    check_attacked(x)
    eps = check_amount("eps", eps)
    check_positive_int(steps, "steps")
    step = 2.5 * eps / steps if step is None else check_amount("step", step)
    if check_amount("warm_up", warm_up) > 1:
        raise ValueError(f"warm_up is a share of the training, at most 1, got {warm_up}")
    make_ball(x, eps, norm, limits)  # so that a bad norm or bad limits are said here

    def loss(trained: nn.Module, batch: Batch) -> Tensor:
        x, y = batch.x, batch.labels
        grown = 1.0 if batch.done >= warm_up else batch.done / warm_up
        if grown * eps > 0:
            ball = make_ball(x, grown * eps, norm, limits)
            start = ball.random_point(batch.chance, len(x))
            x = climb(ball, start, grown * step, steps, lambda p: slope_of_loss(trained, p, y))
        return F.cross_entropy(trained(x), y)

    return Training(epochs, batch, rate, anew, seed).run(net, x, labels, loss)


def slope_of_loss(net: nn.Module, points: Tensor, labels: Tensor) -> Tensor:
    """Return the slope of the cross-entropy at points (n, ...)."""
    leaf = points.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(F.cross_entropy(net(leaf), labels, reduction="sum"), leaf)
    return slope
