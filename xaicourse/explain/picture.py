"""The picture: the photo, the map over it, and the map alone with its scale."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.files import write_atomically
from xaicourse.core.registry import MethodRecord, ResultKind, Unit
from xaicourse.plot.images import bar_ends, draw_map
from xaicourse.plot.picture import Picture, render
from xaicourse.plot.scale import as_photo, reduce_channels, shared_limits, tile_sums
from xaicourse.plot.style import bare, new_figure, styled

__all__ = ["draw", "save"]

TILE = 4  # pixels: single ones are too fine to read
PERCENTILE = 99.0
DPI = 160
UNITS = {
    Unit.SLOPE: "slope of the {}",
    Unit.SHARE: "effect on the {}",
    Unit.SCORE: "the method's own score",
}
QUESTIONS = {
    Unit.SLOPE: "Where more light would raise (red) or lower (blue) {}",
    Unit.SHARE: "What speaks for (red) and against (blue) {}",
    Unit.SCORE: "What the method points at for {}",
}
OF_AN_OUTPUT = "What raises (red) and what lowers (blue) {}"
WITHOUT_SIGN = "Where a little more or less light changes {} most"


@styled
def draw(
    x: Tensor, result: Attribution, record: MethodRecord, explained: Any, quantity: str = "logit"
) -> Picture:
    """Draw photo | map over the photo | signed map, with one colour bar.

    `quantity` is what the model's outputs are: logits, probabilities ...
    """
    values, squares = in_squares(result, record)
    _, high = shared_limits([values], PERCENTILE)
    strongest = float(abs(values).max())
    photo = as_photo(x)

    figure = new_figure(10.2, 3.6)
    left, middle, right = figure.subplots(1, 3)
    left.imshow(photo, interpolation="antialiased")
    left.set_title("what the model sees")
    bare(left)
    draw_map(middle, values, high, "sum", photo)
    middle.set_title("over the photo")
    image = draw_map(right, values, high, "sum")
    image.set_interpolation("nearest")  # what lies between two squares was never computed
    right.set_title(record.title)
    clipped = strongest > high
    bar = figure.colorbar(
        image, ax=right, fraction=0.046, pad=0.03, extend=bar_ends(clipped, "sum")
    )
    clipping = f"\nclipped at percentile {PERCENTILE:g}" if clipped else ""
    bar.set_label(f"{UNITS[record.unit].format(quantity)}, {squares}{clipping}")
    bar.outline.set_visible(False)
    signed = bool((values < 0).any())
    question = QUESTIONS[record.unit] if signed or record.unit != Unit.SLOPE else WITHOUT_SIGN
    if quantity == "output" and record.unit == Unit.SHARE:  # no class that one can speak for
        question = OF_AN_OUTPUT
    figure.suptitle(question.format(explained), fontsize=11)
    return Picture(figure, alternative(record, explained, signed, squares, quantity))


def in_squares(result: Attribution, record: MethodRecord) -> tuple[np.ndarray, str]:
    """Return the map in the squares in which it is drawn, and what a square is.

    The map of a layer is drawn in the layer's own cells, not in the pixels it was enlarged to.
    """
    raw = result.extra.get("raw")
    if record.result is ResultKind.MAP and isinstance(raw, Tensor):
        cells = reduce_channels(raw, "sum")  # (h, w)
        return cells, f"{cells.shape[0]} × {cells.shape[1]} cells of the layer"
    whole = reduce_channels(result.values, "sum")  # (224, 224)
    return tile_sums(whole, TILE), f"{TILE} × {TILE} pixels a square"


def alternative(
    record: MethodRecord, explained: Any, signed: bool, squares: str, quantity: str
) -> str:
    """Say what is drawn, for a reader who cannot see it."""
    share = ", red where it speaks for the class and blue where against it."
    if quantity == "output":
        share = ", red where it raises the output and blue where it lowers it."
    colours = {
        Unit.SLOPE: f", red where more light raises the {quantity} and blue where it lowers it.",
        Unit.SHARE: share,
    }.get(record.unit, ", red where it is positive and blue where it is negative.")
    return (
        f"Three pictures side by side: the photo, the {record.title} map for {explained} over "
        f"the photo, and the map alone, in squares ({squares})"
        + (colours if signed else ", darker red where it is larger.")
    )


def save(picture: Picture, place: Path) -> None:
    """Write a picture; its folder is made if it is not there."""
    try:
        place.parent.mkdir(exist_ok=True)
        if place.suffix.lower() in (".jpg", ".jpeg"):
            buffer = io.BytesIO()
            drawn = Image.open(io.BytesIO(render(picture.figure, DPI))).convert("RGB")
            drawn.save(buffer, "JPEG", quality=92)
            write_atomically(place, buffer.getvalue())
        else:
            picture.save(place, dpi=DPI)
    except OSError as error:
        raise OSError(f"--out {place} cannot be written: {error.strerror or error}") from None
