"""The figure of the bias explorer: photo, shares up to the score, map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.course.lessons.l08_biases.parts import NO_PLACE, BiasParts
from xaicourse.plot.images import draw_map
from xaicourse.plot.picture import DPI, render
from xaicourse.plot.printing import two_digits
from xaicourse.plot.scale import as_photo, shared_limits
from xaicourse.plot.style import bare, styled
from xaicourse.plot.waterfall import draw_waterfall

WIDTH, HEIGHT = 10.0, 3.2  # inches
SIDE = 2.2  # of a picture
CLIP = 99.5  # percentile of the signed map
PAPER = "the paper's picture"  # the other choice is the map with signs


@dataclass(frozen=True, eq=False)
class BiasView:
    """What the panel shows.

    Parameters
    ----------
    settings : dict
        The settings that were asked for.
    photo : Tensor (1, C, H, W)
        The photo.
    parts : BiasParts
        The shares of the score, by group.
    chosen : tuple of str
        The groups that are shown.
    shown : Tensor (H, W)
        Their map: signed, or the paper's picture.
    class_name : str
        The class whose logit is split.
    """

    settings: Mapping[str, Any]
    photo: Tensor
    parts: BiasParts
    chosen: tuple[str, ...]
    shown: Tensor
    class_name: str

    @property
    def share(self) -> float:
        """The share of the score that the chosen groups bring."""
        return sum(self.parts.shares[name] for name in self.chosen)

    @property
    def picture_sum(self) -> float:
        """The sum over all pixels of the map."""
        return float(self.shown.sum())

    @property
    def is_paper(self) -> bool:
        """Whether the map is the paper's picture."""
        return self.settings["picture"] == PAPER

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


@styled
def draw_bias_view(view: BiasView) -> bytes:
    """Return the PNG of a view."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    photo = axes(figure, 0.1, 0.5, SIDE, SIDE)
    photo.imshow(as_photo(view.photo), interpolation="nearest", cmap="gray", vmin=0, vmax=1)
    photo.set_title("photo")
    bare(photo)
    bars = axes(figure, 4.0, 0.55, 2.35, SIDE)
    draw_waterfall(bars, view.parts.shares, total_name="logit", chosen=view.chosen)
    bars.set_title("shares of the logit")
    bars.set_xlabel("orange adds, blue takes away", fontsize=8)
    draw_shown(figure, axes(figure, 6.75, 0.5, SIDE, SIDE), view)
    return render(figure, DPI, compress_level=1)  # it is drawn at every move: fast, not small


def axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place that is given in inches."""
    return figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))


def draw_shown(figure: Figure, axis: Axes, view: BiasView) -> None:
    """Draw the map with its colour bar, and the sum of its pixels below it."""
    axis.set_title(view.settings["shown"])
    if view.empty:
        axis.text(0.5, 0.5, view.empty, ha="center", va="center", fontsize=9)
        bare(axis)
        return
    paper, value = view.is_paper, view.shown.numpy()
    limit = shared_limits([value], 100.0 if paper else CLIP)[1]
    shown = draw_map(axis, value, limit, "abs_sum" if paper else "sum")
    axis.set_xlabel(sums(view), fontsize=8)
    bar = figure.colorbar(shown, cax=axes(figure, 9.1, 0.6, 0.1, SIDE - 0.2))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7)
    unit = "no unit" if paper else f"share per pixel\nclipped at percentile {CLIP:g}"
    bar.set_label(unit, fontsize=7)


def sums(view: BiasView) -> str:
    """Return the sum of the pixels and what it has to do with the logit, in two lines."""
    pixels, logit = two_digits(view.picture_sum)[0], two_digits(view.parts.score)[0]
    if view.not_drawn is None or view.is_paper:
        return f"sum of the pixels: {pixels}\nlogit: {logit}"
    rest = two_digits(view.not_drawn)[0]
    return f"sum of the pixels: {pixels}\nwith {rest} without a place: {logit}, the logit"
