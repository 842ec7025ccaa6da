"""In which order features are removed: one number a unit, ranked, ties broken by a seeded key."""

import torch
from torch import Tensor
from torch.nn import functional as F

from xaicourse.core.checks import check_choice
from xaicourse.core.gradients import sum_dtype
from xaicourse.evaluation.seeds import seeded

__all__ = [
    "CHANNELS",
    "SIGNS",
    "check_attribution",
    "feature_values",
    "importance",
    "removal_rank",
    "spread",
    "tie_fraction",
]

CHANNELS = {
    "sum": lambda a: a.sum(1),
    "abs_sum": lambda a: a.abs().sum(1),
    "max_abs": lambda a: a.abs().amax(1),
    "l2": lambda a: a.norm(dim=1),
    "mean": lambda a: a.mean(1),
}
SIGNS = {"keep": lambda a: a, "abs": torch.abs, "positive": lambda a: a.clamp_min(0)}


def check_attribution(attribution: Tensor, x: Tensor) -> None:
    """Raise unless an attribution belongs to x: x's shape, or (N, 1, H, W) for images.

    A map with NaN is let pass: it has no value.
    """
    if not isinstance(attribution, Tensor):
        inside = isinstance(getattr(attribution, "values", None), Tensor)
        raise TypeError(
            f"attribution must be a tensor, got {type(attribution).__name__}"
            + ("; the map is attribution.values" if inside else "")
        )
    if not attribution.is_floating_point():  # the negative of a uint8 is no smaller number
        raise TypeError(
            f"attribution has dtype {attribution.dtype}, but real numbers are ranked; pass "
            "attribution.float()"
        )
    is_map = x.dim() == 4 and attribution.shape == (len(x), 1, *x.shape[2:])
    if attribution.shape != x.shape and not is_map:
        raise ValueError(
            f"attribution has shape {tuple(attribution.shape)}, but x has {tuple(x.shape)}; give "
            "one value for each feature (for images also one a pixel: (N, 1, H, W))"
        )
    if attribution.device != x.device:
        raise ValueError(f"attribution is on {attribution.device}, x is on {x.device}")
    if attribution.dim() < 2:
        raise ValueError(
            f"attribution has shape {tuple(attribution.shape)}, but a batch (N, ...) is needed; "
            "for a single map pass attribution[None]"
        )
    infinite = torch.isinf(attribution).flatten(1).any(dim=1)
    if bool(infinite.any()):
        raise ValueError(
            f"attribution of row {int(infinite.nonzero()[0])} holds infinite values, which are no "
            "importance: something overflowed (16-bit numbers?); compute the map in float32"
        )


def importance(attribution: Tensor, channels: str, sign: str, unit: int) -> Tensor:
    """Return one number a unit, (N, U): channels joined, sign treated, patches summed.

    In float64 where the device has it, so that no sum of half-precision values overflows.
    """
    if attribution.dim() != 4:
        if unit != 1:
            raise ValueError(f"unit={unit} makes patches of images; x is none, use unit=1")
        return feature_values(attribution, channels, sign)
    height, width = attribution.shape[2:]
    pixels = feature_values(attribution, channels, sign).view(-1, height, width)
    if height % unit or width % unit:
        raise ValueError(
            f"unit={unit} must divide the image's height and width, {height} x {width}"
        )
    patches = F.avg_pool2d(pixels[:, None], unit) * unit**2  # the sum over each patch
    return patches.flatten(1)


def feature_values(attribution: Tensor, channels: str, sign: str, unit: str = "") -> Tensor:
    """Return one number a feature, (N, F): of images one a pixel, unless `unit` is "channel".

    Of sentences (N, L, D), where the unit is made of tokens, one a token.
    """
    attribution = attribution.detach().to(sum_dtype(attribution.device))
    for value, table, name in ((channels, CHANNELS, "channels"), (sign, SIGNS, "sign")):
        check_choice(value, table, name)
    if unit.startswith("token"):
        attribution = CHANNELS[channels](attribution.transpose(1, 2))  # (N, L)
    elif attribution.dim() == 4 and unit != "channel":
        attribution = CHANNELS[channels](attribution)  # (N, H, W)
    return SIGNS[sign](attribution).flatten(1)


def spread(units: Tensor, x: Tensor, unit: int) -> Tensor:
    """Return one value a unit, (P, U), as one a feature: (P, ...) or (P, 1, H, W).

    It undoes how `importance` makes units of features.
    """
    if x.dim() != 4:
        return units.view(len(units), *x.shape[1:])
    height, width = x.shape[2] // unit, x.shape[3] // unit
    grid = units.view(len(units), 1, height, width)
    return grid.repeat_interleave(unit, dim=2).repeat_interleave(unit, dim=3)


def removal_rank(scores: Tensor, seed: int) -> Tensor:
    """Return the place of each unit in the order of removal, (N, U): 0 goes first.

    The largest goes first. Equal values are ordered by a random key that is drawn once for all
    images, on the CPU, so that neither the batch nor the device changes the order.
    """
    units = scores.shape[1]
    shuffle = torch.randperm(units, generator=seeded(seed)).to(scores.device)
    order = shuffle[torch.argsort(-scores[:, shuffle], dim=1, stable=True)]  # (N, U) units
    places = torch.arange(units, device=scores.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places)


def tie_fraction(scores: Tensor) -> Tensor:
    """Return the share of units whose value another unit of the image has too, (N,)."""
    ordered = scores.sort(dim=1).values
    equal = ordered[:, 1:] == ordered[:, :-1]
    edge = torch.zeros_like(equal[:, :1])
    tied = torch.cat([edge, equal], 1) | torch.cat([equal, edge], 1)
    there = ~torch.isneginf(ordered)  # a row that has fewer units than others
    return (tied & there).to(sum_dtype(scores.device)).sum(dim=1) / there.sum(dim=1)
