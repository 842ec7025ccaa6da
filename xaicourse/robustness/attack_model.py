"""Attack a model by projected gradient ascent (2017): a small change of x that costs the class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.brief import brief
from xaicourse.core.checks import check_positive_int, check_seed
from xaicourse.core.gradients import Question, ask, gradients
from xaicourse.core.near_names import suggest_names
from xaicourse.core.progress import progress
from xaicourse.robustness.ball import Limits, check_amount, check_attacked
from xaicourse.robustness.classes import class_scores, outputs_of
from xaicourse.robustness.climb import Ball, column, make_ball

__all__ = ["ModelAttack", "attack_model"]


def cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    """Return -log p_y, (n,), of scores (n, K)."""
    return F.cross_entropy(z, y, reduction="none")


def margin(z: Tensor, y: Tensor) -> Tensor:
    """Return by how much the best other class is above class y, (n,)."""
    own = z.gather(1, y[:, None])
    others = z.scatter(1, y[:, None], -torch.inf)
    return (others.amax(dim=1, keepdim=True) - own)[:, 0]


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": cross_entropy,
    "margin": margin,
}


@dataclass(frozen=True, eq=False)
class ModelAttack:
    """What an attack on a model found, for each row.

    Attributes
    ----------
    x : Tensor (N, ...)
        The input with the largest loss.
    fooled : Tensor (N,)
        Whether the model gives it another class than the one that was attacked.
    loss : Tensor (steps + 2, N)
        The loss of each point: of x, of the start, and after each step; one less without a random
        start.
    outputs_before, outputs_after : Tensor (N, K)
        What the model says; of a single score s, 0 and s.
    """

    x: Tensor
    fooled: Tensor
    loss: Tensor
    outputs_before: Tensor
    outputs_after: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def attack_model(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    norm: str = "linf",
    eps: float = 8 / 255,
    step: float | None = None,
    steps: int = 20,
    loss: str = "cross_entropy",
    random_start: bool = True,
    limits: Limits = (0.0, 1.0),
    seed: int = 0,
    batch_size: int | None = None,
) -> ModelAttack:
    r"""Search near x for the input that the model is most wrong about.

    .. math::
        x_{t+1} = \Pi\big(x_t + \alpha\, u_t\big), \qquad
        u_t = \mathrm{sign}\, \nabla L(x_t) \ \text{ or, in } \ell_2, \
        \nabla L(x_t) / \lVert \nabla L(x_t) \rVert_2

    :math:`\Pi` leads back into the ball around x and into the limits. Of all points the one with
    the largest loss is returned, row by row; x itself is one of them.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or (N, 1) scores of classes.
    x : Tensor (N, ...)
        Inputs, float32 or float64.
    target : int, (N,) ints or None
        y, the class that is to be lost: the label; None is the predicted class of each row.
    norm : str
        ``"linf"``: no number changes by more than eps; ``"l2"``: the change is no longer than eps.
    eps : float
        :math:`\epsilon`, in units of x.
    step : float, optional
        :math:`\alpha`, in units of x; 2.5 eps / steps without it, so that the ball can be crossed.
    steps : int
        How often the point moves.
    loss : str
        L, ``"cross_entropy"``, or ``"margin"``: the best other score minus that of y, whose slope
        does not vanish where the model is sure.
    random_start : bool
        Start at a random point of the ball, as in the paper, and not at x.
    limits : pair of float or None
        The range of valid inputs, which the points do not leave.
    seed : int
        The same seed gives the same start, in every row, on every device.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    ModelAttack
        The inputs, whether they fool the model, both outputs, and the loss of all points.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, or an x that is not within `limits`.

    Notes
    -----
    **Cost.** `steps` + 2 gradients and two forward passes a row.

    **Fails when** the slope is hidden, by rounding or by a flat loss: that no such input was found
    does not mean that there is none. Start again with other seeds, and take the worst.

    References
    ----------
    .. [madry2017] A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu, 2017, arXiv:1706.06083.

    Examples
    --------
    A linear score is lowest at x - eps sign(w):

    >>> import torch, xaicourse as xc
    >>> linear = lambda x: x @ torch.tensor([2.0, -1.0]) - 0.4
    >>> found = xc.robustness.attack_model(linear, torch.tensor([[0.5, 0.5]]), eps=0.25)
    >>> found.x, found.fooled
    (tensor([[0.2500, 0.7500]]), tensor([True]))
    """
    check_attacked(x)
    eps = check_amount("eps", eps)
    check_positive_int(steps, "steps")
    step = 2.5 * eps / steps if step is None else check_amount("step", step)
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {loss!r}")
    chance = torch.Generator().manual_seed(check_seed(seed))
    with torch.inference_mode(False):
        asked = ask(model, x, lambda outputs, rows: class_scores(outputs, rows)[:, 0], "logit",
                    batch_size)  # fmt: skip
        _ = asked.scores_at_x  # what is wrong with the model is said here
        before = outputs_of(model, asked, asked.x, asked.rows)
        y = attacked_classes(target, before)
        question = ask(
            model, x, lambda outputs, rows: LOSSES[loss](class_scores(outputs, rows), y[rows]),
            "logit", batch_size,
        )  # fmt: skip
        ball = make_ball(asked.x, eps, norm, limits)
        start = ball.random_point(chance) if random_start else None
        worst, losses = search(question, ball, start, step, steps)
        after = outputs_of(model, asked, worst, asked.rows)
        return ModelAttack(worst, after.argmax(dim=1) != y, losses, before, after)


def search(
    question: Question, ball: Ball, start: Tensor | None, step: float, steps: int
) -> tuple[Tensor, Tensor]:
    """Return the point of the largest loss for each row, and the losses of all points, (T, N)."""
    point = worst = ball.x
    slope, most = gradients(question, point)
    losses = [most]
    bar = progress(steps, "attack")
    moves = [start] if start is not None else []
    for move in [*moves, *[None] * steps]:
        point = ball.project(point + step * ball.uphill(slope)) if move is None else move
        slope, loss = gradients(question, point)
        worst = torch.where(column(loss > most, point), point, worst)
        most = torch.maximum(most, loss)
        losses.append(loss)
        bar.update(move is None)
    bar.close()
    return worst, torch.stack(losses)


def attacked_classes(target: Any, outputs: Tensor) -> Tensor:
    """Return the class y of each row that is to be lost, (N,)."""
    n, n_classes = outputs.shape
    if target is None:
        return outputs.argmax(dim=1)
    try:
        y = torch.as_tensor(target)
    except (TypeError, ValueError, RuntimeError):
        y = torch.zeros(0, 0)
    whole = not y.is_floating_point() and y.dtype is not torch.bool
    if not whole or y.shape not in ((), (n,)):
        raise TypeError(
            f"target must be a class number, one for each of the {n} rows, or None, got {target!r}"
        )
    if not bool(((y >= 0) & (y < n_classes)).all()):
        raise ValueError(f"target must be classes of 0 to {n_classes - 1}, got {target!r}")
    return y.long().to(outputs.device).expand(n)
