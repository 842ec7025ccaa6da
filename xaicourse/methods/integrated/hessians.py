"""Integrated Hessians (2021): which pairs of features act together."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask, sum_dtype
from xaicourse.core.measures import Measure, measure
from xaicourse.core.progress import progress
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_relu_classifier
from xaicourse.methods.integrated.groups import Groups, make_groups
from xaicourse.methods.vanilla.smoothed_relu import SmoothingRules

__all__ = ["integrated_hessians"]

STEPS = 16


class _Smooth(SmoothingRules):
    """Softplus for ReLU, under this method's name."""

    covers: ClassVar[str] = "it puts softplus in place of the ReLU family, which has no curvature"

    def __init__(self, beta: float, allow: tuple[str, ...]) -> None:
        super().__init__(beta, allow)
        object.__setattr__(self, "method", "integrated_hessians")


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: the nodes and both ends."""
    return settings.get("steps", STEPS) + 2


def example() -> Example:
    """Return the small ReLU net, with few steps."""
    return replace(small_relu_classifier(), settings={"steps": 6})


@attribution_method(
    title="Integrated Hessians",
    year=2021,
    paper="arXiv:2002.04138",
    family="integrated",
    result="pair",
    unit="share",
    needs={"gradient", "second_order", "relu_only"},
    claims={"linearity"},
    cost=gradients_per_row,
    example=example,
)
def integrated_hessians(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Baseline = 0.0,
    beta: float | None = 10.0,
    groups: Tensor | int | None = None,
    steps: int = STEPS,
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Attribute the Integrated Gradients of each feature to all features: IG of IG.

    .. math::
        \Gamma_{ij} = \int_0^1 (-\ln s) \Big[ s\, d_i d_j\, \partial_{ij} F
        + \delta_{ij}\, d_i\, \partial_i F \Big](x' + s\, d)\, ds, \qquad d = x - x'

    The paper's two integrals over a and b, of which F sees the product s = a b alone, are one with
    the weight -ln s, and its own Gauss rule is exact for polynomials.

    Parameters
    ----------
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x, by the model as it
        is.
    beta : float or None
        A ReLU has no curvature: each is replaced by :math:`\frac1\beta \log(1 + e^{\beta z})`,
        for the explanation only. None explains the model as it is.
    groups : Tensor, int or None
        What one feature is. None: each number, if there are at most 64, else one of 4 x 4 patches
        of an image. A whole number is the side of square patches; a tensor (...) of the shape of a
        row, or of its pixels, holds the numbers of the groups. Pairs within a group add to its
        place on the diagonal.
    steps : int
        Nodes of the quadrature.
    allow : tuple of str
        Operations with kinks of their own that are left as they are, by the name that an error
        gave.

    Returns
    -------
    Tensor (N, G, G)
        Symmetric, in units of F; a row sums to the Integrated Gradients of its feature, all of it
        to the rise. The details hold F_beta at both ends, to which the gap belongs, and
        ``model_gap``, the gap to the rise of the model itself.

    Raises
    ------
    UnsupportedOperationError
        If an operation is neither of the ReLU family nor affine, pooling, shape or smooth.
    ValueError, TypeError
        Also for a `beta` that is not above 0, and groups that do not fit.

    Notes
    -----
    Keeps linearity and, for the smoothed model, completeness; an additive F has no entry off the
    diagonal. The diagonal holds more than a feature alone: x1 x2 at (1, 1) has four equal entries.

    **Cost.** 18 gradients a row, and 16 times a second-order pass for each of the G features, which
    costs some gradients; where convolutions go through each channel alone, more than ten.

    **Fails when** beta is small: the smoothed net is another net, see ``model_gap``. When it is
    large, the curvature sits in narrow bends that the nodes miss, and that of max-pooling is always
    missed: see `gap`.

    References
    ----------
    .. [janizek2021] J. D. Janizek, P. Sturmfels, S.-I. Lee, 2021, arXiv:2002.04138.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[2.0, 3.0]])
    >>> xc.integrated_hessians(lambda x: x[:, 0] * x[:, 1], x, beta=None).round(decimals=4)
    tensor([[[1.5000, 1.5000],
             [1.5000, 1.5000]]])
    """
    steps = check_positive_int(steps, "steps")
    rules = None if beta is None else _Smooth(_check_beta(beta), allow)
    question = ask(model, x, target, **asked, rules=rules)
    made = make_groups(groups, question.x)
    start = make_baseline(baseline, question.x)
    score = question.scores_at_x  # without smoothing
    total = _Matrix(question, start, made, steps).summed()
    f_start, f_end = (_smoothed_score(question, points) for points in (start, question.x))
    everything = total.flatten(1).sum(1)
    model_rise = score - question.scores(start, question.rows)
    return Attribution.of(
        question,
        total,
        kind="pair",
        f_start=f_start,
        f_end=f_end,
        gap=everything - (f_end - f_start),
        gradients=question.rows.new_full((len(question.rows),), steps + 2),
        endpoints=(start, question.x),
        extra={"model_gap": everything - model_rise, "groups": made.labels},
    )


