"""How much of a map must be read: sparseness, complexity, effective complexity (2018 to 2020).

Entries of one size are the least sparse map, one entry alone the sparsest. None of the three knows
the model, so that none says whether a map is right.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.evaluation.maps import read_map
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.result import MetricResult

__all__ = ["complexity", "effective_complexity", "sparseness"]


def sparse_example() -> MetricExample:
    """Return two maps in which one entry stands out."""
    maps = torch.tensor([[4.0, -1, 0.5, 0], [0, 0.25, 0, -2]], dtype=torch.float64)
    return MetricExample(lambda x: x.sum(1), torch.ones_like(maps), maps, None)


@metric(
    title="Sparseness",
    year=2018,
    paper="arXiv:1810.06583",
    kind="map",
    direction="higher",
    rank_only=True,
    example=sparse_example,
)
def sparseness(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure how unequal the sizes of a map's entries are: Gini's index.

    .. math::
        G = \frac{\sum_{i=1}^{d} (2i - d - 1)\, |\phi|_{(i)}}{d \sum_i |\phi_i|}, \qquad
        |\phi|_{(1)} \le \dots \le |\phi|_{(d)}

    Returns
    -------
    MetricResult
        One index an image, from 0 (all entries alike) to 1 - 1/d (one entry has everything),
        **higher is better**. A map of zeros has none.

    Notes
    -----
    A positive factor on the map changes nothing, nor does where in the image its entries lie.

    **Cost.** One sort a row, no forward pass.

    **Fails when** it is read as truth: one pixel drawn at random is as sparse as can be. Maps of
    different size are not comparable, as an upsampled map has many equal entries.

    References
    ----------
    .. [chalasani2018] P. Chalasani, J. Chen, A. Roy Chowdhury, S. Jha, X. Wu, 2018,
       arXiv:1810.06583.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.evaluation.sparseness(None, None, torch.tensor([[4.0, 3, 2, 1]])).values
    tensor([0.2500], dtype=torch.float64)
    """
    read = read_map(attribution, x, channels, sign="abs")
    size = read.found.sort(dim=1).values  # (N, d), rising
    d = size.shape[1]
    i = torch.arange(1, d + 1, dtype=size.dtype, device=size.device)
    G = ((2 * i - d - 1) * size).sum(dim=1) / (d * size.sum(dim=1))
    return read.result("sparseness", G)


@metric(
    title="Complexity",
    year=2020,
    paper="arXiv:2005.00631",
    kind="map",
    direction="lower",
    rank_only=True,
    example=sparse_example,
)
def complexity(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure over how many entries a map is spread: the entropy of their shares.

    .. math::
        H = -\sum_i p_i \ln p_i, \qquad p_i = |\phi_i| \Big/ \sum_j |\phi_j|

    Returns
    -------
    MetricResult
        One entropy an image in nats, from 0 (one entry has everything) to ln d (all alike),
        **lower is better**. A map of zeros has none.

    Notes
    -----
    exp(H) is the number of entries of equal size that would have the same entropy.

    **Cost.** One pass over the map, no forward pass.

    **Fails when** it is read as truth, as `sparseness`; noise over the whole image, far too small
    to be seen, adds much to it.

    References
    ----------
    .. [bhatt2020] U. Bhatt, A. Weller, J. M. F. Moura, 2020, arXiv:2005.00631.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.evaluation.complexity(None, None, torch.tensor([[4.0, 3, 2, 1]])).values
    tensor([1.2799], dtype=torch.float64)
    """
    read = read_map(attribution, x, channels, sign="abs")
    p = read.found / read.found.sum(dim=1, keepdim=True)  # (N, d)
    H = -torch.xlogy(p, p).sum(dim=1)  # 0 ln 0 = 0
    return read.result("complexity", H)


@metric(
    title="Effective complexity",
    year=2020,
    paper="arXiv:2007.07584",
    kind="map",
    direction="lower",
    rank_only=True,
    example=sparse_example,
)
def effective_complexity(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    channels: str = "sum",
    threshold: float = 0.01,
) -> MetricResult:
    r"""Count the entries of a map that are not small beside its largest.

    .. math::
        E = \Big| \big\{ i : |\phi_i| > \epsilon \max_j |\phi_j| \big\} \Big|

    Parameters
    ----------
    threshold : float
        :math:`\epsilon`, a share of the map's own largest entry, at least 0 and below 1.

    Returns
    -------
    MetricResult
        One number of pixels (features) an image, from 1 to d, all of them, **lower is better**. A
        map of zeros has none.

    Notes
    -----
    The paper asks for the fewest entries with which a model's loss is kept; the count of large
    entries stands in for it here, as it does in other libraries. A threshold in units of the map
    would make the count one of scale: each map is held against its own largest entry, never
    against its batch.

    **Cost.** One pass over the map, no forward pass.

    **Fails when** one entry is an outlier: all others are small beside it. Look at two thresholds.

    References
    ----------
    .. [nguyen2020] A. Nguyen, M. Rodriguez Martinez, 2020, arXiv:2007.07584.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> xc.evaluation.effective_complexity(None, None, torch.tensor([[4.0, 3, 0.01, 0]])).values
    tensor([2.], dtype=torch.float64)
    """
    check_threshold(threshold)
    read = read_map(attribution, x, channels, sign="abs")
    largest = read.found.amax(dim=1, keepdim=True)  # (N, 1)
    E = (read.found > threshold * largest).sum(dim=1).to(largest.dtype)
    nothing = largest[:, 0] == 0
    return read.result(
        "effective_complexity", E.masked_fill(nothing, torch.nan), own={"threshold": threshold}
    )


def check_threshold(threshold: Any) -> None:
    """Raise unless a threshold is a share of the largest entry."""
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise TypeError(f"threshold must be a number, got {threshold!r}")
    if not 0 <= threshold < 1:
        raise ValueError(
            f"threshold must be at least 0 and below 1, a share of the largest, got {threshold}"
        )
