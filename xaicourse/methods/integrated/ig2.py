"""IG2 (2024): from a counterfactual to x, along the way on which x turns into a reference."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor, nn

from xaicourse.core.at_layer import UnitsModel, find_place
from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_bounds, check_positive_int
from xaicourse.core.chunks import at_least_float32
from xaicourse.core.gradients import Question, ask, outputs_at
from xaicourse.core.path import column
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.walk import Polyline, Walk, follow, slope
from xaicourse.methods.baseline_sets import Baselines, baseline_set, set_size
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.average import average
from xaicourse.methods.integrated.decision import decision_nodes

__all__ = ["gradient_path", "ig2"]

SEARCH, STEPS, PROBES = 100, 100, 32
SHORTER = 6  # tries of a step, each half as long as the one before, until it leads nearer

Representation = str | nn.Module | Callable[[Tensor], Any] | None


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs at most: a search ends where nothing leads nearer."""
    each = of_one_path(settings, STEPS) + settings.get("search", SEARCH)
    return set_size(settings.get("references", 0.0)) * each


def example() -> Example:
    """Return the small net and a reference that is not 0, with a short search."""
    settings = {"references": 0.25, "search": 6, "length": 0.2}
    return replace(small_classifier(), settings=settings)


@attribution_method(
    title="IG2",
    year=2024,
    paper="arXiv:2406.10852",
    family="integrated",
    unit="share",
    claims={"completeness", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def ig2(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    references: Baselines = 0.0,
    representation: Representation = None,
    search: int = SEARCH,
    length: float = 1.0,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "decision",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients from a counterfactual to x, along the way that gradients have led there.

    .. math::
        z_0 = x, \qquad z_{j+1} = z_j - \eta\, \frac{g_j}{\|g_j\|_2}, \qquad
        g_j = \nabla_z \big\| \tilde f(z_j) - \tilde f(x^r) \big\|_2^2

    :math:`\tilde f` is what the model makes of its input (a representation) and :math:`x^r` a
    reference, an input of another class. The last point :math:`z_K` looks to the model like the
    reference: it is the baseline x', and the path leads back from there to x. Over several
    references the maps are averaged.

    Parameters
    ----------
    references : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        Rows of another class, best several: for all rows of x, a set for each row, or a sequence of
        what `baseline` of `integrated_gradients` may be.
    representation : str, torch.nn.Module, callable or None
        :math:`\tilde f`: the output of a layer of the model, by its name or itself, or a function
        of x. None is the model's own output; the paper takes what goes into the last layer.
    search : int
        K, the most steps on the way to the reference.
    length : float
        How long the way may be, in distances from x to the reference:
        :math:`\eta = \mathrm{length}\, \|x - x^r\|_2 / K`, whatever the units of x are.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the points may not leave.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 100 without it. Where the quadrature
        is adaptive, the most gradients that each path may cost; 1000 without it.
    quadrature : str
        decision: the nodes lie close where F changes fast, which is near x, by 33 forward passes;
        or left, right, midpoint, trapezoid, gauss_legendre, adaptive.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'), the latter a mean over the references. The
        details hold x' in ``endpoints`` (of several references in ``starts``), and how far x and
        x' are from the reference, ``distance`` and ``distance_left``.

    Raises
    ------
    ValueError, TypeError
        Also for a representation that is no tensor with a row for each of x, and for an empty set.

    Notes
    -----
    A step that would not lead nearer is halved, and the search ends where six halvings do not
    help, so it neither swings around the reference nor divides by 0 at it. Keeps completeness,
    dummy and symmetry; implementation invariance only where representation=None, for another
    layer of a net with equal outputs leads another way. Not linearity: the path depends on F.

    **Cost.** 200 gradients a row at most for each reference, `search` of them one after the other,
    and as many forward passes.

    **Fails when** the search ends in an adversarial example: x' then looks like x
    (`distance_left` is small, the picture is not another one).

    References
    ----------
    .. [zhuo2024] Y. Zhuo, Z. Ge, 2024, arXiv:2406.10852.

    Examples
    --------
    With x itself as representation the way is straight, and IG2 is Integrated Gradients:

    >>> import torch
    >>> import xaicourse as xc
    >>> x, r = torch.tensor([[3.0, 1.0]]), torch.tensor([[0.0, -3.0]])
    >>> f = lambda x: x[:, 0] ** 2 + 2 * x[:, 1]
    >>> xc.ig2(f, x, references=r, representation=lambda z: z, search=9, steps=9).round(decimals=3)
    tensor([[9., 8.]])
    """
    rule, search = (
        Rule.of(quadrature, steps, tol, ("decision",), STEPS),
        check_positive_int(search, "search"),
    )
    question = ask(model, x, target, **asked)
    question.scores_at_x  # noqa: B018  (what is wrong with the model is said here)
    found = list[Attribution]()
    for reference in baseline_set(references, question.x, "references"):
        distance = distance_to(question, representation, reference.expand_as(question.x))
        path = way_to(question.x, reference, distance, search, length, bounds)
        nodes = None
        if rule.quadrature == "decision":
            nodes = decision_nodes(question, path, rule.steps, PROBES)
        one = along(question, path, Weight(), rule, nodes)
        ends = (distance.scores_at_x, distance.scores(path.start, question.rows))
        far, near = (d.sqrt() for d in ends)
        found.append(replace(one, extra={**one.extra, "distance": far, "distance_left": near}))
    return average(found, also=("distance", "distance_left"))


def gradient_path(
    representation: Representation = None,
    search: int = SEARCH,
    length: float = 1.0,
    bounds: tuple[float, float] | None = None,
) -> Callable[[Question, Tensor, Tensor], Polyline]:
    """Return the path of `ig2` for `path=` of `path_attribution`; its baselines are references."""

    def make(question: Question, start: Tensor, end: Tensor) -> Polyline:
        distance = distance_to(question, representation, start)
        return way_to(end, start, distance, check_positive_int(search, "search"), length, bounds)

    return make


def way_to(
    x: Tensor,
    reference: Tensor,
    distance: Question,
    search: int,
    length: float,
    bounds: tuple[float, float] | None,
) -> Polyline:
    """Return the path from where the search for a reference ends, back to x."""
    if isinstance(length, bool) or not isinstance(length, int | float) or not 0 < length < 1e6:
        raise ValueError(f"length must be a number above 0, such as 1.0, got {length!r}")
    eta = length * (x - reference).flatten(1).norm(dim=1) / search  # (N,)
    walk = descend(distance, eta, check_bounds(bounds, x))
    return follow(slope(distance), walk, search, "way to the reference", backwards=True)


def descend(distance: Question, eta: Tensor, bounds: tuple[float, float] | None) -> Walk:
    """Walk from x down the gradient of a distance (N,), in steps of length eta (N,) or shorter."""
    z, d = distance.x.clone(), distance.scores_at_x.clone()
    going = (d > 0) & (eta > 0)
    while True:
        gradient = yield z, going
        size = gradient.flatten(1).norm(dim=1)
        going = going & (size > 0)
        unit = gradient / column(torch.where(size > 0, size, 1), gradient)
        left = going.nonzero()[:, 0]
        for step in (eta / 2**k for k in range(SHORTER)):
            if len(left) == 0:
                break
            ahead = z[left] - column(step[left], z) * unit[left]
            ahead = ahead if bounds is None else ahead.clamp(*bounds)
            there = distance.scores(ahead, left)
            nearer = there < d[left]
            z[left[nearer]], d[left[nearer]] = ahead[nearer], there[nearer]
            left = left[~nearer]
        going = going.clone()
        going[left] = False


def distance_to(question: Question, representation: Representation, reference: Tensor) -> Question:
    r"""Return the question how far, squared, each row is from its reference (N, ...) in f~."""
    model: Any = representation
    if representation is None:
        model = question.model
    elif isinstance(representation, str | nn.Module):
        x = question.x.to(question.model_dtype)
        model = UnitsModel(question.model, find_place(question.model, representation, x)[0])
    elif not callable(representation):
        raise TypeError(
            "representation must be a layer's name, a module of the model, a function of x or "
            f"None, got {type(representation).__name__}"
        )
    wanted = outputs_at(question, reference, _flat, model)  # (N, D)

    def squared(outputs: Any, rows: Tensor) -> Tensor:
        return (_flat(outputs, rows) - wanted[rows]).square().sum(dim=1)

    x = question.x.to(question.model_dtype)
    return ask(model, x, squared, batch_size=question.batch_size)


def _flat(outputs: Any, rows: Tensor) -> Tensor:
    """Return a representation as (P, D)."""
    if not isinstance(outputs, Tensor) or len(outputs) != len(rows):
        given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(
            f"representation must be a tensor with one entry for each of {len(rows)} row(s), got "
            f"{given}; choose a layer, or a function that returns a tensor (N, ...)"
        )
    return at_least_float32(outputs.reshape(len(rows), -1))
