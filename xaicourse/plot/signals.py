"""Maps of what is no image: a signal in time, and the words of a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import REDUCTIONS, as_finite, shared_limits
from xaicourse.plot.style import GREY, INK, SIGNED, UNSIGNED, new_figure, styled

WORDS_IN_A_LINE = 12


@styled
def draw_signals(
    items: Mapping[str, Tensor],
    alt: str,
    *,
    signal: Tensor | None,
    reduce: str,
    percentile: float,
    unit: str | None,
) -> Picture:
    """Draw maps (1, C, L) as stripes of colour over time, with the signal itself in front."""
    values = {title: of_a_signal(item, reduce) for title, item in items.items()}  # (L,) each
    lengths = {len(value) for value in values.values()}
    if len(lengths) > 1:
        raise ValueError(f"items hold signals of several lengths, {sorted(lengths)}")
    curves = None if signal is None else as_finite(signal, "photo").double().numpy()
    if curves is not None and (curves.ndim != 3 or len(curves) != 1):
        raise ValueError(f"photo must be the signal itself, (1, C, L), got shape {curves.shape}")
    if curves is not None and curves.shape[-1] not in lengths:
        raise ValueError(
            f"photo has {curves.shape[-1]} steps in time, but the maps have {lengths.pop()}"
        )
    _, high = shared_limits(list(values.values()), percentile)
    figure = new_figure(7.2, 0.5 + 1.15 * len(values))
    axes = figure.subplots(len(values), 1, squeeze=False, sharex=True)[:, 0]
    for axis, (title, value) in zip(axes, values.items(), strict=True):
        draw_stripes(axis, value, high, reduce, None if curves is None else curves[0])
        axis.set_title(title)
    axes[-1].set_xlabel("step in time")
    colour_bar(figure, axes, high, reduce, unit)
    return Picture(figure, alt)


def of_a_signal(item: Tensor, reduce: str) -> np.ndarray:
    """Return one number a step in time, (L,), from the map of one signal, (1, C, L)."""
    values = as_finite(item, "attribution").double()
    if values.ndim != 3 or len(values) != 1:
        raise ValueError(
            f"attribution must be of one signal, (1, C, L), got {tuple(values.shape)}; "
            "choose one of a batch with attribution[0:1]"
        )
    by_channel = values[0]  # (1, C, L) -> (C, L)
    if reduce == "sum":
        return by_channel.sum(0).numpy()
    return (by_channel.abs().sum(0) if reduce == "abs_sum" else by_channel.abs().amax(0)).numpy()


def draw_stripes(
    axis: Axes, value: np.ndarray, high: float, reduce: str, curves: np.ndarray | None
) -> None:
    """Draw one map (L,) as stripes; the curves (C, L) of the signal over them."""
    low, top = (0.0, 1.0) if curves is None else (float(curves.min()), float(curves.max()))
    margin = 0.08 * (top - low) or 0.5
    axis.imshow(
        value[None], aspect="auto", interpolation="nearest", **colours_of(reduce, high),
        extent=(-0.5, len(value) - 0.5, low - margin, top + margin),
    )  # fmt: skip
    for curve in curves if curves is not None else ():
        axis.plot(curve, color=INK, linewidth=1)
    if curves is None:
        axis.set_yticks([])


@styled
def draw_tokens(
    items: Mapping[str, Tensor],
    tokens: Sequence[str],
    alt: str,
    *,
    percentile: float,
    unit: str | None,
) -> Picture:
    """Draw one number a word, (L,), as the colour behind the word; a line of words for each map."""
    values = {title: of_tokens(item, tokens) for title, item in items.items()}
    _, high = shared_limits(list(values.values()), percentile)
    lines = -(-len(tokens) // WORDS_IN_A_LINE)
    figure = new_figure(7.2, 0.5 + len(values) * (0.35 + 0.4 * lines))
    axes = figure.subplots(len(values), 1, squeeze=False)[:, 0]
    for axis, (title, value) in zip(axes, values.items(), strict=True):
        draw_words(axis, value, list(tokens), high, lines)
        axis.set_title(title, loc="left")
    colour_bar(figure, axes, high, "sum", unit or "of each word")
    return Picture(figure, alt)


def of_tokens(item: Tensor, tokens: Sequence[str]) -> np.ndarray:
    """Return one number a word, (L,): the sum over what a word is embedded in."""
    values = as_finite(item, "attribution").double()
    if values.ndim > 1 and len(values) == 1:
        values = values[0]  # (1, L) or (1, L, D) -> (L,) or (L, D)
    if values.ndim == 2:
        values = values.sum(1)  # (L, D) -> (L,)
    if values.ndim != 1 or len(values) != len(tokens):
        raise ValueError(
            f"attribution must hold a number for each of the {len(tokens)} tokens, (L,), (1, L) "
            f"or (1, L, D), got shape {tuple(item.shape)}"
        )
    return values.numpy()


def draw_words(axis: Axes, value: np.ndarray, tokens: list[str], high: float, lines: int) -> None:
    """Draw the words (L,) in lines, each on its colour."""
    wide = min(WORDS_IN_A_LINE, len(tokens))
    cells = np.full(lines * wide, np.nan)
    cells[: len(tokens)] = value
    axis.imshow(cells.reshape(lines, wide), aspect="auto", **colours_of("sum", high))
    for place, (word, number) in enumerate(zip(tokens, value, strict=True)):
        row, column = divmod(place, wide)
        colour = "white" if abs(number) > 0.65 * high else INK
        axis.text(column, row, word, ha="center", va="center", fontsize=8, color=colour)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)


def colours_of(reduce: str, high: float) -> dict[str, Any]:
    """Return colours with 0 in the middle, or at the lowest where there is no sign."""
    signed = reduce == "sum"
    return {
        "cmap": SIGNED if signed else UNSIGNED,
        "vmin": -high if signed else 0.0,
        "vmax": high,
    }


def colour_bar(
    figure: Figure, axes: np.ndarray, high: float, reduce: str, unit: str | None
) -> None:
    """Draw the one scale of all maps."""
    image = axes[0].get_images()[0]
    bar = figure.colorbar(image, ax=list(axes), fraction=0.05, pad=0.02, aspect=12 * len(axes))
    bar.set_label(unit or REDUCTIONS[reduce])
    bar.outline.set_edgecolor(GREY)
    bar.outline.set_visible(False)
