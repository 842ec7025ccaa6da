"""Several curves over one axis, with the film of the path above them where there is one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.plot.films import FRAME_SHARE, LEFT, SPAN, WIDTH, draw_film, place
from xaicourse.plot.lines import Numbers, one_row, same_length
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import as_photo
from xaicourse.plot.style import GREY, PARTS, styled

MARKERS = "osD^vPX*"  # colour is never the only sign


@suggest_names
@styled
def series(
    places: Numbers,
    curves: Mapping[str, Numbers],
    *,
    alt: str,
    x_name: str,
    y_name: str,
    film: tuple[Tensor, Tensor] | None = None,
    frames: int = 8,
    doubling: bool = False,
    levels: Mapping[str, float] | None = None,
    height: float = 2.3,
) -> Picture:
    """Draw curves over common places, each with its own colour and marker.

    Parameters
    ----------
    places : Tensor or array (S,)
        Where the curves are known, (S,), rising.
    curves : dict of str to Tensor (S,)
        Name -> values at the places, (S,).
    alt : str
        What is drawn, for a reader who cannot see it.
    x_name, y_name : str
        What the axes show.
    film : (Tensor, Tensor), optional
        (baseline, photo), each (1, 3, H, W) in [0, 1]: draw the way between them above the
        curves; `places` are then alphas.
    frames : int
        Number of film frames.
    doubling : bool
        Space the places evenly and write each below the axis: for 8, 16, 32, ...
    levels : dict of str to float, optional
        Name -> height of a thin horizontal line.
    height : float
        Inches of the axis with the curves.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError, TypeError
        If there are no curves, numbers are not finite or do not fit the places, or `alt` is empty.
    """
    places = one_row(places, "places")
    if not curves:
        raise ValueError('curves is empty; give at least one, for example {"F": scores}')
    heights = [0.5, height, 0.08]  # from below: margin, curves, gap, film
    if film is not None:
        start, end = as_photo(film[0]), as_photo(film[1])
        heights += [FRAME_SHARE * WIDTH / SPAN / frames * end.shape[0] / end.shape[1], 0.05]
    figure = Figure(figsize=(LEFT + WIDTH + 0.1, sum(heights)))
    axis = figure.add_axes(place(figure, heights[0], heights[1]))
    draw_series(axis, places, curves, doubling)
    for name, level in (levels or {}).items():
        axis.axhline(level, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=1)
        axis.annotate(name, (1.0, level), xycoords=("axes fraction", "data"), fontsize=8,
                      color=GREY, ha="right", va="bottom")  # fmt: skip
    axis.set_xlabel(x_name)
    axis.set_ylabel(y_name)
    axis.legend(loc="best", ncols=2 if len(curves) > 3 else 1)
    if film is not None:
        film_axis = figure.add_axes(place(figure, sum(heights[:3]), heights[3]))
        draw_film(film_axis, end, start, frames)
        for one in (axis, film_axis):
            one.set_xlim(-0.02, -0.02 + SPAN)
    return Picture(figure, alt)


def draw_series(
    axis: Axes, places: np.ndarray, curves: Mapping[str, Numbers], doubling: bool
) -> None:
    """Draw the curves; with `doubling` the places are only labels."""
    where = np.arange(len(places)) if doubling else places
    for k, (name, values) in enumerate(curves.items()):
        row = one_row(values, f"curves[{name!r}]")
        same_length(places, row, name)
        axis.plot(
            where, row, color=PARTS[k % len(PARTS)], marker=MARKERS[k % len(MARKERS)],
            ms=4, lw=1.4, label=name, zorder=2,
        )  # fmt: skip
    axis.axhline(0, color=GREY, lw=0.8, zorder=1)
    if doubling:
        axis.set_xticks(where, [f"{p:g}" for p in places])
