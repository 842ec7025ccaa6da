"""Several photos, folders, JSON; and a wrong argument is told before torch is imported."""

import json
import math
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

import xaicourse as xc
from tests.explain.command import error_of, run
from xaicourse import cli
from xaicourse.explain.known import SHORT, baselines, choose_method, methods

# ---------------------------------------------------------------- before torch


def table():
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    place = Path(__file__).parents[2] / "tools" / "make_stub.py"
    spec = spec_from_file_location("make_stub", place)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_methods_is_that_of_the_registry():
    tool = table()
    stored = tool.TABLE.read_text(encoding="utf-8")
    assert stored == tool.known_before_torch(), "run  python tools/make_stub.py"
    assert list(methods()) == sorted(xc.METHODS)
    assert baselines() == list(xc.baselines.BASELINES)


WRONG = {
    "method": ["--method", "smothgrad"],
    "model": ["--model", "resnet81"],
    "weights": ["--model", "resnet18", "--weights", "none.pt"],
    "target": ["--target", "espreso"],
    "tol": ["--tol", "5"],
    "setting": ["--method", "gradient", "--steps", "5"],
    "baseline": ["--baseline", "blakc"],
    "out": ["--out", "map.txt"],
    "top": ["--top", "none"],
    "photo": ["missing.png"],
    "empty": ["empty.png"],
    "folder": ["empty"],
}


@pytest.mark.fault("X6")
@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_argument_is_told_without_torch(photo, folder, kind):
    (folder / "empty.png").touch()
    (folder / "empty").mkdir()
    arguments = WRONG[kind] if kind in ("photo", "empty", "folder") else [photo, *WRONG[kind]]
    code = (
        "import sys; from xaicourse import cli\n"
        f"code = cli.main({['explain', *arguments]!r})\n"
        "print(code, 'torch' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert result.stdout.split() == ["2", "False"], result.stderr
    assert result.stderr.count("\n") == 1
    assert time.perf_counter() - started < 10  # 0.1 s of work; torch alone takes 2 to 5


@pytest.mark.fault("X7")
def test_the_package_is_a_command():
    ran = subprocess.run(
        [sys.executable, "-m", "xaicourse", "--version"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.stdout == f"xaicourse {xc.__version__}\n"


# ---------------------------------------------------------------- near names


@pytest.mark.fault("X5")
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("smothgrad", "smoothgrad"),
        ("integrated_gradient", "integrated_gradients"),
        ("lrb", "lrp"),
        ("grad-cams", "grad_cam"),
    ],
)
def test_near_names_of_methods(tiny, photo, capsys, given, meant):
    assert f"did you mean '{meant}'?" in error_of(capsys, photo, "--method", given)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ig", "integrated_gradients"),
        ("GradCAM", "grad_cam"),
        ("InputXGradient", "input_x_gradient"),
        ("Guided Backprop", "guided_backprop"),
    ],
)
def test_short_and_foreign_names_of_methods(given, meant):
    assert choose_method(given).name == meant


def test_short_names_lead_to_methods_of_photos():
    assert {choose_method(short).name for short in SHORT} == set(SHORT.values())
    assert not set(SHORT) & set(methods())


@pytest.mark.fault("X5")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pattern_net", "it needs patterns that were fitted on data"),
        ("pattern_attribution", "it needs patterns that were fitted on data"),
        ("manifold_ig", "it needs an autoencoder"),
        ("gradient_artificial_distancing", "it needs pictures of two classes"),
        ("graph_ig", "it explains a graph"),
        ("integrated_hessians", "its result is no map"),
    ],
)
def test_methods_that_need_more_than_a_photo_are_not_offered(tiny, photo, capsys, name, why):
    line = error_of(capsys, photo, "--method", name)
    assert line.startswith(f"--method {name}: {why}")
    assert name not in error_of(capsys, photo, "--method", "xyzzy")
    assert tiny.calls == 0


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["explain", "--methd", "ig"], "--method"),
        (["explain", "a.png", "--baselin=black", "--targt", "3"], "--target"),
        (["explane", "a.png"], "explain"),
        (["open", "05", "--shet"], "--sheet"),
    ],
)
def test_near_names_of_options_and_commands(capsys, arguments, meant):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.fault("X5")
def test_an_option_of_another_command_is_told_from_a_wrong_name(capsys):
    with pytest.raises(SystemExit):
        cli.main(["status", "--json"])
    said = capsys.readouterr().err
    assert "--json belongs to explain" in said
    assert "did you mean" not in said


def test_an_option_is_given_once(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["explain", "a.png", "--method", "ig", "--tol", "0.1", "--method", "gradient"])
    assert stop.value.code == 2
    assert "argument --method: given twice; give it once" in capsys.readouterr().err


def test_help_says_where_the_recipes_are(capsys):
    with pytest.raises(SystemExit):
        cli.main(["explain", "--help"])
    assert "work/docs/own_model.md" in " ".join(capsys.readouterr().out.split())


def test_near_names_of_baselines(tiny, photo, capsys):
    assert "did you mean 'black'?" in error_of(capsys, photo, "--baseline", "blakc")


