"""Make PNGs small without a difference that one sees."""

import base64
import io

import numpy as np
from PIL import Image

LARGE = 100_000  # bytes; above this a coarser palette is accepted
UNSEEN = (2.5, 24.0)  # root mean square and largest difference in grey levels
HARDLY_SEEN = (6.0, 60.0)
FLAT = 18.0  # largest difference in areas of one colour: maps and colour bars must agree
PALETTES = [
    (colours, method, for_flat)
    for colours in (256, 128)
    for for_flat in (colours // 4, 0)
    for method in (Image.Quantize.MAXCOVERAGE, Image.Quantize.MEDIANCUT, Image.Quantize.FASTOCTREE)
]
GREYS = 32  # so many greys are kept in a picture that has them: a grey never gets a tint
COMMON = 16  # so many of the most frequent colours are kept exactly: white stays white


def smaller(png_base64: str) -> str:
    """Return a PNG (base64) again, as a palette picture where that is smaller and looks alike."""
    original = base64.b64decode(png_base64)
    picture = Image.open(io.BytesIO(original))
    picture.load()
    if _is_transparent(picture):
        best = min(original, _png(picture.convert("RGBA")), key=len)
    else:
        plain = picture.convert("RGB")
        best = min(original, _png(plain), key=len)
        reduced = [_reduced(plain, *palette) for palette in PALETTES]
        exact = [one for one in reduced if _flat_difference(plain, one) <= FLAT]
        for allowed, candidates in ((UNSEEN, exact), (HARDLY_SEEN, exact), (HARDLY_SEEN, reduced)):
            for candidate in candidates:
                if all(np.less_equal(_differences(plain, candidate), allowed)):
                    best = min(best, _png(candidate), key=len)
            if len(best) <= LARGE:
                break
    return base64.b64encode(best).decode("ascii")


def _is_transparent(picture: Image.Image) -> bool:
    return picture.convert("RGBA").getextrema()[3][0] < 255


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _reduced(
    plain: Image.Image, colours: int, method: Image.Quantize, for_flat: int
) -> Image.Image:
    """Return `plain` with a palette of so many colours, the common ones exact.

    `for_flat` of them are chosen for areas of one colour alone: a photo has so many colours that it
    would leave none to a colour bar.
    """
    pixels = np.asarray(plain).reshape(-1, 3).astype(float)
    code = pixels @ (65536, 256, 1)
    _, where, back, counts = np.unique(
        code, return_index=True, return_inverse=True, return_counts=True
    )
    present = pixels[where]  # each colour once
    flat = np.unique(np.asarray(plain)[_is_flat(plain)], axis=0)  # (M, 3), each colour once
    for_flat = for_flat if len(flat) else 0
    is_grey = (present == present[:, :1]).all(axis=1)
    greys = _spread(present[is_grey], GREYS)
    parts = [plain.quantize(colours - for_flat - len(greys), method=method)]
    if for_flat:
        parts.append(Image.fromarray(flat[None]).quantize(for_flat, method=method))
    chosen = [value for part in parts for value in part.getpalette() or ()]
    palette = np.vstack([np.array(chosen, dtype=float).reshape(-1, 3), greys])
    if len(present) <= colours:  # no loss at all
        palette = present.copy()
    free = np.ones(len(palette), dtype=bool)
    for common in np.argsort(-counts, kind="stable")[:COMMON]:
        distance = np.abs(palette - present[common]).sum(axis=1)
        nearest = np.where(free, distance, np.inf).argmin()
        palette[nearest], free[nearest] = present[common], False
    # the nearest palette entry p of a colour c: smallest |c - p|^2 = |c|^2 - 2 c.p + |p|^2
    distance = (palette**2).sum(axis=1) - 2 * present @ palette.T
    tinted = (palette != palette[:, :1]).any(axis=1)
    index = np.where(is_grey[:, None] & tinted, np.inf, distance).argmin(axis=1)
    indices = index[back.reshape(-1)].astype("uint8")
    reduced = Image.frombytes("P", plain.size, indices.tobytes())
    reduced.putpalette(palette.astype(int).ravel().tolist())
    return reduced


def _spread(colours: np.ndarray, most: int) -> np.ndarray:
    """Return at most so many of these colours, the first and the last among them."""
    chosen = np.linspace(0, len(colours) - 1, min(most, len(colours)))
    return colours[chosen.astype(int)]


def _is_flat(plain: Image.Image) -> np.ndarray:
    """Return (H, W): whether a pixel has the colour of the two left and the two right of it."""
    pixels = np.asarray(plain)
    if pixels.shape[1] < 5:
        return np.zeros(pixels.shape[:2], dtype=bool)
    same = (pixels[:, 1:] == pixels[:, :-1]).all(axis=2)  # (H, W-1)
    five = same[:, 3:] & same[:, 2:-1] & same[:, 1:-2] & same[:, :-3]  # (H, W-4)
    return np.pad(five, ((0, 0), (2, 2)))


def _flat_difference(plain: Image.Image, other: Image.Image) -> float:
    """Return the largest difference in areas of one colour."""
    difference = np.asarray(plain, dtype=float) - np.asarray(other.convert("RGB"), dtype=float)
    return float(np.abs(difference[_is_flat(plain)]).max(initial=0.0))


def _differences(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """Return the root mean square and the largest difference of two pictures."""
    first, second = (np.asarray(image.convert("RGB"), dtype=float) for image in (one, other))
    difference = first - second
    return float(np.sqrt((difference**2).mean())), float(np.abs(difference).max())
