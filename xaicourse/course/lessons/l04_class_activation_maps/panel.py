"""Layer explorer: walk a class activation map from the image to the last layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from xaicourse.course.lessons.l04_class_activation_maps.figure import (
    OVER,
    LayerView,
    draw_layer_view,
)
from xaicourse.course.lessons.l04_class_activation_maps.maps import (
    LayerMaps,
    chosen_layers,
    layer_maps,
    share_inside,
)
from xaicourse.methods.vanilla.feature_maps import to_image_size
from xaicourse.plot.printing import two_digits
from xaicourse.plot.scale import shared_limits
from xaicourse.widgets.controls import LABEL, choice
from xaicourse.widgets.panel import Panel

__all__ = ["LayerMaps", "LayerPanel", "LayerView", "layer_maps"]

SHARED, OWN = "shared by all classes", "own"
POSITIVE, SIGNED = "positive only", "with sign"
CELLS, SMOOTH = "cells", "smooth"


class LayerPanel(Panel):
    """Explore class activation maps: layer, class, method, sign, scale, and how it is enlarged.

    Parameters
    ----------
    model : callable
        A module, images (N, C, H, W) in [0, 1] to scores (N, K).
    x : Tensor (1, C, H, W)
        One photo.
    classes : dict of str to int
        Name -> index of the class. The shared scale is shared by these classes.
    layers : sequence of str, optional
        Names from ``xc.map_layers(model, x)``, from the image to the score; None takes all.
    methods : sequence of str
        Names of class activation maps that are made from gradients.
    regions : dict of str to Tensor (H, W), optional
        Name -> mask: the panel says which share of the map's positive part lies inside.
    layer : str, optional
        The layer that is set at first; the last one unless named.

    Raises
    ------
    ValueError
        If classes or methods are missing, a layer is unknown, or a region has another size than
        the photo.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net = xc.zoo.load("fashion_residual")
    >>> photo = xc.datasets.fashion_mnist(n=1).x
    >>> panel = xc.widgets.LayerPanel(net, photo, {"bag": 8, "dress": 3})
    >>> panel.set(layer="block1")
    >>> tuple(panel.result.raw.shape)
    (14, 14)
    """

    title = "layer explorer, a class activation map from the image to the last layer"

    def __init__(
        self,
        model: Callable[..., Any],
        x: Tensor,
        classes: Mapping[str, int],
        *,
        layers: Sequence[str] | None = None,
        methods: Sequence[str] = ("grad_cam", "hires_cam"),
        regions: Mapping[str, Tensor] | None = None,
        layer: str | None = None,
    ) -> None:
        if not classes or not methods:
            raise ValueError("classes and methods must each hold at least one entry")
        self.model, self.x, self.classes = model, x, dict(classes)
        self.layers = chosen_layers(model, x, layers)
        self.regions = {name: mask.cpu() for name, mask in (regions or {}).items()}
        for name, mask in self.regions.items():
            if mask.shape != x.shape[-2:]:
                raise ValueError(
                    f"region {name!r} must have the photo's shape {tuple(x.shape[-2:])}, "
                    f"got {tuple(mask.shape)}"
                )
        self._maps: dict[tuple[str, str], LayerMaps] = {}  # (layer, method) -> maps
        super().__init__(
            {
                "layer": layer_slider(list(self.layers), layer),
                "class": choice("class", list(classes), next(iter(classes))),
                "method": choice("method", list(methods), methods[0]),
                "values": choice("values", [POSITIVE, SIGNED], POSITIVE),
                "scale": choice("scale", [SHARED, OWN], SHARED),
                "display": choice("display", [CELLS, SMOOTH, OVER], CELLS),
            }
        )

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> LayerView:
        """Return the view; a layer's maps are made once for all classes."""
        found = self._maps_of(settings["layer"], settings["method"])
        cut = settings["values"] == POSITIVE
        maps = {name: m.clamp_min(0) if cut else m for name, m in found.maps.items()}
        raw = maps[settings["class"]]
        shown = self._enlarged(raw, "nearest" if settings["display"] == CELLS else "bilinear")
        scaled = [raw] if settings["scale"] == OWN else list(maps.values())
        _, h, w = self.layers[settings["layer"]]
        return LayerView(
            settings=dict(settings),
            photo=self.x,
            raw=raw,
            shown=shown,
            limit=shared_limits(scaled)[1],
            score=found.scores[settings["class"]],
            layer_text=f"{settings['layer']}: {h} × {w} cells",
            shares={name: share_inside(shown, mask) for name, mask in self.regions.items()},
            areas={name: float(mask.double().mean()) for name, mask in self.regions.items()},
        )

    def _maps_of(self, layer: str, method: str) -> LayerMaps:
        if (layer, method) not in self._maps:
            self._maps[layer, method] = layer_maps(self.model, self.x, self.classes, layer, method)
        return self._maps[layer, method]

    def _enlarged(self, raw: Tensor, how: str) -> Tensor:
        like = torch.empty(1, 1, *self.x.shape[-2:])
        return to_image_size(raw[None, None], like, how)[0, 0]

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: LayerView) -> bytes:
        """Return the PNG: the photo, the map, the shares of the regions."""
        return draw_layer_view(result)

    def describe(self, result: LayerView) -> str:
        """Return the numbers in one line."""
        settings = result.settings
        largest = two_digits(float(result.raw.max()))[0]
        total = two_digits(float(result.raw.sum()))[0]
        parts = [
            f"{settings['method']} at {result.layer_text}",
            f"logit of {settings['class']} {two_digits(result.score)[0]}",
            f"largest cell {largest}, sum of the cells {total}",
        ]
        if result.shares:
            shares = [f"{name} {share:.2f}" for name, share in result.shares.items()]
            empty = any(map(math.isnan, result.shares.values()))
            parts.append("nothing is positive" if empty else f"share in {', '.join(shares)}")
        return "  ·  ".join(parts)

    def alt(self, result: LayerView) -> str:
        """Return what the picture shows."""
        settings = result.settings
        return (
            f"Layer explorer. Left: the photo. Middle: {settings['method']} map of "
            f"{settings['class']} at {result.layer_text}, {settings['values']}, scale: "
            f"{settings['scale']}, display: {settings['display']}. Right: the share of the map's "
            "positive part in each region, beside its area."
        )


def layer_slider(names: list[str], value: str | None) -> ipywidgets.SelectionSlider:
    """Return a slider over the layers, from the image to the score."""
    if value is not None and value not in names:
        raise ValueError(f"layer must be one of {', '.join(names)}, got {value!r}")
    return ipywidgets.SelectionSlider(
        options=names, value=value or names[-1], description="layer", style=LABEL,
        layout={"width": "330px"},
    )  # fmt: skip
