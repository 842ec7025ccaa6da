"""Bias explorer: what the input and the biases bring to a score, and what the picture shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.lessons.l08_biases.figure import PAPER, BiasView, draw_bias_view
from xaicourse.course.lessons.l08_biases.parts import BiasParts, bias_parts, order
from xaicourse.plot.printing import two_digits
from xaicourse.widgets.controls import choice
from xaicourse.widgets.panel import Panel

__all__ = ["BiasPanel", "BiasParts", "BiasView", "bias_parts"]

ALL = "everything"
SIGNED = "with sign: it adds up"
RANKS = {"most likely": 0, "second": 1, "least likely": -1}


class BiasPanel(Panel):
    """Explore the split of a logit: net, photo, class, group of layers, and how it is drawn.

    Parameters
    ----------
    nets : dict of str to callable
        Name -> module, images (N, C, H, W) to logits (N, K).
    photos : dict of str to Tensor
        Name -> one photo (1, C, H, W) that all nets take.
    labels : sequence of str, optional
        Names of the classes.

    Raises
    ------
    ValueError
        If there is no net or no photo.

    Examples
    --------
    >>> import xaicourse as xc
    >>> nets = {"CNN": xc.zoo.load("fashion_cnn")}
    >>> panel = xc.widgets.BiasPanel(nets, {"boot": xc.datasets.fashion_mnist(n=1).x})
    >>> panel.set(shown="input")
    >>> abs(panel.result.picture_sum - panel.result.share) < 1e-3
    True
    """

    title = "bias explorer, what input and biases bring to a score"

    def __init__(
        self,
        nets: Mapping[str, Callable[..., Any]],
        photos: Mapping[str, Tensor],
        *,
        labels: Sequence[str] | None = None,
    ) -> None:
        if not nets or not photos:
            raise ValueError("nets and photos must each hold at least one entry")
        self.nets, self.photos, self.labels = dict(nets), dict(photos), labels
        self._parts: dict[tuple[str, str, int], BiasParts] = {}
        self._ranked: dict[tuple[str, str], list[int]] = {}
        photo = next(iter(photos))
        groups = {
            name
            for net in nets
            for name in self._parts_of(net, photo, self._class(net, photo, 0)).shares
        }
        super().__init__(
            {
                "net": choice("net", list(nets), next(iter(nets))),
                "photo": choice("photo", list(photos), photo),
                "class": choice("class", list(RANKS), next(iter(RANKS))),
                "shown": choice("shown", [ALL, *sorted(groups, key=order)], ALL),
                "picture": choice("picture", [SIGNED, PAPER], SIGNED),
            }
        )

    # -- compute -------------------------------------------------------------------------------

    def compute(self, settings: Mapping[str, Any]) -> BiasView:
        """Return the view; a photo's split is made once for each net and class."""
        net, photo = settings["net"], settings["photo"]
        index = self._class(net, photo, RANKS[settings["class"]])
        parts = self._parts_of(net, photo, index)
        chosen = tuple(name for name in parts.shares if settings["shown"] in (ALL, name))
        maps = parts.signed if settings["picture"] == SIGNED else parts.pictures
        shown = sum((maps[name] for name in chosen), torch.zeros_like(next(iter(maps.values()))))
        return BiasView(
            settings=dict(settings),
            photo=self.photos[photo],
            parts=parts,
            chosen=chosen,
            shown=shown,
            class_name=self.labels[index] if self.labels is not None else f"class {index}",
        )

    def _class(self, net: str, photo: str, rank: int) -> int:
        """Return the class of a rank, from the largest logit to the smallest."""
        if (net, photo) not in self._ranked:
            with torch.no_grad():
                logits = self.nets[net](self.photos[photo])[0]
            self._ranked[net, photo] = logits.argsort(descending=True).tolist()
        return self._ranked[net, photo][rank]

    def _parts_of(self, net: str, photo: str, index: int) -> BiasParts:
        key = (net, photo, index)
        if key not in self._parts:
            self._parts[key] = bias_parts(self.nets[net], self.photos[photo], index)
        return self._parts[key]

    # -- draw ----------------------------------------------------------------------------------

    def draw(self, result: BiasView) -> bytes:
        """Return the PNG: the photo, the shares, the map."""
        return draw_bias_view(result)

    def describe(self, result: BiasView) -> str:
        """Return the numbers in one line."""
        parts = [
            f"logit of {result.class_name} {two_digits(result.parts.score)[0]}",
            f"{result.settings['shown']}: share {two_digits(result.share)[0]}",
            f"sum of all pixels of the map {two_digits(result.picture_sum)[0]}",
        ]
        if not result.chosen:
            parts[1] = f"{result.settings['shown']}: {result.empty}"
        elif result.not_drawn is not None:
            parts.append(f"not on the map: {two_digits(result.not_drawn)[0]} without a place")
        return "  ·  ".join(parts)

    def alt(self, result: BiasView) -> str:
        """Return what the picture shows."""
        settings = result.settings
        return (
            f"Bias explorer, {settings['net']}, {settings['photo']}, logit of {result.class_name}. "
            "Left: the photo. Middle: the shares of the input and of the biases, one bar after "
            f"the other up to the logit. Right: map of {settings['shown']}, {settings['picture']}."
        )
