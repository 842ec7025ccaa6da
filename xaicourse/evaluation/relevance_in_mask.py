"""Relevance mass and rank accuracy (2020), top-k intersection (2021): the map inside a mask."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.shared_of_metrics import Pointing
from xaicourse.evaluation.maps import locate, located_example
from xaicourse.evaluation.order import removal_rank
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.result import MetricResult

__all__ = ["relevance_mass", "relevance_rank", "top_k_intersection"]


def positive_example() -> MetricExample:
    """Return the example with the sign that tells a map from its negative."""
    made = located_example()
    return replace(made, settings={**made.settings, "channels": "sum", "sign": "positive"})


@metric(
    title="Relevance mass accuracy",
    year=2020,
    paper="arXiv:2003.07258",
    kind="mask",
    direction="higher",
    rank_only=True,
    example=positive_example,
)
def relevance_mass(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "l2",
    sign: str = "abs",
) -> MetricResult:
    r"""Measure which share of the relevance lies on the object, whatever its sign.

    .. math::
        \mathrm{mass} = \sum_{i \in M} R_i \Big/ \sum_i R_i, \qquad
        R_i = \mathrm{pool}(\phi_{i1}, \dots, \phi_{iC}) \ge 0

    Parameters
    ----------
    sign : str
        abs or positive: what makes a joined pixel non-negative (l2, max_abs and abs_sum are that
        already). Channels and sign name the paper's pools: l2 is its l2-norm, max_abs its
        max-norm, sum with positive its "sum,pos".

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: the object's share
        of the image. A map of zeros has none.

    Raises
    ------
    ValueError, TypeError
        Also if `sign` is keep: shares of a sum of both signs lie anywhere, even above 1.

    Notes
    -----
    With channels="sum" and sign="positive" it is `energy_pointing_game`.

    **Cost.** Two sums, no forward pass.

    **Fails when** evidence against the class is in the mask: abs counts it as found.

    References
    ----------
    .. [arras2020] L. Arras, A. Osman, W. Samek, 2020, arXiv:2003.07258.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.6], [-0.4, 0.2]]]])
    >>> xc.evaluation.relevance_mass(None, None, heat, mask=heat > 0.5).values
    tensor([0.5000], dtype=torch.float64)
    """
    if sign == "keep":
        raise ValueError(
            "sign='keep' leaves negative relevance, of which there is no share; use sign='abs' or "
            "sign='positive'"
        )
    both = locate(attribution, x, mask, channels, sign)
    return both.result("relevance_mass", both.mass(), chance=both.share)


@metric(
    title="Relevance rank accuracy",
    year=2020,
    paper="arXiv:2003.07258",
    kind="mask",
    direction="higher",
    rank_only=True,
    example=positive_example,
)
def relevance_rank(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "l2",
    sign: str = "abs",
    seed: int = 0,
) -> MetricResult:
    r"""Measure which share of the largest values, as many as the object has pixels, is on it.

    .. math::
        \mathrm{rank} = |\mathrm{top}_{|M|}(R) \cap M| \,/\, |M|

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: the object's share
        of the image, :math:`|M| / d`.

    Notes
    -----
    Equal values are ordered by a seeded key. `above_chance` of the result is 0 for a blind map
    whatever the size of the object.

    **Cost.** One sort a row, no forward pass.

    **Fails when** most of a map is 0, as after a ReLU: places below its positive part are drawn.

    References
    ----------
    .. [arras2020] L. Arras, A. Osman, W. Samek, 2020, arXiv:2003.07258.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.6], [0.4, 0.2]]]])
    >>> xc.evaluation.relevance_rank(None, None, heat, mask=heat < 0.5).values
    tensor([0.6667], dtype=torch.float64)
    """
    both = locate(attribution, x, mask, channels, sign)
    rank = removal_rank(both.found.nan_to_num(0.0), seed)  # (N, U), 0 is the largest
    size = both.inside.sum(dim=1, keepdim=True)  # (N, 1)
    found = ((rank < size) & both.inside).sum(dim=1) / size[:, 0].to(both.found.dtype)
    return both.result("relevance_rank", found, chance=both.share, ties=f"random key, seed {seed}")


@metric(
    title="Top-k intersection",
    year=2021,
    paper="arXiv:2104.14995",
    kind="mask",
    direction="higher",
    rank_only=True,
    example=located_example,
)
def top_k_intersection(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    k: int | None = None,
    **asked: Unpack[Pointing],
) -> MetricResult:
    r"""Measure which share of the k largest values is on the object.

    .. math::
        I_k = |\mathrm{top}_k(\phi) \cap M| \,/\, \min(k, |M|)

    Parameters
    ----------
    k : int, optional
        How many pixels (features) are taken, fewer than there are; a tenth of them without it.

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance:
        :math:`\max(k, |M|) / d`.

    Notes
    -----
    Divided by k alone, as elsewhere, no map could reach 1 on an object of fewer than k pixels.
    Equal values are ordered by a seeded key.

    **Cost.** One sort a row, no forward pass.

    **Fails when** one k is trusted: the choice of k decides which map wins. Look at several.

    References
    ----------
    .. [theiner2021] J. Theiner, E. Müller-Budack, R. Ewerth, 2021, arXiv:2104.14995.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.6], [0.4, 0.2]]]])
    >>> xc.evaluation.top_k_intersection(None, None, heat, mask=heat > 0.5, k=2).values
    tensor([1.], dtype=torch.float64)
    """
    both = locate(attribution, x, mask, asked["channels"], asked["sign"])
    units = both.found.shape[1]
    k = max(1, round(0.1 * units)) if k is None else check_positive_int(k, "k")
    if k >= units:
        raise ValueError(f"k={k} must be fewer than the {units} that there are")
    rank = removal_rank(both.found.nan_to_num(0.0), asked["seed"])  # (N, U), 0 is the largest
    size = both.inside.sum(dim=1).to(both.found.dtype)  # (N,)
    hits = ((rank < k) & both.inside).sum(dim=1)
    return both.result(
        "top_k_intersection",
        hits / size.clamp(max=k),
        chance=size.clamp_min(k) / units,
        ties=f"random key, seed {asked['seed']}",
        own={"k": k},
    )
