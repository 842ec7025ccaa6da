"""Boundary-based Integrated Gradients (2021): the baseline is the nearest decision boundary."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import all_finite, check_bounds, check_positive_int
from xaicourse.core.chunks import sum_dtype
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import StraightPath, column
from xaicourse.core.path_weights import Weight
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path

__all__ = ["boundary_ig"]

OVERSHOOT = 0.02  # a step leads so much farther than to the boundary of the tangent
BEYOND = 0.1  # so much farther than the tangent plane a nearer point is looked for
NEARER = 1e-5  # share by which a distance must shrink to count: more than rounding
HALVINGS = {torch.float64: 52, torch.float32: 24}  # until both ends are neighbours


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs at most: the search ends as soon as it can."""
    return of_one_path(settings) + settings.get("search", 50) + settings.get("refinements", 3)


def example() -> Example:
    """Return the small net, with few steps."""
    settings = {"search": 20, "refinements": 1, "steps": 10}
    return replace(small_classifier(), settings=settings)


@attribution_method(
    title="Boundary-based Integrated Gradients",
    year=2021,
    paper="arXiv:2103.11257",
    family="integrated",
    unit="share",
    claims={"completeness", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def boundary_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    search: int = 50,
    refinements: int = 3,
    bounds: tuple[float, float] | None = None,
    steps: int = 50,
    quadrature: str = "gauss_legendre",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients from the nearest point at which the model decides for another class.

    .. math::
        A = \mathrm{IG}(x;\, x'), \qquad
        x' \approx \arg\min_z \{\|z - x\|_2 : \text{the predicted class changes at } z\}

    1. Steps to the zero of the tangent of the margin, :math:`z - m \nabla m / \|\nabla m\|^2`,
    where m is the score of the class predicted at x minus the largest other score, until the class
    changes. 2. Bisection between x and there, until :math:`m = 0`. 3. The foot of the
    perpendicular from x on the tangent plane of the boundary, and bisection again, as long as the
    point comes nearer.

    Parameters
    ----------
    search : int
        The most steps until the class changes.
    refinements : int
        How often a nearer point is looked for.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the points may not leave.
    steps : int
        Nodes of the quadrature on the way from the boundary; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'), and for ``output="margin"`` to the margin
        itself where the runner-up at x is the other class. The details hold x' in ``endpoints``,
        its ``distance``, the ``margin`` left there, and ``search_gradients``.

    Raises
    ------
    ValueError, TypeError
        Also where no other class is found, or the model's outputs are no class scores: (N, K), or
        (N,) and (N, 1), which change their decision at 0.

    Notes
    -----
    Keeps completeness with respect to F at the boundary, dummy, implementation invariance and
    symmetry; x' depends on F, so it is not linear. The point found is on the boundary, not beyond
    it, but need not be the nearest one of all: the way leads to the class that comes second.

    **Cost.** 103 gradients a row at most, 50 of them on the path, and some hundred forward passes.

    **Fails when** the nearest boundary is an adversarial one: then x' looks like x, the map is as
    noisy as the gradient, and it says what separates the two classes rather than what is seen.

    References
    ----------
    .. [wang2021] Z. Wang, M. Fredrikson, A. Datta, 2021, arXiv:2103.11257.

    Examples
    --------
    A linear margin is shared out by the squared weights:

    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[1.0, 0.5, 0.2]], dtype=torch.float64)
    >>> xc.boundary_ig(lambda x: x[:, 0] + 2 * x[:, 1] - 2 * x[:, 2] - 0.5, x).round(decimals=4)
    tensor([[0.1222, 0.4889, 0.4889]], dtype=torch.float64)
    """
    check_quadrature(quadrature, also=())
    search = check_positive_int(search, "search")
    question = ask(model, x, target, **asked)
    question.scores_at_x  # noqa: B018  (what is wrong with the model is said here)
    boundary = Boundary(model, question, check_bounds(bounds, question.x), asked["batch_size"])

    z = boundary.beyond(search)
    z = torch.lerp(question.x, z, column(boundary.bisect(z), z))
    for _ in range(_check_refinements(refinements)):
        z = boundary.nearer(z)

    path = StraightPath(z, question.x)
    found = along(question, path, Weight(), Rule.of(quadrature, steps))
    assert found.gradients is not None
    margin = boundary.margin.scores(z, question.rows)
    distance = (question.x - z).flatten(1).norm(dim=1)
    extra = {"distance": distance, "margin": margin, "search_gradients": boundary.gradients}
    return replace(
        found, gradients=found.gradients + boundary.gradients, extra={**found.extra, **extra}
    )


# ---- the decision --------------------------------------------------------------------------------


def decision(outputs: Any, rows: Tensor) -> Tensor:
    """Return the number of the class with the largest score, or the sign of a single score."""
    if not isinstance(outputs, Tensor) or outputs.dim() not in (1, 2):
        given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(
            "boundary_ig looks for the boundary between classes and needs their scores, (N, K), "
            f"(N,) or (N, 1), but the model returns {given}; let it return the scores alone"
        )
    single = _single(outputs)
    if single is None:
        return outputs.argmax(dim=1).float()
    return torch.where(single >= 0, 1.0, -1.0)


def lead(winner: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a target: the score of the class `winner` (N,) minus the largest other score."""

    def margin(outputs: Tensor, rows: Tensor) -> Tensor:
        single = _single(outputs)
        if single is not None:
            return single * winner[rows].to(single)
        c = winner[rows].long()[:, None]
        return outputs.gather(1, c)[:, 0] - outputs.scatter(1, c, -torch.inf).amax(dim=1)

    return margin


def _single(outputs: Tensor) -> Tensor | None:
    """Return the only score of each row, (P,), where there is but one."""
    if outputs.dim() == 1:
        return outputs
    return outputs[:, 0] if outputs.shape[1] == 1 else None


# ---- the way to the boundary ---------------------------------------------------------------------


class Boundary:
    """Where the predicted class changes, seen from x; each row for itself."""

    def __init__(
        self,
        model: Any,
        question: Question,
        bounds: tuple[float, float] | None,
        batch_size: int | None,
    ) -> None:
        x = question.x.to(question.model_dtype)
        winner = ask(model, x, decision, batch_size=batch_size).scores_at_x
        self.margin = ask(model, x, lead(winner), batch_size=batch_size)
        self.x, self.bounds = question.x, bounds
        self.gradients = torch.zeros_like(question.rows)  # (N,) what the search has cost so far

    def beyond(self, most: int) -> Tensor:
        """Step until the class has changed: points (N, ...) with a margin of at most 0."""
        z, left = self.x.clone(), self.margin.rows
        for _ in range(most):
            grad, margin = self.slope(z, left)
            still = margin > 0
            left, grad, margin = left[still], grad[still], margin[still]
            if len(left) == 0:
                return z
            grad = self.free(z[left], grad)
            factor = (1 + OVERSHOOT) * margin / square(grad).clamp_min(1e-30)
            z[left] = self.clip(z[left] - column(factor, grad) * grad)
        left = left[self.margin.scores(z[left], left) > 0]
        if len(left):
            raise ValueError(
                f"no other class was found for row {int(left[0])} of x within search={most} steps; "
                "allow more steps, or wider bounds if they hold the search back"
            )
        return z

    def bisect(self, z: Tensor) -> Tensor:
        """Return the place (N,) on the way from x to z at which the class has just changed."""
        low = self.x.new_zeros(len(z), dtype=sum_dtype(z.device))
        high = torch.where(self.margin.scores_at_x > 0, low + 1, low)
        for _ in range(HALVINGS[z.dtype]):
            middle = (low + high) / 2
            point = torch.lerp(self.x, z, column(middle, z))
            changed = self.margin.scores(point, self.margin.rows) <= 0
            low, high = torch.where(changed, low, middle), torch.where(changed, middle, high)
        return high

    def nearer(self, z: Tensor) -> Tensor:
        """Return a point of the boundary nearer to x than z, (N, ...), or z where none is found."""
        normal, _ = self.slope(z, self.margin.rows)
        along = (normal * (z - self.x)).flatten(1).sum(1) / square(normal).clamp_min(1e-30)
        foot = self.clip(self.x + (1 + BEYOND) * column(along, z) * normal)
        changed = self.margin.scores(foot, self.margin.rows) <= 0
        place = torch.lerp(self.x, foot, column(self.bisect(foot), z))
        better = changed & (square(place - self.x) < (1 - NEARER) ** 2 * square(z - self.x))
        return torch.where(column(better, z).bool(), place, z)

    def slope(self, z: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the margin's gradient and the margin at the points of `rows`: (P, ...), (P,)."""
        grads, margins = list[Tensor](), list[Tensor]()

        def receive(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
            grads.append(grad)
            margins.append(score)

        self.margin.gradients(z[rows], rows, receive)
        self.gradients[rows] += 1
        grad = torch.cat(grads)
        if not all_finite(grad):
            bad = ~torch.isfinite(grad).flatten(1).all(dim=1)
            raise ValueError(
                f"the gradient of row {int(rows[bad][0])} is NaN or infinite on the way to the "
                "boundary; the model is not differentiable there"
            )
        return grad, torch.cat(margins)

    def free(self, z: Tensor, grad: Tensor) -> Tensor:
        """Return the gradient without the numbers that would leave the bounds against it."""
        if self.bounds is None:
            return grad
        low, high = self.bounds
        return grad.masked_fill(((z <= low) & (grad > 0)) | ((z >= high) & (grad < 0)), 0.0)

    def clip(self, z: Tensor) -> Tensor:
        return z if self.bounds is None else z.clamp(*self.bounds)


def square(t: Tensor) -> Tensor:
    """Return the squared length of each row, (P,)."""
    return t.flatten(1).square().sum(1)


def _check_refinements(refinements: Any) -> int:
    return 0 if refinements == 0 else check_positive_int(refinements, "refinements")
