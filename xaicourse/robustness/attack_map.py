"""Attack a map (2017): a small change of x that keeps the class and moves the explanation."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.checks import check_positive_int
from xaicourse.core.chunks import in_chunks, plain
from xaicourse.core.gradients import Question, ask, refuse_not_differentiable
from xaicourse.core.near_names import suggest_names
from xaicourse.core.progress import progress
from xaicourse.robustness.ball import Limits, check_amount, check_attacked, random_shift
from xaicourse.robustness.classes import Kept, outputs_of
from xaicourse.robustness.climb import make_ball
from xaicourse.robustness.goals import Goal, make_goal, shares
from xaicourse.robustness.maps import FunctionMap, GradientMap, graph_map
from xaicourse.robustness.stand_in import StandIn

__all__ = ["MapAttack", "attack_map"]


@dataclass(frozen=True, eq=False)
class MapAttack:
    """What an attack on a map found, for each row.

    Attributes
    ----------
    x : Tensor (N, ...)
        The twin: the input with the smallest loss among those that keep what is to be kept.
    kept : Tensor (N,)
        Whether the twin has the class of x.
    loss : Tensor (steps + 1, N)
        The loss of each point of the search, on the model's own map; the first is that of x.
    step : Tensor (N,)
        Which point was chosen; 0 is x itself.
    before, after : Tensor (N, ...)
        The map of x and that of the twin, of the same class.
    outputs_before, outputs_after : Tensor (N, K)
        What the model says; of a single score s, 0 and s.
    """

    x: Tensor
    kept: Tensor
    loss: Tensor
    step: Tensor
    before: Tensor
    after: Tensor
    outputs_before: Tensor
    outputs_after: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def attack_map(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    goal: str = "top_k",
    k: int = 50,
    region: Tensor | None = None,
    toward: Tensor | None = None,
    norm: str = "linf",
    eps: float = 8 / 255,
    step: float | None = None,
    steps: int = 30,
    beta: float | None = None,
    keep: Any = "class",
    limits: Limits = (0.0, 1.0),
    seed: int = 0,
    batch_size: int | None = None,
) -> MapAttack:
    r"""Search near x for an input of the same class whose map is another one.

    .. math::
        x_{t+1} = \mathrm{clip}_{x, \epsilon}\big(x_t - \alpha\,
        \mathrm{sign}\, \nabla_x L(R(x_t))\big), \qquad
        R_i = \frac{\sum_c \lvert\Phi_{ci}\rvert}{\sum_{c,j} \lvert\Phi_{cj}\rvert}

    Of all :math:`x_t` the one with the smallest loss that keeps the class is returned, row by row.
    The losses, of the shares R that a pixel has in the map:

    - ``"top_k"``, :math:`\sum_{i \in \text{top}_k R(x)} R_i`: what was strongest gets weak;
    - ``"mass_centre"``, :math:`-\lVert c(R) - c(R(x)) \rVert^2`, c the centre of mass in pixels;
    - ``"region"``, :math:`-\sum_{i \in \text{region}} R_i`: the map moves into the region;
    - ``"toward"``, :math:`\lVert R - R' \rVert^2` for the shares R' of a given map.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or (N, 1) scores of classes.
    x : Tensor (N, ...)
        Inputs, float32 or float64.
    target : int, (N,) ints, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    method : str, Spec, method or callable
        :math:`\Phi`: gradient, saliency, input_x_gradient, integrated_gradients, smoothgrad or
        beta_smoothing, such as ``xc.spec("smoothgrad", samples=8)``; or a function
        (model, x, target) that returns a map with its graph. The attacker knows it, with its noise.
    goal : str
        ``"top_k"``, ``"mass_centre"``, ``"region"`` or ``"toward"``.
    k : int
        How many of the strongest pixels ``"top_k"`` weakens.
    region : Tensor (H, W) or (N, H, W)
        A mask of pixels, for ``"region"``.
    toward : Tensor (N, ...) or (1, ...)
        A map, of which only the sizes count, for ``"toward"``.
    norm : str
        ``"linf"``, as above; or ``"l2"``: the step has the length :math:`\alpha` along the slope,
        and the twin is at most :math:`\epsilon` away in Euclidean length.
    eps : float
        :math:`\epsilon`, by how much each number of x, or x as a whole, may change, in units of x.
    step : float, optional
        :math:`\alpha`, in units of x; an eighth of eps without it.
    steps : int
        How often the point moves.
    beta : float, optional
        Search on the same net with softplus of this :math:`\beta` in place of every ReLU; the loss
        that decides is the model's own. None searches on the model itself.
    keep : str, float or None
        ``"class"``; a number: the class, and no probability moves by more than that; None: nothing.
    limits : pair of float or None
        The range of valid inputs, which the twin does not leave.
    seed : int
        Draws the first step of ``"mass_centre"``, whose slope at x is 0; the same for every row.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    MapAttack
        The twin, both maps, both outputs, and the loss of all points.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, an x that is not within `limits`, a method whose map has no graph.

    Notes
    -----
    A ReLU net is linear around x: the slope of its gradient map is 0, and a search on the net
    itself stays where it is, with a warning. Give `beta`.

    Compare with `random_twin`: a map may also move for a random change of that size.

    **Cost.** `steps` double backward passes, `steps` + 1 maps and as many forward passes a row.

    **Fails when** the slope of the loss leads nowhere: that no twin was found does not mean that
    there is none. What was found for one net and one method need not hold for another one.

    References
    ----------
    .. [ghorbani2017] A. Ghorbani, A. Abid, J. Zou, 2017, arXiv:1710.10547.
    .. [dombrowski2019] A.-K. Dombrowski and others, 2019, arXiv:1906.07983.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> square = lambda x: (torch.tensor([3.0, 1.0]) * x**2).sum(1)
    >>> x = torch.tensor([[0.5, 0.5]])
    >>> found = xc.robustness.attack_map(square, x, k=1, eps=0.25)
    >>> found.x, found.after
    (tensor([[0.2500, 0.7500]]), tensor([[1.5000, 1.5000]]))
    """
    check_attacked(x)
    phi = graph_map(method)
    eps = check_amount("eps", eps)
    step = eps / 8 if step is None else check_amount("step", step)
    check_positive_int(steps, "steps")
    beta = phi.beta if beta is None else check_beta(beta)
    with torch.inference_mode(False):
        make_ball(plain(x), eps, norm, limits)  # refused before the work
        question = ask(model, x, target, "logit", batch_size)
        _ = question.scores_at_x  # what is wrong with the model is said here
        x = question.x
        outputs = outputs_of(model, question, x, question.rows)
        own, stand_in = (on(question, b) for b in (phi.beta, beta))
        before = by_rows(question, phi, lambda rows: (phi(own, x[rows], rows, False),))[0]
        aim = make_goal(goal, shares(before), k, region, toward)
        first = random_shift(x, seed, step if goal == "mass_centre" else 0.0)
        search = Search(
            model, question, own, stand_in, phi, aim, Kept(keep, outputs), norm, eps, limits,
            first, step, steps, progress(steps * len(x), "attack"),
        )  # fmt: skip
        twin, loss, at = by_rows(question, phi, search.run)
        search.finish()
        after = by_rows(question, phi, lambda rows: (phi(own, twin[rows], rows, False),))[0]
        then = outputs_of(model, question, twin, question.rows)
        kept = then.argmax(dim=1) == outputs.argmax(dim=1)
        return MapAttack(twin, kept, loss.T, at, before, after, outputs, then)


@dataclass(eq=False)
class Search:
    """The search of some rows at a time, each on its own."""

    model: Callable[..., Any]
    question: Question
    own: Question  # of the net whose map decides
    stand_in: Question  # of the net that is searched
    phi: GradientMap | FunctionMap
    goal: Goal
    keeps: Kept
    norm: str
    eps: float
    limits: Limits
    first: Tensor  # (1, ...), from where the first step is made
    step: float
    steps: int
    bar: Any
    flat: bool = True  # no slope was met so far

    def run(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the twin (n, ...), the losses (n, steps + 1) and which point it was, (n,)."""
        ball = make_ball(self.question.x[rows], self.eps, self.norm, self.limits)
        goal = self.goal.of_rows(rows)
        point = twin = self.question.x[rows]
        best, chosen = self.loss(point, rows, goal), torch.zeros_like(rows)
        losses = [best]
        for t in range(1, self.steps + 1):
            start = ball.project(point + self.first) if t == 1 else point
            downhill = -ball.uphill(self.slope(start, rows, goal))
            point = ball.project(start + self.step * downhill)
            losses.append(self.loss(point, rows, goal))
            outputs = outputs_of(self.model, self.question, point, rows)
            better = self.keeps(outputs, rows) & (losses[-1] < best)
            best = torch.where(better, losses[-1], best)
            chosen = chosen.masked_fill(better, t)
            twin = torch.where(better.view(-1, *[1] * (point.dim() - 1)), point, twin)
            self.bar.update(len(rows))
        return twin, torch.stack(losses, dim=1), chosen

    def loss(self, point: Tensor, rows: Tensor, goal: Goal) -> Tensor:
        """Return the loss of the model's own map, (n,)."""
        return goal.loss(shares(self.phi(self.own, point, rows, False)))

    def slope(self, point: Tensor, rows: Tensor, goal: Goal) -> Tensor:
        """Return where the loss of the stand-in's map rises, (n, ...); 0 where no graph leads."""
        with torch.enable_grad():
            leaf = point.detach().requires_grad_(True)
            loss = goal.loss(shares(self.phi(self.stand_in, leaf, rows, True))).sum()
            slope = None
            if loss.requires_grad:
                (slope,) = torch.autograd.grad(loss, leaf, allow_unused=True)
        slope = torch.zeros_like(point) if slope is None else slope
        refuse_not_differentiable(slope, int(rows[0]))
        self.flat = self.flat and not bool(slope.any())
        return slope

    def finish(self) -> None:
        """Close the bar, and warn where the search was told nothing."""
        self.bar.close()
        if self.flat:
            warnings.warn(
                "the attack moved nothing: the slope of the map is 0 everywhere on the way, as it "
                "is in a net of ReLUs, which is made of flat pieces. Search on a softplus net in "
                "its place: beta=20",
                stacklevel=4,
            )


def on(question: Question, beta: float | None) -> Question:
    """Return the same question about the softplus net; for None about the model itself."""
    if beta is None:
        return question
    x = question.x.to(question.model_dtype)
    return ask(StandIn(question.model, beta), x, question.target, "logit", question.batch_size)


def by_rows(
    question: Question, phi: GradientMap | FunctionMap,
    run: Callable[[Tensor], tuple[Tensor, ...]],
) -> list[Tensor]:  # fmt: skip
    """Return what `run` gives for some rows, joined; as many as fit through the model at once."""
    found: list[tuple[Tensor, ...]] = []

    def one(start: int, stop: int) -> None:
        found.append(run(question.rows[start:stop]))

    in_chunks(one, len(question.rows), max(1, question.batch_size // phi.cost))
    return [torch.cat(part) for part in zip(*found, strict=True)]


def check_beta(beta: Any) -> float:
    """Return beta, or raise."""
    if isinstance(beta, bool) or not isinstance(beta, int | float):
        raise TypeError(f"beta must be a number above 0 or None, got {beta!r}")
    if not 0 < beta < float("inf"):
        raise ValueError(f"beta must be above 0 and finite, got {beta!r}")
    return float(beta)
