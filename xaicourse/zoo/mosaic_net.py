"""A net for mosaics whose heads see all cells, one cell each, or one cell each from the pixels on.

After S. Rao, M. Boehle and B. Schiele, "Towards Better Understanding Attribution Methods" (2022),
arXiv:2205.10435: where a head cannot see a cell, whatever a map shows there is wrong, and no
judgement is needed. The weights are those of "fashion_residual".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from xaicourse.datasets.fashion import FASHION_MNIST_CLASSES
from xaicourse.zoo.small_nets import FASHION_PIXELS, Normalise, SmallResidualNet, trained

SIDE = 28  # of a cell
HEADS = ("full", "part", "one")


class MosaicNet(nn.Module):
    """Features of a mosaic of G x G clothes, then one head a cell, or one for all.

    heads="full" (DiFull): features are computed cell by cell, so nothing connects a head with the
    pixels of another cell. "part" (DiPart): features of the whole mosaic, a head reads those of
    its cell; they have seen a little beyond the border. "one" (GridPG): one head, the mean over
    all. `assembled` is the layer with the features of the whole mosaic, for class activation maps.
    """

    def __init__(self, net: SmallResidualNet, grid: int, heads: str) -> None:
        super().__init__()
        self.grid, self.heads = grid, heads
        side = SIDE if heads == "full" else SIDE * grid
        self.features = nn.Sequential(
            Normalise(FASHION_PIXELS, side), net.conv, net.norm, net.relu, net.block1, net.block2
        )
        self.assembled = nn.Identity()
        self.head = nn.Sequential(net.pool, nn.Flatten(), net.classifier)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of mosaics (N, 1, 28 G, 28 G): cell after cell, (N, G G 10)."""
        if self.heads == "full":
            seen = [[self.features(cell) for cell in row] for row in self.cells(x)]
            features = torch.cat([torch.cat(row, dim=3) for row in seen], dim=2)
        else:
            features = self.features(x)
        features = self.assembled(features)  # (N, 64, 7 G, 7 G)
        if self.heads == "one":
            return self.head(features)  # (N, 10)
        return torch.cat([self.head(cell) for row in self.cells(features) for cell in row], dim=1)

    def cells(self, whole: Tensor) -> list[list[Tensor]]:
        """Cut (N, C, G H, G W) into G rows of G cells (N, C, H, W)."""
        height, width = (size // self.grid for size in whole.shape[2:])
        rows = whole.split(height, dim=2) if whole.shape[2] == height * self.grid else ()
        if not rows or whole.shape[3] != width * self.grid:
            raise ValueError(
                f"This net takes mosaics of shape (N, 1, {SIDE * self.grid}, {SIDE * self.grid}), "
                f"got {tuple(whole.shape)}."
            )
        return [list(row.split(width, dim=3)) for row in rows]

    def output_of(self, cell: int, labels: Tensor) -> Tensor:
        """Return which output speaks for the class of each row in a cell, (N,)."""
        return labels if self.heads == "one" else cell * len(FASHION_MNIST_CLASSES) + labels


def mosaic_net(grid: int = 2, heads: str = "full") -> MosaicNet:
    """Return the net with its stored weights, in eval mode and frozen."""
    if isinstance(grid, bool) or not isinstance(grid, int) or grid < 1:
        raise ValueError(f"grid must be a whole number of at least 1, got {grid!r}")
    if heads not in HEADS:
        raise ValueError(f"heads must be one of {', '.join(HEADS)}, got {heads!r}")
    net = trained("fashion_residual")
    assert isinstance(net, SmallResidualNet)
    return MosaicNet(net, grid, heads).eval().requires_grad_(False)


def mosaic_classes(grid: int = 2) -> list[str]:
    """Return the names of the outputs of heads that see one cell each."""
    return [f"{name} in cell {k}" for k in range(grid * grid) for name in FASHION_MNIST_CLASSES]