# ---------------------------------------------------------------- several photos


@pytest.fixture
def photos(folder):
    """A folder with two photos, and another photo of the same name beside it."""
    (folder / "in").mkdir()
    for name, grey in (("in/a.png", 40), ("in/b.JPG", 200), ("a.png", 120)):
        picture = Image.new("RGB", (240, 240), (grey, grey, grey))
        picture.paste((0, 0, 0), (0, 0, 240, 20))
        picture.save(folder / name)
    (folder / "in" / "notes.txt").write_text("no photo")
    return folder


@pytest.mark.fault("X4")
@pytest.mark.parametrize("out", ["maps/", "maps"])
def test_several_photos_and_a_folder(tiny, photos, capsys, out):
    assert run("a.png", "in", "-o", out, "--steps", "4") == 0
    names = sorted(file.name for file in (photos / "maps").iterdir())
    assert names == [
        "a_2_integrated_gradients.png",
        "a_integrated_gradients.png",
        "b_integrated_gradients.png",
    ]
    text = capsys.readouterr().out
    assert [line.split(",")[0] for line in text.splitlines() if "seen by" in line] == [
        "a.png", "in/a.png", "in/b.JPG",
    ]  # fmt: skip


def test_what_was_drawn_is_no_photo_of_the_next_run(tiny, photos, capsys):
    for _ in range(2):
        assert run("in", "-o", "in", "--method", "gradient") == 0
        assert capsys.readouterr().out.count("seen by") == 2


@pytest.mark.fault("X4")
def test_one_damaged_photo_does_not_stop_the_others(tiny, photos, capsys):
    whole = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(whole).save(photos / "in" / "aa.jpg")
    file = photos / "in" / "aa.jpg"
    file.write_bytes(file.read_bytes()[:20_000])
    assert run("in", "--method", "gradient") == 2
    captured = capsys.readouterr()
    assert captured.out.count("Picture: ") == 2
    first, last = captured.err.splitlines()
    assert "in/aa.jpg: the picture is damaged" in first
    assert last == "xaicourse: error: 1 of 3 photos could not be explained"


UNUSABLE = {
    "empty": (lambda file: file.touch(), "is empty (0 bytes)"),
    "text": (lambda file: file.write_text("no photo"), "is not an image file"),
    "small": (lambda file: Image.new("RGB", (300, 10)).save(file), "needs at least 32"),
    "link": (lambda file: file.symlink_to("gone.png"), "There is no file"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_one_unusable_photo_does_not_stop_the_others(tiny, photos, capsys, kind):
    make, reason = UNUSABLE[kind]
    make(photos / "in" / "aa.png")
    assert run("in", "a.png", "--method", "gradient") == 2
    captured = capsys.readouterr()
    assert captured.out.count("Picture: ") == 3
    first, last = captured.err.splitlines()
    assert "in/aa.png" in first
    assert reason in first
    assert last == "xaicourse: error: 1 of 4 photos could not be explained"


def test_photos_of_which_none_can_be_used_are_all_named(tiny, folder, capsys):
    (folder / "a.png").touch()
    (folder / "b.png").write_text("no photo")
    line = error_of(capsys, "a.png", "b.png")
    assert line == (
        "none of the 2 photos can be used: a.png is empty (0 bytes). b.png is not an image file "
        "that can be read here; use JPEG, PNG or WebP."
    )
    assert tiny.calls == 0


def test_a_photo_that_does_not_exist_stops_all_at_once(tiny, photos, capsys):
    assert error_of(capsys, "a.png", "in", "b.png") == "There is no file b.png."
    assert tiny.calls == 0


@pytest.mark.parametrize("first", ["in/0.png", "in/z.png"])
def test_one_photo_that_the_method_refuses_does_not_stop_the_others(tiny, photos, capsys, first):
    Image.new("RGB", (240, 240), "white").save(photos / first)
    assert run("in", "--method", "smoothgrad", "--samples", "2") == 2
    captured = capsys.readouterr()
    assert captured.out.count("Picture: ") == 2
    told, last = captured.err.splitlines()
    assert told.startswith(f"xaicourse: error: {first}: row 0 of x is constant")
    assert last == "xaicourse: error: 1 of 3 photos could not be explained"


def test_what_is_wrong_with_every_photo_ends_at_the_second(tiny, photos, capsys):
    call = ("in", "a.png", "--method", "grad_cam", "--layer", "nowhere")
    assert run(*call) == 2
    told, last = capsys.readouterr().err.splitlines()
    assert "in/a.png: layer 'nowhere'" in told
    assert last.startswith("xaicourse: error: layer 'nowhere'")


def test_folders_and_hidden_files_of_a_folder_are_no_photos(tiny, photos, capsys):
    (photos / "in" / "dir.png").mkdir()
    (photos / "in" / ".hidden.png").write_bytes((photos / "a.png").read_bytes())
    assert run("in", "--method", "gradient") == 0
    assert capsys.readouterr().out.count("seen by") == 2


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("map.png", "one file for 2 photos; name a folder, such as map/"),
        ("in/notes.txt", "must be a folder or end in"),
        ("nowhere/maps", "there is no folder nowhere"),
    ],
)
def test_places_that_cannot_be(tiny, photos, capsys, out, words):
    assert words in error_of(capsys, "in", "--out", out)
    assert tiny.calls == 0


