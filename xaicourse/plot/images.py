"""A photo and its attribution maps side by side, all on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from torch import Tensor

from xaicourse.core.near_names import suggest_names
from xaicourse.plot.picture import Picture
from xaicourse.plot.scale import REDUCTIONS, as_photo, reduce_channels, shared_limits, tile_sums
from xaicourse.plot.signals import draw_signals, draw_tokens
from xaicourse.plot.style import SIGNED, UNSIGNED, bare, new_figure, styled


@suggest_names
@styled
def maps(
    items: Mapping[str, Any],
    *,
    alt: str | None = None,
    photo: Tensor | None = None,
    photo_title: str = "photo",
    reduce: str = "sum",
    tile: int = 1,
    percentile: float = 99.0,
    overlay: bool = False,
    grey: bool = False,
    columns: int = 4,
    unit: str | None = None,
    tokens: Sequence[str] | None = None,
) -> Picture:
    """Draw attribution maps side by side on one shared scale with a colour bar.

    Signed maps (`reduce="sum"`) are white at zero, red where they raise the score and blue
    where they lower it. A map is never scaled to its own maximum: that would make a weak
    map look strong. Maps of a signal, (1, C, L), become stripes over time; with `tokens`, maps
    of words become words on colours.

    Parameters
    ----------
    items : dict of str to Tensor (1, C, H, W) or Attribution
        Title -> attribution tensor of one image, or the record that a method returns with
        `return_details=True`, whose completeness gap then stands in the title. Also (1, C, L) for
        a signal, and (L,), (1, L) or (1, L, D) for words.
    alt : str, optional
        What is drawn, for a reader who cannot see it; by default made of the titles.
    photo : Tensor (1, 3, H, W), optional
        The image itself, in [0, 1], drawn first; for signals the signal (1, C, L), drawn over.
    photo_title : str
        What stands above it.
    reduce : str
        "sum" (signed), "abs_sum" or "max_abs" over channels.
    tile : int
        Add up squares of tile x tile pixels; the colour bar says so.
    percentile : float
        Colours are clipped at this percentile of the strongest map, so that one extreme
        pixel does not hide the rest; 100 clips nothing. The colour bar says what was done.
    overlay : bool
        Draw the maps over the photo in grey.
    grey : bool
        Draw in shades of grey, from black at 0: for pictures rather than maps; `reduce` must not
        be "sum".
    columns : int
        Pictures in a line, before the next line begins.
    unit : str, optional
        What the colours stand for, at the colour bar; by default how the channels were added up.
    tokens : sequence of str, optional
        The words of a text: the maps hold a number for each, or for each and each dimension.

    Returns
    -------
    Picture
        Shown by a notebook as it is; ``.save("figure.pdf")`` writes it for a paper.

    Raises
    ------
    ValueError, TypeError
        If there is nothing to draw, a map is not of one image or not finite, `alt` is empty, or a
        setting is out of its range.
    """
    check_request(items, photo, reduce, overlay, grey, columns)
    alt = made_of(items, photo) if alt is None else alt
    bare_maps = {titled(name, item): map_of(item) for name, item in items.items()}
    if tokens is not None:
        return draw_tokens(bare_maps, tokens, alt, percentile=percentile, unit=unit)
    size = None if photo is None or is_signal(photo) else tuple(photo.shape[-2:])
    if all(is_signal(found, size) for found in bare_maps.values()):
        return draw_signals(
            bare_maps, alt, signal=photo, reduce=reduce, percentile=percentile, unit=unit
        )
    values = {
        title: tile_sums(reduce_channels(one_image(title, found, size), reduce), tile)
        for title, found in bare_maps.items()
    }
    _, high = shared_limits(list(values.values()), percentile)
    background = None if photo is None else as_photo(photo)

    count = len(values) + (photo is not None)
    columns = min(columns, count)
    lines = -(-count // columns)
    figure = new_figure(2.15 * columns + 0.9, 2.45 * lines)
    grid = figure.subplots(lines, columns, squeeze=False)
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.set_visible(False)
    if background is not None:
        first = axes.pop(0)
        first.imshow(background, interpolation="antialiased")
        first.set_title(photo_title)
        bare(first)
    for axis, (title, value) in zip(axes, values.items(), strict=False):
        image = draw_map(axis, value, high, reduce, background if overlay else None)
        if grey:
            image.set_cmap("gray")
            axis.spines[:].set_visible(True)  # white pixels end where the paper begins
        axis.set_title(title)
    strongest = max(float(np.abs(v).max()) for v in values.values())
    bar = figure.colorbar(
        image, ax=grid.ravel().tolist(), fraction=0.05, aspect=18 * lines, pad=0.02,
        extend=bar_ends(strongest > high, reduce),
    )  # fmt: skip
    bar.set_label(scale_text(reduce, tile, percentile, strongest, high, unit))
    bar.outline.set_visible(False)
    return Picture(figure, alt)


def check_request(
    items: Any, photo: Tensor | None, reduce: str, overlay: bool, grey: bool, columns: int
) -> None:
    """Raise unless there is something to draw, and the settings go together."""
    if not isinstance(items, Mapping):
        raise TypeError(
            f"items must be a dict title -> map, got {type(items).__name__}; write "
            "{'IG': attribution}"
        )
    if not items:
        raise ValueError("items is empty; give a title and a map, for example {'IG': attribution}")
    if overlay and photo is None:
        raise ValueError("overlay=True needs photo=, the image to draw the maps over")
    if grey and (reduce == "sum" or overlay):
        raise ValueError('grey=True draws sizes, alone; pass reduce="abs_sum" and no overlay')
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")


def draw_map(
    axis: Axes,
    value: np.ndarray,
    limit: float,
    reduce: str,
    background: np.ndarray | None = None,
) -> AxesImage:
    """Draw one (H, W) map into the axes: zero is the middle colour, or the lowest if unsigned."""
    signed = reduce == "sum"
    colours = {
        "cmap": SIGNED if signed else UNSIGNED,
        "vmin": -limit if signed else 0.0,
        "vmax": limit,
    }
    bare(axis)
    if background is None:
        return axis.imshow(value, interpolation="antialiased", **colours)
    grey = background.mean(-1)  # (H, W, 3) -> (H, W)
    # Red and blue need a pale photo below them; the dark end of the other map a dark one.
    paled = 0.55 + 0.45 * grey if signed else 0.15 + 0.7 * grey
    axis.imshow(paled, cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
    # A strong pixel hides the photo, a zero one lets it through. Square root: weak ones show.
    opacity = (1 if signed else 0.9) * np.sqrt(np.clip(np.abs(value) / limit, 0, 1))
    height, width = grey.shape
    whole = (-0.5, width - 0.5, height - 0.5, -0.5)
    shown = axis.imshow(value, alpha=opacity, extent=whole, interpolation="nearest", **colours)
    # The colour bar is drawn opaque, from a copy without the opacity.
    opaque = AxesImage(axis, cmap=shown.get_cmap(), norm=shown.norm)  # type: ignore[arg-type]
    opaque.set_data(value)
    return opaque


def is_signal(found: Any, size: tuple[int, ...] | None = None) -> bool:
    """Say whether a map is of one signal, (1, C, L), and not of a grey picture, (1, H, W).

    A grey picture is square, or of the photo's size.
    """
    if getattr(found, "ndim", 0) != 3 or len(found) != 1:
        return False
    return found.shape[1] != found.shape[2] and found.shape[1:] != size


def one_image(title: str, found: Any, size: tuple[int, ...] | None) -> Any:
    """Return the map of one image, or refuse what may be a batch of signals, (2, C, L).

    Without its batch axis, (C, H, W), it is known only beside a photo of that size.
    """
    three = getattr(found, "ndim", 0) == 3  # what is no tensor is refused where it is read
    is_grey = three and len(found) == 1 and not is_signal(found, size)
    if three and found.shape[1:] != size and not is_grey:
        raise ValueError(
            f"{title!r} has shape {tuple(found.shape)}; a map of one image is (1, C, H, W), of one "
            "signal (1, C, L): choose one of a batch with attribution[0:1], or give a single image "
            "its batch axis with attribution[None]"
        )
    return found


def made_of(items: Mapping[str, Any], photo: Tensor | None) -> str:
    """Return a text alternative made of the titles, for those who give none."""
    maps_of = "Attribution map" + "s" * (len(items) > 1)
    beside = "" if photo is None else ", with what was explained"
    return f"{maps_of} {', '.join(map(str, items))}{beside}; white is 0, one scale."


def map_of(item: Any) -> Any:
    """Return the attribution tensor of an item: itself, or the values of a result record."""
    return item if isinstance(item, (Tensor, np.ndarray)) else getattr(item, "values", item)


def titled(name: str, item: Any) -> str:
    """Return the title of a map; a result record adds its completeness gap."""
    if isinstance(item, (Tensor, np.ndarray)):
        return name
    gap = getattr(item, "relative_gap", None)
    if gap is None:
        return name
    percent = 100 * float(gap.detach().cpu().reshape(-1)[0])
    return f"{name}\ngap {percent:.2g} %"


def scale_text(
    reduce: str,
    tile: int,
    percentile: float,
    strongest: float,
    limit: float,
    unit: str | None = None,
) -> str:
    """Say in the label of the colour bar what the colours stand for and what was clipped."""
    text = REDUCTIONS[reduce] if unit is None else unit
    if tile > 1:
        text += f",\nsum over {tile} × {tile} pixels"
    if strongest == 0:
        return f"{text}\nall maps are zero"
    if strongest > limit:
        return f"{text}\nclipped at percentile {percentile:g}"
    return f"{text}\nfull range"


def bar_ends(clipped: bool, reduce: str) -> str:
    """Give the colour bar pointed ends where values lie outside it."""
    if not clipped:
        return "neither"
    return "both" if reduce == "sum" else "max"
