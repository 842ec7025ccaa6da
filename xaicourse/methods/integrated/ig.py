"""Integrated Gradients (2017)."""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.adaptive import adaptive_integral
from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import Question, ask
from xaicourse.core.path import Nodes, Path, PathSum, StraightPath, path_integral
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.quadrature import quadrature as make_quadrature
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier

__all__ = ["integrated_gradients"]


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs; the most that it may cost where that adapts."""
    adaptive = settings.get("tol") is not None or settings.get("quadrature") == "adaptive"
    steps = settings.get("steps") or (1000 if adaptive else 50)
    return steps + 1 if settings.get("quadrature") == "trapezoid" and not adaptive else steps


@attribution_method(
    title="Integrated Gradients",
    year=2017,
    paper="arXiv:1703.01365",
    family="integrated",
    unit="share",
    claims={
        "completeness",
        "sensitivity_a",
        "dummy",
        "implementation_invariance",
        "linearity",
        "symmetry",
    },
    cost=gradients_per_row,
    example=small_classifier,
)
def integrated_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "gauss_legendre",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Attribute to each input its share of the rise of F along the straight line from x' to x.

    .. math::
        A_i = (x_i - x'_i) \int_0^1
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha

    Parameters
    ----------
    steps : int, optional
        Nodes of the quadrature (intervals of the trapezoid); 50 without it. Where the quadrature
        is adaptive, the most gradients that a row may cost; 1000 without it.
    quadrature : str
        left, right, midpoint, trapezoid, gauss_legendre or adaptive.
    tol : float, optional
        Choose the nodes adaptively until the estimated relative error of the map is at most
        `tol`; a warning says so where `steps` gradients are not enough.
    return_details : bool
        Return an `Attribution`: gap, map error, nodes, weights, F and its slope at the nodes.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) - F(x') up to the gap of the quadrature.

    Raises
    ------
    ValueError, TypeError
        Also for a baseline of the wrong shape, or at which F is not finite.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance, linearity and symmetry.

    **Cost.** 50 gradients a row: `steps` of them (one more for the trapezoid).

    **Fails when** the baseline is taken as given: the answer depends on x', and a feature that
    equals its baseline gets exactly 0. With few steps the map can be wrong where the gap is small:
    see `map_error` in the details.

    References
    ----------
    .. [sundararajan2017] M. Sundararajan, A. Taly, Q. Yan, 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.integrated_gradients(xc.zoo.toy(), xc.zoo.toy_input(), steps=100, quadrature="midpoint")
    tensor([[ 3.7500, -2.7500]], dtype=torch.float64)
    """
    check_quadrature(quadrature)
    adaptive = tol is not None or quadrature == "adaptive"
    steps = check_positive_int((1000 if adaptive else 50) if steps is None else steps, "steps")
    question = ask(model, x, target, **asked)
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    if adaptive:
        found = adaptive_integral(question, path, tol=tol, most=steps)
        total, alpha, weight = found.total, found.alpha, found.weight
        ends, extra = (found.f_start, found.f_end), {"raw_gap": found.raw_gap}
        quadrature = "adaptive"
    else:
        nodes = Nodes.from_rule(*make_quadrature(quadrature, steps), n_rows=len(x))
        total = path_integral(question, path, nodes, description="integrated gradients")
        alpha, weight = nodes.alpha, nodes.weight
        ends, extra = (question.scores_at(path.start), question.scores_at_x), {}
    extra |= {"nodes": alpha.to(total.slopes), "weights": weight.to(total.slopes)}  # its device
    settings = {"steps": steps, "quadrature": quadrature}
    return finish(question, path, total, ends, settings=settings, extra=extra)


def finish(
    question: Question,
    path: Path,
    total: PathSum,
    ends: tuple[Tensor, Tensor],
    settings: dict[str, Any],
    extra: dict[str, Tensor],
) -> Attribution:
    """Put a path sum on record with its completeness gap; `ends` is F at start and end, (N,)."""
    f_start, f_end = (score.to(total.values) for score in ends)
    for name, score in (("baseline", f_start), ("input", f_end)):
        if not bool(torch.isfinite(score).all()):
            row = int((~torch.isfinite(score)).nonzero()[0])
            raise ValueError(
                f"F is {float(score[row])} at the {name} of row {row}, so there is no rise to "
                "share out; choose a baseline where the model's output is finite"
            )
    return Attribution.of(
        question,
        total.values,
        f_start=f_start,
        f_end=f_end,
        gap=total.values.flatten(1).sum(dim=1) - (f_end - f_start),
        map_error=total.map_error,
        gradients=total.gradients,
        endpoints=(path.start, path.end),
        settings=settings,
        extra={**extra, "node_scores": total.node_scores, "slopes": total.slopes},
    )
