"""Shares one after the other from 0 to the score: each bar begins where the last one ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from matplotlib.axes import Axes

from xaicourse.core.near_names import suggest_names
from xaicourse.plot.picture import Picture
from xaicourse.plot.printing import two_digits
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, new_figure, styled

LINE = 0.26  # inches a bar


@suggest_names
@styled
def waterfall(
    items: Mapping[str, Mapping[str, float]],
    *,
    alt: str,
    total_name: str = "score F",
    unit: str = "share of F",
) -> Picture:
    """Draw shares that add up to a score, one panel for each item.

    Parameters
    ----------
    items : dict of str to dict of str to float
        Title of a panel -> name of a share -> the share. Their sum is the last bar.
    alt : str
        What is drawn, for a reader who cannot see it.
    total_name : str
        What the last bar is.
    unit : str
        Label of the axis.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError
        If there is no title, or a title without a share.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.plot.waterfall({"TOY": {"input": 0.0, "biases": 2.0}}, alt="Two shares and their sum.")
    Figure: Two shares and their sum.
    """
    if not items or not all(items.values()):
        raise ValueError("items must hold at least one title, each with at least one share")
    most = max(len(shares) for shares in items.values())
    figure = new_figure(min(9.2, 4.4 * len(items)), 0.9 + LINE * (most + 1))
    axes = figure.subplots(1, len(items), squeeze=False)[0]
    for axis, (title, shares) in zip(axes, items.items(), strict=True):
        draw_waterfall(axis, shares, total_name=total_name)
        axis.set_title(title)
        axis.set_xlabel(unit)
    return Picture(figure, alt)


def draw_waterfall(
    axis: Axes,
    shares: Mapping[str, float],
    *,
    total_name: str,
    chosen: Collection[str] | None = None,
) -> None:
    """Draw the bars from above to below, each with its number; those not chosen are pale."""
    end, edges = 0.0, [0.0]
    for place, (name, share) in enumerate(shares.items()):
        pale = chosen is not None and name not in chosen
        colour, alpha = ORANGE if share >= 0 else BLUE, 0.3 if pale else 0.9
        axis.barh(place, share, left=end, height=0.7, color=colour, alpha=alpha)
        axis.plot([end + share] * 2, [place - 0.35, place + 1.35], color=GREY, lw=0.7)
        edges.append(end + share)
        _write(axis, max(end, end + share), place, share)
        end += share
    axis.barh(len(shares), end, height=0.7, color=GREY)
    _write(axis, max(end, 0.0), len(shares), end)
    axis.axvline(0, color=INK, lw=0.8)
    axis.set_yticks(range(len(shares) + 1), [*shares, total_name])
    axis.invert_yaxis()
    low, high = min(edges), max(edges)
    room = high - low or 1.0
    axis.set_xlim(low - 0.05 * room, high + 0.25 * room)
    axis.locator_params(axis="x", nbins=6)


def _write(axis: Axes, place: float, line: int, share: float) -> None:
    """Write the number beside its bar, on a white ground: the line at 0 may pass behind it."""
    axis.annotate(
        two_digits(share)[0],
        (place, line),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        bbox={"facecolor": axis.get_facecolor(), "edgecolor": "none", "pad": 0.6},
    )
