"""Integrated Decision Gradients (2024): gradients count where F changes."""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.adaptive import mesh
from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import Nodes, Path, StraightPath
from xaicourse.core.path_weights import SlopeWeight
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along, gradients_per_row

__all__ = ["decision_nodes", "integrated_decision_gradients"]

PROBES = 16
EVENLY = 0.5  # this share of the nodes is laid evenly, so that no part of the path goes unread


@attribution_method(
    title="Integrated Decision Gradients",
    year=2024,
    paper="arXiv:2305.20052",
    family="integrated",
    claims={"sensitivity_a", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=small_classifier,
)
def integrated_decision_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    probes: int = PROBES,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "decision",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Weigh each gradient along the straight line by how fast F changes there.

    .. math::
        A_i = (x_i - x'_i) \int_0^1
        \frac{\partial F}{\partial x_i}(\gamma(\alpha))\; \frac{dF(\gamma(\alpha))}{d\alpha}\,
        d\alpha, \qquad \gamma(\alpha) = x' + \alpha (x - x')

    The slope dF/d(alpha) is gradient times distance, from the same backward pass.

    Parameters
    ----------
    probes : int
        Intervals between the forward passes that show where F changes, for quadrature="decision".
    quadrature : str
        decision: the nodes are laid by the `probes`, close where F changes fast, and cover the
        whole path; or left, right, midpoint, trapezoid, gauss_legendre, adaptive.

    Returns
    -------
    Tensor (N, ...)
        In units of F squared; sums to the integral of the squared slope, at least the squared
        rise. A and -A cannot be told apart: F and -F have the same map. There is no `gap`;
        `expected_total` in the details estimates that integral from F at the nodes, from below.

    Notes
    -----
    Keeps sensitivity(a), dummy, implementation invariance and symmetry. Not completeness, not
    linearity: A of c F is c^2 A.

    **Cost.** 50 gradients a row, `steps` of them, and `probes` + 1 forward passes for
    quadrature="decision".

    **Fails when** the sign is read as for or against the class: what lowers its score along the
    path is red, too. Another scale of the output, such as the probability, weighs otherwise.

    References
    ----------
    .. [walker2024] C. Walker, S. Jha, K. Chen, R. Ewetz, 2024, arXiv:2305.20052.

    Examples
    --------
    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 2.0]])
    >>> xc.integrated_decision_gradients(lambda x: x.prod(1), x, quadrature="gauss_legendre")
    tensor([[24., 24.]])
    """
    probes = check_positive_int(probes, "probes")
    rule = Rule.of(quadrature, steps, tol, also=("decision",))
    if rule.quadrature != "decision" and probes != PROBES:
        raise ValueError(
            f"probes={probes} is for quadrature='decision', got {rule.quadrature!r}; leave probes "
            "out"
        )
    question = ask(model, x, target, **asked)
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    nodes = None
    if rule.quadrature == "decision":
        nodes = decision_nodes(question, path, rule.steps, probes)
    return along(question, path, SlopeWeight(), rule, nodes)


def decision_nodes(question: Question, path: Path, steps: int, probes: int) -> Nodes:
    """Lay `steps` nodes a row where F changes between `probes` + 1 even forward passes.

    The steps tile the path: they are cut at equal shares of half |change of F|, half distance.
    """
    grid = torch.linspace(0, 1, probes + 1, dtype=torch.float64)
    n_rows, device = len(path.end), path.end.device
    row = torch.arange(n_rows, device=device).repeat_interleave(probes + 1)
    alpha = grid.repeat(n_rows).to(path.end.dtype).to(device)
    scores = question.scores(lambda p: path.point(alpha[p], row[p]), row)
    change = scores.cpu().double().view(n_rows, -1).diff(dim=1).abs()  # (N, probes)
    total = change.sum(dim=1, keepdim=True)
    even = torch.full_like(change, 1 / probes)
    share = torch.where(total > 0, change / total.clamp_min(1e-300), even)
    mass = ((1 - EVENLY) * share + EVENLY * even).cumsum(dim=1)
    mass = torch.cat([torch.zeros_like(mass[:, :1]), mass], dim=1)
    return mesh(mass, grid, torch.full((n_rows,), steps))
