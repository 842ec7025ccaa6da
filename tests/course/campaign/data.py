"""Attacks with files from outside: the right picture, or one error that says what to do."""

import gzip
import io
import json
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms

import xaicourse as xc
from tests.course.campaign import NotHere, attack
from tests.course.campaign.records import ROOT
from xaicourse.datasets import ImageFileError, data_folder, fashion, open_image
from xaicourse.datasets import image_files as images
from xaicourse.zoo import efficientnet_lite

ENDINGS = ("png", "jpg", "webp", "gif", "tif", "bmp", "ppm", "tga", "ico", "avif", "jp2")


def scene(side=96):
    """A picture that cannot be taken for another one: four colours, one in each corner."""
    picture = np.zeros((side, side, 3), np.uint8)
    half = side // 2
    picture[:half, :half], picture[:half, half:] = (200, 40, 40), (40, 200, 40)
    picture[half:, :half], picture[half:, half:] = (40, 40, 200), (220, 220, 220)
    return Image.fromarray(picture)


CORNERS = torch.tensor([[200, 40, 40], [40, 200, 40], [40, 40, 200], [220, 220, 220]]) / 255


def corners(x):
    places = [(40, 40), (40, 184), (184, 40), (184, 184)]
    return torch.stack([x[0, :, row, column] for row, column in places])


def is_scene(x, tolerance=0.08):
    error = (corners(x) - CORNERS).abs().max()
    assert error < tolerance, f"another picture: {error:.2f}"


def saved(ending, **settings):
    buffer = io.BytesIO()
    kind = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000"}.get(ending, ending.upper())
    scene().save(buffer, kind, **settings)
    return buffer.getvalue()


def refused(path, *words):
    """Raise unless the file is refused by name."""
    try:
        open_image(path)
    except ImageFileError as error:
        assert path.name in str(error), error
        assert all(word in str(error) for word in words), error
        return
    raise AssertionError("it was read")


def peak_of(code, place, limit):
    """Return the most memory, in MB, that a process takes more than at its start."""
    script = (
        "import resource, sys\nfrom pathlib import Path\nimport numpy as np, torch\n"
        "from PIL import Image\nImage.init()\nimport xaicourse as xc\n"
        "from xaicourse.datasets import open_image\n"
        # not ru_maxrss, which a process inherits
        "def most(): return int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
        "before = most()\n"
        f"try:\n    print({code})\nexcept ValueError as error:\n    print(error)\n"
        "print('peak', (most() - before) // 1024)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], cwd=place, env=environment, capture_output=True, text=True, timeout=300)  # fmt: skip
    assert not done.returncode, done.stderr[-300:]
    peak = int(done.stdout.split()[-1])
    assert peak < limit, f"{peak} MB; {done.stdout[:200]}"
    return peak


# ---------------------------------------------------------------- changed bytes


@attack("data", ENDINGS, fault="S7")
def changed_bytes(place, patch, ending):
    """A damaged file is read or refused by name, quickly, and never ends the process."""
    whole, luck = saved(ending), random.Random(ending)
    for turn in range(60):
        content = bytearray(whole)
        for _ in range(luck.choice((1, 3, 20))):
            content[luck.randrange(min(len(content), luck.choice((24, 200, 10**6))))] = luck.randrange(256)  # fmt: skip
        path = place / f"{turn}.{ending}"
        path.write_bytes(content)
        try:
            x = open_image(path)
            assert x.shape == (1, 3, 224, 224)
            assert 0 <= x.min() <= x.max() <= 1
        except ImageFileError as error:
            assert path.name in str(error)
        path.unlink()


@attack("data", ENDINGS, fault="S7")
def cut_short(place, patch, ending):
    """What is cut short is refused, or shows the whole picture nevertheless."""
    whole = saved(ending)
    for share in (0.999, 0.9, 0.5, 0.2, 0.05, 0.01):
        path = place / f"cut.{ending}"
        path.write_bytes(whole[: max(1, int(len(whole) * share))])
        try:
            is_scene(open_image(path))
        except ImageFileError as error:
            assert path.name in str(error)


@attack("data", ["%!PS-Adobe", "%PDF-1.7", "\x01\x00\x00\x00 EMF", "\x00\x00\x02\x00\x01\x00", "\x00\x00\x01\xba", "\x00\x01\x00\x00\x00", "PK\x03\x04", "RIFFxxxxAVI ", "GIMP", "8BPS", "<svg", "\x1f\x8b", "BZh", "\x7fELF", "MZ", "SIMPLE", "GRIB", "BUFR", "\x89HDF", "P7", "Pf\n9 9\n", "IM8 ", "\x0a\x05\x01\x08", "DDS ", "blend"], fault="S3")  # fmt: skip
def in_disguise(place, patch, start):
    """What begins like another kind of file is no picture, whatever its name and its rest."""
    luck = random.Random(start)
    for turn in range(40):
        rest = bytes(luck.choice((0, 0, 1, 2, 8, 24, 32, luck.randrange(256))) for _ in range(60_000 if turn < 4 else 6000))  # fmt: skip
        for ending in ("jpg", "png", "dat"):
            path = place / f"cat.{ending}"
            path.write_bytes(start.encode("latin-1") + rest)
            refused(path)


@attack("data", range(4), fault="S3")
def noise_is_no_picture(place, patch, seed):
    luck = random.Random(seed)
    for _ in range(300):
        head = bytes(luck.choice((0, 1, 2, 3, 10, 8, 24, 32, 64, 100, luck.randrange(256))) for _ in range(18))  # fmt: skip
        path = place / "noise.jpg"
        path.write_bytes(head + luck.randbytes(40_000))
        refused(path)


# ---------------------------------------------------------------- bombs and memory


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))  # fmt: skip


