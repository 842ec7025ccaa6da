import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from xaicourse.datasets import ImageFileError, image_to_tensor, open_image
from xaicourse.datasets.image_files import crop_224, read_rgb


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def picture(width=300, height=260, mode="RGB"):
    """A smooth picture whose four corners differ, so that any turn or flip shows."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    values = np.stack([255 * x, 255 * y, 120 * (x + y) / 2], axis=2)
    return Image.fromarray(values.astype(np.uint8)).convert(mode)


def saved(tmp_path, image, name="picture.png", **settings):
    path = tmp_path / name
    image.save(path, **settings)
    return path


# ---- what it makes of good files


def test_shape_range_and_type(tmp_path):
    x = open_image(saved(tmp_path, picture()))
    assert x.shape == (1, 3, 224, 224)
    assert x.dtype == torch.float32
    assert x.is_contiguous()
    assert 0 <= x.min() < x.max() <= 1


def test_a_path_may_be_a_string_with_any_letters(tmp_path):
    path = saved(tmp_path, picture(), "Käse und Łódź 猫.png")
    assert torch.equal(open_image(str(path)), open_image(path))


def test_a_picture_of_the_right_size_is_not_resampled_twice(tmp_path):
    # 256 x 256 only needs the crop: 16 pixels off each side, values / 255.
    values = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    x = open_image(saved(tmp_path, Image.fromarray(values)))
    wanted = torch.from_numpy(values[16:240, 16:240] / 255).permute(2, 0, 1)[None]
    torch.testing.assert_close(x.double(), wanted, rtol=0, atol=1e-7)


def test_the_crop_is_the_middle(tmp_path):
    for size in ((600, 256), (256, 600)):
        values = np.zeros((size[1], size[0], 3), np.uint8)
        axis = 1 if size[0] > size[1] else 0
        centre = slice(300 - 112, 300 + 112)
        values[(slice(None), centre) if axis == 1 else (centre, slice(None))] = 255
        assert open_image(saved(tmp_path, Image.fromarray(values))).min() == 1


def test_shrinking_is_antialiased(tmp_path):
    # One-pixel stripes become grey; without antialiasing they would stay black and white.
    values = np.zeros((1024, 1024, 3), np.uint8)
    values[:, ::2] = 255
    x = open_image(saved(tmp_path, Image.fromarray(values)))
    assert (x - 0.5).abs().max() < 0.02


def test_grey_becomes_three_equal_channels(tmp_path):
    x = open_image(saved(tmp_path, picture(mode="L")))
    assert torch.equal(x[:, 0], x[:, 1])
    assert torch.equal(x[:, 0], x[:, 2])
    assert x.std() > 0.1


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA"])
def test_other_modes_look_like_the_rgb_picture(tmp_path, mode):
    rgb = open_image(saved(tmp_path, picture()))
    other = open_image(saved(tmp_path, picture(mode=mode), "other.png"))
    if mode in ("1", "LA"):
        rgb = rgb.mean(1, keepdim=True).expand_as(rgb)
    # Compared in patches: palettes and black-and-white dither.
    a, b = (torch.nn.functional.avg_pool2d(x, 32) for x in (rgb, other))
    assert (a - b).abs().max() < (0.3 if mode == "LA" else 0.15)
    assert torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1] > 0.9


def test_cmyk_jpeg(tmp_path):
    rgb = open_image(saved(tmp_path, picture(), "a.jpg", quality=95))
    cmyk = open_image(saved(tmp_path, picture(mode="CMYK"), "b.jpg", quality=95))
    assert (rgb - cmyk).abs().max() < 0.05


def test_sixteen_bits_keep_their_brightness(tmp_path):
    eight = np.asarray(picture(mode="L"))
    path = saved(tmp_path, Image.fromarray(eight.astype(np.uint16) * 257))
    assert torch.equal(open_image(path), open_image(saved(tmp_path, picture(mode="L"), "8.png")))


def test_transparent_parts_become_white(tmp_path):
    image = picture(mode="RGBA")
    image.putalpha(0)
    assert open_image(saved(tmp_path, image)).min() == 1
    image.putalpha(255)
    opaque = open_image(saved(tmp_path, image, "opaque.png"))
    assert torch.equal(opaque, open_image(saved(tmp_path, picture(), "rgb.png")))


def test_a_transparent_palette_colour_becomes_white(tmp_path):
    image = Image.new("P", (256, 256), 3)
    image.putpalette([0, 0, 0] * 256)
    assert open_image(saved(tmp_path, image, "t.png", transparency=3)).min() == 1
    assert open_image(saved(tmp_path, image, "o.png")).max() == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(tmp_path, orientation):
    turns = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    upright = image = picture()
    for turn in turns[orientation]:
        image = image.transpose(turn)  # what the camera's sensor saw
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, image, "turned.png", exif=exif)
    assert torch.equal(open_image(path), open_image(saved(tmp_path, upright)))


def test_animated_gif_shows_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    path = saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    assert open_image(path)[0, :, 100, 100].tolist() == [1, 0, 0]


@pytest.mark.parametrize("name", ["a.webp", "a.bmp", "a.tiff", "a.jpg"])
def test_other_formats(tmp_path, name):
    reference = open_image(saved(tmp_path, picture()))
    assert (open_image(saved(tmp_path, picture(), name)) - reference).abs().mean() < 0.02


def test_small_pictures_are_enlarged(tmp_path):
    assert open_image(saved(tmp_path, picture(40, 32))).shape == (1, 3, 224, 224)


def test_reading_twice_gives_the_same_and_the_tensor_may_be_written(tmp_path):
    path = saved(tmp_path, picture())
    x = open_image(path)
    x.zero_()
    assert open_image(path).max() > 0
    assert image_to_tensor(crop_224(read_rgb(path))).max() > 0


# ---- bad files: one class of error, one clear sentence


def text(path):
    path.write_text("just words", encoding="utf-8")


def empty(path):
    path.write_bytes(b"")


def folder(path):
    path.mkdir()


def missing(path):
    pass


def truncated(path):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8))
    image.save(path, format="JPEG")
    path.write_bytes(path.read_bytes()[:8000])


def truncated_png(path):
    picture().save(path, format="PNG")
    path.write_bytes(path.read_bytes()[:2000])


def flipped_png(path):
    picture().save(path, format="PNG")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def heic(path):
    path.write_bytes(struct.pack(">I", 24) + b"ftypheic" + bytes(100))


def small(path):
    picture(31, 400).save(path, format="PNG")


def narrow(path):
    picture(32, 32 * 21).save(path, format="PNG")


def floats(path):
    Image.fromarray(np.zeros((64, 64), np.float32)).save(path, format="TIFF")


def lab(path):
    Image.new("LAB", (64, 64)).save(path, format="TIFF")


def png_header(width, height):
    """A PNG that promises width x height pixels and holds none."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def large(path):
    path.write_bytes(png_header(10_001, 10_000))


