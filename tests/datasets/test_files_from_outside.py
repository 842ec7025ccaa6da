"""Files from outside: only pictures, only those on their cards, and nothing is started."""

import json
import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import xaicourse as xc
from xaicourse.core import picture_files as images
from xaicourse.datasets import ImageFileError, cards, data_folder, open_image, photo, photos
from xaicourse.datasets.image_files import read_rgb
from xaicourse.zoo import efficientnet_lite

# ---------------------------------------------------------------- formats


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder in front of PATH whose Ghostscript writes down that it was started."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("gs", "gswin64c", "gswin32c"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho started >> {folder}/started\nexit 1\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


POSTSCRIPT = b"%!PS-Adobe-2.0 EPSF-1.2\n%%BoundingBox: 0 0 64 64\n%%EndComments\n0 setgray\n"


@pytest.mark.fault("S3")
@pytest.mark.parametrize("name", ["dog.png", "dog.eps", "dog", "dog.JPG"])
@pytest.mark.parametrize("start", [b"", b"\xc5\xd0\xd3\xc6\x1e\0\0\0\x42\0\0\0" + bytes(18)])
def test_postscript_is_no_picture_and_nothing_is_started(tmp_path, programs, name, start):
    path = tmp_path / name
    path.write_bytes(start + POSTSCRIPT)
    with pytest.raises(ImageFileError, match="is not an image file that can be read here"):
        open_image(path)
    assert not (programs / "started").exists()


@pytest.mark.fault("S3")
@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xd7\xcd\xc6\x9a\0\0", "wmf"),
        (b"SIMPLE  =", "fits"),
        (b"GRIB", "grib"),
        (b"%PDF-1", "pdf"),
    ],
)
def test_other_readers_of_pillow_are_not_asked(tmp_path, start, kind):
    path = tmp_path / "cat.jpg"
    path.write_bytes(start + b" " * 4000)
    with pytest.raises(ImageFileError, match="is not an image file that can be read here"):
        open_image(path)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif", "tif", "bmp", "ppm", "tga", "ico"])
