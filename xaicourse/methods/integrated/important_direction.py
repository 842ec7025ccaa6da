"""IG along the important direction, IDGI (2023)."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask
from xaicourse.core.path import StraightPath
from xaicourse.core.path_weights import ImportantDirection
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.registry import attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along, gradients_per_row

__all__ = ["important_direction_ig"]


@attribution_method(
    title="Important Direction IG (IDGI)",
    year=2023,
    paper="arXiv:2303.14242",
    family="integrated",
    unit="share",
    claims={"completeness", "sensitivity_a", "dummy", "implementation_invariance", "symmetry"},
    cost=gradients_per_row,
    example=small_classifier,
)
def important_direction_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Baseline = 0.0,
    steps: int = 50,
    quadrature: str = "midpoint",
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Share out each step's change of F by the squared gradient, the direction it changes along.

    .. math::
        A_i = \sum_k \frac{g_{k,i}^2}{\sum_j g_{k,j}^2}
        \big(F(\alpha_{k+1}) - F(\alpha_k)\big), \qquad
        g_k = \nabla F \text{ at the node of step } k

    Parameters
    ----------
    steps : int
        Steps from x' to x (one more for the trapezoid).
    quadrature : str
        Where in its step the gradient is taken: midpoint, left (as in the paper), right,
        trapezoid or gauss_legendre.

    Returns
    -------
    Tensor (N, ...)
        In units of F; sums to F(x) - F(x') exactly, however few the steps, unless the gradient
        at a node is 0: what F changes in that step is given to nobody, and `gap` tells it.

    Notes
    -----
    Keeps completeness, sensitivity(a), dummy, implementation invariance and symmetry. Not
    linearity. And an input that equals its baseline gets a share: x - x' does not enter, so that
    the units in which each input is measured decide.

    **Cost.** 50 gradients a row, `steps` of them, and one forward pass more than that.

    **Fails when** the exact sum is taken for an exact map: it holds for any vectors in the place of
    the gradients. Within a step all shares have one sign, that of the change of F.

    References
    ----------
    .. [yang2023] R. Yang, B. Wang, M. Bilgic, 2023, arXiv:2303.14242.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.important_direction_ig(xc.zoo.toy(), xc.zoo.toy_input(), steps=4).sum()
    tensor(1., dtype=torch.float64)
    """
    check_quadrature(quadrature, also=())
    rule = Rule.of(quadrature, steps, None)
    question = ask(model, x, target, **asked)
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    return along(question, path, ImportantDirection(), rule)
