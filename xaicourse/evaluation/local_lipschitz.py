"""Local Lipschitz estimate (2018): how fast the map changes near x."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Tensor

from xaicourse.evaluation.asked import NearX
from xaicourse.evaluation.neighbours import At, Neighbourhood, neighbours_example, share, size
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.result import MetricResult

__all__ = ["local_lipschitz"]


def slope(here: At, there: At) -> Tensor:
    """Return how far the map moved for each unit that x moved, (N,)."""
    return share(size(there.map - here.map), size(there.x - here.x))


@metric(
    title="Local Lipschitz estimate",
    year=2018,
    paper="arXiv:1806.08049",
    kind="explain",
    direction="lower",
    rank_only=False,
    example=neighbours_example,
)
def local_lipschitz(
    model: Callable[..., Any],
    x: Tensor,
    method: Any,
    target: Any = None,
    **asked: Unpack[NearX],
) -> MetricResult:
    r"""Measure how fast the map changes where x does, at most.

    .. math::
        L = \max_{\lVert x' - x\rVert_\infty \le r}
        \frac{\lVert\Phi(x') - \Phi(x)\rVert_2}{\lVert x' - x\rVert_2}

    Returns
    -------
    MetricResult
        One slope an image, at least 0, in units of the map over those of x, **lower is better**;
        NaN where no neighbour counts. In the details: `map_change` and `output_change`, by how much
        the map (as a share of its size) and F moved at the worst neighbour, and `counted`, the
        share of neighbours that were not left out.

    Notes
    -----
    Maps are taken as they are: two methods are comparable only where their maps have one scale.
    The largest of n draws is a lower bound, far below what a search finds in many dimensions.

    **Cost.** n + 1 explanations a row and n + 2 forward passes.

    **Fails when** it is read alone: a map that never changes has 0, one that is divided by ten a
    tenth.

    References
    ----------
    .. [alvarezmelis2018b] D. Alvarez-Melis, T. Jaakkola, 2018, arXiv:1806.08049.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x = torch.ones(1, 2, dtype=torch.float64)
    >>> xc.evaluation.local_lipschitz(lambda x: 3 * x.square().sum(1), x, "gradient").values
    tensor([6.0000], dtype=torch.float64)
    """
    return Neighbourhood(**asked).result("local_lipschitz", model, x, method, target, slope)
