"""The picture of a truth strip: three maps, three measurements."""

from __future__ import annotations

from matplotlib.axes import Axes

from xaicourse.core.near_names import suggest_names
from xaicourse.evaluation.truth_strip import TruthStrip
from xaicourse.plot.images import draw_map
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import reduce_channels, shared_limits, tile_sums
from xaicourse.plot.style import BLUE, GREY, INK, ORANGE, PALE, new_figure, styled

TILE = 4  # pixels: maps of gradients are too fine to be read otherwise
TITLES = ("Egyptian cat", "espresso", "cat, last layer\nrandomised")


@suggest_names
@styled
def truth_strip(strip: TruthStrip, *, alt: str | None = None) -> Picture:
    """Draw the truth strip that ends every lesson.

    Parameters
    ----------
    strip : TruthStrip
        What ``xc.evaluation.truth_strip`` returned.
    alt : str, optional
        What is drawn; a description is made without it.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it.

    Raises
    ------
    ValueError
        If a map is not finite, so that nothing can be drawn.
    """
    values = [tile_sums(reduce_channels(m), TILE) for m in strip.maps]
    unsigned = bool((strip.maps >= 0).all())
    figure = new_figure(9.2, 2.1)
    axes = figure.subplots(1, 6, width_ratios=[1, 1, 1, 1.15, 1.15, 1.15])
    _, shared = shared_limits(values[:2], 99)
    _, own = shared_limits(values[2:], 99)  # another net: its logits have another size
    for axis, value, limit, title in zip(axes, values, (shared, shared, own), TITLES, strict=False):
        draw_map(axis, value, limit, "abs_sum" if unsigned else "sum")
        axis.set_title(title)
    _bars(axes[3], strip.own_share.tolist(), ["cat", "espr."], "share in own half", 0.5, (0, 1))
    low = min(0.0, *(strip.deletion - strip.random_spread).tolist())
    high = max(0.0, *(strip.deletion + strip.random_spread).tolist())
    room = 0.25 * (high - low or 1.0)
    _bars(
        axes[4], strip.deletion.tolist(), ["cat", "espr."],
        "deletion − random\n(logits, low is good)", 0.0, (low - room, high + room),
        errors=strip.random_spread.tolist(),
    )  # fmt: skip
    pair = [strip.cosine, strip.absolute_cosine]
    _bars(
        axes[5], pair, ["signed", "|map|"], "cosine to\nrandomised", 0.0, (min(0, *pair) - 0.1, 1),
        colours=(GREY, PALE),
    )  # fmt: skip
    axes[5].plot([0.6, 1.4], [strip.shuffled_cosine] * 2, color=INK, lw=1.2, ls=(0, (3, 2)))
    axes[5].set_xlim(-0.6, 2.2)  # room for the line's name
    axes[5].text(1.46, strip.shuffled_cosine, "shuffled", fontsize=7, color=INK, va="center")
    return Picture(figure, alt or _describe(strip))


def _bars(
    axis: Axes,
    values: list[float],
    names: list[str],
    title: str,
    chance: float,
    limits: tuple[float, float],
    errors: list[float] | None = None,
    colours: tuple[str, str] = (BLUE, ORANGE),
) -> None:
    """Draw two bars; the dashed line is what a map without knowledge gets."""
    axis.bar(range(len(values)), values, color=colours, width=0.6, yerr=errors,
             error_kw={"ecolor": INK, "lw": 1, "capsize": 3})  # fmt: skip
    axis.axhline(chance, color=GREY, lw=1, ls=(0, (4, 3)))
    axis.set_xticks(range(len(names)), names)
    axis.set_xlim(-0.6, len(values) - 0.4)
    axis.set_ylim(*limits)
    axis.set_title(title)


def _describe(strip: TruthStrip) -> str:
    return (
        f"Truth strip of {strip.method}: maps of the collage for Egyptian cat, for espresso, and "
        "for the cat with the last layer randomised; then bars for the share in the own half, "
        "deletion minus random, and the cosine to the randomised net."
    )
