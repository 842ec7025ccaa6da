"""The score along a path, with its slope at the nodes of a quadrature rule."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import as_finite
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, new_figure, styled

Numbers = Tensor | np.ndarray


@suggest_names
@styled
def curve(
    alphas: Numbers,
    scores: Numbers,
    slopes: Numbers | None = None,
    weights: Numbers | None = None,
    *,
    alt: str,
    ends: tuple[float, float] | None = None,
    line: tuple[Numbers, Numbers] | None = None,
    score_name: str = "score F",
    tangent: float = 1.0,
) -> Picture:
    """Draw F along the path, and below it the slope bars whose area is the sum of the map.

    Parameters
    ----------
    alphas, scores : Tensor or array (S,)
        Places on the path between 0 (baseline) and 1 (input) and the score there, (S,).
    slopes, weights : Tensor or array (S,), optional
        dF/d(alpha) at each place and the width that the rule gives it, (S,). Each bar has
        area width x slope; all areas together are the sum of the attributions.
    alt : str
        What is drawn, for a reader who cannot see it.
    ends : (float, float), optional
        The score at the baseline and at the input, if the rule has no nodes there.
    line : (Tensor (M,), Tensor (M,)), optional
        Alphas and scores of more points, (M,) each, to draw F through. By default F is drawn
        through the nodes, which cuts every corner between them.
    score_name : str
        The name of the scalar, for example "logit of tabby".
    tangent : float
        Length of a tangent as a share of its node's width; below 1, F is seen between them.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError, TypeError
        If numbers are not finite or do not fit each other, `alt` is empty, or one of slopes and
        weights is missing.
    """
    alphas, scores = one_row(alphas, "alphas"), one_row(scores, "scores")
    same_length(alphas, scores, "scores")
    drawn = (
        (alphas, scores) if line is None else (one_row(line[0], "line"), one_row(line[1], "line"))
    )
    same_length(*drawn, "line")
    if slopes is None or weights is None:
        if slopes is not weights:
            raise ValueError("slopes and weights belong together; give both or neither")
        figure = new_figure(4.8, 2.6)
        score_axis = figure.subplots()
        draw_score(score_axis, *drawn, ends)
        score_axis.set_xlabel("α   (0: baseline, 1: input)")
        score_axis.set_ylabel(score_name)
        return Picture(figure, alt)
    slopes, weights = one_row(slopes, "slopes"), one_row(weights, "weights")
    same_length(alphas, slopes, "slopes")
    same_length(alphas, weights, "weights")
    figure = new_figure(4.8, 4.0)
    score_axis, slope_axis = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    draw_score(score_axis, *drawn, ends)
    draw_tangents(score_axis, alphas, scores, slopes, tangent * weights)
    score_axis.set_ylabel(score_name)
    score_axis.legend(loc="best")
    draw_slope_bars(slope_axis, slopes, weights)
    slope_axis.set_ylabel("slope dF/dα")
    slope_axis.set_xlabel("α   (0: baseline, 1: input)")
    return Picture(figure, alt)


def draw_score(
    axis: Axes, alphas: np.ndarray, scores: np.ndarray, ends: tuple[float, float] | None
) -> None:
    """Draw F as a line through the nodes, from end to end if the end scores are known."""
    order = np.argsort(alphas, kind="stable")
    places, heights = alphas[order], scores[order]
    if ends is not None:
        places = np.concatenate([[0.0], places, [1.0]])
        heights = np.concatenate([[ends[0]], heights, [ends[1]]])
    axis.plot(places, heights, color=BLUE, label="F", zorder=2)
    axis.set_xlim(-0.02, 1.02)


def draw_tangents(
    axis: Axes,
    alphas: np.ndarray,
    scores: np.ndarray,
    slopes: np.ndarray,
    widths: np.ndarray,
) -> None:
    """Draw a bar of the given width through each node, as steep as F is there."""
    half = widths / 2
    label = "slope at a node"
    for a, f, s, h in zip(alphas, scores, slopes, half, strict=True):
        axis.plot(
            [a - h, a + h],
            [f - s * h, f + s * h],
            color=ORANGE,
            lw=2.2,
            label=label,
            zorder=3,
        )
        label = None  # one legend entry for all bars
    axis.plot(alphas, scores, ".", color=INK, ms=3.5, zorder=4)


def draw_slope_bars(axis: Axes, slopes: np.ndarray, weights: np.ndarray) -> None:
    """Draw one bar a node, as wide as its weight: the areas add up to the sum of the map."""
    edges = np.concatenate([[0.0], np.cumsum(weights)])
    axis.bar(
        edges[:-1], slopes, width=weights, align="edge", color=ORANGE, alpha=0.55,
        edgecolor="white", linewidth=0.5,
    )  # fmt: skip
    axis.axhline(0, color=GREY, lw=0.8)


def one_row(values: Numbers, name: str) -> np.ndarray:
    """Return the values as one row of float64 numbers; (1, S) is taken as (S,)."""
    row = as_finite(values, name).double()
    if row.ndim == 2 and row.shape[0] == 1:
        row = row[0]
    if row.ndim != 1 or row.numel() == 0:
        raise ValueError(f"{name} must have shape (S,) or (1, S), got {tuple(values.shape)}")
    return row.numpy()


def same_length(alphas: np.ndarray, other: np.ndarray, name: str) -> None:
    """Refuse two rows of different length."""
    if len(alphas) != len(other):
        raise ValueError(f"{name} has {len(other)} values but alphas has {len(alphas)}")
