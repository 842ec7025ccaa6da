"""What a model says about a photo, and one map in several displays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.plot.images import draw_map, scale_text
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import as_photo, reduce_channels, shared_limits, tile_sums
from xaicourse.plot.style import BLUE, GREY, INK, UNSIGNED, bare, new_figure, styled

SIDE, BARS, BAR = 2.15, 2.3, 0.9  # inches


@suggest_names
@styled
def overview(
    photo: Tensor,
    scores: Mapping[str, float],
    *,
    alt: str,
    score_name: str = "logit",
    notes: Mapping[str, str] | None = None,
    maps: Mapping[str, Tensor] | None = None,
    drops: Mapping[str, Mapping[str, str]] | None = None,
) -> Picture:
    """Draw a photo, the scores of some classes, and signed maps on one scale.

    Parameters
    ----------
    photo : Tensor (1, 3, H, W)
        Values in [0, 1].
    scores : dict of str to float
        Class -> score, drawn as bars in this order.
    alt : str
        What is drawn, for a reader who cannot see it.
    score_name : str
        What the bars are.
    notes : dict of str to str, optional
        Class -> a few words beside its bar, such as its probability.
    maps : dict of str to Tensor (1, C, H, W), optional
        Title -> signed map of any size, drawn over a common colour scale without clipping.
    drops : dict, optional
        Title of a map -> {"left": text, "right": text}, printed under the two halves.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError, TypeError
        If there are no scores, `alt` is empty, or photo or maps cannot be drawn.
    """
    if not scores:
        raise ValueError("scores is empty; give at least one class and its score")
    grids = {title: reduce_channels(one) for title, one in (maps or {}).items()}
    widths = [SIDE, BARS] + [SIDE] * len(grids)
    figure = new_figure(sum(widths) + (BAR if grids else 0.2), SIDE + 0.35)
    axes = figure.subplots(1, len(widths), width_ratios=widths)
    axes[0].imshow(as_photo(photo), interpolation="antialiased")
    axes[0].set_title("photo")
    bare(axes[0])
    draw_scores(axes[1], scores, score_name, notes or {})
    if grids:
        draw_signed_maps(figure, axes[2:], grids, drops or {})
    return Picture(figure, alt)


def draw_scores(
    axis: Axes, scores: Mapping[str, float], name: str, notes: Mapping[str, str]
) -> None:
    """Draw one bar a class, the first on top, with its value and a note."""
    names, values = list(scores), [float(value) for value in scores.values()]
    axis.barh(range(len(names)), values, color=BLUE, height=0.62)
    axis.set_yticks(range(len(names)), [n.replace(" ", "\n", 1) for n in names])
    axis.invert_yaxis()
    axis.axvline(0, color=GREY, lw=0.8)
    reach = max(abs(value) for value in values)
    axis.set_xlim(min(0.0, 1.4 * min(values)), (1.75 if notes else 1.3) * reach)
    for place, (one, value) in enumerate(zip(names, values, strict=True)):
        text = f" {value:.1f}" + (f"  {notes[one]}" if one in notes else "")
        axis.text(max(value, 0), place, text, va="center", fontsize=7.5, color=INK)
    axis.set_title(name)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)


def draw_signed_maps(
    figure: Figure,
    axes: np.ndarray,
    maps: Mapping[str, np.ndarray],
    drops: Mapping[str, Mapping[str, str]],
) -> None:
    """Draw maps on one scale, with what was measured printed under their halves."""
    high = shared_limits(list(maps.values()))[1]
    for axis, (title, values) in zip(axes, maps.items(), strict=True):
        image = draw_map(axis, values, high, "sum")
        axis.set_title(title)
        for side, text in drops.get(title, {}).items():
            axis.text(
                0.25 if side == "left" else 0.75, -0.03, text, transform=axis.transAxes,
                ha="center", va="top", fontsize=7, color=INK,
            )  # fmt: skip
    bar = figure.colorbar(image, ax=list(axes), fraction=0.05, pad=0.02, aspect=18)
    bar.set_label("effect on the logit\nfull range")
    bar.outline.set_visible(False)


@suggest_names
@styled
def displays(attribution: Tensor, photo: Tensor, *, alt: str, tile: int = 1) -> Picture:
    """Draw ONE map in four displays, each with its own colour bar.

    Signed sum over channels; sum of absolute values; largest absolute value of the channels; and
    the signed sum stretched from its minimum to its maximum, which puts zero anywhere.

    Parameters
    ----------
    attribution : Tensor (1, C, H, W)
        The map.
    photo : Tensor (1, 3, H, W)
        The image in [0, 1], drawn first.
    alt : str
        What is drawn, for a reader who cannot see it.
    tile : int
        Add up squares of tile x tile pixels.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError, TypeError
        If the map is not of one image or not finite, `tile` does not divide it, or `alt` is empty.
    """
    figure = new_figure(2.15 * 5 + 1.2, 2.75)
    axes = list(figure.subplots(1, 5))
    axes[0].imshow(as_photo(photo), interpolation="antialiased")
    axes[0].set_title("photo")
    bare(axes[0])
    titles = {"sum": "1 · with sign", "abs_sum": "2 · absolute", "max_abs": "3 · largest of 3"}
    for axis, (reduce, title) in zip(axes[1:], titles.items(), strict=False):
        values = tile_sums(reduce_channels(attribution, reduce), tile)
        high = shared_limits([values], 99.0)[1]
        image = draw_map(axis, values, high, reduce)
        label = scale_text(reduce, tile, 99.0, float(np.abs(values).max()), high)
        add_bar(figure, axis, image, title, label)
    values = tile_sums(reduce_channels(attribution), tile)
    image = axes[4].imshow(values, cmap=UNSIGNED, interpolation="antialiased")
    bare(axes[4])
    label = scale_text("sum", tile, 100, 1, 1).replace("full range", "from minimum to maximum")
    add_bar(figure, axes[4], image, "4 · stretched", label)
    return Picture(figure, alt)


def add_bar(figure: Figure, axis: Axes, image: object, title: str, label: str) -> None:
    """Add title and colour bar to one map."""
    axis.set_title(title)
    bar = figure.colorbar(image, ax=axis, location="bottom", fraction=0.06, pad=0.04)  # type: ignore[arg-type]
    bar.set_label(label, fontsize=7)
    bar.ax.tick_params(labelsize=6.5)
    bar.outline.set_visible(False)
