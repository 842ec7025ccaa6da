"""The picture of a report: methods by metrics, coloured where they can be told from noise."""

from __future__ import annotations

from math import isfinite

import numpy as np
from matplotlib.axes import Axes

from xaicourse.core.near_names import suggest_names
from xaicourse.evaluation.report_of import Report, ReportRow
from xaicourse.plot.picture import Picture
from xaicourse.plot.style import GREY, INK, SIGNED, new_figure, styled

COLUMN, LINE = 1.75, 0.5  # inches of a cell
TURN = 18  # characters of a metric's name in one line
DARK = 0.6  # colours above this need white letters


@suggest_names
@styled
def report(found: Report, *, alt: str | None = None) -> Picture:
    """Draw a report as a heat map: in each cell the mean, its interval, and what noise gets.

    A cell is blue where a method is better than noise, red where it is worse, and white where the
    paired interval of the difference holds 0. The shade is the difference, as a share of the
    largest of its metric.

    Parameters
    ----------
    found : Report
        What ``xc.evaluation.report`` returned.
    alt : str, optional
        What is drawn; a description is made without it.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    TypeError
        If `found` is no report.
    """
    if not isinstance(found, Report):
        raise TypeError(
            f"found must be what xc.evaluation.report returns, got {type(found).__name__}"
        )
    shades = np.array([[_shade(found, m, k) for k in found.metrics] for m in found.methods])
    height, width = shades.shape
    figure = new_figure(1.9 + COLUMN * width, 0.9 + LINE * height)
    axes = figure.subplots()
    axes.imshow(shades, cmap=f"{SIGNED.removesuffix('_r')}", vmin=-1, vmax=1, aspect="auto")
    for i, method in enumerate(found.methods):
        for j, metric in enumerate(found.metrics):
            _cell(axes, i, j, found.row(method, metric), shades[i, j])
    directions = [found.row(found.methods[0], metric).direction for metric in found.metrics]
    names = [f"{_turned(k)}\n{d} is better" for k, d in zip(found.metrics, directions, strict=True)]
    axes.set_xticks(range(width), names)
    axes.set_yticks(range(height), [_turned(method) for method in found.methods])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(width + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(height + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=GREY, lw=0.5)
    axes.tick_params(which="minor", length=0)
    axes.set_xlabel(
        f"blue: better than noise, red: worse, white: not told apart ({100 * found.level:g} %)"
    )
    return Picture(figure, alt or _describe(found))


def _shade(found: Report, method: str, metric: str) -> float:
    """Return the difference to noise as a share of the metric's largest, above 0 if better."""
    row = found.row(method, metric)
    if row.better is None:
        return 0.0
    sizes = [abs(r.minus_random.mean) for r in found.rows if r.metric == metric]
    largest = max(size for size in sizes if isfinite(size))
    return (1 if row.better else -1) * abs(row.minus_random.mean) / largest


def _cell(axes: Axes, i: int, j: int, row: ReportRow, shade: float) -> None:
    random = row.controls["random"].mean
    text = f"{row.mean:.2g} [{row.low:.2g}, {row.high:.2g}]" if row.valid else "no value"
    axes.text(
        j, i, f"{text}\nnoise {random:.2g}", ha="center", va="center", fontsize=7,
        color="white" if abs(shade) > DARK else INK,
    )  # fmt: skip


def _turned(name: str) -> str:
    """Break a long name where settings begin, or after an underscore."""
    if len(name) <= TURN:
        return name
    head, bracket, rest = name.partition("(")
    if len(head) > TURN:
        middle = min((k for k, c in enumerate(head) if c == "_"), default=0,
                     key=lambda k: abs(k - len(head) // 2))  # fmt: skip
        head = f"{head[: middle + 1]}\n{head[middle + 1 :]}" if middle else head
    return f"{head}\n{bracket}{rest}" if bracket else head


def _describe(found: Report) -> str:
    better = sum(row.better is True for row in found.rows)
    worse = sum(row.better is False for row in found.rows)
    return (
        f"Heat map of {len(found.methods)} method(s) by {len(found.metrics)} metric(s): "
        f"{', '.join(found.methods)} by {', '.join(found.metrics)}. Of {len(found.rows)} cells "
        f"{better} are better than noise, {worse} worse, the others are not told apart."
    )
