"""A finished figure: PNG bytes with a text alternative, the same bytes on every run."""

from __future__ import annotations

import base64
import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from xaicourse.core.files import write_atomically
from xaicourse.plot.in_words import display_in_words

DPI = 120  # pixels per inch of the stored PNG
SCREEN_DPI = 96  # it is shown smaller than it is stored, so that it stays sharp
TARGET_BYTES = 60_000  # a larger picture is stored with a palette of 256 colours
COMMON = 32  # so many of the most frequent colours are kept exactly


class Picture:
    """A figure that is shown as a PNG, and read aloud as its alt text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        A Matplotlib figure. If pyplot made it, pyplot forgets it, so it is not shown twice.
    alt : str
        What is drawn, for a reader who cannot see it. It describes and never gives away
        the answer to a question of the lesson.
    dpi : int
        Pixels per inch of the PNG.

    Raises
    ------
    TypeError
        If `figure` is none.
    ValueError
        If `alt` is empty.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import xaicourse as xc
    >>> xc.plot.Picture(Figure(figsize=(1, 1)), "An empty square.")
    Figure: An empty square.
    """

    def __init__(self, figure: Figure, alt: str, *, dpi: int = DPI) -> None:
        if not isinstance(figure, Figure):
            raise TypeError(
                f"figure must be a matplotlib Figure, got {type(figure).__name__}; "
                "from axes take axes.figure"
            )
        self.alt = checked_alt(alt)
        self.figure = figure
        self.dpi = dpi
        self.png = small_png(render(figure, dpi))
        self.size = png_size(self.png)
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close(figure)

    def save(self, path: str | os.PathLike[str], *, dpi: int = 300) -> None:
        """Write the figure to a file; the ending (.png, .pdf, .svg) chooses the format."""
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in (".png", ".pdf", ".svg"):
            raise ValueError(f"path ends in {suffix!r}; use .png, .pdf or .svg")
        no_date = {
            ".png": {"Software": None},
            ".pdf": {"CreationDate": None},
            ".svg": {"Date": None},
        }
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format=suffix[1:], dpi=dpi, metadata=no_date[suffix])
        write_atomically(path, buffer.getvalue())

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        return png_bundle(self.png, self.alt, repr(self), self.dpi)

    def _ipython_display_(self) -> None:
        display_in_words(*self._repr_mimebundle_(), self.alt)


def checked_alt(alt: str) -> str:
    """Return alt on one line, or say what a text alternative has to be."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(
            f"alt must be a sentence that describes the figure, got {alt!r}; "
            'for example alt="Photo of a cat and its attribution map."'
        )
    return " ".join(alt.split())


def render(figure: Figure, dpi: int, compress_level: int = 6) -> bytes:
    """Draw a figure to PNG bytes without date or version, so equal figures give equal bytes."""
    buffer = io.BytesIO()
    how = {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": compress_level}}
    figure.savefig(buffer, format="png", dpi=dpi, **how)
    return buffer.getvalue()


def small_png(png: bytes) -> bytes:
    """Return the PNG, with a palette of 256 colours if it would be large otherwise."""
    if len(png) <= TARGET_BYTES:
        return png
    image = Image.open(io.BytesIO(png)).convert("RGB")
    # MAXCOVERAGE keeps rare colours: a colour bar has few pixels beside a photo. The commonest are
    # kept exactly: white stays white, and the 0 of a signed map gets no tint.
    rare = 256 - COMMON
    reduced = image.quantize(rare, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    code = np.asarray(image, dtype=np.int64) @ (65536, 256, 1)  # (H, W), a number for each colour
    value, count = np.unique(code, return_counts=True)
    common = value[np.argsort(-count, kind="stable")[:COMMON]]
    index = np.array(reduced)
    for k, colour in enumerate(common):
        index[code == colour] = rare + k
    colours = [(colour >> shift) & 255 for colour in common.tolist() for shift in (16, 8, 0)]
    whole = Image.fromarray(index)
    whole.putpalette((reduced.getpalette() or [])[: 3 * rare] + colours)
    buffer = io.BytesIO()
    whole.save(buffer, "png", optimize=True)
    return min(buffer.getvalue(), png, key=len)


def png_size(png: bytes) -> tuple[int, int]:
    """Return (width, height) of a PNG in pixels."""
    return Image.open(io.BytesIO(png)).size


def png_bundle(
    png: bytes, alt: str, text: str, dpi: int = DPI
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Return what a notebook stores for a picture: PNG at screen size, alt text, one line."""
    width, height = (round(pixels * SCREEN_DPI / dpi) for pixels in png_size(png))
    data = {"image/png": base64.b64encode(png).decode(), "text/plain": text}
    return data, {"image/png": {"width": width, "height": height, "alt": alt}}