def png(width, height, bits, colour, rows, *more):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = zlib.compressobj(1)
    data = b"".join(body.compress(row) for row in rows) + body.flush()
    chunks = [png_chunk(b"IHDR", head), *more, png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@attack("data", ["grey", "rgba", "sixteen", "palette", "grey_alpha"], slow=True, fault="S10")
def a_png_of_ninety_five_megapixels(place, patch, kind):
    """It is read as it is; the memory that this takes stays below 1.2 GB."""
    side = 9740
    bits, colour, size = {"grey": (8, 0, 1), "rgba": (8, 6, 4), "sixteen": (16, 0, 2), "palette": (8, 3, 1), "grey_alpha": (8, 4, 2)}[kind]  # fmt: skip
    row = bytes(1 + side * size)
    more = [png_chunk(b"PLTE", bytes(range(9)) * 20), png_chunk(b"tRNS", b"\x80\x00")] if kind == "palette" else []  # fmt: skip
    (place / "a.png").write_bytes(png(side, side, bits, colour, (row for _ in range(side)), *more))
    peak_of("open_image('a.png').shape", place, 1200)


@attack("data", ["progressive", "progressive_grey", "baseline", "cmyk"], slow=True, fault="S10")
def a_giant_jpeg(place, patch, kind):
    side = 19_000 if kind != "cmyk" else 12_000
    mode = {"progressive_grey": "L", "cmyk": "CMYK"}.get(kind, "RGB")
    if kind == "cmyk":
        picture = Image.new("CMYK", (side, side), (0, 40, 80, 0))
    else:
        picture = Image.new(mode, (side, side), 90 if mode == "L" else (200, 100, 50))
    picture.save(place / "a.jpg", quality=30, progressive=kind.startswith("progressive"))
    del picture
    peak_of("open_image('a.jpg').shape", place, 1000)


@attack("data", ["ico_large", "ico_small", "gif", "tiff", "ppm", "bmp", "webp", "jp2", "avif", "bmp_negative"], fault="S10")  # fmt: skip
def a_header_that_lies(place, patch, kind):
    """It promises one size, or has another in it: refused by name, and no memory is taken."""
    path = place / "a.img"
    if kind.startswith("ico"):
        side = 13_000 if kind == "ico_large" else 8
        inner = png(side, side, 8, 0, (bytes(1 + side) for _ in range(side)))
        path.write_bytes(struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(inner), 22) + inner)  # fmt: skip
    elif kind == "ppm":
        path.write_bytes(b"P6 9000 9000 255\n" + bytes(100))
    elif kind == "bmp_negative":
        path.write_bytes(saved("bmp")[:18] + struct.pack("<ii", 9000, -9000) + saved("bmp")[26:])
    elif kind == "bmp":
        path.write_bytes(saved("bmp")[:18] + struct.pack("<ii", 9000, 9000) + saved("bmp")[26:])
    elif kind == "gif":
        path.write_bytes(saved("gif")[:6] + struct.pack("<HH", 60000, 60000) + saved("gif")[10:])
    else:
        whole = bytearray(saved({"tiff": "tif"}.get(kind, kind)))
        for at in range(len(whole) - 4):
            for form, big in (("<H", 60000), (">I", 60000), ("<I", 60000)):
                size = struct.calcsize(form)
                if whole[at : at + size] == struct.pack(form, 96):
                    whole[at : at + size] = struct.pack(form, big)
        path.write_bytes(whole)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert more < 700, f"{more} MB"


