"""Pointing games (2016 to 2021): whether a map lies on the object that its class is about.

All three measure plausibility, not faithfulness: a net that looks at the background has a right
map outside the mask.
"""

from collections.abc import Callable
from typing import Any, Unpack

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.checks import check_positive_int
from xaicourse.core.shared_of_metrics import Pointing
from xaicourse.evaluation.maps import Located, locate, located_example
from xaicourse.evaluation.order import removal_rank
from xaicourse.evaluation.registry import metric
from xaicourse.evaluation.result import MetricResult

__all__ = ["energy_pointing_game", "grid_pointing_game", "pointing_game"]


@metric(
    title="Pointing game",
    year=2016,
    paper="arXiv:1608.00507",
    kind="mask",
    direction="higher",
    rank_only=True,
    example=located_example,
)
def pointing_game(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    tolerance: int = 0,
    **asked: Unpack[Pointing],
) -> MetricResult:
    r"""Ask whether the largest value of the map lies on the object.

    .. math::
        \mathrm{hit} = \big[\, \min_{j \in M} \lVert i^* - j \rVert_2 \le \tau \,\big], \qquad
        i^* = \arg\max_i \phi_i

    Parameters
    ----------
    tolerance : int
        :math:`\tau`, in pixels, for images. The paper has 15 pixels on photos in their own size.

    Returns
    -------
    MetricResult
        1 (hit) or 0 (miss) an image, **higher is better**, with the chance of a blind hit: the
        share of the image that is within reach of the object.

    Notes
    -----
    Of equal largest values one is drawn by a seeded key; to call it a hit if any of them hits
    would favour maps with many. The paper's accuracy is the mean of each class, then of the
    classes. TorchRay demands a distance below the tolerance, here it may be equal.

    **Cost.** One sort a row, and one convolution where there is a tolerance.

    **Fails when** objects are large or in the middle: read it beside its chance and beside a
    centre Gaussian.

    References
    ----------
    .. [zhang2016] J. Zhang, Z. Lin, J. Brandt, X. Shen, S. Sclaroff, 2016, arXiv:1608.00507.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.1, 0.9], [0.2, 0.3]]]])
    >>> xc.evaluation.pointing_game(None, None, heat, mask=heat > 0.5).values
    tensor([1.], dtype=torch.float64)
    """
    both = locate(attribution, x, mask, asked["channels"], asked["sign"])
    reached = Located(both.map, within(both, tolerance))
    first = removal_rank(both.found.nan_to_num(0.0), asked["seed"]) == 0  # (N, U), one a row
    hit = (first & reached.inside).any(dim=1).to(both.found.dtype)
    return reached.result(
        "pointing_game",
        hit,
        chance=reached.share,
        ties=f"random key, seed {asked['seed']}",
        own={"tolerance": tolerance},
    )


def within(both: Located, tolerance: int) -> Tensor:
    """Return which units are at most `tolerance` pixels away from the mask, (N, U) booleans."""
    if tolerance == 0 and not isinstance(tolerance, bool):
        return both.inside
    reach = check_positive_int(tolerance, "tolerance")
    if len(both.map.grid) != 2:
        raise ValueError(f"tolerance={tolerance} is in pixels of images; x is none, use 0")
    inside = both.inside.float().view(-1, 1, *both.map.grid)  # (N, 1, H, W)
    steps = torch.arange(-reach, reach + 1, device=inside.device)
    disc = (steps[:, None] ** 2 + steps**2 <= reach**2).to(inside.dtype)
    return (F.conv2d(inside, disc[None, None], padding=reach) > 0.5).flatten(1)


@metric(
    title="Energy-based pointing game",
    year=2020,
    paper="arXiv:1910.01279",
    kind="mask",
    direction="higher",
    rank_only=True,
    example=located_example,
)
def energy_pointing_game(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure which share of the positive evidence lies on the object.

    .. math::
        E = \sum_{i \in M} \phi_i^+ \Big/ \sum_i \phi_i^+

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: the object's share
        of the image. A map without positive values has none.

    Notes
    -----
    Also known as attribution localisation.

    **Cost.** Two sums, no forward pass.

    **Fails when** a map has a floor, as an upsampled one: its sum over the background counts.

    References
    ----------
    .. [wang2020] H. Wang and others, 2020, arXiv:1910.01279.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.6], [-0.4, 0.2]]]])
    >>> xc.evaluation.energy_pointing_game(None, None, heat, mask=heat > 0.5).values
    tensor([0.7500], dtype=torch.float64)
    """
    both = locate(attribution, x, mask, channels, sign="positive")
    return both.result("energy_pointing_game", both.mass(), chance=both.share)


@metric(
    title="Grid pointing game",
    year=2021,
    paper="arXiv:2104.00032",
    kind="mask",
    direction="higher",
    rank_only=True,
    example=located_example,
)
def grid_pointing_game(
    model: Callable[..., Any] | None,
    x: Tensor | None,
    attribution: Tensor,
    target: Any = None,
    *,
    mask: Tensor,
    grid: int = 2,
    channels: str = "sum",
) -> MetricResult:
    r"""Measure which share of the positive evidence lies in the class's own cell of a mosaic.

    .. math::
        L = \sum_{i \in \mathrm{cell}} \phi_i^+ \Big/ \sum_i \phi_i^+

    Parameters
    ----------
    grid : int
        n: the mosaic has n x n cells of one size, each with a photo of another class.

    Returns
    -------
    MetricResult
        One share an image, from 0 to 1, **higher is better**, with its chance: :math:`1 / n^2`. A
        map without positive values has none.

    Notes
    -----
    `mask` is the cell of the explained class (or its cells, where it has several), and nothing
    but whole cells. Where the heads of a net see one cell each, all of the map must lie in it.

    **Cost.** Two sums, no forward pass.

    **Fails when** the net has never seen a mosaic: its score may then rest on another cell, and a
    map that says so is right.

    References
    ----------
    .. [bohle2021] M. Böhle, M. Fritz, B. Schiele, 2021, arXiv:2104.00032.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> heat = torch.tensor([[[[0.0, 0.6], [-0.4, 0.2]]]])
    >>> xc.evaluation.grid_pointing_game(None, None, heat, mask=heat > 0.5).above_chance
    tensor([0.6667], dtype=torch.float64)
    """
    both = locate(attribution, x, mask, channels, sign="positive")
    check_cells(both, check_positive_int(grid, "grid"))
    return both.result("grid_pointing_game", both.mass(), chance=both.share, own={"grid": grid})


def check_cells(both: Located, n: int) -> None:
    """Raise unless each mask is made of whole cells of an n x n mosaic."""
    if len(both.map.grid) != 2:
        raise ValueError("a mosaic is an image: the map must have shape (N, C, H, W)")
    height, width = both.map.grid
    if height % n or width % n:
        raise ValueError(f"grid={n} must divide the mosaic's height and width, {height} x {width}")
    cells = both.inside.view(-1, n, height // n, n, width // n)
    whole = cells == cells[:, :, :1, :, :1]  # all of a cell is as its first pixel
    torn = ~whole.flatten(1).all(dim=1)
    if bool(torn.any()):
        row = int(torn.nonzero()[0])
        raise ValueError(
            f"mask of row {row} is not made of whole cells of a {n} x {n} mosaic; give the cell of "
            "the explained class"
        )
