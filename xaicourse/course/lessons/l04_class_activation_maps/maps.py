"""Class activation maps of one photo at many layers: made once, then read by the panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.methods import METHODS
from xaicourse.methods.vanilla.class_activation import WEIGHTS
from xaicourse.methods.vanilla.feature_maps import map_layers
from xaicourse.widgets.documented import documented
from xaicourse.widgets.given import check_one


@documented
class LayerMaps:
    """The raw signed maps of one method at one layer; all on the CPU."""

    maps: Annotated[Mapping[str, Tensor], "(h, w): Class -> raw map, with sign."]
    scores: Annotated[Mapping[str, float], "Class -> F."]


def layer_maps(
    model: Callable[..., Any],
    x: Tensor,
    classes: Mapping[str, int],
    layer: str,
    method: str = "grad_cam",
) -> LayerMaps:
    """Return the maps of all classes at a layer, from one forward and one backward pass.

    Parameters
    ----------
    model : callable
        A module, images (N, C, H, W) to scores (N, K).
    x : Tensor (1, C, H, W)
        One photo.
    classes : dict of str to int
        Name -> index of the class.
    layer : str
        A name from ``xc.map_layers(model, x)``.
    method : str
        The name of a class activation map that is made from gradients.

    Returns
    -------
    LayerMaps
        On the CPU.

    Raises
    ------
    ValueError
        If `method` is none of these, or x has more than one row.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = xc.zoo.load("fashion_residual")
    >>> x = torch.zeros(1, 1, 28, 28)
    >>> found = xc.widgets.layer_maps(net, x, {"bag": 8}, "block2", "hires_cam")
    >>> found.maps["bag"].shape
    torch.Size([7, 7])
    """
    if method not in WEIGHTS:
        raise ValueError(f"method must be one of {', '.join(WEIGHTS)}, got {method!r}")
    check_one(x, "the maps are of one photo")
    same = x.expand(len(classes), *x.shape[1:]).contiguous()
    target = torch.tensor(list(classes.values()), device=x.device)
    found = METHODS[method].method(
        model, same, target=target, layer=layer, relu=False, upsample=None, return_details=True
    )
    raw = found.values[:, 0].detach().cpu().double()  # (classes, h, w)
    assert found.f_end is not None  # a class activation map always reports its score
    return LayerMaps(
        maps=dict(zip(classes, raw, strict=True)),
        scores=dict(zip(classes, found.f_end.tolist(), strict=True)),
    )


def chosen_layers(
    model: Callable[..., Any], x: Tensor, names: Sequence[str] | None
) -> dict[str, tuple[int, ...]]:
    """Return name -> (K, h, w) of these layers, or of all that have feature maps."""
    found = map_layers(model, x)
    if names is None:
        return found
    unknown = [name for name in names if name not in found]
    if unknown or not names:
        known, got = ", ".join(found), unknown[0] if unknown else "none"
        raise ValueError(f"layers must be names from xc.map_layers(model, x): {known}; got {got!r}")
    return {name: found[name] for name in names}


def share_inside(values: Tensor, mask: Tensor) -> float:
    """Return which share of the positive part of a map (H, W) lies inside a mask (H, W).

    NaN where nothing is positive: an empty map lies nowhere.
    """
    positive = values.clamp_min(0)
    return float((positive * mask).sum() / positive.sum())