@attack("data", ["text", "profile", "exif"], slow=True)
def a_png_with_a_bomb_beside_its_pixels(place, patch, kind):
    bomb = zlib.compress(bytes(300 * 2**20), 9)
    chunk = {"text": png_chunk(b"zTXt", b"a\0\0" + bomb), "profile": png_chunk(b"iCCP", b"a\0\0" + bomb), "exif": png_chunk(b"zTXt", b"Raw profile type exif\0\0" + bomb)}[kind]  # fmt: skip
    (place / "a.png").write_bytes(png(64, 64, 8, 0, [b"\0" + bytes(64)] * 64, chunk))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        open_image(place / "a.png")
    except ImageFileError as error:
        assert "a.png" in str(error)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert more < 200, f"{more} MB"


# ---------------------------------------------------------------- what stands beside the pixels


EXIFS = {
    "orientation_9": lambda e: e.__setitem__(0x0112, 9),
    "orientation_0": lambda e: e.__setitem__(0x0112, 0),
    "orientation_text": lambda e: e.__setitem__(0x0112, "six"),
    "orientation_pair": lambda e: e.__setitem__(0x0112, (1, 1)),
    "orientation_float": lambda e: e.__setitem__(0x0112, 6.5),
    "unknown_tags": lambda e: e.update({0xC000 + k: b"x" * 99 for k in range(50)}),
}


@attack("data", EXIFS)
def odd_exif(place, patch, kind):
    exif = Image.Exif()
    EXIFS[kind](exif)
    try:
        content = exif.tobytes()
    except Exception:
        content = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04six\0\0\0\0\0"
    for ending in ("jpg", "png", "webp"):
        (place / f"a.{ending}").write_bytes(saved(ending, exif=content, quality=95))
        is_scene(open_image(place / f"a.{ending}"))


@attack("data", range(4))
def broken_exif_of_a_turned_photo(place, patch, seed):
    """The pixels are whole: the photo is read, and turned if its mark can be read still."""
    luck = random.Random(seed)
    exif = Image.Exif()
    exif.update({0x010F: "maker", 0x0112: 6, 0x0132: "2026:01:01", 0x8298: "me"})
    exif.get_ifd(0x8769).update({0x9003: "2026", 0x829A: 0.01, 0x927C: b"m" * 90})
    whole = exif.tobytes()
    for _ in range(80):
        content = bytearray(whole)
        for _ in range(luck.choice((1, 2, 8))):
            content[luck.randrange(14, len(content))] = luck.randrange(256)
        path = place / "a.jpg"
        path.write_bytes(saved("jpg", exif=bytes(content), quality=95))
        x = open_image(path)
        turned = any((corners(torch.rot90(x, k, (2, 3))) - CORNERS).abs().max() < 0.1 for k in range(4))  # fmt: skip
        flipped = any((corners(torch.rot90(x.flip(3), k, (2, 3))) - CORNERS).abs().max() < 0.1 for k in range(4))  # fmt: skip
        assert turned or flipped


@attack("data", [1, 2, 3, 4, 5, 6, 7, 8])
def each_turn_with_an_odd_tag(place, patch, turn):
    """Some program wrote a tag that Pillow can read and not write again."""
    backward = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}  # fmt: skip
    picture = scene() if turn == 1 else scene().transpose(backward[turn])
    # little endian: orientation, then a rational that divides by zero, then a text as a number
    entries = [(0x0112, 3, 1, struct.pack("<HH", turn, 0)), (0x011A, 5, 1, struct.pack("<I", 200)), (0x0213, 9, 1, struct.pack("<i", -1)), (0x8298, 2, 9, struct.pack("<I", 10**6))]  # fmt: skip
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHI", *e[:3]) + e[3] for e in entries) + bytes(200)  # fmt: skip
    picture.save(place / "a.jpg", quality=95, exif=b"Exif\0\0II*\0\x08\0\0\0" + body)
    is_scene(open_image(place / "a.jpg"))