def bomb(path):
    path.write_bytes(png_header(60_000, 60_000))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (text, "is not an image file"),
        (empty, r"is empty \(0 bytes\)"),
        (folder, "is a folder"),
        (missing, "There is no file"),
        (truncated, "damaged or cut short"),
        (truncated_png, "damaged or cut short"),
        (flipped_png, "damaged or cut short"),
        (heic, "is not an image file"),
        (small, "31 x 400 pixels; it needs at least 32"),
        (narrow, "more than 20 times as long as wide"),
        (floats, "32-bit numbers"),
        (lab, "stored as LAB; save it as RGB"),
        (large, "more than 100 million pixels"),
        (bomb, "more than 100 million pixels"),
    ],
)
def test_bad_files(tmp_path, make, words):
    path = tmp_path / "bad.img"
    make(path)
    with pytest.raises(ImageFileError, match=words) as caught:
        open_image(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    # Nothing is chained that a student would have to scroll past.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_web_address_says_download_first():
    with pytest.raises(ImageFileError, match="download the picture first"):
        open_image("https://example.org/cat.png")


def test_impossible_path():
    with pytest.raises(ImageFileError):
        open_image("a\0b.png")


def test_no_path_at_all():
    with pytest.raises(TypeError, match="path: expected the name of a file, got Tensor"):
        open_image(torch.zeros(3))
    with pytest.raises(TypeError, match="path: expected the name of a file, got BytesIO"):
        open_image(io.BytesIO(b""))
