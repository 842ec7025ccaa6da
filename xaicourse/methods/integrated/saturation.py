"""Left-IG and Split IG (2020): the part of the integral before, and behind, the rise of F."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.path_weights import Crossing
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import AlongPath
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import along, gradients_per_row, straight_line
from xaicourse.methods.integrated.weights import check_share

__all__ = ["left_ig", "split_ig"]


@attribution_method(
    title="Left-IG",
    year=2020,
    paper="arXiv:2010.12697",
    family="integrated",
    unit="share",
    claims={"sensitivity_a", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=small_classifier,
)
def left_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    share: float = 0.9,
    **asked: Unpack[AlongPath],
) -> Attribution:
    r"""Integrate only until a share of the rise of F is reached, before it saturates.

    .. math::
        A_i = (x_i - x'_i) \int_0^{\alpha^*}
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha, \qquad
        \alpha^* = \inf\Big\{\alpha : \frac{F(\alpha) - F(x')}{F(x) - F(x')}
        > \mathrm{share}\Big\}

    Parameters
    ----------
    share : float
        Which share of the rise, between 0 and 1. The rise is compared with its sign, so a class
        whose score falls from x' to x is treated alike.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F at the crossing - F(x'), about `share` of the rise. In
        the details, `endpoints` are x' and the crossing, `alpha_end` is alpha*.

    Notes
    -----
    Keeps sensitivity(a), dummy, implementation invariance and symmetry; completeness only up to
    the crossing. Not linearity: alpha* depends on F.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients, and two forward passes
    more. alpha* is found in the same pass, between the two nodes where F passes the share first.

    **Fails when** F crosses the share only for a moment: all that comes after is lost. A small
    change of x can move such a crossing far. With few nodes a short crossing is not seen.

    References
    ----------
    .. [miglani2020] V. Miglani, N. Kokhlikyan, B. Alsallakh, M. Martin, O. Reblitz-Richardson,
       2020, arXiv:2010.12697.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.left_ig(xc.zoo.toy(), xc.zoo.toy_input(), steps=100, quadrature="midpoint")
    tensor([[ 1.3500, -0.4500]], dtype=torch.float64)
    """
    question, path, rule = straight_line(model, x, target, asked)
    return along(question, path, Crossing(check_share(share)), rule)


@attribution_method(
    title="Split IG",
    year=2020,
    paper="arXiv:2010.12697",
    family="integrated",
    unit="share",
    claims={"dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=small_classifier,
)
def split_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    share: float = 0.9,
    part: str = "right",
    **asked: Unpack[AlongPath],
) -> Attribution:
    r"""Split Integrated Gradients where a share of the rise of F is reached, and return one part.

    .. math::
        \mathrm{left}_i + \mathrm{right}_i = \mathrm{IG}_i, \qquad
        \mathrm{right}_i = (x_i - x'_i) \int_{\alpha^*}^1
        \frac{\partial F}{\partial x_i}\big(x' + \alpha (x - x')\big)\, d\alpha

    Parameters
    ----------
    share : float
        Which share of the rise, between 0 and 1, compared with its sign as in `left_ig`.
    part : str
        ``"right"``, what is gathered behind the crossing, or ``"left"``, which is `left_ig`.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; the right part sums to F(x) - F at the crossing. In the details,
        `endpoints` are the ends of the part, `alpha_start` and `alpha_end` where they lie.

    Raises
    ------
    ValueError, TypeError
        Also for a part with another name.

    Notes
    -----
    Keeps dummy, implementation invariance and symmetry. Not linearity, and the right part not
    sensitivity(a): little is left of the rise there.

    **Cost.** 50 gradients a row, `steps` of them, as Integrated Gradients, and two forward passes
    more.

    **Fails when** the right part is read as an answer: its sum is small while its entries may be
    larger than those of the left part, with both signs.

    References
    ----------
    .. [miglani2020] V. Miglani, N. Kokhlikyan, B. Alsallakh, M. Martin, O. Reblitz-Richardson,
       2020, arXiv:2010.12697.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.split_ig(xc.zoo.toy(), xc.zoo.toy_input(), steps=100, quadrature="midpoint")
    tensor([[ 2.4000, -2.3000]], dtype=torch.float64)
    """
    if part not in ("left", "right"):
        raise ValueError(f"part must be 'left' or 'right', got {part!r}")
    question, path, rule = straight_line(model, x, target, asked)
    return along(question, path, Crossing(check_share(share), after=part == "right"), rule)