@pytest.mark.fault("X7")
@pytest.mark.parametrize("out", ["maps", "maps/", "maps.png"])
def test_out_is_a_folder(tiny, photo, folder, out):
    (folder / out).mkdir()
    assert run(photo, "--out", out, "--method", "gradient") == 0
    assert (folder / out / "cat_gradient.png").is_file()


@pytest.mark.fault("X4")
def test_a_jpeg_can_be_written(tiny, photo, folder):
    assert run(photo, "--out", "res.jpg", "--method", "gradient") == 0
    assert (folder / "res.jpg").read_bytes().startswith(b"\xff\xd8")


# ---------------------------------------------------------------- settings, JSON, transparency


@pytest.mark.fault("X4")
def test_json_says_what_the_sentences_say(tiny, photos, capsys):
    assert run("in", "--json", "--top", "2", "--method", "smoothgrad", "--samples", "3") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["method"] == "smoothgrad"
    assert found["settings"] == {"samples": 3}
    assert len(found["photos"]) == 2
    first = found["photos"][0]
    assert len(first["guesses"]) == 2
    assert first["photo"] == "in/a.png"
    assert (photos / first["picture"]).is_file()
    assert first["gap"] is None
    assert first["gradients"] == 3
    assert first["explained"]["number"] == first["guesses"][0]["number"]
    assert first["map_error"] is None or math.isfinite(first["map_error"])
    assert "random draws" in first["map_error_in_words"] or first["map_error"] is None


def test_the_whole_output_is_json_where_a_photo_fails(tiny, photos, capsys):
    (photos / "in" / "c.png").write_bytes((photos / "in" / "a.png").read_bytes()[:-30])
    assert run("in", "--json", "--method", "gradient") == 2
    found = json.loads(capsys.readouterr().out)
    assert [("error" in one) for one in found["photos"]] == [False, False, True]


@pytest.mark.fault("X4")
def test_another_seed_is_another_draw(tiny, photo, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr("xaicourse.explain.work.draw", lambda x, result, *rest: seen.append(result))
    monkeypatch.setattr("xaicourse.explain.work.save", lambda *arguments: None)
    call = (photo, "--method", "smoothgrad", "--target", "tench", "--samples", "2", "--seed")
    for seed in ("0", "1", "0"):
        assert run(*call, seed) == 0
    assert not seen[0].values.equal(seen[1].values)
    assert seen[0].values.equal(seen[2].values)


@pytest.mark.fault("X4")
def test_top_lists_so_many(tiny, photo, capsys):
    assert run(photo, "--top", "3", "--method", "gradient") == 0
    assert sum("%  " in line for line in capsys.readouterr().out.splitlines()) == 3


def test_every_baseline_of_the_gallery_is_named(tiny, photo, capsys):
    for name in baselines():
        assert run(photo, "--baseline", name, "--steps", "2") == 0
        assert "Rise:      from " in capsys.readouterr().out


@pytest.mark.fault("X8")
@pytest.mark.parametrize(
    ("mode", "alpha", "said"),
    [
        ("RGBA", 0, "100 % of"),
        ("RGBA", 128, "50 % of"),
        ("LA", 0, "100 % of"),
        ("RGBA", 255, ""),
        ("RGB", None, ""),
    ],
)
def test_what_a_transparent_photo_looks_like_is_said(tiny, folder, capsys, mode, alpha, said):
    picture = Image.new("RGB", (240, 240), (10, 20, 30)).convert(mode)
    if alpha is not None:
        picture.putalpha(alpha)
    picture.save("clear.png")
    assert run("clear.png", "--method", "gradient") == 0
    out = capsys.readouterr().out
    assert ("transparent; the model sees white there" in out) == bool(said)
    assert said in out


# ---------------------------------------------------------------- cells


@pytest.mark.fault("X9")
@pytest.mark.parametrize("method", ["grad_cam", "eigen_cam", "cam"])
def test_the_map_of_a_layer_is_drawn_in_its_own_cells(cnn, photo, monkeypatch, method):
    from matplotlib.axes import Axes

    drawn = []
    plain = Axes.imshow

    def seen(axis, values, *rest, **more):
        image = plain(axis, values, *rest, **more)
        drawn.append((np.shape(values), image))
        return image

    monkeypatch.setattr(Axes, "imshow", seen)
    labels = []
    monkeypatch.setattr(
        "matplotlib.colorbar.Colorbar.set_label", lambda bar, text: labels.append(text)
    )
    assert run(photo, "--method", method) == 0
    shapes = [shape for shape, _ in drawn]
    assert shapes.count((7, 7)) == 2  # over the photo, and alone
    assert (56, 56) not in shapes
    assert all(i.get_interpolation() == "nearest" for s, i in drawn if s == (7, 7))
    (label,) = filter(None, labels)
    assert "7 × 7 cells of the layer" in label
    assert "pixels a square" not in label
