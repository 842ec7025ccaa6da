"""Bias explorer: what the input and the biases bring to a score, and what the picture shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.course.lessons.l08_biases.parts import NO_PLACE, BiasParts, bias_parts, order
from xaicourse.plot.scale import shared_limits
from xaicourse.plot.style import bare
from xaicourse.plot.waterfall import draw_waterfall
from xaicourse.widgets.controls import Choice
from xaicourse.widgets.documented import Settings, documented
from xaicourse.widgets.given import check_filled
from xaicourse.widgets.panel import Panel
from xaicourse.widgets.plates import Map, Photo, Plate
from xaicourse.widgets.words import number
from xaicourse.widgets.work import Memory

__all__ = ["BiasPanel", "BiasParts", "BiasView", "bias_parts"]

ALL = "everything"
SIGNED, PAPER = "with sign: it adds up", "the paper's picture"
RANKS = {"most likely": 0, "second": 1, "least likely": -1}
CLIP = 99.5  # percentile of the signed map
MOST_PARTS = 32  # kept in memory
Nets = Mapping[str, Callable[..., Any]]


@documented
class BiasView:
    """What the panel shows."""

    settings: Settings
    photo: Annotated[Tensor, "(1, C, H, W): The photo."]
    parts: Annotated[BiasParts, "The shares of the score, by group."]
    chosen: Annotated[tuple[str, ...], "The groups that are shown."]
    shown: Annotated[Tensor, "(H, W): Their map: signed, or the paper's picture."]
    class_name: Annotated[str, "The class whose logit is split."]

    @property
    def share(self) -> float:
        """The share of the score that the chosen groups bring."""
        return sum(self.parts.shares[name] for name in self.chosen)

    picture_sum = property(lambda self: float(self.shown.sum()), doc="The sum over all pixels.")
    is_paper = property(lambda self: self.settings["picture"] == PAPER, doc="The paper's picture?")

    @property
    def not_drawn(self) -> float | None:
        """The share of the chosen biases that have no place on the photo; None without any."""
        return self.parts.shares[NO_PLACE] if NO_PLACE in self.chosen else None

    @property
    def empty(self) -> str:
        """Why there is nothing on the map, or no words."""
        if not self.chosen:
            return "this net has none"
        return "no place on the photo:\nnothing to draw" if self.chosen == (NO_PLACE,) else ""


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
    net, photo = Choice("nets"), Choice("photos")
    class_ = Choice(RANKS)
    shown = Choice("groups")
    picture_ = Choice([SIGNED, PAPER])

    def __init__(
        self, nets: Nets, photos: Mapping[str, Tensor], *, labels: Sequence[str] | None = None
    ) -> None:
        check_filled(nets=nets, photos=photos)
        self.nets, self.photos, self.labels = dict(nets), dict(photos), labels
        self.memory = Memory(MOST_PARTS)
        found = {name for net in nets for name in self._parts(net, next(iter(photos)), 0)[1].shares}
        self.groups = [ALL, *sorted(found, key=order)]
        super().__init__({})

    def compute(self, settings: Mapping[str, Any]) -> BiasView:
        photo = settings["photo"]
        index, parts = self._parts(settings["net"], photo, RANKS[settings["class"]])
        chosen = tuple(name for name in parts.shares if settings["shown"] in (ALL, name))
        maps = parts.signed if settings["picture"] == SIGNED else parts.pictures
        return BiasView(
            settings=dict(settings),
            photo=self.photos[photo],
            parts=parts,
            chosen=chosen,
            shown=sum((maps[name] for name in chosen), torch.zeros_like(next(iter(maps.values())))),
            class_name=self.labels[index] if self.labels is not None else f"class {index}",
        )

    def _parts(self, net: str, photo: str, rank: int) -> tuple[int, BiasParts]:
        """Return the class of a rank, from the largest logit to the smallest, and its split."""
        model, x = self.nets[net], self.photos[photo]

        def split() -> tuple[int, BiasParts]:
            with torch.no_grad():
                index = int(model(x)[0].argsort(descending=True)[rank])
            return index, bias_parts(model, x, index)

        return self.memory.once((net, photo, rank), split)

    def plates(self, result: BiasView) -> Iterator[Plate]:
        shares, chosen = result.parts.shares, result.chosen
        shown, picture = result.settings["shown"], result.settings["picture"]
        yield Photo((0.1, 0.5, 2.2, 2.2), "photo", result.photo, says="the photo")
        yield Plate(
            (3.85, 0.55, 2.2, 2.2), "shares of the logit", below="orange adds, blue takes away",
            points=8,
            says="the shares of the input and of the biases, one bar after the other up to the "
            "logit",
            draw=lambda axis: draw_waterfall(axis, shares, total_name="logit", chosen=chosen),
        )  # fmt: skip
        place, says = (6.4, 0.5, 2.2, 2.2), f"map of {shown}, {picture}"
        if result.empty:
            yield Plate(place, shown, says=says, draw=lambda axis: say(axis, result.empty))
            return
        paper = result.is_paper
        yield Map(
            place, shown, result.shown, shared_limits([result.shown], 100.0 if paper else CLIP)[1],
            signed=not paper, bar_at=(8.75, 0.6, 0.1, 2.0), clipped=False,
            unit="no unit" if paper else f"share per pixel\nclipped at percentile {CLIP:g}",
            below=sums(result), points=8, says=says,
        )  # fmt: skip

    def words(self, result: BiasView) -> Iterator[str]:
        shown = result.settings["shown"]
        yield f"logit of {result.class_name} {number(result.parts.score)}"
        yield f"{shown}: {f'share {number(result.share)}' if result.chosen else result.empty}"
        yield f"sum of all pixels of the map {number(result.picture_sum)}"
        if result.not_drawn is not None:
            yield f"not on the map: {number(result.not_drawn)} without a place"

    def intro(self, result: BiasView) -> str:
        net, photo = result.settings["net"], result.settings["photo"]
        return f"Bias explorer, {net}, {photo}, logit of {result.class_name}."


def say(axis: Any, text: str) -> None:
    """Write words where there is no map."""
    axis.text(0.5, 0.5, text, ha="center", va="center", fontsize=9)
    bare(axis)


def sums(view: BiasView) -> str:
    """Return the sum of the pixels and what it has to do with the logit, in two lines."""
    pixels, logit = number(view.picture_sum), number(view.parts.score)
    if view.not_drawn is None or view.is_paper:
        return f"sum of the pixels: {pixels}\nlogit: {logit}"
    rest = number(view.not_drawn)
    return f"sum of the pixels: {pixels}\nwith {rest} without a place: {logit}, the logit"
