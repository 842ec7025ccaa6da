"""Read any image file safely as upright RGB, and cut a model's 224 x 224 pixels out of it.

Nothing here needs torch: a command can look at a file before the slow import.
"""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path

from PIL import ExifTags, Image, JpegImagePlugin, UnidentifiedImageError

RESIZED_SHORT_SIDE = 256
CROP = 224
SMALLEST_SIDE = 32
LONGEST_RATIO = 20
LARGEST_PIXELS = 100_000_000  # read as they are
LARGEST_JPEG = 400_000_000  # read at a quarter of their scale, which a JPEG allows
# No others: some of Pillow's readers start programs (EPS) or read what is no picture.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "ICO", "TGA", "AVIF", "JPEG2000")
PHOTO_ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".ppm", ".tga",
    ".avif", ".jp2", ".heic",
)  # fmt: skip
BAND = 2**22  # pixels that are turned into RGB at once, for the sake of memory
TURNS = {  # what undoes each mark of a camera
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


class ImageFileError(ValueError):
    """A file cannot be used as a photo; the message says why and what to do."""


def check_picture(path: str | os.PathLike[str]) -> None:
    """Raise unless a file seems to be a picture that can be used; its pixels are not read."""
    path = Path(path)
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _opened(path) as picture:
                _check_size(path, picture)
    except ImageFileError:
        raise
    except Exception:
        raise ImageFileError(_not_an_image(path)) from None


def transparent_share(path: str | os.PathLike[str]) -> float:
    """Return which share of a picture is transparent, and so is shown on white."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _opened(Path(path)) as picture:
            if not picture.has_transparency_data:
                return 0.0
            alpha = np.asarray(picture.convert("RGBA").getchannel("A"))  # (H, W), 255 is opaque
    return 1 - float(alpha.mean()) / 255


def read_rgb(path: str | os.PathLike[str]) -> Image.Image:
    """Read a file as an upright 8-bit RGB picture of its full size."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected the name of a file, got {type(path).__name__}.")
    path = Path(path)
    _check_file(path)
    try:
        with warnings.catch_warnings():
            # Pillow's warnings are about odd metadata and about size, which is checked below.
            warnings.simplefilter("ignore")
            with _opened(path) as picture:
                _check_size(path, picture)  # reads the header only
                picture.verify()  # a PNG's checksums; loading alone would not look at them
            with _opened(path) as picture:
                if picture.width * picture.height > LARGEST_PIXELS:
                    picture.draft(None, (picture.width // 4, picture.height // 4))
                picture.load()
                return _upright(_rgb_in_bands(picture, str(path)), picture)
    except ImageFileError:
        raise
    except UnidentifiedImageError:
        raise ImageFileError(_not_an_image(path)) from None
    except Image.DecompressionBombError:
        raise ImageFileError(_too_large(path)) from None
    except Exception as error:
        raise ImageFileError(
            f"{path}: the picture is damaged or cut short ({error}). "
            "Save it again, or download it again."
        ) from None


def _opened(path: Path) -> Image.Image:
    """Open a picture in one of the formats above; its pixels are read later."""
    start = _start(path)
    if _is_heic(start):
        return _opened_heic(path)
    if start.startswith(b"\xff\xd8"):  # without Pillow's limit of pixels, which is ours to check
        return JpegImagePlugin.jpeg_factory(str(path))  # type: ignore[arg-type]
    Image.init()
    return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(32)


def _is_heic(start: bytes) -> bool:
    is_avif = b"avif" in (start[at : at + 4] for at in range(8, len(start), 4))
    return start[4:8] == b"ftyp" and start[8:12] in HEIC and not is_avif


def _opened_heic(path: Path) -> Image.Image:
    try:
        import pillow_heif
    except ImportError:
        raise ImageFileError(
            f"{path} is a HEIC photo, which cannot be read here; save it as JPEG or PNG first, "
            'or install the reader:  pip install "xaicourse[heic]"'
        ) from None
    pillow_heif.register_heif_opener()
    return Image.open(path, formats=["HEIF"])


def _upright(rgb: Image.Image, picture: Image.Image) -> Image.Image:
    """Turn a picture as its file says; what else stands there may be broken."""
    try:
        turn = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # a mark that nobody can read
        return rgb
    method = TURNS.get(turn) if isinstance(turn, int) else None
    return rgb if method is None else rgb.transpose(method)


def _rgb_in_bands(picture: Image.Image, name: str) -> Image.Image:
    """Do the same as `to_rgb`, some lines at a time: what lies between takes little memory."""
    width, height = picture.size
    lines = max(1, BAND // width)
    if height <= lines:
        return to_rgb(picture, name)
    rgb = Image.new("RGB", picture.size)
    for top in range(0, height, lines):
        band = picture.crop((0, top, width, min(height, top + lines)))
        rgb.paste(to_rgb(band, name), (0, top))
    return rgb


def to_rgb(picture: Image.Image, name: str = "The picture") -> Image.Image:
    """Turn a picture of any Pillow mode into 8-bit RGB; transparent parts become white."""
    if picture.mode.startswith("I;16"):
        import numpy as np

        # 65535 / 255 = 257: the brightest 16-bit value becomes the brightest 8-bit value.
        values = np.asarray(picture).astype(np.uint32)
        picture = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ImageFileError(
            f"{name} holds 32-bit numbers (mode {picture.mode!r}), so it is not clear which value "
            "is white; save it with 8 or 16 bits a channel."
        )
    if picture.mode == "LAB":  # files disagree on where grey lies in it
        raise ImageFileError(f"{name} has its colours stored as LAB; save it as RGB.")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


def crop_224(picture: Image.Image) -> Image.Image:
    """Resize the short side to 256 and cut 224 x 224 out of the middle."""
    width, height = picture.size
    short = min(width, height)
    size = (width * RESIZED_SHORT_SIDE // short, height * RESIZED_SHORT_SIDE // short)
    picture = picture.resize(size, Image.Resampling.BICUBIC)  # antialiased when shrinking
    left, top = (size[0] - CROP) // 2, (size[1] - CROP) // 2
    return picture.crop((left, top, left + CROP, top + CROP))


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise ImageFileError(f"{path} is a folder; name one image file in it.")
        if not path.exists():
            web = "://" in str(path) or str(path).startswith(("http:", "https:"))
            hint = "This looks like a web address: download the picture first." if web else ""
            raise ImageFileError(f"There is no file {path}. {hint}".rstrip())
        if not path.is_file():
            raise ImageFileError(f"{path} is not an ordinary file.")
        if path.stat().st_size == 0:
            raise ImageFileError(f"{path} is empty (0 bytes).")
        with path.open("rb"):
            pass
    except ImageFileError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageFileError(f"{path} cannot be opened: {reason}.") from None


def _check_size(path: Path, picture: Image.Image) -> None:
    width, height = picture.size
    short, long = min(picture.size), max(picture.size)
    is_jpeg = isinstance(picture, JpegImagePlugin.JpegImageFile)
    smaller = is_jpeg and not picture.info.get("progressive")  # of which all lies in memory
    if width * height > (LARGEST_JPEG if smaller else LARGEST_PIXELS):
        raise ImageFileError(_too_large(path))
    if short < SMALLEST_SIDE:
        raise ImageFileError(
            f"{path}: the picture is {width} x {height} pixels; "
            f"it needs at least {SMALLEST_SIDE} on each side."
        )
    if long > LONGEST_RATIO * short:
        raise ImageFileError(
            f"{path}: the picture is {width} x {height} pixels, more than {LONGEST_RATIO} times "
            "as long as wide; cut out the part that you want to explain."
        )


def _too_large(path: Path) -> str:
    if (Image.MAX_IMAGE_PIXELS or math.inf) < LARGEST_PIXELS // 2:
        return (
            f"{path}: PIL.Image.MAX_IMAGE_PIXELS was set to {Image.MAX_IMAGE_PIXELS}, and the "
            "picture has more pixels than that; set it to None."
        )
    pixels, jpegs = (math.floor(number / 1e6) for number in (LARGEST_PIXELS, LARGEST_JPEG))
    return (
        f"{path}: the picture has more than {pixels} million pixels (a JPEG: {jpegs}, "
        "unless it is progressive); "
        "save a smaller copy (1000 pixels on the long side are plenty)."
    )


def _not_an_image(path: Path) -> str:
    return f"{path} is not an image file that can be read here; use JPEG, PNG or WebP."
