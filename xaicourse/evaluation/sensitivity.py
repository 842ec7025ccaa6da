"""Max- and average-sensitivity (2019, 2020): how far the map moves when x hardly does."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.evaluation.asked import NearX
from xaicourse.evaluation.neighbours import At, Neighbourhood, neighbours_example, share, size
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.result import MetricResult

__all__ = ["average_sensitivity", "max_sensitivity"]


def moved(here: At, there: At) -> Tensor:
    """Return by which share of its size the map moved, (N,)."""
    return share(size(there.map - here.map), size(here.map))


@metric(
    title="Max-sensitivity",
    year=2019,
    paper="arXiv:1901.09392",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=neighbours_example,
)
def max_sensitivity(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    **asked: Unpack[NearX],
) -> MetricResult:
    r"""Measure how far the map can move when x moves by at most r.

    .. math::
        \mathrm{SENS} = \max_{\lVert\delta\rVert_\infty \le r}
        \frac{\lVert\Phi(x + \delta) - \Phi(x)\rVert_2}{\lVert\Phi(x)\rVert_2}

    Returns
    -------
    MetricResult
        One share an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved at the worst neighbour, and `counted`, the share of
        neighbours that were not left out.

    Notes
    -----
    The largest of n draws is a lower bound, which grows with n.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** it is read alone: a map that never changes has 0. Where F changes, so should the
    map: look at `output_change`, and at a search in place of draws.

    References
    ----------
    .. [yeh2019] C.-K. Yeh, C.-Y. Hsieh, A. Suggala, D. Inouye, P. Ravikumar, 2019,
       arXiv:1901.09392.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.max_sensitivity(toy, x, "gradient").values  # no kink of the toy is that near
    tensor([0.], dtype=torch.float64)
    """
    return Neighbourhood(**asked).result("max_sensitivity", model, x, method, target, moved)


@metric(
    title="Average sensitivity",
    year=2020,
    paper="arXiv:2005.00631",
    kind="explain",
    direction="lower",
    rank_only=True,
    example=neighbours_example,
)
def average_sensitivity(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    **asked: Unpack[NearX],
) -> MetricResult:
    r"""Measure how far the map moves on average when x moves by at most r.

    .. math::
        \frac1n \sum_i \frac{\lVert\Phi(x + \delta_i) - \Phi(x)\rVert_2}{\lVert\Phi(x)\rVert_2},
        \qquad \lVert\delta_i\rVert_\infty \le r

    Returns
    -------
    MetricResult
        One share an image, at least 0, **lower is better**; NaN where no neighbour counts, and for
        a map of zeros. In the details: `map_change` and `output_change`, by how much the map (as a
        share of its size) and F moved on average, and `counted`, the share of neighbours that were
        not left out.

    Notes
    -----
    A mean over draws has no bias that grows with their number, as the largest of them has.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** it is read alone: a map that never changes has 0, and one bad direction among
    many is not seen.

    References
    ----------
    .. [bhatt2020] U. Bhatt, A. Weller, J. Moura, 2020, arXiv:2005.00631.

    Examples
    --------
    >>> import xaicourse as xc
    >>> toy, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.evaluation.average_sensitivity(toy, x, "gradient").values
    tensor([0.], dtype=torch.float64)
    """
    return Neighbourhood(**asked).result(
        "average_sensitivity", model, x, method, target, moved, average=True
    )
