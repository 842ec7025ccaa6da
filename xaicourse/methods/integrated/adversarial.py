"""Adversarial Gradient Integration (2021): from adversarial examples of other classes to x."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_bounds, check_positive_int
from xaicourse.core.chunks import at_least_float32
from xaicourse.core.gradients import Question, ask, outputs_at
from xaicourse.core.path import column
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.walk import Polyline, Walk, follow, slope
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.average import average

__all__ = ["adversarial_gradient_integration", "adversarial_path"]

SEARCH, STEPS, CLASSES = 20, 20, 5

Classes = int | Sequence[int] | Tensor


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs at most: a search ends where its class is reached."""
    each = of_one_path(settings, STEPS) + settings.get("search", SEARCH)
    classes = settings.get("classes", CLASSES)
    if isinstance(classes, Tensor):
        return classes.shape[-1] * each
    return (classes if isinstance(classes, int) else len(classes)) * each


def example() -> Example:
    """Return the small net with one other class, which a few short steps do not reach."""
    settings = {"classes": 1, "search": 4, "step": 0.02}
    return replace(small_classifier(), settings=settings)


@attribution_method(
    title="Adversarial Gradient Integration",
    year=2021,
    paper="doi:10.24963/ijcai.2021/396",
    family="integrated",
    unit="share",
    claims={"completeness", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=example,
)
def adversarial_gradient_integration(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    classes: Classes = CLASSES,
    search: int = SEARCH,
    step: float = 0.05,
    bounds: tuple[float, float] | None = None,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients back to x from where x is taken for other classes.

    .. math::
        x_0 = x, \qquad x_{j+1} = x_j + \epsilon\, \mathrm{sign}\, \nabla p_i(x_j), \qquad
        A = \operatorname*{mean}_i \int_{x^{(i)}}^{x} \nabla F \odot d\gamma

    For each other class i, whose probability is :math:`p_i`, steps lead from the point reached
    last, until the model predicts i, at :math:`x^{(i)}`. That is the baseline, and the path leads
    back from there to x.

    Parameters
    ----------
    classes : int, sequence of int or Tensor (N, M)
        i: so many classes, those with the largest scores at x besides the predicted one; or which,
        for all rows or for each. The class that is predicted at x is passed over.
    search : int
        m, the most steps until a class is reached.
    step : float
        :math:`\epsilon`, the length of a step in each number of x, in units of x.
    bounds : pair of float or None
        The range of valid inputs, such as (0.0, 1.0) for images, which the points may not leave.
    steps : int, optional
        Nodes of the quadrature on each path (intervals of the trapezoid); 20 without it. Where the
        quadrature is adaptive, the most gradients that each path may cost; 1000 without it.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the points reached. The
        details hold these in ``endpoints`` (of several classes in ``starts``), the ``classes``,
        which of them were ``reached``: (N, M), or (N,) of a single class.

    Raises
    ------
    ValueError, TypeError
        Also for classes that the model does not have, or outputs that are no class scores: (N, K),
        or (N,) and (N, 1), which tell two classes apart by their sign.

    Notes
    -----
    The paper adds over the classes, which is the mean times their number, and takes F to be the
    probability: ``output="probability"``. The authors' code begins every step at x again and adds
    up the whole way each time; here the point moves, so that the map is complete. Keeps
    completeness, dummy, implementation invariance and symmetry. Not linearity: the paths depend on
    the model.

    **Cost.** 200 gradients a row at most, `search` + `steps` for each class, and as many forward
    passes as the search has steps.

    **Fails when** x is saturated: where p is 1 to all digits its map is 0. An adversarial example
    differs from x by noise, and so may the map.

    References
    ----------
    .. [pan2021] D. Pan, X. Li, D. Zhu, 2021, doi:10.24963/ijcai.2021/396.

    Examples
    --------
    One step, (-0.05, +0.05), is enough here for the other class:

    >>> import torch, xaicourse as xc
    >>> W = torch.tensor([[1.0, 0.2], [-0.5, 1.0]])
    >>> xc.adversarial_gradient_integration(lambda x: x @ W, torch.tensor([[1.0, 0.5]]))
    tensor([[0.0500, 0.0250]])
    """
    rule = Rule.of(quadrature, steps, tol, default=STEPS)
    question = ask(model, x, target, **asked)
    question.scores_at_x  # noqa: B018  (what is wrong with the model is said here)
    scores = outputs_at(question, question.x, two_or_more)  # (N, K)
    wanted = _chosen(classes, scores)  # (N, M)
    found = list[Attribution]()
    for i in wanted.T:
        path = way_to(question, i, search, step, bounds)
        one = along(question, path, Weight(), rule)
        there = ask_class(question, i, margin).scores(path.start, question.rows) >= 0
        found.append(replace(one, extra={**one.extra, "reached": there, "classes": i}))
    predicted = wanted == scores.argmax(dim=1, keepdim=True)
    return _without(predicted, average(found, also=("reached", "classes")))


def adversarial_path(
    classes: int | Tensor,
    search: int = SEARCH,
    step: float = 0.05,
    bounds: tuple[float, float] | None = None,
) -> Callable[[Question, Tensor, Tensor], Polyline]:
    """Return the path of one class for `path=` of `path_attribution`, whose baseline is not used.

    `classes` is a class for all rows, or (N,) one for each.
    """

    def make(question: Question, start: Tensor, end: Tensor) -> Polyline:
        each = torch.as_tensor(classes, device=end.device).expand(len(end))
        return way_to(question, each, search, step, bounds)

    return make


def way_to(
    question: Question, i: Tensor, search: int, step: float, bounds: tuple[float, float] | None
) -> Polyline:
    """Return the path from where the class i (N,) is reached, back to x."""
    search, x = check_positive_int(search, "search"), question.x
    if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < torch.inf:
        raise ValueError(f"step must be a number above 0, such as 0.05, got {step!r}")
    compass = slope(ask_class(question, i, log_probability))
    walk = ascend(ask_class(question, i, margin), step, check_bounds(bounds, x))
    return follow(compass, walk, search, "way to another class", backwards=True)


def ascend(lead: Question, step: float, bounds: tuple[float, float] | None) -> Walk:
    """Walk from x up a gradient's sign until the lead (N,) of a class is not negative."""
    z, going = lead.x.clone(), lead.scores_at_x < 0
    while True:
        gradient = yield z, going
        ahead = z + step * gradient.sign()
        ahead = ahead if bounds is None else ahead.clamp(*bounds)
        going = going & (ahead != z).flatten(1).any(dim=1)  # else there is nothing to go along
        z = torch.where(column(going, z) > 0, ahead, z)
        rows = going.nonzero()[:, 0]
        if len(rows):
            going = going.clone()
            going[rows] = lead.scores(z[rows], rows) < 0


# ---- classes -------------------------------------------------------------------------------------

Reading = Callable[[Tensor, Tensor], Tensor]  # (scores (P, K), class (P,)) -> (P,)


def log_probability(scores: Tensor, i: Tensor) -> Tensor:
    """Return log p_i: the direction of its gradient is that of p_i, which may underflow."""
    return scores.log_softmax(dim=1).gather(1, i[:, None])[:, 0]


def margin(scores: Tensor, i: Tensor) -> Tensor:
    """Return by how much the class leads, negative where another one does."""
    own = scores.gather(1, i[:, None])
    return own[:, 0] - scores.scatter(1, i[:, None], -torch.inf).amax(dim=1)


def ask_class(question: Question, i: Tensor, reading: Reading) -> Question:
    """Return the same model's question about the class i (N,) of each row."""

    def read(outputs: Any, rows: Tensor) -> Tensor:
        return reading(two_or_more(outputs, rows), i[rows])

    x = question.x.to(question.model_dtype)
    return ask(question.model, x, read, batch_size=question.batch_size)


def two_or_more(outputs: Any, rows: Tensor) -> Tensor:
    """Return the scores of all classes, (P, K); a single score s becomes those of two, 0 and s."""
    if not isinstance(outputs, Tensor) or outputs.dim() not in (1, 2):
        given = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(
            "adversarial_gradient_integration leads to other classes and needs their scores, "
            f"(N, K), (N,) or (N, 1), but the model returns {given}; let it return the scores alone"
        )
    if outputs.dim() == 2 and outputs.shape[1] > 1:
        return at_least_float32(outputs)
    score = at_least_float32(outputs.reshape(len(rows)))
    return torch.stack([torch.zeros_like(score), score], dim=1)


def _chosen(classes: Any, scores: Tensor) -> Tensor:
    """Return the classes of each row, (N, M)."""
    n_classes = scores.shape[1]
    if isinstance(classes, int) and not isinstance(classes, bool):
        most = min(check_positive_int(classes, "classes"), n_classes - 1)
        return scores.argsort(dim=1, descending=True, stable=True)[:, 1 : most + 1]
    try:
        if not isinstance(classes, Tensor | Sequence):
            raise TypeError
        made = torch.as_tensor(classes, device=scores.device)
    except (TypeError, ValueError, RuntimeError):  # a text, or numbers that make no table
        raise TypeError(
            "classes must be how many, a sequence of class numbers or a tensor (N, M) of them, "
            f"got {classes!r}"
        ) from None
    made = made.expand(len(scores), -1) if made.dim() == 1 else made
    if (
        made.dim() != 2
        or len(made) != len(scores)
        or made.shape[1] == 0
        or made.is_floating_point()
    ):
        raise ValueError(
            f"classes has shape {tuple(made.shape)} and dtype {made.dtype}; whole numbers (M,) for "
            f"all rows, or ({len(scores)}, M), are needed"
        )
    if int(made.min()) < 0 or int(made.max()) >= n_classes:
        raise ValueError(
            f"classes must be from 0 to {n_classes - 1}, got {made.flatten().unique().tolist()}"
        )
    if bool((made == scores.argmax(dim=1, keepdim=True)).all(dim=1).any()):
        raise ValueError(
            "classes holds no other class than the predicted one for at least one row; give more, "
            "or how many, classes=5"
        )
    return made.long()


def _without(left_out: Tensor, found: Attribution) -> Attribution:
    """Leave paths out of the mean, (N, M), which have no length, so that they add nothing to it."""
    share = left_out.shape[1] / (~left_out).sum(dim=1)
    assert found.f_start is not None
    assert found.f_end is not None
    assert found.gap is not None
    share = share.to(found.f_end)
    return replace(
        found,
        values=column(share, found.values) * found.values,
        f_start=found.f_end - share * (found.f_end - found.f_start),
        gap=share * found.gap,
        standard_error=None,
    )
