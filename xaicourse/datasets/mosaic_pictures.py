"""Mosaics of pictures of different classes: each cell is the right place for its own class."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.near_names import suggest_names
from xaicourse.datasets.planted_patches import check_number_and_seed


class Mosaics(NamedTuple):
    """Pictures in a grid, and the class of each cell. Cells count row by row, from the upper left.

    Parameters
    ----------
    x : Tensor (N, C, G H, G W)
        G x G pictures each.
    labels : Tensor (N, G G)
        The class of each cell, int64: all different.
    masks : Tensor (G G, 1, G H, G W)
        Booleans: True on one cell each, the same for all mosaics.
    sources : Tensor (N, G G)
        Which picture stands in each cell.
    """

    x: Tensor
    labels: Tensor
    masks: Tensor
    sources: Tensor

    def __repr__(self) -> str:
        return brief(self)


@suggest_names
def mosaics(
    x: Tensor,
    labels: Tensor,
    n: int = 100,
    seed: int = 0,
    *,
    grid: int = 2,
    logits: Tensor | None = None,
    confidence: float = 0.99,
) -> Mosaics:
    """Put pictures of different classes into a grid.

    Parameters
    ----------
    x : Tensor (M, C, H, W)
        The pictures to choose from.
    labels : Tensor (M,)
        Their classes.
    n : int
        How many mosaics. The first ten of 100 are the same as ten.
    seed : int
        The same seed gives the same mosaics, on every device; no global random state is used.
    grid : int
        G: a mosaic has G rows and G columns.
    logits : Tensor (M, K), optional
        What a model says of each picture. Given, only those are taken that it gets right with at
        least this confidence.
    confidence : float
        The smallest probability of the right class.

    Returns
    -------
    Mosaics
        x (n, C, G H, G W); labels (n, G G), all different in a row; masks (G G, 1, G H, G W), one
        a cell, as `grid_pointing_game` takes them; sources (n, G G).

    Raises
    ------
    ValueError, TypeError
        If too few classes are left, if n or grid are not whole numbers above 0, the seed is not
        whole, or shapes do not fit.

    Examples
    --------
    >>> import xaicourse as xc
    >>> made = xc.datasets.mosaics(*xc.datasets.fashion_mnist(n=200), n=4)
    >>> made.x.shape, made.labels.shape
    (torch.Size([4, 1, 56, 56]), torch.Size([4, 4]))
    """
    check_number_and_seed(n, seed)
    if isinstance(grid, bool) or not isinstance(grid, int) or grid < 1:
        raise ValueError(f"grid: expected a whole number of at least 1, got {grid!r}.")
    if x.dim() != 4 or labels.shape != x.shape[:1]:
        raise ValueError(
            f"x: expected pictures (M, C, H, W) and labels (M,), got {tuple(x.shape)} and "
            f"{tuple(labels.shape)}."
        )
    chosen = _chosen(labels.cpu(), logits, confidence)  # (M',) indices
    kinds = labels.cpu()[chosen].unique()
    cells = grid * grid
    if len(kinds) < cells:
        raise ValueError(
            f"{grid} x {grid} cells need {cells} classes, but only {len(kinds)} are left of the "
            "pictures; lower the confidence, or take a smaller grid."
        )
    draws = torch.rand(n, len(kinds) + cells, generator=torch.Generator().manual_seed(seed))
    classes = kinds[draws[:, : len(kinds)].argsort(dim=1, stable=True)[:, :cells]]  # (n, G G)
    sources = torch.empty(n, cells, dtype=torch.int64)
    for kind in kinds:
        of_kind = chosen[labels.cpu()[chosen] == kind]
        here = classes == kind
        pick = (draws[:, len(kinds) :][here] * len(of_kind)).long()
        sources[here] = of_kind[pick]
    where = sources.to(x.device)
    return Mosaics(joined(x[where], grid), labels[where], cell_masks(x, grid), where)


def joined(pictures: Tensor, grid: int) -> Tensor:
    """Lay pictures (N, G G, C, H, W) out as mosaics (N, C, G H, G W)."""
    n, _, channels, height, width = pictures.shape
    rows = pictures.view(n, grid, grid, channels, height, width)
    return rows.permute(0, 3, 1, 4, 2, 5).reshape(n, channels, grid * height, grid * width)


def cell_masks(x: Tensor, grid: int) -> Tensor:
    """Return one mask a cell, (G G, 1, G H, G W), for pictures (N, C, H, W)."""
    one = torch.eye(grid * grid, dtype=torch.bool, device=x.device)[..., None, None, None]
    return joined(one.expand(-1, -1, 1, *x.shape[2:]), grid)


def _chosen(labels: Tensor, logits: Tensor | None, confidence: float) -> Tensor:
    """Return the indices of the pictures that may be taken."""
    if logits is None:
        return torch.arange(len(labels))
    if logits.dim() != 2 or len(logits) != len(labels):
        raise ValueError(
            f"logits: expected ({len(labels)}, K), one row a picture, got {tuple(logits.shape)}."
        )
    sure = logits.detach().cpu().softmax(dim=1)[torch.arange(len(labels)), labels]
    right = logits.detach().cpu().argmax(dim=1) == labels
    return (right & (sure >= confidence)).nonzero()[:, 0]
