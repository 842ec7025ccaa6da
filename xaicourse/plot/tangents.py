"""The score along a direction, with tangents: what the gradient promises and what is true."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.plot.lines import Numbers, one_row, same_length
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import as_photo
from xaicourse.plot.style import BLUE, GREY, INK, PARTS, bare, new_figure, styled

COLOURS = [PARTS[5], PARTS[2], INK]
LINES = [(0, (5, 2)), "-.", (0, (1, 1.5))]  # of the tangents: colour is never the only sign


@suggest_names
@styled
def tangents(
    steps: Numbers,
    scores: Numbers,
    at: Numbers,
    slopes: Numbers,
    *,
    alt: str,
    x_name: str,
    score_name: str = "score F",
    photos: Mapping[str, Tensor] | None = None,
    reach: float | None = None,
    marks: Mapping[str, float] | None = None,
) -> Picture:
    """Draw F along a straight line, and its tangent at some of the points.

    Parameters
    ----------
    steps, scores : Tensor or array (S,)
        How far each point is from the input, rising, and F there.
    at, slopes : Tensor or array (T,)
        The steps at which a tangent is drawn, each one of `steps`, and dF/d(step) there.
    alt : str
        What is drawn, for a reader who cannot see it.
    x_name, score_name : str
        What the axes show.
    photos : dict of str to Tensor (1, 3, H, W), optional
        Title -> image in [0, 1], drawn on the left.
    reach : float, optional
        Half length of a tangent on the axis of steps; by default as far as F is drawn.
    marks : dict of str to float, optional
        Label -> step at which a thin vertical line stands.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError, TypeError
        If numbers are not finite or do not fit each other, a tangent stands at none of the steps,
        or `alt` is empty.
    """
    steps, scores = one_row(steps, "steps"), one_row(scores, "scores")
    at, slopes = one_row(at, "at"), one_row(slopes, "slopes")
    same_length(steps, scores, "scores")
    same_length(at, slopes, "slopes")
    places = [int(np.abs(steps - where).argmin()) for where in at]
    for place, where in zip(places, at, strict=True):
        if abs(steps[place] - where) > 1e-6 * (1 + abs(where)):
            raise ValueError(f"at holds {where:g}, which is none of the steps")

    count = len(photos or {})
    figure = new_figure(5.4 + 1.9 * count, 3.1)
    *photo_axes, axis = figure.subplots(
        1, count + 1, width_ratios=[1.9] * count + [5.4], squeeze=False
    )[0]
    for photo_axis, (title, photo) in zip(photo_axes, (photos or {}).items(), strict=True):
        photo_axis.imshow(as_photo(photo), interpolation="antialiased")
        photo_axis.set_title(title)
        bare(photo_axis)

    axis.plot(steps, scores, color=BLUE, lw=2.0, label="F, the truth", zorder=3)
    for k, (place, where, slope) in enumerate(zip(places, at, slopes, strict=True)):
        far = np.ptp(steps) if reach is None else reach
        ends = np.array([where - far, where + far])
        axis.plot(
            ends, scores[place] + slope * (ends - where), color=COLOURS[k % len(COLOURS)], lw=2.0,
            ls=LINES[k % len(LINES)], label=f"promise at {where:g}", zorder=4,
        )  # fmt: skip
        axis.plot([where], [scores[place]], "o", color=INK, ms=4.5, zorder=5)
    margin = 0.25 * max(float(np.ptp(scores)), 1e-9)
    axis.set_xlim(steps[0], steps[-1])
    axis.set_ylim(scores.min() - margin, scores.max() + margin)
    for label, where in (marks or {}).items():
        axis.axvline(where, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=1)
        axis.annotate(
            label, (where, 0.02), xycoords=("data", "axes fraction"), rotation=90, fontsize=8,
            color=GREY, ha="right", va="bottom",
        )  # fmt: skip
    axis.set_xlabel(x_name)
    axis.set_ylabel(score_name)
    axis.legend(loc="best")
    return Picture(figure, alt)
