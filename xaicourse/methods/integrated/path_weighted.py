"""Path-weighted IG (2025) and path-sampled IG (2026): a weight w(alpha) under the integral."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.path_weights import OverPath
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import AlongPath
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import along, gradients_per_row, straight_line
from xaicourse.methods.integrated.weights import make_cumulated, make_measure

__all__ = ["path_sampled_ig", "path_weighted_ig"]

Shape = str | Callable[[Tensor], Any]


@attribution_method(
    title="Path-weighted IG",
    year=2025,
    paper="arXiv:2509.17491",
    family="integrated",
    unit="share",
    claims={"dummy", "implementation_invariance", "linearity", "symmetry"},
    cost=gradients_per_row,
    example=small_classifier,
)
def path_weighted_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    weight: Shape = "exponential",
    **asked: Unpack[AlongPath],
) -> Attribution:
    r"""Weigh the gradients along the straight line by where on it they are taken.

    .. math::
        A_i = (x_i - x'_i) \int_0^1 w(\alpha)\,
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha, \qquad
        \int_0^1 w = 1

    Parameters
    ----------
    weight : str or callable
        w up to a factor: linear (alpha), falling (1 - alpha), falling_square, square, root, log
        (log(1 + alpha)), exponential (exp(alpha - 1)), beta (alpha (1 - alpha)) or uniform; or a
        function from alphas (S,) to numbers of at least 0. It may have a pole that can be
        integrated, a jump or a gap.
    quadrature : str
        gauss_legendre stands here for the Gauss rule of this very weight, exact for gradients
        that are polynomials up to degree 2 `steps` - 1; left, right, midpoint, trapezoid and
        adaptive lay their nodes as ever and take the mean of w around each.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F. Sums to the integral of w dF, not to the rise; `gap` is against an
        estimate of that from F at the nodes (`expected_total` in the details).

    Raises
    ------
    ValueError, TypeError
        Also for a weight that is negative or has no finite integral, such as 1 / alpha.

    Notes
    -----
    Keeps dummy, implementation invariance, linearity and symmetry. Complete for uniform w alone;
    and not sensitivity(a): a rise and a fall of F may cancel under w though they differ.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients.

    **Fails when** w is chosen to please: any part of the path can be made to count. A w with gaps
    does not see what happens there.

    References
    ----------
    .. [kamalov2025] F. Kamalov, M. Al Falasi, F. Thabtah, 2025, arXiv:2509.17491.

    Examples
    --------
    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 2.0]])
    >>> xc.path_weighted_ig(lambda x: x[:, 0] * x[:, 1], x, weight="linear")
    tensor([[4., 4.]])
    """
    question, path, rule = straight_line(model, x, target, asked)
    return along(question, path, OverPath(make_measure(weight, "weight")), rule)


@attribution_method(
    title="Path-sampled IG",
    year=2026,
    paper="arXiv:2604.14338",
    family="integrated",
    unit="share",
    claims={"dummy", "implementation_invariance", "linearity", "symmetry"},
    cost=gradients_per_row,
    example=small_classifier,
)
def path_sampled_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    density: Shape = "uniform",
    **asked: Unpack[AlongPath],
) -> Attribution:
    r"""Average Integrated Gradients over baselines that lie on the straight line itself.

    .. math::
        A_i = \mathbb E_{u \sim p}\, \mathrm{IG}_i\big(x;\, x' + u (x - x')\big)
        = (x_i - x'_i) \int_0^1 P(\alpha)\,
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha

    P is the cumulated density. Nothing is drawn: the expectation is an integral with that weight.

    Parameters
    ----------
    density : str or callable
        p up to a factor, on [0, 1] from x' to x: uniform, one of the other names of
        `path_weighted_ig`, or a function from alphas (S,) to numbers of at least 0.
    quadrature : str
        gauss_legendre stands here for the Gauss rule of P; left, right, midpoint, trapezoid and
        adaptive lay their nodes as ever and take the mean of P around each.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the baselines, which is
        `f_start` in the details, estimated from F at the nodes.

    Raises
    ------
    ValueError, TypeError
        Also for a density that is negative or has no finite integral.

    Notes
    -----
    Keeps dummy, implementation invariance, linearity and symmetry; completeness towards the mean
    of F over the baselines.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients.

    **Fails when** F rises near x': most baselines lie behind that rise, which then counts little.
    And noise in the gradients has a third of its variance under the weight alpha, but a steady
    gradient a quarter of its square: relative to the map there is more noise, not less.

    References
    ----------
    .. [kamalov2026] F. Kamalov, F. Thabtah, R. Sivaraj, N. Abdelhamid, 2026, arXiv:2604.14338.

    Examples
    --------
    >>> import torch
    >>> import xaicourse as xc
    >>> x = torch.tensor([[3.0, 2.0]])
    >>> xc.path_sampled_ig(lambda x: x[:, 0] * x[:, 1], x)
    tensor([[2., 2.]])
    """
    question, path, rule = straight_line(model, x, target, asked)
    found = along(question, path, make_cumulated(density), rule)
    return replace(found, f_start=found.f_end - found.extra["expected_total"])
