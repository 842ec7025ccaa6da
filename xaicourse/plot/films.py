"""Three strips on one alpha axis: the photo, its score and its attribution along the path."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.plot.lines import Numbers, draw_score, draw_tangents, one_row, same_length
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import as_photo
from xaicourse.plot.style import GREY, INK, PARTS, bare, styled

LEFT, WIDTH = 0.75, 6.6  # inches: margin for the labels, width of every strip
SPAN = 1.06  # of the alpha axis: from -0.02 to 1.04
FRAME_SHARE = 0.97  # of a film frame; the rest is the gap to the next


@suggest_names
@styled
def strips(
    photo: Tensor,
    baseline: Tensor,
    alphas: Numbers,
    scores: Numbers,
    slopes: Numbers,
    weights: Numbers,
    parts: Mapping[str, Numbers],
    *,
    alt: str,
    ends: tuple[float, float],
    score_name: str = "score F",
    frames: int = 8,
    bars: int = 16,
) -> Picture:
    """Draw film, score and growing attribution of a straight path, one under the other.

    Parameters
    ----------
    photo, baseline : Tensor (1, 3, H, W)
        The two ends of the path, with values in [0, 1].
    alphas, scores, slopes, weights : Tensor or array (S,)
        Nodes of the quadrature rule, with F, dF/d(alpha) and the width there.
    parts : dict of str to Tensor (S,)
        Name of a part of the photo -> what each node adds to the attribution of that part,
        (S,). Over all parts and nodes they sum to the sum of the map.
    alt : str
        What is drawn, for a reader who cannot see it.
    ends : (float, float)
        The score at the baseline and at the photo; their difference is the rise.
    score_name : str
        The name of the scalar, for example "logit of tabby".
    frames, bars : int
        Number of film frames, and of bars in the last strip.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError, TypeError
        If numbers are not finite or do not fit each other, the ends differ in size, `parts` or
        `alt` is empty, or there are fewer than 2 frames or bars.
    """
    alphas, scores = one_row(alphas, "alphas"), one_row(scores, "scores")
    slopes, weights = one_row(slopes, "slopes"), one_row(weights, "weights")
    if not parts:
        raise ValueError('parts is empty; give at least {"whole photo": ...}')
    added = {name: one_row(v, f"parts[{name!r}]") for name, v in parts.items()}
    for name, row in {"scores": scores, "slopes": slopes, "weights": weights, **added}.items():
        same_length(alphas, row, name)
    for name, number in {"frames": frames, "bars": bars}.items():
        if number < 2:
            raise ValueError(f"{name} must be at least 2, got {number}")

    end, start = as_photo(photo), as_photo(baseline)
    if end.shape != start.shape:
        raise ValueError(f"baseline is {start.shape[:2]} pixels, but photo is {end.shape[:2]}")
    film_height = FRAME_SHARE * WIDTH / SPAN / frames * end.shape[0] / end.shape[1]
    heights = [0.5, 1.9, 0.15, 1.9, 0.1, film_height, 0.05]  # from below: margin, strip, gap ...
    figure = Figure(figsize=(LEFT + WIDTH + 0.1, sum(heights)))
    part_axis, score_axis, film_axis = (
        figure.add_axes(place(figure, sum(heights[:k]), heights[k])) for k in (1, 3, 5)
    )
    draw_film(film_axis, end, start, frames)
    draw_score(score_axis, alphas, scores, ends)
    draw_tangents(score_axis, alphas, scores, slopes, weights)
    score_axis.set_ylabel(score_name)
    score_axis.legend(loc="lower right")
    score_axis.tick_params(labelbottom=False)
    draw_growth(part_axis, added, weights, ends[1] - ends[0], bars)
    part_axis.set_ylabel("attribution so far")
    part_axis.set_xlabel("α   (0: baseline, 1: photo)")
    for axis in (film_axis, score_axis, part_axis):
        axis.set_xlim(-0.02, -0.02 + SPAN)
    figure.align_ylabels([score_axis, part_axis])
    return Picture(figure, alt)


def place(figure: Figure, bottom: float, height: float) -> tuple[float, float, float, float]:
    """Return an axes' place (left, bottom, width, height) as shares, from inches."""
    wide, high = figure.get_size_inches()
    return LEFT / wide, bottom / high, WIDTH / wide, height / high


def draw_film(axis: Axes, photo: np.ndarray, baseline: np.ndarray, frames: int) -> None:
    """Draw the photo on its way from the baseline; the middle of a frame is its alpha.

    The alpha is written into the frame.
    """
    for k in range(frames):
        alpha = (k + 0.5) / frames
        frame = baseline + alpha * (photo - baseline)
        extent = (k / frames, (k + FRAME_SHARE) / frames, 0, 1)
        axis.imshow(frame, extent=extent, aspect="auto")
        axis.text(
            (k + 0.05) / frames, 0.06, f"α = {alpha:.2f}", color="white", fontsize=7,
            bbox={"facecolor": "black", "edgecolor": "none", "alpha": 0.6, "pad": 1.5},
        )  # fmt: skip
    axis.set_ylim(0, 1)
    bare(axis)


def draw_growth(
    axis: Axes, added: Mapping[str, np.ndarray], weights: np.ndarray, rise: float, bars: int
) -> None:
    """Draw stacked bars of what each part has collected so far; the last one is the whole map."""
    # A node accounts for its share of the path; inside it the attribution grows evenly.
    edges = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
    places = np.arange(1, bars + 1) / bars
    outlines = ["none"] * (bars - 1) + [INK]
    above, below = np.zeros(bars), np.zeros(bars)
    for k, (name, row) in enumerate(added.items()):
        height = np.interp(places, edges, np.concatenate([[0.0], np.cumsum(row)]))
        bottom = np.where(height >= 0, above, below)
        look = {"color": PARTS[k % len(PARTS)], "edgecolor": outlines, "zorder": 2}
        axis.bar(places, height, width=0.7 / bars, bottom=bottom, label=name, **look)
        above += np.clip(height, 0, None)
        below += np.clip(height, None, 0)
    axis.plot(places, above + below, "D", color=INK, ms=3.5, label="sum of the parts", zorder=4)
    axis.axhline(0, color=GREY, lw=0.8, zorder=3)
    dashed = {"color": INK, "lw": 1, "ls": (0, (4, 3)), "zorder": 3}
    axis.axhline(rise, label="rise, F(photo) − F(baseline)", **dashed)
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.22 * (high - low))  # room for the legend
    axis.legend(loc="upper left", ncols=min(4, len(added) + 2), columnspacing=1.4)
