"""Attributional training (2019): ask of the maps, while the net learns, what they shall be like."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import ask
from xaicourse.core.near_names import suggest_names
from xaicourse.core.quadrature import quadrature
from xaicourse.robustness.ball import Limits, check_amount, check_attacked
from xaicourse.robustness.climb import climb, make_ball
from xaicourse.robustness.maps import graph_map
from xaicourse.robustness.training import Batch, Training

__all__ = ["attributional_training", "loss_attribution"]

PENALTIES = ("ig_norm", "ig_sum_norm", "gradient")
Prior = Callable[[Tensor, Tensor], Tensor]


@suggest_names
def attributional_training(
    net: Any,
    x: Tensor,
    labels: Tensor,
    *,
    penalty: str | Prior = "ig_norm",
    weight: float = 1.0,
    method: Any = "gradient",
    norm: str = "linf",
    eps: float = 8 / 255,
    step: float | None = None,
    steps: int = 3,
    nodes: int = 4,
    limits: Limits = (0.0, 1.0),
    anew: bool = False,
    epochs: int = 5,
    batch: int = 100,
    rate: float = 2e-3,
    seed: int = 0,
) -> nn.Module:
    r"""Train a copy of a net with a penalty on its maps beside the loss.

    .. math::
        \min_w \operatorname{E}_{x, y} \big[ L(x) + \lambda\, P(x) \big]

    - ``"ig_norm"``: :math:`P = \max_{x'} \lVert \mathrm{IG}^L(x, x') \rVert_1` over the ball, where
      :math:`\mathrm{IG}^L` shares out :math:`L(x') - L(x)` by Integrated Gradients from x to x';
    - ``"ig_sum_norm"``: the sum of the shares beside :math:`\lambda` times their norm; as they sum
      to the rise of L, this is :math:`\max_{x'} L(x') + \lambda \lVert \mathrm{IG}^L \rVert_1`, and
      :math:`\lambda = 0` is adversarial training;
    - ``"gradient"``: :math:`P = \lVert \nabla_x L \rVert_2^2`, the cheapest of all;
    - a function: an attribution prior of your own, of the maps of the labels' scores.

    Parameters
    ----------
    net : torch.nn.Module
        (N, ...) -> (N, K) scores of classes; a copy of it is trained, by AdamW.
    x : Tensor (N, ...)
        Inputs to learn from.
    labels : Tensor (N,)
        Their classes, int64.
    penalty : str or callable
        P: a name, or a function (maps (n, ...), rows (n,)) -> (n,), where `rows` says which rows
        of x these are: ``lambda phi, rows: (phi * ~masks[rows]).square().flatten(1).sum(1)``.
    weight : float
        :math:`\lambda`.
    method : str, Spec, method or callable
        The maps that a function is given, as for `attack_map`.
    norm : str
        ``"linf"`` or ``"l2"``, of the ball.
    eps : float
        Its radius, in units of x.
    step : float, optional
        Length of a step in the ball; 2.5 eps / steps without it.
    steps : int
        Steps of the search for x'.
    nodes : int
        Nodes of the Gauss-Legendre rule for Integrated Gradients.
    limits : pair of float or None
        The range of valid inputs, which x' does not leave.
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
        For bad arguments, or a method whose map has no graph.

    Notes
    -----
    **Cost.** (`steps` + 1) times `nodes` gradients a row and epoch, each differentiated again; of a
    gradient penalty 1.

    **Fails when** the weight is large: a net that answers nothing has maps that move nowhere. Its
    accuracy belongs beside every number.

    References
    ----------
    .. [chen2019] J. Chen, X. Wu, V. Rastogi, Y. Liang, S. Jha, 2019, arXiv:1905.09957.
    .. [erion2019] G. Erion, J. D. Janizek, P. Sturmfels, S. M. Lundberg, S.-I. Lee, 2019,
       arXiv:1906.10670.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, labels = xc.datasets.digits(n=100)
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10)).eval()
    >>> smooth = xc.robustness.attributional_training(net, x, labels, penalty="gradient", epochs=1)
    >>> smooth(x).shape
    torch.Size([100, 10])
    """
    check_attacked(x)
    eps, weight = check_amount("eps", eps), check_amount("weight", weight)
    check_positive_int(steps, "steps")
    step = 2.5 * eps / steps if step is None else check_amount("step", step)
    with torch.inference_mode(False):
        alphas, weights = quadrature("gauss_legendre", check_positive_int(nodes, "nodes"))
    make_ball(x, eps, norm, limits)  # so that a bad norm or bad limits are said here
    plan = Training(epochs, batch, rate, anew, seed)
    if callable(penalty):
        return plan.run(net, x, labels, with_prior(penalty, weight, method))
    if penalty not in PENALTIES:
        raise ValueError(
            f"penalty must be one of {', '.join(PENALTIES)} or a function (maps, rows) -> (n,), "
            f"got {penalty!r}"
        )
    if penalty == "gradient":
        return plan.run(net, x, labels, lambda trained, some: with_gradient(trained, some, weight))
    summed = penalty == "ig_sum_norm"

    def size(trained: nn.Module, some: Batch, moved: Tensor) -> Tensor:
        """Return the sum of what is added to the loss, over the rows."""
        share = loss_attribution(trained, some.x, moved, some.labels, alphas, weights)
        return weight * share.abs().sum() + (share.sum() if summed else 0)

    def loss(trained: nn.Module, some: Batch) -> Tensor:
        ball = make_ball(some.x, eps, norm, limits)
        start = ball.random_point(some.chance, len(some.x))
        moved = climb(
            ball, start, step, steps, lambda p: slope_of(lambda q: size(trained, some, q), p)
        )
        plain = F.cross_entropy(trained(some.x), some.labels)
        return plain + size(trained, some, moved) / len(some.x)

    return plan.run(net, x, labels, loss)


def loss_attribution(
    net: nn.Module, x: Tensor, moved: Tensor, labels: Tensor, alphas: Tensor, weights: Tensor
) -> Tensor:
    r"""Return IG of the cross-entropy from x to another point, (n, ...), with its graph.

    .. math:: (x' - x) \odot \sum_k w_k \nabla L\big(x + \alpha_k (x' - x)\big)
    """
    alpha, w = (t.to(x.dtype).to(x.device).view(-1, *[1] * x.dim()) for t in (alphas, weights))
    points = x + alpha * (moved - x)  # (S, n, ...)
    flat = points.flatten(0, 1)
    flat = flat if flat.requires_grad else flat.requires_grad_(True)
    total = F.cross_entropy(net(flat), labels.repeat(len(alphas)), reduction="sum")
    (slope,) = torch.autograd.grad(total, flat, create_graph=True)
    return (moved - x) * (w * slope.view_as(points)).sum(dim=0)


def slope_of(function: Callable[[Tensor], Tensor], point: Tensor) -> Tensor:
    """Return the slope of a number at a point."""
    leaf = point.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(function(leaf), leaf)
    return slope


def with_gradient(trained: nn.Module, some: Batch, weight: float) -> Tensor:
    """Return the loss and the squared length of its gradient, means over the rows."""
    leaf = some.x.detach().requires_grad_(True)
    total = F.cross_entropy(trained(leaf), some.labels, reduction="sum")
    (slope,) = torch.autograd.grad(total, leaf, create_graph=True)
    return (total + weight * slope.square().sum()) / len(leaf)


def with_prior(prior: Prior, weight: float, method: Any) -> Callable[[nn.Module, Batch], Tensor]:
    """Return the loss with a prior on the maps of the labels' scores."""
    phi = graph_map(method)

    def loss(trained: nn.Module, some: Batch) -> Tensor:
        question = ask(trained, some.x, some.labels, "logit", len(some.x) * phi.cost)
        said = prior(phi(question, question.x, question.rows, True), some.rows)
        if not isinstance(said, Tensor) or said.shape != (len(some.x),):
            given = tuple(said.shape) if isinstance(said, Tensor) else type(said).__name__
            raise ValueError(
                f"penalty must return one number a row, shape ({len(some.x)},), got {given}"
            )
        return F.cross_entropy(trained(some.x), some.labels) + weight * said.mean()

    return loss
