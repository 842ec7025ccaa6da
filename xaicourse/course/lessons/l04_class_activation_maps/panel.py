"""Layer explorer: walk a class activation map from the image to the last layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.course.lessons.l04_class_activation_maps import maps
from xaicourse.course.lessons.l04_class_activation_maps.maps import LayerMaps, layer_maps
from xaicourse.methods.vanilla.feature_maps import to_image_size
from xaicourse.plot.scale import shared_limits
from xaicourse.widgets.controls import Choice, ChoiceSlider
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import check_filled
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Bars, Map, Photo, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = ["LayerMaps", "LayerPanel", "LayerView", "layer_maps"]

SHARED, OWN = "shared by all classes", "own"
POSITIVE, SIGNED = "positive only", "with sign"
CELLS, SMOOTH, OVER = "cells", "smooth", "over the photo"
MOST_MAPS = 64  # kept in memory


@documented
class LayerView:
    """What the layer panel shows."""

    settings: Settings
    photo: Annotated[Tensor, "(1, C, H, W): The photo."]
    raw: Annotated[Tensor, "(h, w): The map as it was made, cut off at 0 if asked for."]
    shown: Annotated[Tensor, "(H, W): The same, enlarged."]
    limit: Annotated[float, "End of the colour scale."]
    score: Annotated[float, "The logit of the class."]
    layer_text: Annotated[str, "The layer and the number of its cells."]
    shares: Annotated[Mapping[str, float], "Region -> share of the map's positive part."]
    areas: Annotated[Mapping[str, float], "Region -> share of the photo's area."]

    empty = property(lambda self: not self.raw.any(), doc="Whether every cell is 0.")
    empty_positive = property(
        lambda self: not (self.raw > 0).any(), doc="Whether none is positive."
    )


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
    size = (10.0, 3.5)
    layer = ChoiceSlider("layers")
    class_, method = Choice("classes"), Choice("methods")
    values = Choice([POSITIVE, SIGNED])
    scale = Choice([SHARED, OWN])
    display = Choice([CELLS, SMOOTH, OVER])

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
        check_filled(classes=classes, methods=methods)
        self.model, self.x, self.classes, self.methods = model, x, dict(classes), methods
        self.layers = maps.chosen_layers(model, x, layers)
        self.regions = {name: mask.cpu() for name, mask in (regions or {}).items()}
        for name, mask in self.regions.items():
            if mask.shape != x.shape[-2:]:
                whole, part = tuple(x.shape[-2:]), tuple(mask.shape)
                raise ValueError(f"region {name!r} must have the photo's shape {whole}, got {part}")
        self.memory = Memory(MOST_MAPS)
        super().__init__({"layer": layer})

    def compute(self, settings: Mapping[str, Any]) -> LayerView:
        layer, method = settings["layer"], settings["method"]
        made = self.model, self.x, self.classes, layer, method
        found = self.memory.once((layer, method), layer_maps, *made)
        cut = settings["values"] == POSITIVE
        raws = {name: m.clamp_min(0) if cut else m for name, m in found.maps.items()}
        raw = raws[settings["class"]]
        how = "nearest" if settings["display"] == CELLS else "bilinear"
        shown = to_image_size(raw[None, None], self.x, how)[0, 0]
        scaled = [raw] if settings["scale"] == OWN else list(raws.values())
        _, h, w = self.layers[layer]
        return LayerView(
            settings=dict(settings),
            photo=self.x,
            raw=raw,
            shown=shown,
            limit=shared_limits(scaled)[1],
            score=found.scores[settings["class"]],
            layer_text=f"{layer}: {h} × {w} cells",
            shares={name: maps.share_inside(shown, mask) for name, mask in self.regions.items()},
            areas={name: float(mask.double().mean()) for name, mask in self.regions.items()},
        )

    def plates(self, result: LayerView) -> Iterator[Plate]:
        settings = result.settings
        own = settings["scale"] == OWN
        yield Photo((0.1, 0.45, 2.5, 2.5), "photo", result.photo)
        yield Map(
            (2.85, 0.45, 2.5, 2.5), f"{settings['class']}\n{result.layer_text}", result.shown,
            result.limit, signed=settings["values"] == SIGNED,
            behind=result.photo if settings["display"] == OVER else None,
            below="empty: every cell is 0" if result.empty else "", points=8,
            bar_at=(5.5, 0.6, 0.1, 2.2),
            ticks={0: "0", result.limit: "own\nlimit"} if own else None,
            unit="" if own else "per cell; one scale for\nall classes at this layer",
        )  # fmt: skip
        if result.shares:
            yield Bars(
                (7.35, 0.75, 2.45, 1.9), "",
                [0.0 if result.empty_positive else s for s in result.shares.values()],
                names=[name.replace(" ", "\n") for name in result.shares],
                pale=list(result.areas.values()), thick=(0.85, 0.45), across=True,
                legend=("area", "positive part of the map"), draw=finish_shares,
            )  # fmt: skip

    def words(self, result: LayerView) -> Iterator[str]:
        settings, raw = result.settings, result.raw
        yield f"{settings['method']} at {result.layer_text}"
        yield f"logit of {settings['class']} {number(result.score)}"
        largest, total = number(float(raw.max())), number(float(raw.sum()))
        yield f"largest cell {largest}, sum of the cells {total}"
        if any(map(math.isnan, result.shares.values())):
            yield "nothing is positive"
        elif result.shares:
            yield f"share in {', '.join(f'{n} {share:.2f}' for n, share in result.shares.items())}"

    def alt(self, result: LayerView) -> str:
        settings = result.settings
        return (
            f"Layer explorer. Left: the photo. Middle: {settings['method']} map of "
            f"{settings['class']} at {result.layer_text}, {settings['values']}, scale: "
            f"{settings['scale']}, display: {settings['display']}. Right: the share of the map's "
            "positive part in each region, beside its area."
        )


def finish_shares(axis: Axes) -> None:
    """Let the shares run from 0 to 1, with the legend above them."""
    axis.set(xlim=(0, 1), xlabel="share")
    axis.legend(loc="lower left", bbox_to_anchor=(-0.1, 1.0), fontsize=7.5, ncols=2)