@cache
def density() -> Measure:
    """Return -ln s, the density of a b for a and b even on [0, 1]."""
    return measure(lambda s: -s.log(), "-ln s")


class _Matrix:
    """The sum over all nodes of -ln s [s d_i d_j F_ij + delta_ij d_i F_i], in chunks of points."""

    def __init__(self, question: Question, start: Tensor, groups: Groups, steps: int) -> None:
        self.question, self.groups = question, groups
        self.start, self.delta = start, question.x - start
        n, here = len(question.rows), {"device": start.device, "dtype": sum_dtype(start.device)}
        s, weight = (t.to(**here) for t in density().gauss(steps))
        self.s, self.weight = s.repeat(n), weight.repeat(n)  # (N S,)
        self.row = question.rows.repeat_interleave(steps)
        self.total = torch.zeros(n, groups.count, groups.count, **here)
        self.bar = progress(len(self.row), "integrated Hessians")

    def summed(self) -> Tensor:
        try:
            self.question.gradients(self.point, self.row, self.add, differentiable=True)
        finally:
            self.bar.close()
        return self.total

    def point(self, positions: Tensor) -> Tensor:
        row = self.row[positions]
        s = self.s[positions].to(self.start.dtype).view(-1, *[1] * (self.start.dim() - 1))
        return torch.lerp(self.start[row], self.start[row] + self.delta[row], s)

    def add(self, part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
        """Take in the gradients (P, ...), with their graph, at a chunk of nodes."""
        row, weight, s = self.row[part], self.weight[part], self.s[part]
        delta = self.delta[row]
        product = (delta * grad.detach()).to(self.total.dtype)
        found = torch.diag_embed(self.groups.sums(product))  # (P, G, G)
        for j in range(self.groups.count if grad.requires_grad else 0):
            towards = delta * self.groups.mask(j)  # d_j in the places of group j
            (bend,) = torch.autograd.grad(
                grad, points, towards.to(grad.dtype), retain_graph=True, allow_unused=True
            )
            if bend is not None:  # H d_j, (P, ...)
                bent = self.groups.sums((delta * bend).to(self.total.dtype))
                found[:, :, j] += s[:, None] * bent
        _check_finite(found, row)
        self.total.index_add_(0, row, weight[:, None, None] * found)
        self.bar.update(len(row))


def _smoothed_score(question: Question, points: Tensor) -> Tensor:
    """Return F as it is differentiated, (N,): that of the smoothed model."""
    found: list[Tensor] = []

    def receive(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
        found.append(score.to(sum_dtype(score.device)))

    question.gradients(points, question.rows, receive)
    return torch.cat(found)


def _check_finite(found: Tensor, row: Tensor) -> None:
    bad = ~torch.isfinite(found).flatten(1).all(dim=1)
    if bool(bad.any()):
        raise ValueError(
            f"the gradient of row {int(row[bad][0])} is NaN or infinite on the straight path, or "
            "its derivative is; the model is not differentiable there"
        )


def _check_beta(beta: Any) -> float:
    if isinstance(beta, bool) or not isinstance(beta, int | float):
        raise TypeError(f"beta must be a number above 0 or None, got {beta!r}")
    if not 0 < beta < float("inf"):
        raise ValueError(f"beta must be above 0 and finite, got {beta!r}")
    return float(beta)
