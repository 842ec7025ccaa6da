"""Manifold-Aligned Guided Integrated Gradients (2026): the calmest codes move first."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import Nodes
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.core.walk import Compass, follow, slope
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_smooth_classifier
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.integrated.guided import guided_walk
from xaicourse.methods.integrated.manifold import BentSheet
from xaicourse.methods.integrated.manifolds import Chart, DecodedPath, Manifold

__all__ = ["manifold_aligned_guided_ig"]

PIECES = 50
BRIDGE = 0.1  # share of [0, 1] for the way from a true end to its place on the manifold
BRIDGE_NODES = 8


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: one a piece to find the way, the rest along it."""
    pieces = settings.get("pieces", PIECES)
    if settings.get("tol") is not None or settings.get("quadrature", "pieces") != "pieces":
        return pieces + of_one_path(settings)
    return 2 * pieces + (0 if settings.get("manifold") is None else 2 * BRIDGE_NODES)


def example() -> Example:
    """Return the small net, with a manifold in its space and few pieces."""
    return replace(small_smooth_classifier(), settings={"manifold": BentSheet(5), "pieces": 4})


@attribution_method(
    title="Manifold-Aligned Guided Integrated Gradients",
    year=2026,
    paper="arXiv:2605.02167",
    family="integrated",
    unit="share",
    needs={"gradient", "fit"},
    claims={"completeness", "dummy", "implementation_invariance"},
    cost=gradients_per_row,
    example=example,
)
def manifold_aligned_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    fraction: float = 0.05,
    pieces: int = PIECES,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "pieces",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients along a way of pictures on which the calmest codes move first.

    .. math::
        A_i = \int \frac{\partial F}{\partial x_i}(\gamma)\, d\gamma_i, \qquad
        \gamma = g(z), \quad \text{each piece of } z \text{ moves the codes } j
        \text{ with the smallest } \Big|\frac{\partial F(g(z))}{\partial z_j}\Big|

    From the code of x' to that of x, one of `pieces` equal parts of :math:`\|z_x - z_{x'}\|_1` at a
    time. What the decoder misses is bridged: the way begins at x' and ends at x.

    Parameters
    ----------
    manifold : object with encode and decode, or None
        An autoencoder, such as ``xc.zoo.fashion_autoencoder()``: ``encode(x)`` gives codes (N, d),
        ``decode(z)`` points (N, ...). None is the whole space: the inputs themselves move, as in
        Guided IG without a bound on how far it may stray.
    fraction : float
        Share of the codes that move together, the calmest; at least one moves.
    pieces : int
        K, the steps of the way.
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost along the way.
    quadrature : str
        pieces: one node in the middle of each piece and 8 on each bridge; or left, right,
        midpoint, trapezoid, gauss_legendre, adaptive.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x'). The details hold ``knots``, the codes on the
        way (N, K + 1, d), and ``bridged`` (N, 2), how much of the sum comes from the two bridges.

    Raises
    ------
    ValueError, TypeError
        Also for a manifold that lacks a function, is in training mode, or gives other shapes, and
        for a fraction outside (0, 1].

    Notes
    -----
    Keeps completeness, dummy and implementation invariance. The way depends on F, so it is not
    linear, and it is not monotone in the pixels: one that equals its baseline can get a share.
    The authors' program jumps from x' to the second picture of the way and from the last but one
    to x in one step each; here both bridges are integrated. Its moves along arcs are left out.

    **Cost.** 100 gradients a row: 50 one after another to find the way, 50 along it. On a manifold
    16 more for the bridges, and a pass through the decoder for each.

    **Fails when** x is far from the manifold: `bridged` then holds most of the sum, and the map is
    that of a straight line from the reconstruction to x.

    References
    ----------
    .. [kim2026guided] S. Kim, S. Lim, K. Lee, J. Choi, 2026, arXiv:2605.02167.

    Examples
    --------
    (2 x1 + x2)^2 at (3, 3): x2, whose slope is smaller, moves first.

    >>> import torch, xaicourse as xc
    >>> model = lambda x: (2 * x[:, 0] + x[:, 1]) ** 2
    >>> x = torch.tensor([[3.0, 3.0]])
    >>> xc.manifold_aligned_guided_ig(model, x, pieces=90, baseline=1e-3).round()
    tensor([[72.,  9.]])
    """
    pieces, fraction = check_positive_int(pieces, "pieces"), _check_fraction(fraction)
    rule = Rule.of(quadrature, steps, tol, also=("pieces",))
    question = ask(model, x, target, **asked)
    start = make_baseline(baseline, question.x)
    chart = Chart(manifold, question.x)
    question.scores_at_x  # noqa: B018  (what is wrong with the model is said here)
    ends = chart.encode(start), chart.encode(question.x)
    walk = guided_walk(*ends, pieces, fraction, max_dist=1.0)
    way = follow(latent_slope(question, chart), walk, pieces, "guided path on the manifold")
    knots = way.points.transpose(0, 1)  # (N, K + 1, d)
    bridge = 0.0 if manifold is None else BRIDGE
    path = DecodedPath(chart, knots, start, question.x, bridge)
    nodes = None
    if rule.quadrature == "pieces":
        nodes = piece_nodes(knots.shape[1] - 1, bridge, len(x))
    found = along(question, path, Weight(), rule, nodes)
    assert found.gradients is not None
    extra = {"knots": knots, "bridged": _bridged(question, path, found)}
    return replace(found, gradients=found.gradients + way.spent, extra={**found.extra, **extra})


def latent_slope(question: Question, chart: Chart) -> Compass:
    """Return the compass that feels dF(g(z)) / dz: F's gradient, sent back through the decoder."""
    feel = slope(question)

    def through_decoder(z: Tensor, rows: Tensor) -> Tensor:
        with torch.no_grad():
            points = chart.decode(z)
        grad = feel(points, rows).to(points.dtype)
        with torch.enable_grad():
            code = z.detach().requires_grad_(True)
            return torch.autograd.grad(chart.decode(code), code, grad)[0]

    return through_decoder


def piece_nodes(pieces: int, bridge: float, n_rows: int) -> Nodes:
    """Return one node in the middle of each piece, and BRIDGE_NODES on each bridge."""
    on_bridge = BRIDGE_NODES if bridge > 0 else 0
    width = torch.cat(
        [
            torch.full((on_bridge,), bridge / BRIDGE_NODES, dtype=torch.float64),
            torch.full((pieces,), (1 - 2 * bridge) / pieces, dtype=torch.float64),
            torch.full((on_bridge,), bridge / BRIDGE_NODES, dtype=torch.float64),
        ]
    )
    return Nodes.from_rule(width.cumsum(0) - width / 2, width, n_rows)


def _bridged(question: Question, path: DecodedPath, found: Attribution) -> Tensor:
    """Return what F rises by on the bridges at the start and at the end, (N, 2)."""
    if path.bridge == 0:
        return question.x.new_zeros(len(question.x), 2)
    with torch.no_grad():
        first, last = (path.chart.decode(path.knots[:, k]) for k in (0, -1))
    f_first, f_last = (question.scores(p, question.rows) for p in (first, last))
    assert found.f_start is not None
    assert found.f_end is not None
    return torch.stack([f_first - found.f_start, found.f_end - f_last], dim=1)


def _check_fraction(fraction: Any) -> float:
    if isinstance(fraction, bool) or not isinstance(fraction, int | float):
        raise TypeError(f"fraction must be a number above 0 and at most 1, got {fraction!r}")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction must be above 0 and at most 1, got {fraction!r}")
    return float(fraction)