def test_each_format_on_the_list_is_read(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    Image.new("RGB", (64, 64), (255, 0, 0)).save(path)
    assert open_image(path).shape == (1, 3, 224, 224)
    if ending != "ico":
        assert open_image(path)[0, :, 112, 112].round().tolist() == [1, 0, 0]


def test_a_heic_photo_with_its_reader_and_without(tmp_path, monkeypatch):
    pillow_heif = pytest.importorskip("pillow_heif")
    x = np.linspace(0, 255, 320).astype(np.uint8)
    picture = Image.fromarray(np.stack([np.tile(x, (256, 1))] * 3, axis=2))
    path = tmp_path / "photo.heic"
    pillow_heif.from_pillow(picture).save(path, quality=95)
    picture.save(tmp_path / "photo.png")
    assert (open_image(path) - open_image(tmp_path / "photo.png")).abs().mean() < 0.02
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(
        ImageFileError, match=r"save it as JPEG or PNG first, or .*xaicourse\[heic\]"
    ):
        open_image(path)


# ---------------------------------------------------------------- many pixels


def large_jpeg(path, width, height, **settings):
    picture = Image.new("L", (width, height), 40)
    picture.paste(200, (width // 2, 0, width, height))
    picture.save(path, "JPEG", **settings)


@pytest.mark.parametrize("exif_turn", [1, 6])
def test_a_jpeg_of_many_pixels_is_read_at_a_smaller_scale(tmp_path, monkeypatch, exif_turn):
    monkeypatch.setattr(images, "LARGEST_PIXELS", 4_000_000)
    path, exif = tmp_path / "photo", Image.Exif()
    exif[0x0112] = exif_turn
    large_jpeg(path, 4000, 3000, exif=exif)  # 12 million
    small = read_rgb(path)
    assert sorted(small.size) == [750, 1000]
    x = open_image(path)
    dark, bright = (
        (x[..., :100], x[..., 124:]) if exif_turn == 1 else (x[..., :100, :], x[..., 124:, :])
    )
    assert abs(dark.mean() * 255 - 40) < 2
    assert abs(bright.mean() * 255 - 200) < 2


@pytest.mark.fault("X3")
def test_a_photo_of_more_than_a_hundred_million_pixels(tmp_path):
    path = tmp_path / "phone.jpg"
    large_jpeg(path, 14_200, 7_200, quality=30)
    assert read_rgb(path).size == (3550, 1800)


def test_there_is_a_limit_for_a_jpeg_too(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "LARGEST_PIXELS", 400_000)
    monkeypatch.setattr(images, "LARGEST_JPEG", 800_000)
    large_jpeg(tmp_path / "a.jpg", 1000, 900)
    with pytest.raises(ImageFileError, match="save a smaller copy"):
        open_image(tmp_path / "a.jpg")


def test_the_file_of_a_jpeg_is_closed(tmp_path):
    large_jpeg(tmp_path / "a.jpg", 100, 100)
    handles = Path("/proc/self/fd")
    before = len(list(handles.iterdir()))
    for _ in range(5):
        open_image(tmp_path / "a.jpg")
    assert len(list(handles.iterdir())) == before


# ---------------------------------------------------------------- the course's own data


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    (folder / "photos").mkdir(parents=True)
    for name in ("cards.json", "digits.safetensors", "photos/rocket.png", "photos/camera.png"):
        shutil.copy(data_folder() / name, folder / name)
    monkeypatch.setenv("XAICOURSE_DATA", str(folder))
    return folder


@pytest.mark.fault("S7")
def test_a_photo_is_the_one_on_its_card(data):
    whole = (data / "photos/rocket.png").read_bytes()
    other = (data / "photos/camera.png").read_bytes()
    flipped = bytes([*whole[:-20], whole[-20] ^ 4, *whole[-19:]])
    assert photo("rocket").shape == (1, 3, 224, 224)
    for content in (other, whole[:5000], b"", flipped):
        (data / "photos/rocket.png").write_bytes(content)
        with pytest.raises(ValueError, match=r"git checkout -- data/photos/rocket\.png"):
            photo("rocket")
        with pytest.raises(ValueError, match="not the file on its card"):
            xc.datasets.collage("camera", "rocket")


@pytest.mark.fault("S7")
def test_a_photo_that_is_missing_says_how_to_get_it_back(data):
    (data / "photos/rocket.png").unlink()
    assert "rocket" in photos()
    for make in (lambda: None, (data / "photos/rocket.png").mkdir):
        make()
        with pytest.raises(FileNotFoundError, match="git checkout -- data/photos/rocket"):
            photo("rocket")


@pytest.mark.fault("S7")
@pytest.mark.parametrize(
    "text", ["{", "[3]", '{"a": {"b": 1}}', '{"a": null}', "[" * 100_000, "\x80"]
)
@pytest.mark.parametrize("load", [xc.datasets.digits, lambda: photo("rocket"), photos])
def test_broken_cards_say_how_to_get_them_back(data, text, load):
    (data / "cards.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"git checkout -- data/cards\.json"):
        load()
    assert cards.verify(data)


@pytest.mark.fault("S7")
def test_the_weights_that_were_hashed_are_the_weights_that_are_loaded(tmp_path, monkeypatch):
    """Somebody exchanges the file as soon as it was read."""
    path = tmp_path / "weights.pth"
    shutil.copy(efficientnet_lite.weights_path(), path)
    monkeypatch.setattr(efficientnet_lite, "weights_path", lambda: path)
    load = torch.load

    def exchanged(source, **settings):
        path.write_bytes(b"other weights")
        return load(source, **settings)

    monkeypatch.setattr(torch, "load", exchanged)
    assert len(efficientnet_lite._read_weights()) == 296


def test_cards_of_the_course_are_json_that_a_person_can_read():
    assert json.loads((data_folder() / "cards.json").read_text(encoding="utf-8"))