@attack("data", ["text", "empty", "zeros", "of_lab", "cut"])
def odd_colour_profile(place, patch, kind):
    profile = {"text": b"no profile", "empty": b"", "zeros": bytes(3000), "of_lab": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "cut": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:200]}[kind]  # fmt: skip
    for ending in ("jpg", "png", "webp", "tif"):
        (place / f"a.{ending}").write_bytes(saved(ending, icc_profile=profile))
        is_scene(open_image(place / f"a.{ending}"), 0.15)


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I;16B", "I", "F", "LAB", "HSV"]  # fmt: skip


@attack("data", MODES)
def each_mode(place, patch, mode):
    """Grey and colours come out as they are, or the file is refused by name."""
    if mode.startswith("I;16"):
        values = np.asarray(scene().convert("L")).astype(np.uint16) * 257
        picture = Image.fromarray(values)
    elif mode in ("LAB", "HSV", "YCbCr"):
        picture = scene().convert(mode) if mode != "LAB" else ImageCms.profileToProfile(scene(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB")  # fmt: skip
    else:
        picture = scene().convert(mode)
    tried = 0
    for ending in ("tif", "png", "jpg"):
        path = place / f"a.{ending}"
        try:
            picture.save(path)
        except (OSError, ValueError, KeyError):
            continue
        tried += 1
        try:
            x = open_image(path)
        except ImageFileError as error:
            assert mode in ("I", "F", "LAB", "HSV", "PA"), error
            continue
        if mode in ("RGB", "RGBA", "CMYK", "YCbCr", "P", "PA", "HSV"):
            is_scene(x, 0.2)
        elif mode != "1":
            grey = torch.tensor([87.0, 135.0, 58.0, 220.0]) / 255
            assert (corners(x)[:, 0] - grey).abs().max() < 0.05
    assert tried or mode in ("PA", "HSV", "LAB")


@attack("data", ["apng", "mpo", "gif", "webp", "tif"])
def several_pictures_in_one_file(place, patch, kind):
    """The first one is shown."""
    ending = {"apng": "png", "mpo": "mpo"}.get(kind, kind)
    others = [Image.new("RGB", (96, 96), (k * 60, 0, 0)) for k in range(3)]
    scene().save(place / f"a.{ending}", save_all=True, append_images=others, **({"lossless": True} if kind == "webp" else {}))  # fmt: skip
    (place / f"a.{ending}").rename(place / "a.img")
    is_scene(open_image(place / "a.img"), 0.15)


@attack("data", ["mif1", "heic", "msf1", "avis"])
def an_avif_under_another_brand(place, patch, brand):
    """Some programs write the general brand first; what is inside decides."""
    whole = saved("avif", quality=95)
    (place / "a.avif").write_bytes(whole[:8] + brand.encode() + whole[12:])
    try:
        is_scene(open_image(place / "a.avif"), 0.15)
    except ImageFileError as error:
        assert brand in ("heic", "msf1", "avis"), error


@attack("data", ["limit_small", "limit_none", "warnings"])
def settings_of_others(place, patch, kind):
    """A notebook has changed Pillow's settings: our limits and words stay."""
    (place / "a.png").write_bytes(saved("png"))
    if kind == "limit_small":
        patch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        refused(place / "a.png", "MAX_IMAGE_PIXELS")
    elif kind == "limit_none":
        patch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        big = png(11_000, 11_000, 1, 0, (bytes(1 + 1375) for _ in range(11_000)))
        (place / "b.png").write_bytes(big)
        refused(place / "b.png", "100 million")
    else:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            side = 9600  # above Pillow's own warning
            (place / "b.png").write_bytes(png(side, side, 1, 0, (bytes(1 + side // 8) for _ in range(side))))  # fmt: skip
            assert open_image(place / "b.png").max() == 0


# ---------------------------------------------------------------- names and folders


@attack("data", ["fifo", "folder", "loop", "dangling", "device", "closed", "nul", "long", "none", "bytes", "number", "newline", "web"])  # fmt: skip
def odd_files(place, patch, kind):
    path = place / "a.png"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to("a.png")
    elif kind == "dangling":
        path.symlink_to("b.png")
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "closed":
        if os.geteuid() == 0:
            raise NotHere("root reads all")
        path.write_bytes(saved("png"))
        path.chmod(0)
    elif kind == "newline":
        path = place / "a\n\udcff ü.png"
        path.write_bytes(saved("png"))
        is_scene(open_image(path))
        return
    given = {"nul": "a\0.png", "long": "x" * 5000, "none": None, "bytes": b"a.png", "number": 3, "web": "https://example.org/a.png"}.get(kind, path)  # fmt: skip
    try:
        open_image(given)
    except (ImageFileError, TypeError) as error:
        assert str(error)
        assert isinstance(error, TypeError) == (kind in ("none", "bytes", "number"))
    else:
        raise AssertionError("it was read")


@attack(
    "data", ["missing", "file", "empty", "mixed", "deep", "one_bad", "loop", "litter", "closed"]
)
def own_folders(place, patch, kind):
    folder = place / "mine"
    folder.mkdir()
    for name in ("cats", "dogs") if kind not in ("empty",) else ():
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes(saved("png"))
    word = {"missing": "there is no", "file": "is a file", "empty": "no pictures", "mixed": "beside", "deep": "folder in a class", "one_bad": "bad.png"}.get(kind)  # fmt: skip
    given = folder
    if kind == "missing":
        given = place / "nothing"
    elif kind == "file":
        given = folder / "cats" / "1.png"
    elif kind == "mixed":
        (folder / "x.png").write_bytes(saved("png"))
    elif kind == "deep":
        (folder / "cats" / "more").mkdir()
    elif kind == "one_bad":
        (folder / "dogs" / "bad.png").write_bytes(saved("png")[:100])
    elif kind == "loop":
        (folder / "cats" / "again").symlink_to(folder)
        word = "folder in a class"
    elif kind == "litter":
        (folder / "cats" / "Thumbs.db").write_bytes(b"x")
        (folder / ".DS_Store").write_bytes(b"x")
    elif kind == "closed":
        if os.geteuid() == 0:
            raise NotHere("root reads all")
        (folder / "cats").chmod(0)
        word = "cannot be opened"
    try:
        found = xc.datasets.folder(given)
    except ImageFileError as error:
        assert word, error
        assert word in str(error), error
    else:
        assert not word
        assert found.classes == ["cats", "dogs"]
        is_scene(found.x[:1])


# ---------------------------------------------------------------- the course's own files


def own_data(place, patch, *names):
    folder = place / "data"
    for name in ("cards.json", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data_folder() / name, folder / name)
    patch.setenv("XAICOURSE_DATA", str(folder))
    return folder


@attack("data", ["digits.safetensors", "photos/coffee.png", "nets/planted_cnn.safetensors", "fashion_mnist_test.safetensors"], fault="S7")  # fmt: skip
def each_byte_counts(place, patch, name):
    folder, luck = own_data(place, patch, name), random.Random(name)
    load = {"digits.safetensors": xc.datasets.digits, "photos/coffee.png": lambda: xc.datasets.photo("coffee"), "nets/planted_cnn.safetensors": lambda: xc.zoo.load("planted_cnn"), "fashion_mnist_test.safetensors": xc.datasets.fashion_mnist}[name]  # fmt: skip
    load()
    whole = (folder / name).read_bytes()
    odd = [whole[:-1], whole + b"\0", b"", bytes(len(whole))]
    for _ in range(6):
        content = bytearray(whole)
        content[luck.randrange(len(whole))] ^= 1 << luck.randrange(8)
        odd.append(bytes(content))
    for content in odd:
        (folder / name).write_bytes(content)
        try:
            load()
        except ValueError as error:
            assert f"git checkout -- data/{name}" in str(error), error
        else:
            raise AssertionError("it was loaded")


@attack("data", ["bom", "number", "null_sum", "upper", "list", "twice", "other_folder", "more_keys", "utf_16", "folder"], fault="S7")  # fmt: skip
def odd_cards(place, patch, kind):
    """A picture is shown only if its card says so; otherwise the advice is there."""
    folder = own_data(place, patch, "photos/coffee.png")
    text = (folder / "cards.json").read_text(encoding="utf-8")
    cards, encoding, works = json.loads(text), "utf-8", False
    card = cards["photos/coffee.png"]
    if kind == "bom":
        encoding, works = "utf-8-sig", None
    elif kind == "utf_16":
        encoding, works = "utf-16", None
    elif kind == "number":
        card["sha256"] = 3
    elif kind == "null_sum":
        card["sha256"] = None
    elif kind == "upper":
        card["sha256"], works = card["sha256"].upper(), None
    elif kind == "list":
        cards["photos/coffee.png"] = list(card.values())
    elif kind == "other_folder":
        cards["old/photos/tea.png"] = card
        works = True
        (folder / "cards.json").write_text(json.dumps(cards))
        assert "tea" not in xc.datasets.photos()
    elif kind == "more_keys":
        card["colour"] = "brown"
    text = json.dumps(cards)
    if kind == "twice":
        text, works = text[:-1] + ', "photos/coffee.png": {}}', False
    if kind == "folder":
        (folder / "cards.json").unlink()
        (folder / "cards.json").mkdir()
    else:
        (folder / "cards.json").write_bytes(text.encode(encoding))
    try:
        xc.datasets.photo("coffee")
        assert works is not False, "it was shown"
    except (ValueError, FileNotFoundError) as error:
        assert not works
        assert "git checkout -- data" in str(error) or "there is no photo" in str(error), error


@attack("data", ["empty", "cut", "flipped", "pickle", "other_torch"], fault="S7")
def changed_weights(place, patch, kind):
    path = place / "weights.pth"
    whole = efficientnet_lite.weights_path().read_bytes()
    buffer = io.BytesIO()
    torch.save({"_fc.weight": torch.zeros(3)}, buffer)
    path.write_bytes({"empty": b"", "cut": whole[:-1], "flipped": whole[:-9] + b"\1" + whole[-8:], "pickle": b"cos\nsystem\n(S'touch owned'\ntR.", "other_torch": buffer.getvalue()}[kind])  # fmt: skip
    patch.setattr(efficientnet_lite, "weights_path", lambda: path)
    os.chdir(place)
    try:
        efficientnet_lite.efficientnet_lite0()
    except ValueError as error:
        assert "pip install" in str(error)
    else:
        raise AssertionError("it was loaded")
    assert not (place / "owned").exists()


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", n) for n in array.shape)
    return head + array.tobytes()


@attack("data", ["cut_gz", "not_gz", "flipped_gz", "bomb", "swapped", "other_length", "float_type", "rank_0", "huge_shape", "empty", "labels_200"], fault="S7")  # fmt: skip
def original_fashion_files(place, patch, kind):
    """Wrong pictures never come out: a file that is not whole is refused by name."""
    pictures = np.arange(30 * 28 * 28, dtype=np.uint8).reshape(30, 28, 28)
    labels = (np.arange(30) % 10).astype(np.uint8)
    first, second = idx(pictures), idx(labels)
    packed = True
    if kind == "swapped":
        first, second = second, first
    elif kind == "other_length":
        second = idx(labels[:29])
    elif kind == "float_type":
        first = first[:2] + b"\x0d" + first[3:]
    elif kind == "rank_0":
        first = b"\0\0\x08\0"
    elif kind == "huge_shape":
        first = b"\0\0\x08\x03" + b"\xff" * 12 + bytes(50)
    elif kind == "empty":
        first = b""
    elif kind == "labels_200":
        second = idx(labels + 200)
    names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
    contents = [gzip.compress(first), gzip.compress(second)]
    if kind == "cut_gz":
        contents[0] = contents[0][:-200]
    elif kind == "not_gz":
        contents[0] = first
    elif kind == "flipped_gz":
        middle = len(contents[0]) // 2
        contents[0] = contents[0][:middle] + bytes([contents[0][middle] ^ 255]) + contents[0][middle + 1 :]  # fmt: skip
    elif kind == "bomb":
        contents[0] = gzip.compress(first + bytes(900 * 2**20), 1)
    for name, content in zip(names, contents, strict=True):
        (place / f"{name}.gz").write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        fashion.fashion_mnist("train", folder=place)
    except ValueError as error:
        assert "idx" in str(error), error
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        assert more < 300, f"{more} MB"
    else:
        raise AssertionError("it was read")
    assert packed


@attack("data")
def the_limits_of_the_formats_list(place, patch):
    assert set(images.FORMATS).isdisjoint({"EPS", "WMF", "PDF", "FITS", "MPEG", "PSD", "GRIB"})
