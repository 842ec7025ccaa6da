"""Randomisation panel: method x how many top layers are drawn anew x class."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import ipywidgets
from torch import Tensor, nn

import xaicourse as xc
from xaicourse.core.registry import MethodRecord, ResultKind
from xaicourse.course.lessons.l02_guided_backprop.figure import RandomiseView, draw_randomise_view
from xaicourse.course.lessons.l02_guided_backprop.trace import (
    Likeness,
    likeness,
    randomise_top,
    weight_layers,
)
from xaicourse.widgets.controls import LABEL, choice
from xaicourse.widgets.panel import Panel

__all__ = [
    "Likeness",
    "RandomisePanel",
    "RandomiseView",
    "likeness",
    "randomise_top",
    "weight_layers",
]


class RandomisePanel(Panel):
    """Explore what a map still shows when the top layers of the network are drawn anew.

    The class keeps its number, but the network has forgotten what the number means.

    Parameters
    ----------
    model : nn.Module
        Images (N, C, H, W) to scores (N, K); a module, whose weights are drawn anew in a copy.
    x : Tensor (1, C, H, W)
        One photo.
    classes : dict of str to int
        Name -> index of the class.
    methods : sequence of str
        Names in ``xc.METHODS`` whose result has the shape of x.
    layers : int
        How many top layers are drawn anew at first.
    seed : int
        Of the draws.

    Raises
    ------
    TypeError, ValueError
        If the model is not a module, x is not one photo, classes or methods are missing, a method
        gives no value for each pixel, or there are not so many layers.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 2)).eval()
    >>> x = torch.full((1, 3, 4, 4), 0.5)
    >>> panel = xc.widgets.RandomisePanel(net, x, {"a": 0, "b": 1}, layers=0)
    >>> round(panel.result.likeness.signed, 6)
    1.0
    """

    title = "randomisation panel, method, class and number of layers drawn anew"

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        classes: Mapping[str, int],
        *,
        methods: Sequence[str] = ("gradient", "deconvnet", "guided_backprop"),
        layers: int = 1,
        seed: int = 0,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
        if x.ndim != 4 or len(x) != 1:
            raise ValueError(f"x must be one photo, shape (1, C, H, W), got {tuple(x.shape)}")
        if not classes or not methods:
            raise ValueError("classes and methods must each hold at least one entry")
        self._records: dict[str, MethodRecord] = dict(xc.METHODS)  # type: ignore[call-overload]
        for name in methods:
            if name not in self._records or self._records[name].result is not ResultKind.INPUT:
                raise ValueError(f"method {name!r} is unknown, or gives no value for each pixel")
        self.model, self.x, self.classes, self.seed = model, x, dict(classes), seed
        self.most = len(weight_layers(model))
        if not 0 <= layers <= self.most:
            raise ValueError(f"layers must be from 0 to {self.most} here, got {layers!r}")
        self._maps: dict[tuple[str, str, int], Tensor] = {}  # (method, class, layers) -> (H, W)
        slider = ipywidgets.IntSlider(
            layers, min=0, max=self.most, description="layers drawn anew", style=LABEL,
            continuous_update=False, layout={"width": "330px"},
        )  # fmt: skip
        super().__init__(
            {
                "method": choice("method", list(methods), methods[0]),
                "class": choice("class", list(classes), next(iter(classes))),
                "layers": slider,
            }
        )

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> Generator[RandomiseView | None, None, None]:
        """Yield the view; a map that was computed once is kept."""
        method, name, layers = settings["method"], settings["class"], settings["layers"]
        for count in (0, layers):
            if (method, name, count) not in self._maps:
                self._maps[method, name, count] = self._map(method, name, count)
                yield None
        before = self._maps[method, name, 0]
        visited = {
            count: likeness(before, pixels)
            for (m, n, count), pixels in self._maps.items()
            if (m, n) == (method, name)
        }
        yield RandomiseView(
            settings=dict(settings),
            photo=self.x,
            before=before,
            after=self._maps[method, name, layers],
            likeness=visited[layers],
            visited=visited,
            layers=layers,
            most=self.most,
        )

    def _map(self, method: str, name: str, layers: int) -> Tensor:
        """Return one map, summed over channels, (H, W)."""
        model = randomise_top(self.model, layers, seed=self.seed) if layers else self.model
        values = self._records[method].method(model, self.x, target=self.classes[name])
        return values[0].sum(0).detach().cpu()

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: RandomiseView) -> bytes:
        """Return the PNG: photo, both maps, the cosines so far."""
        return draw_randomise_view(result)

    def describe(self, result: RandomiseView) -> str:
        """Return the cosines in one line."""
        found = result.likeness
        return (
            f"{result.layers} of {result.most} layers drawn anew  ·  cosine with the original "
            f"{two_digits(found.signed)} (shuffled {two_digits(found.signed_control)})  ·  "
            f"absolute maps {two_digits(found.absolute)} "
            f"(shuffled {two_digits(found.absolute_control)})"
        )

    def alt(self, result: RandomiseView) -> str:
        """Return what the picture shows."""
        settings = result.settings
        return (
            f"Randomisation panel: photo; map of {settings['method']} for {settings['class']} "
            f"from the original network; the same with the top {result.layers} of {result.most} "
            "layers drawn anew, each on its own scale; and the cosine of the two over the number "
            "of layers, with the control of shuffled pixels."
        )


def two_digits(value: float) -> str:
    """Return a number with two digits after the point, and 0.00 without a minus."""
    return f"{round(value, 2) + 0.0:.2f}"
