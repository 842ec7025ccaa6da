"""Localisation AUC (2006): how often a pixel of the object outranks one beside it."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from xaicourse.evaluation.maps import locate, located_example
from xaicourse.evaluation.ranks import midranks
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.result import MetricResult

__all__ = ["localisation_auc"]


@metric(
    title="Localisation AUC",
    year=2006,
    paper="10.1016/j.patrec.2005.10.010",
    kind="mask",
    direction="higher",
    rank_only=True,
    example=located_example,
)
def localisation_auc(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "sum",
    sign: str = "keep",
) -> MetricResult:
    r"""Measure how often a pixel of the object has a larger value than one outside it.

    .. math::
        \mathrm{AUC} = P(\phi_i > \phi_j) + \tfrac12 P(\phi_i = \phi_j), \qquad
        i \in M,\; j \notin M \text{ drawn at random}

    Returns
    -------
    MetricResult
        The area under the ROC curve of each image, from 0 to 1, **higher is better**; chance is
        1/2.

    Notes
    -----
    It needs no threshold, and equal values count half: nothing is drawn.

    **Cost.** One sort a row, no forward pass.

    **Fails when** the object is small: the few pixels that matter weigh as much as any others, and
    the order of the background's thousands decides.

    References
    ----------
    .. [fawcett2006] T. Fawcett, 2006, doi:10.1016/j.patrec.2005.10.010.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.6], [0.4, 0.2]]]])
    >>> xc.evaluation.localisation_auc(None, None, heat, mask=heat < 0.5).values
    tensor([0.], dtype=torch.float64)
    """
    both = locate(attribution, x, mask, channels, sign)
    inside = both.inside.to(both.found.dtype)  # (N, U)
    m = inside.sum(dim=1)
    ranks = (midranks(both.found.nan_to_num(0.0)) * inside).sum(dim=1)
    pairs_won = ranks - m * (m + 1) / 2  # Mann and Whitney's U
    auc = pairs_won / (m * (inside.shape[1] - m))
    return both.result("localisation_auc", auc, chance=0 * m + 0.5)
