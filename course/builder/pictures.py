"""Make PNGs small without a difference that one sees."""

import base64
import io

import numpy as np
from PIL import Image

LARGE = 100_000  # bytes; above this a coarser palette is accepted
UNSEEN = 2.0  # root mean square difference in grey levels
HARDLY_SEEN = 6.0


def smaller(png_base64: str) -> str:
    """Return a PNG (base64) again, as a palette picture where that is smaller and looks alike."""
    original = base64.b64decode(png_base64)
    picture = Image.open(io.BytesIO(original))
    picture.load()
    plain = picture.convert("RGBA") if _is_transparent(picture) else picture.convert("RGB")
    best = min(original, _png(plain), key=len)
    if plain.mode == "RGB":
        for dither in (Image.Dither.NONE, Image.Dither.FLOYDSTEINBERG):
            palette = plain.quantize(256, method=Image.Quantize.MEDIANCUT)
            reduced = plain.quantize(palette=palette, dither=dither)
            allowed = UNSEEN if len(best) <= LARGE else HARDLY_SEEN
            if _difference(plain, reduced) <= allowed:
                best = min(best, _png(reduced), key=len)
    return base64.b64encode(best).decode("ascii")


def _is_transparent(picture: Image.Image) -> bool:
    return picture.convert("RGBA").getextrema()[3][0] < 255


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _difference(one: Image.Image, other: Image.Image) -> float:
    first, second = (np.asarray(image.convert("RGB"), dtype=float) for image in (one, other))
    return float(np.sqrt(((first - second) ** 2).mean()))
