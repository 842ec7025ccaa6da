"""Geodesic Integrated Gradients (2025): the path of least resistance of the model."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_input, check_positive_int
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.walk import Polyline
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.least_energy import least_energy_path
from xaicourse.methods.integrated.nearest_points import NODES, shortest_path

__all__ = ["geodesic", "geodesic_ig"]

STEPS = 128


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs at most: the search ends as soon as it can."""
    data, searched = settings.get("data"), settings.get("search", 10)
    if data is None:
        searched = searched * (settings.get("pieces", 16) - 1)
    else:
        searched = (len(data) + 2) * (settings.get("neighbours", 10) + 1) * NODES
    return searched + of_one_path(settings, STEPS)


def example() -> Example:
    """Return the small net, with few pieces."""
    return replace(small_classifier(), settings={"pieces": 5, "search": 4, "baseline": 0.2})


@attribution_method(
    title="Geodesic Integrated Gradients",
    year=2025,
    paper="arXiv:2502.12108",
    family="integrated",
    unit="share",
    claims={"completeness", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def geodesic_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    data: Tensor | None = None,
    neighbours: int = 10,
    pieces: int = 16,
    stiffness: float = 0.5,
    search: int = 10,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients along the path on which the model changes as little as possible.

    .. math::
        A_i = \int_0^1 \partial_i F(\gamma)\, \dot\gamma_i\, dt, \qquad
        \gamma = \arg\min \frac12 \int_0^1 \Big(\frac{d}{dt} F(\gamma)\Big)^2
        + \lambda\, \|\dot\gamma\|^2\, dt

    a geodesic of the metric :math:`J^\top J + \lambda I` that the model pulls back: it goes round
    hills and valleys of F that the straight line would cross. With `data` it is the shortest way
    in a graph of near points instead, whose edges have the length :math:`\|x_j - x_i\|` times the
    mean :math:`\|\nabla F\|` on them.

    Parameters
    ----------
    data : Tensor (M, ...) or None
        Points that the path may lead through, such as rows of the training set. None: it bends
        freely.
    neighbours : int
        Without effect if `data` is None. To how many nearest points each point is joined.
    pieces : int
        Straight pieces of a path that bends freely.
    stiffness : float
        How much x counts beside F: on the straight line the second part of the energy is
        stiffness^2 times the first. Large values give the straight line.
    search : int
        The most improvements of a path that bends freely (steps of Gauss and Newton).
    steps : int, optional
        Nodes of the quadrature on the path (intervals of the trapezoid); 128 without it. Where the
        quadrature is adaptive, the most gradients that a row may cost on the path; 1000 without it.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold the ``path`` (N, K+1, ...),
        its number of ``pieces`` (N,), and its ``cancellation``, the sum of absolute values over
        the absolute rise: 1 where no two shares cancel.

    Raises
    ------
    ValueError, TypeError
        Also for data of another shape than x.

    Notes
    -----
    Keeps completeness, dummy, implementation invariance and symmetry (with `data`: if the data
    have it). The path depends on F, so it is not linear; it leaves the box between x' and x, so
    that a number that equals its baseline can get a share; it depends on the units of x.

    The authors' program bends the path by another energy, in which steep places are cheap (its
    sign), and multiplies x - x' by a sum of gradients, which is no integral along the path.

    **Cost.** 278 gradients a row at most: 15 for each improvement of the path, and 128 along it.
    With `data` 5 for each of up to (M + 2) (`neighbours` + 1) edges.

    **Fails when** x has many numbers: then tiny bends make F rise evenly, as an adversarial change
    would (4 % of the length of x on a picture of clothes, 0.2 % on a photo), F is rough between
    them, and `gap` asks for more steps. Nor do absolute values sum to the rise: of F = x_1 - x_2
    from (0, 0) to (1, 1) every path gives (1, -1).

    References
    ----------
    .. [salek2025] S. Salek, J. Enguehard, 2025, arXiv:2502.12108.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.tensor([[2.0, 1.0]])
    >>> hill = lambda x: x[:, 0] + 4 * torch.exp(-4 * (x - 0.7).square().sum(1))
    >>> over, round_it = xc.integrated_gradients(hill, x), xc.geodesic_ig(hill, x)
    >>> over.abs().sum().round(decimals=1), round_it.abs().sum().round(decimals=1)
    (tensor(2.8000), tensor(1.9000))
    """
    rule = Rule.of(quadrature, steps, tol, default=STEPS)
    make = geodesic(data, neighbours, pieces, stiffness, search)
    question = ask(model, x, target, **asked)
    path = make(question, make_baseline(baseline, question.x), question.x)
    found = along(question, path, Weight(), rule)
    return replace(found, extra={**found.extra, "cancellation": cancellation(found)})


def cancellation(found: Attribution) -> Tensor:
    """Return sum_i |A_i| / |F(x) - F(x')|, (N,)."""
    assert found.f_start is not None
    assert found.f_end is not None
    return found.values.flatten(1).abs().sum(1) / (found.f_end - found.f_start).abs()


def geodesic(
    data: Tensor | None = None,
    neighbours: int = 10,
    pieces: int = 16,
    stiffness: float = 0.5,
    search: int = 10,
) -> Callable[[Question, Tensor, Tensor], Polyline]:
    """Return the path of `geodesic_ig`, which `path=` of `path_attribution` takes."""
    for name, value in (("neighbours", neighbours), ("pieces", pieces), ("search", search)):
        check_positive_int(value, name)
    if pieces == 1:
        raise ValueError("pieces must be at least 2: a single piece is the straight line")
    if isinstance(stiffness, bool) or not isinstance(stiffness, int | float) or not stiffness > 0:
        raise ValueError(f"stiffness must be a number above 0, such as 0.5, got {stiffness!r}")

    def make(question: Question, start: Tensor, end: Tensor) -> Polyline:
        if data is None:
            return least_energy_path(question, start, end, pieces, stiffness, search)
        return shortest_path(question, start, end, check_data(data, end), neighbours)

    return make


def check_data(data: Tensor, x: Tensor) -> Tensor:
    """Return the points of a graph in x's dtype and on its device."""
    check_input(data, "data")
    if data.shape[1:] != x.shape[1:]:
        raise ValueError(
            f"data has rows of shape {tuple(data.shape[1:])}, but those of x have "
            f"{tuple(x.shape[1:])}; give inputs of the same model"
        )
    return data.detach().to(x)
