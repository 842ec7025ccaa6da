"""What is removed at once: a feature, a patch, a superpixel, a token. A map has one number each.

`read_units` says what ``unit=`` means for x; `Units.pool` makes one number a unit of a map, and
`Units.spread` brings one value a unit back to the features.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import sum_dtype
from xaicourse.core.path import rows_of
from xaicourse.evaluation.order import feature_values, importance, spread
from xaicourse.evaluation.superpixels import superpixels

__all__ = ["Labelled", "Patches", "Units", "read_units"]

NAMES = "a side in pixels, pixel, channel, superpixel, token, column, or a tensor of labels"


@dataclass(frozen=True, eq=False)
class Patches:
    """Square patches of `side` pixels; with side 1 single pixels, or single features."""

    side: int
    x: Tensor  # (N, ...), whose features are meant
    name: int = 1
    per_row: bool = False

    @property
    def counts(self) -> Tensor:
        """How many units each row has, (N,)."""
        places = self.x[0, 0].numel() if self.x.dim() == 4 else self.x[0].numel()
        return torch.full((len(self.x),), places // self.side**2, device=self.x.device)

    def pool(self, attribution: Tensor, channels: str, sign: str, mean: bool = False) -> Tensor:
        """Return the sum (or mean) of a map over each unit, (N, U)."""
        found = importance(attribution, channels, sign, self.side)
        return found / self.side**2 if mean else found

    def spread(self, units: Tensor, row: Tensor) -> Tensor:
        """Return one value a unit, (P, U), as one a feature: (P, ...) or (P, 1, H, W)."""
        return spread(units, self.x, self.side)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Units by number: features with one label go together.

    `places` is the shape of one value for each label, such as (1, H, W) or (L, 1), and `sizes`
    how many places each unit has, (N, U) or (1, U); 0 where a row has fewer units.
    """

    labels: Tensor  # (N or 1, places), 0 .. U - 1
    places: tuple[int, ...]
    sizes: Tensor
    rows: int
    name: str
    per_row: bool

    @property
    def counts(self) -> Tensor:
        """How many units each row has, (N,)."""
        return (self.sizes > 0).sum(dim=1).expand(self.rows)

    def pool(self, attribution: Tensor, channels: str, sign: str, mean: bool = False) -> Tensor:
        """Return the sum of a map over each unit, (N, U), or its mean up to a shift of the row.

        It is -inf where a row has no such unit.
        """
        values = feature_values(attribution, channels, sign, self.name)  # (N, places)
        if values.shape[1] != self.labels.shape[1]:
            raise ValueError(
                f"unit={self.name!r} needs a map of x's shape, got one value for all channels of a "
                f"pixel, {tuple(attribution.shape)}"
            )
        if mean:  # of equal values exactly 0, so that segments of all sizes are tied
            values = values - values[:, :1]
        found = values.new_zeros(self.rows, self.sizes.shape[1])
        found.scatter_add_(1, self.labels.expand_as(values), values)
        found = found / self.sizes.clamp_min(1) if mean else found
        return found.masked_fill(self.sizes == 0, -torch.inf)

    def spread(self, units: Tensor, row: Tensor) -> Tensor:
        """Return one value a unit, (P, U), as one a feature that broadcasts to x."""
        labels = rows_of(self.labels, row) if self.per_row else self.labels.expand(len(units), -1)
        return units.gather(1, labels).view(len(units), *self.places)


Units = Patches | Labelled


def read_units(unit: Any, x: Tensor) -> Units:
    """Return what `unit` means for x (N, ...), or raise."""
    if isinstance(unit, Tensor):
        return labelled(unit, x)
    if not isinstance(unit, str):
        side = check_positive_int(unit, "unit")
        return Patches(side, x, side)
    if unit == "pixel" and x.dim() == 4:
        return Patches(1, x)
    if unit == "column" and x.dim() == 2:
        return Patches(1, x)
    if unit == "channel" and x.dim() == 4:
        return each_place(x, tuple(x.shape[1:]), "channel")
    if unit == "token" and x.dim() == 3:
        return each_place(x, (x.shape[1], 1), "token")
    if unit == "superpixel" and x.dim() == 4:
        return labelled(superpixels(x), x)
    if unit in ("pixel", "channel", "superpixel", "token", "column"):
        raise ValueError(
            f"unit={unit!r} does not fit x of shape {tuple(x.shape)}: pixel, channel and "
            "superpixel are for images (N, C, H, W), token for (N, L, D), column for tables (N, D)"
        )
    raise ValueError(f"unit must be {NAMES}, got {unit!r}")


def each_place(x: Tensor, places: tuple[int, ...], name: str) -> Labelled:
    """Return one unit for each place, in the order of the places."""
    labels = torch.arange(torch.Size(places).numel(), device=x.device)[None]
    return Labelled(labels, places, torch.ones_like(labels), len(x), name, per_row=False)


def labelled(labels: Tensor, x: Tensor) -> Labelled:
    """Return units by the labels of pixels (images), of tokens (N, L, D) or of features (N, D)."""
    inner = {4: tuple(x.shape[2:]), 3: tuple(x.shape[1:2])}.get(x.dim(), tuple(x.shape[1:]))
    places = {4: (1, *inner), 3: (*inner, 1)}.get(x.dim(), inner)
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise TypeError(f"unit must hold whole numbers as labels, got dtype {labels.dtype}")
    if labels.device != x.device:
        raise ValueError(f"unit is on {labels.device}, x is on {x.device}")
    per_row = tuple(labels.shape) in ((len(x), *inner), (len(x), 1, *inner))
    if not per_row and tuple(labels.shape) != inner:
        raise ValueError(
            f"unit has shape {tuple(labels.shape)}, but for x of shape {tuple(x.shape)} labels are "
            f"{inner}, or {(len(x), *inner)} where each row has its own"
        )
    flat = labels.reshape(len(x) if per_row else 1, -1)
    numbers = torch.stack([torch.unique(row, return_inverse=True)[1] for row in flat])
    sizes = torch.zeros(
        len(numbers), int(numbers.max()) + 1, dtype=sum_dtype(x.device), device=x.device
    ).scatter_add_(1, numbers, torch.ones_like(numbers).to(sum_dtype(x.device)))
    name = {4: "superpixel", 3: "tokens"}.get(x.dim(), "columns")
    return Labelled(numbers, places, sizes, len(x), name, per_row)
