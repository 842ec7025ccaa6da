"""Integrated Gradients (2017)."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask
from xaicourse.core.path import StraightPath
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along, gradients_per_row

__all__ = ["integrated_gradients"]


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
    rule = Rule.of(quadrature, steps, tol)
    question = ask(model, x, target, **asked)
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    return along(question, path, Weight(), rule)
