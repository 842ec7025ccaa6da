"""Greedy PIG (2023): in rounds, the features with the largest share of what is left go to x."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import Nodes, StraightPath, path_integral
from xaicourse.core.path_weights import Weight
from xaicourse.core.quadrature import quadrature as make_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.walk import Compass, Polyline, Walk, follow
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path

__all__ = ["greedy_path", "greedy_path_ig"]

ROUNDS, PROBES, STEPS = 10, 20, 100


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: those that choose, and those that are summed."""
    chosen = settings.get("rounds", ROUNDS) * settings.get("probes", PROBES)
    return of_one_path(settings, STEPS) + chosen


def example() -> Example:
    """Return the small net, with few rounds."""
    return replace(small_classifier(), settings={"rounds": 2, "probes": 4})


@attribution_method(
    title="Greedy PIG",
    year=2023,
    paper="arXiv:2311.06192",
    family="integrated",
    unit="share",
    claims={"completeness", "sensitivity_a", "dummy", "implementation_invariance"},
    cost=gradients_per_row,
    example=example,
)
def greedy_path_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    rounds: int = ROUNDS,
    probes: int = PROBES,
    unit: int = 1,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients along a path on which the features that promise most move first.

    .. math::
        a_i(S) = (x_i - \gamma_i) \int_0^1 \partial_i F\big(\gamma_S + t\,(x - \gamma_S)\big)\, dt,
        \qquad \gamma_S = x \text{ in } S,\ x' \text{ elsewhere}

    A round integrates from where the path stands to x, as Integrated Gradients does, and moves the
    features with the largest shares :math:`a_i(S)` to their values in x. So of two features that
    say the same only the first is worth anything. The gradient is then taken along the path,
    :math:`x' = \gamma_{S_0}, \gamma_{S_1}, \dots, x`.

    Parameters
    ----------
    rounds : int
        Straight pieces of the path; in each an equal number of units moves.
    probes : int
        Gradients a round that find the shares of what is left.
    unit : int
        Side of the square patches of an image whose numbers move together; 1 is single pixels. Of
        other inputs each number moves for itself.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 100 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). With a round for each feature it is what F
        gained when the feature came in. The details hold the ``round`` in which each came in, from
        1, and the ``share`` a(S) that it had then, both of x's shape.

    Raises
    ------
    ValueError, TypeError
        Also for patches of what is no image.

    Notes
    -----
    The paper ranks features by their round and their share in it. Those shares do not add up to
    the rise of F, so the map here is the integral along the path, which does. Keeps completeness,
    sensitivity(a), dummy and implementation invariance; of equal features the first in order comes
    first, so not symmetry, and not linearity: the path depends on F.

    **Cost.** 300 gradients a row: `rounds` times `probes` and `steps`.

    **Fails when** features only work together: none of them promises anything alone. It chooses
    what a high insertion curve needs, so such a curve is no evidence for it.

    References
    ----------
    .. [axiotis2023] K. Axiotis, S. Abu-al-haija, L. Chen, M. Fahrbach, G. Fu, 2023,
       arXiv:2311.06192.

    Examples
    --------
    The first two say nearly the same, so the second comes last and gains little:

    >>> import torch
    >>> import xaicourse as xc
    >>> f = lambda s: 1.1 * s[:, 0] + s[:, 1] - s[:, 0] * s[:, 1] + 0.4 * s[:, 2]
    >>> found = xc.greedy_path_ig(f, torch.ones(1, 3), rounds=3, return_details=True)
    >>> found.values.round(decimals=3), found.extra["round"]
    (tensor([[1.1000, 0.0000, 0.4000]]), tensor([[1, 3, 2]]))
    """
    rule = Rule.of(quadrature, steps, tol, default=STEPS)
    question = ask(model, x, target, **asked)
    start, notes = make_baseline(baseline, question.x), Notes.of(question.x)
    path = greedy_path(rounds, probes, unit, notes)(question, start, question.x)
    found = along(question, path, Weight(), rule)
    extra = {**found.extra, "round": notes.round, "share": notes.share}
    return replace(found, extra=extra)


@dataclass(frozen=True, eq=False)
class Notes:
    """What a walk has seen of each feature when it came in: both of x's shape."""

    round: Tensor
    share: Tensor

    @classmethod
    def of(cls, x: Tensor) -> "Notes":
        return cls(torch.zeros_like(x, dtype=torch.long), torch.zeros_like(x))


def greedy_path(
    rounds: int = ROUNDS, probes: int = PROBES, unit: int = 1, notes: Notes | None = None
) -> Callable[[Question, Tensor, Tensor], Polyline]:
    """Return the path of `greedy_path_ig` for `path=` of `path_attribution`; parameters as there.

    It fills in `notes`, where they are wanted.
    """
    rounds, probes = check_positive_int(rounds, "rounds"), check_positive_int(probes, "probes")
    unit = check_positive_int(unit, "unit")

    def make(question: Question, start: Tensor, end: Tensor) -> Polyline:
        number = units(end, unit)
        most = min(rounds, int(number.max()) + 1)
        walk = greedy_walk(start, end, number, most, notes or Notes.of(end))
        compass = shares(question, probes)
        return follow(compass, walk, most, "greedy path", cost=probes)

    return make


def greedy_walk(start: Tensor, end: Tensor, number: Tensor, rounds: int, notes: Notes) -> Walk:
    """Walk from x' to x (N, ...) in `rounds`; `number` (n,) is the unit of each feature."""
    z, n_units = start.clone(), int(number.max()) + 1
    open_ = torch.ones(len(z), n_units, dtype=torch.bool, device=z.device)
    everyone = open_[:, 0].clone()
    for k in range(rounds):
        share = yield z, everyone
        size = n_units * (k + 1) // rounds - n_units * k // rounds
        promise = share.new_zeros(open_.shape).index_add(1, number, share.flatten(1))
        promise = promise.masked_fill(~open_, -torch.inf)
        best = promise.argsort(dim=1, descending=True, stable=True)[:, :size]
        new = torch.zeros_like(open_).scatter(1, best, True)
        open_ = open_ & ~new
        moves = new[:, number].view_as(z)  # the features of the new units
        z = torch.where(moves, end, z)
        notes.round[moves] = k + 1
        notes.share[moves] = share[moves]
    yield z, ~everyone


def shares(question: Question, probes: int) -> Compass:
    """Return the compass that feels Integrated Gradients from where a row stands to x."""
    rule = make_quadrature("gauss_legendre", probes)

    def feel(points: Tensor, rows: Tensor) -> Tensor:
        nodes = Nodes.from_rule(*rule, n_rows=len(rows))
        return path_integral(question, StraightPath(points, question.x), nodes).values

    return feel


def units(x: Tensor, side: int) -> Tensor:
    """Return the number of the unit that each feature of a row belongs to, (n,)."""
    if x.dim() != 4:
        if side > 1:
            raise ValueError(
                f"unit={side} is the side of a patch of images (N, C, H, W), but x has shape "
                f"{tuple(x.shape)}; leave it at 1"
            )
        return torch.arange(x[0].numel(), device=x.device)
    height, width = (torch.arange(n, device=x.device) // side for n in x.shape[2:])
    patch = height[:, None] * (int(width[-1]) + 1) + width
    return patch.expand(x.shape[1:]).flatten()
