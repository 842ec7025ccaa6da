"""Tangentially Aligned Integrated Gradients (2025): the baseline whose map lies on the manifold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_bounds, check_positive_int
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import Nodes, StraightPath, column, path_integral
from xaicourse.core.path_weights import Weight
from xaicourse.core.quadrature import quadrature as make_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baseline_sets import Baselines, baseline_set, set_size
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.manifold import BentSheet
from xaicourse.methods.integrated.manifolds import Chart, Manifold

__all__ = ["tangent_basis", "tangentially_aligned_ig"]

BASELINES = (0.0, 1.0)
LOOKS = 16  # nodes of the sums by which baselines are compared
FIRST_STEP = 0.1  # of the search, as a share of the distance from x' to x
RANK = 1e-6  # a direction counts if the decoder moves this share of its largest motion along it


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs at most."""
    looks = set_size(settings.get("baselines", BASELINES)) + settings.get("search", 10)
    return LOOKS * looks + of_one_path(settings)


def example() -> Example:
    """Return the small net, with a manifold in its space and a short search."""
    settings = {"manifold": BentSheet(), "search": 1, "steps": 10, "baselines": (0.1, 0.6)}
    return replace(small_classifier(), settings=settings)


@attribution_method(
    title="Tangentially Aligned Integrated Gradients",
    year=2025,
    paper="arXiv:2503.08240",
    family="integrated",
    unit="share",
    needs={"gradient", "fit"},
    claims={"completeness", "dummy"},
    cost=gradients_per_row,
    example=example,
)
def tangentially_aligned_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    baselines: Baselines = BASELINES,
    search: int = 10,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Choose the baseline whose Integrated Gradients lie closest to the tangent space at x.

    .. math::
        A = \mathrm{IG}(x;\, x'), \qquad x' = \arg\max \mu(x'), \quad
        \mu(x') = \frac{\|P\, \mathrm{IG}(x;\, x')\|}{\|\mathrm{IG}(x;\, x')\|}

    P projects on the directions in which the decoder can move at the code of x: changes of the
    picture that the data know. :math:`\mu = 1` is a map within them, 0 one that is noise to them.

    Parameters
    ----------
    manifold : object with encode and decode, or None
        An autoencoder, such as ``xc.zoo.fashion_autoencoder()``: ``encode(x)`` gives codes (N, d),
        ``decode(z)`` points (N, ...). None is the whole space, in which every map is tangential
        and the first baseline is taken.
    baselines : number, name, Tensor or sequence of these
        Candidates. A tensor (M, ...) is a set of M for all rows, (M, N, ...) a set for each row.
    search : int
        Steps uphill from the best candidate; each is taken only if :math:`\mu` grows. 0 keeps the
        candidate.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the search may not leave.
    steps : int, optional
        Nodes of the last quadrature (intervals of the trapezoid); 50 without it. Baselines are
        compared by 16.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold x' in `endpoints`, the
        ``alignment`` of this map (N,), that of each candidate, ``candidates`` (N, M), and
        ``tangents``, the orthonormal directions (N, D, r), 0 beyond the rank of a row.

    Raises
    ------
    ValueError, TypeError
        Also for a manifold that lacks a function, is in training mode, or gives other shapes.

    Notes
    -----
    Keeps completeness and dummy. The idea is the paper's; the way uphill is ours: it follows
    :math:`-\bar g \odot \partial\mu / \partial A` with the mean gradient :math:`\bar g` held fixed,
    which is the slope of :math:`\mu` but for the curvature of F.

    **Cost.** 242 gradients a row at most: 16 for each of 2 candidates and 10 steps, 50 on the path.

    **Fails when** alignment is read as truth: a model that looks at what the data never vary has a
    right map with :math:`\mu` near 0, and this method looks for a baseline that hides it. Without
    `bounds` that baseline is seldom a picture.

    References
    ----------
    .. [simpson2025tangential] L. Simpson and others, 2025, arXiv:2503.08240.

    Examples
    --------
    The data lie on the line x1 = x2, and F = x1 + 2 x2 is aligned from a baseline on x2 = x1 / 2:

    >>> import torch, types, xaicourse as xc
    >>> line = types.SimpleNamespace(encode=lambda x: x[:, :1], decode=lambda z: z.expand(-1, 2))
    >>> given = torch.tensor([[0.0, 0.0], [0.0, 0.5]])
    >>> asked = {"manifold": line, "baselines": given, "search": 0}
    >>> xc.tangentially_aligned_ig(lambda x: x[:, 0] + 2 * x[:, 1], torch.ones(1, 2), **asked)
    tensor([[1., 1.]])
    """
    rule = Rule.of(quadrature, steps)
    search = 0 if search == 0 else check_positive_int(search, "search")
    question = ask(model, x, target, **asked)
    bounds = check_bounds(bounds, question.x)
    chart = Chart(manifold, question.x)
    question.scores_at_x  # noqa: B018  (what is wrong with the model is said here)
    tangents = None if manifold is None else tangent_basis(chart, chart.encode(question.x))
    looks = [Look.at(question, s, tangents) for s in baseline_set(baselines, question.x)]
    best = looks[0]
    for look in looks[1:]:
        best = best.better(look)
    tried = len(looks)
    if tangents is not None:
        best = uphill(question, best, tangents, search, bounds)
        tried += search
    found = along(question, StraightPath(best.start, question.x), Weight(), rule)
    assert found.gradients is not None
    extra = {
        "alignment": alignment(found.values.flatten(1), tangents),
        "candidates": torch.stack([look.alignment for look in looks], dim=1),
        **({} if tangents is None else {"tangents": tangents}),
    }
    gradients = found.gradients + LOOKS * tried
    return replace(found, gradients=gradients, extra={**found.extra, **extra})


def tangent_basis(chart: Chart, z: Tensor) -> Tensor:
    """Return orthonormal directions (N, D, d) in which g moves at codes z (N, d).

    Where the decoder moves in fewer than d directions the others are 0.
    """
    with torch.enable_grad():
        z = z.detach().requires_grad_(True)
        point = chart.decode(z).flatten(1)
        u = torch.zeros_like(point, requires_grad=True)
        (pulled,) = torch.autograd.grad(point, z, u, create_graph=True)  # J^T u, linear in u
        columns = [
            torch.autograd.grad(pulled[:, j].sum(), u, retain_graph=True)[0]
            for j in range(z.shape[1])
        ]
    basis, size, _ = torch.linalg.svd(torch.stack(columns, dim=2), full_matrices=False)
    return basis * (size > RANK * size.amax(dim=1, keepdim=True))[:, None, :].to(basis)


def alignment(a: Tensor, tangents: Tensor | None) -> Tensor:
    """Return |P a| / |a|, (N,), of maps a (N, D); 0 for an empty map."""
    if tangents is None:
        return torch.ones_like(a[:, 0])
    along_them = torch.einsum("ndr,nd->nr", tangents.to(a.dtype), a)
    size = a.norm(dim=1)
    return along_them.norm(dim=1) / torch.where(size > 0, size, torch.ones_like(size))


@dataclass(frozen=True, eq=False)
class Look:
    """A baseline for each row, and how the map from there is aligned."""

    start: Tensor  # (N, ...)
    mean_gradient: Tensor  # (N, ...)
    map: Tensor  # (N, ...)
    alignment: Tensor  # (N,)

    @classmethod
    def at(cls, question: Question, start: Tensor, tangents: Tensor | None) -> "Look":
        start = start.expand_as(question.x)
        nodes = Nodes.from_rule(*make_quadrature("midpoint", LOOKS), n_rows=len(start))
        path = _Averaging(start, question.x)
        mean = path_integral(question, path, nodes, description="baselines").values
        a = (question.x - start).to(mean.dtype) * mean
        return cls(start, mean, a, alignment(a.flatten(1), tangents))

    def better(self, other: "Look") -> "Look":
        """Return the rows of `other` where it is better aligned, by more than rounding."""
        wins = other.alignment > self.alignment * (1 + 1e-9)
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Look(*(torch.where(column(wins, a) > 0, b, a) for a, b in pairs))


class _Averaging(StraightPath):
    """The straight line, of which the plain mean of the gradients is wanted."""

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        return column(right - left, self.end).expand_as(self.end[row])


def uphill(
    question: Question,
    best: Look,
    tangents: Tensor,
    search: int,
    bounds: tuple[float, float] | None,
) -> Look:
    """Move each row's baseline uphill in alignment."""
    reach = FIRST_STEP * (question.x - best.start).flatten(1).norm(dim=1)
    for _ in range(search):
        slope = _slope(best, tangents)
        size = slope.flatten(1).norm(dim=1)
        length = reach / torch.where(size > 0, size, torch.ones_like(size))
        start = best.start + (column(length, slope) * slope).to(best.start.dtype)
        start = start if bounds is None else start.clamp(*bounds)
        look = Look.at(question, start, tangents)
        won = look.alignment > best.alignment * (1 + 1e-9)
        best = best.better(look)
        reach = reach * torch.where(won, 1.5, 0.5).to(reach)
    return best


def _slope(best: Look, tangents: Tensor) -> Tensor:
    """Return the slope of mu^2 in x' with the mean gradient held fixed: (N, ...)."""
    a = best.map.flatten(1)
    square = a.square().sum(1, keepdim=True)
    basis = tangents.to(a.dtype)
    inside = torch.einsum("ndr,nr->nd", basis, torch.einsum("ndr,nd->nr", basis, a))
    by_map = (inside - best.alignment.square()[:, None] * a) / torch.where(square > 0, square, 1)
    return -best.mean_gradient * by_map.view_as(best.map)  # dA / dx' = -diag(mean gradient)
