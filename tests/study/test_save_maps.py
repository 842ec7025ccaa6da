"""The maps of a folder: killed and gone on with, and never those of another model."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from PIL import Image
from torch import nn

import xaicourse as xc
from tests.plain import refused
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.places import data_folder
from xaicourse.study.save_maps import MANIFEST


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 3), nn.Tanh(), nn.Linear(3, 2)).eval()


def inputs(n=3):
    z = torch.cos(torch.arange(12 * n, dtype=torch.float32)).view(n, 1, 3, 4)
    return {f"input {k}": x[None] for k, x in enumerate(z)}


def test_the_maps_are_those_of_the_method_and_the_details_are_there(tmp_path):
    given, method = inputs(), xc.spec("integrated_gradients", steps=8)
    done = xc.save_maps(net(), given, method, tmp_path / "maps", target=1)
    assert done.made == tuple(given)
    assert done.found == ()
    maps = xc.load_maps(tmp_path / "maps")
    assert list(maps) == list(given)
    for name, x in given.items():
        truth = xc.integrated_gradients(net(), x, target=1, steps=8, return_details=True)
        assert torch.equal(maps[name], truth.values)
    from safetensors import safe_open

    with safe_open(tmp_path / "maps" / f"{name}.safetensors", "pt") as file:
        assert torch.equal(file.get_tensor("gap"), truth.gap)
        assert file.metadata()["method"] == "integrated_gradients"
        assert file.metadata()["name"] == name


def test_a_second_run_makes_only_what_is_missing(tmp_path):
    xc.save_maps(net(), inputs(2), "gradient", tmp_path)
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    done = xc.save_maps(net(), inputs(3).items(), "gradient", tmp_path)  # pairs, as well
    assert done.found == ("input 0", "input 1")
    assert done.made == ("input 2",)
    after = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert before.items() <= after.items()


@pytest.mark.parametrize("broken", [b"", b"{}", "half"])
def test_a_file_that_is_not_whole_is_made_anew(tmp_path, broken):
    xc.save_maps(net(), inputs(1), "gradient", tmp_path)
    file = tmp_path / "input 0.safetensors"
    whole, right = file.read_bytes(), xc.load_maps(tmp_path)["input 0"]
    file.write_bytes(whole[: len(whole) // 2] if broken == "half" else broken)
    assert xc.save_maps(net(), inputs(1), "gradient", tmp_path).made == ("input 0",)
    assert torch.equal(xc.load_maps(tmp_path)["input 0"], right)


def test_another_input_or_target_is_explained_anew(tmp_path):
    given = inputs(2)
    xc.save_maps(net(), given, "gradient", tmp_path, target={"input 0": 0, "input 1": 0})
    given["input 0"] = given["input 0"] + 1
    done = xc.save_maps(net(), given, "gradient", tmp_path, target={"input 0": 0, "input 1": 0})
    assert done.made == ("input 0",)
    done = xc.save_maps(net(), given, "gradient", tmp_path, target={"input 0": 0, "input 1": 1})
    assert done.made == ("input 1",)
    map_there = xc.load_maps(tmp_path, ["input 1"])["input 1"]
    assert torch.equal(map_there, xc.gradient(net(), given["input 1"], target=1))


def test_maps_of_another_model_or_method_are_never_mixed(tmp_path):
    xc.save_maps(net(), inputs(1), "gradient", tmp_path)
    with refused(ValueError, "made with another model; name a new folder"):
        xc.save_maps(net(1), inputs(2), "gradient", tmp_path)
    with refused(ValueError, "made with another method; name a new folder"):
        xc.save_maps(net(), inputs(2), "saliency", tmp_path)
    with refused(ValueError, "made with another output; name a new folder"):
        xc.save_maps(net(), inputs(2), "gradient", tmp_path, output="probability")
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps(manifest | {"xaicourse": "0.0.1"}))
    with refused(ValueError, "made with another xaicourse; name a new folder"):
        xc.save_maps(net(), inputs(2), "gradient", tmp_path)
    (tmp_path / MANIFEST).write_text("{")
    with refused(ValueError, "maps.json is damaged, so that nobody can tell what the maps"):
        xc.save_maps(net(), inputs(2), "gradient", tmp_path)
    (tmp_path / MANIFEST).unlink()
    with refused(ValueError, "holds safetensors files of others; name a new folder"):
        xc.save_maps(net(), inputs(2), "gradient", tmp_path)
    assert sorted(p.name for p in tmp_path.glob("*.safetensors")) == ["input 0.safetensors"]


def test_a_dict_of_targets_must_name_each_photo(tmp_path):
    targets = {"input 0": 0, "inptu 1": 1}
    with refused(ValueError, "target is a dict that has no 'input 1'"):
        xc.save_maps(net(), inputs(2), "gradient", tmp_path, target=targets)
    done = xc.save_maps(net(), inputs(2), "gradient", tmp_path, {"input 0": 0, "input 1": None})
    assert (done.found, done.made) == (("input 0",), ("input 1",))
    map_there = xc.load_maps(tmp_path, ["input 1"])["input 1"]
    assert torch.equal(map_there, xc.gradient(net(), inputs(2)["input 1"]))


def test_two_photos_of_one_name_do_not_replace_each_other(tmp_path):
    (name, first), (_, second) = inputs(2).items()
    with refused(ValueError, "photos has two of the name 'input 0'"):
        xc.save_maps(net(), [(name, first), (name, second)], "gradient", tmp_path)
    there = xc.load_maps(tmp_path)[name]
    assert torch.equal(there, xc.gradient(net(), first))


class Means(nn.Module):
    """Scores of a photo from its mean colours."""

    def forward(self, x):
        return x.mean((2, 3))


def test_a_folder_of_photos_where_one_cannot_be_read(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "notes.txt").write_text("no photo")
    for name, grey in (("a.png", 20), ("c.jpg", 200)):
        Image.new("RGB", (64, 48), (grey, grey // 2, 7)).save(photos / name)
    (photos / "b.png").write_bytes(b"no picture")
    with refused(
        ValueError, "1 of 3 photos could not be read or explained, the maps of the others"
    ):
        xc.save_maps(Means().eval(), photos, "gradient", tmp_path / "maps")
    assert list(xc.load_maps(tmp_path / "maps")) == ["a.png", "c.jpg"]
    Image.new("RGB", (64, 48)).save(photos / "b.png")
    done = xc.save_maps(Means().eval(), photos, "gradient", tmp_path / "maps")
    assert done.made == ("b.png",)
    one = xc.load_maps(tmp_path / "maps", ["b.png"])["b.png"]
    assert one.shape == (1, 3, 224, 224)


KILLED = """
import sys, time, torch, xaicourse as xc
from tests.study.test_save_maps import inputs, net
def slow():
    for name, x in inputs(200).items():
        time.sleep(0.02)
        yield name, x
print("begun", flush=True)
xc.save_maps(net(), slow(), "gradient", sys.argv[1], target=0)
"""


def test_killed_in_the_middle_nothing_that_was_there_is_lost(tmp_path):
    root = str(data_folder().parent)
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE, cwd=root, env=os.environ | {"PYTHONPATH": root},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("*.safetensors"))) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()
    there = set(xc.load_maps(tmp_path))
    assert 5 <= len(there) < 200
    done = xc.save_maps(net(), inputs(200), "gradient", tmp_path, target=0)
    assert set(done.found) == there  # all of them whole
    assert len(done.made) == 200 - len(there)
    assert len(xc.load_maps(tmp_path)) == 200


def test_a_photo_that_cannot_be_explained_is_named_and_the_others_are(tmp_path):
    given = inputs(4)
    given["input 1"] = given["input 1"] * torch.nan
    given["input 2"] = torch.cat([given["input 2"]] * 2)
    targets = {"input 0": 0, "input 1": 0, "input 2": 0, "input 3": 7, "last": 1}
    given["last"] = given["input 0"]
    with pytest.raises(ValueError, match="3 of 5 photos could not be read or explained") as told:
        xc.save_maps(net(), given, "gradient", tmp_path, target=targets)
    assert "input 1: x holds 12 NaN" in str(told.value)
    assert "input 2: x has shape (2, 1, 3, 4), but one input (1, ...) is needed" in str(told.value)
    assert "input 3: target 7 is out of range" in str(told.value)
    assert list(xc.load_maps(tmp_path)) == ["input 0", "last"]


def test_what_fails_for_the_first_two_photos_alike_is_not_tried_on_all(tmp_path):
    tried = []

    def given():
        for name, x in inputs(5).items():
            tried.append(name)
            yield name, x

    with pytest.raises(ValueError, match="target 7 is out of range") as told:
        xc.save_maps(net(), given(), "gradient", tmp_path, target=7)
    assert tried == ["input 0", "input 1"]
    assert "at the photo 'input 1'" in told.value.__notes__[0]
    with refused(ValueError, "1 of 1 photos could not be read or explained, .* input 0: target 7"):
        xc.save_maps(net(), inputs(1), "gradient", tmp_path, target=7)

    sharp = nn.Sequential(net(), nn.Softmax(1))
    with pytest.raises(UnsupportedOperationError) as told:
        xc.save_maps(sharp, inputs(3), "guided_backprop", tmp_path / "rules", target=1)
    assert "at the photo 'input 0'" in told.value.__notes__[0]


def test_a_damaged_map_is_named(tmp_path):
    xc.save_maps(net(), inputs(2), "gradient", tmp_path)
    file = tmp_path / "input 1.safetensors"
    file.write_bytes(file.read_bytes()[:-3])
    for names in (None, ["input 0", "input 1"]):
        with refused(ValueError, "the map of 'input 1' in folder .* is damaged; save_maps makes"):
            xc.load_maps(tmp_path, names)
    assert list(xc.load_maps(tmp_path, ["input 0"])) == ["input 0"]


def test_what_is_refused(tmp_path):
    (tmp_path / "file").write_text("here")
    for call in (lambda f: xc.save_maps(net(), inputs(), "gradient", f), xc.load_maps):
        with refused(ValueError, "is a file; name a folder for the maps"):
            call(tmp_path / "file")
    for pairs in (list(inputs().values()), iter(inputs().values()), ["ab"]):
        with refused(TypeError, r"photos must be pairs \(name, x\), since each map"):
            xc.save_maps(net(), pairs, "gradient", tmp_path / "pairs")
    with refused(TypeError, "method must be the name of a registered method or an xaicourse.spec"):
        xc.save_maps(net(), inputs(), xc.gradient, tmp_path)
    with refused(TypeError, "photos must be a folder, a dict name -> x or pairs"):
        xc.save_maps(net(), torch.ones(2, 1, 3, 4), "gradient", tmp_path)
    with refused(ValueError, "photos must be a folder of image files, got"):
        xc.save_maps(net(), tmp_path / "not there", "gradient", tmp_path)
    with refused(ValueError, "is a folder that holds no image file"):
        xc.save_maps(net(), tmp_path, "gradient", tmp_path)
    for name in ("../outside", "", ".hidden", 3):
        with refused(ValueError, "the name of a photo must be good for a file"):
            xc.save_maps(net(), {name: inputs()["input 0"]}, "gradient", tmp_path / "new")
    with refused(ValueError, "holds no maps of xc.save_maps"):
        xc.load_maps(tmp_path)
    xc.save_maps(net(), inputs(1), "gradient", tmp_path / "maps")
    with refused(ValueError, "holds no map of 'cat'"):
        xc.load_maps(tmp_path / "maps", ["cat"])


@pytest.mark.fault("S9")
@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"folder": None}, TypeError, "folder must be a path, got None"),
        ({"folder": "a file"}, ValueError, "folder .* is a file; name a folder"),
        ({"photos": {"a\0": 0}}, ValueError, "name of a photo must be good for a file"),
        ({"photos": {"a" * 300: 0}}, ValueError, "name of a photo must be good for a file"),
        ({"photos": [("a", 0, 0)]}, TypeError, r"photos must be pairs \(name, x\).*got tuple"),
        ({"photos": ["ab"]}, TypeError, r"photos must be pairs \(name, x\).*got str"),
        ({"photos": {"b": torch.full((1, 4), torch.nan)}}, ValueError, "b: x holds 4 NaN"),
        ({"photos": {"b": [1.0]}}, ValueError, "b: x must be a torch tensor"),
    ],
    ids=["none", "a file", "nul", "long", "triple", "text", "NaN", "a list"],
)
def test_what_cannot_be_saved_is_refused_by_name(change, error, says, tmp_path):
    (tmp_path / "a file").write_text("x")
    asked = {"photos": inputs(), "folder": "maps", **change}
    folder = asked["folder"] and tmp_path / asked["folder"]
    with pytest.raises(error, match=says):
        xc.save_maps(net(), asked["photos"], "gradient", folder)


@pytest.mark.fault("S1")
@pytest.mark.parametrize("content", ["{", "[]", '"text"', "3"])
def test_a_damaged_list_of_what_maps_were_made_with_is_told(content, tmp_path):
    """It is not taken for that of another model, and nothing is overwritten."""
    xc.save_maps(net(), inputs(), "gradient", tmp_path)
    before = xc.load_maps(tmp_path)
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(ValueError, match=r"maps\.json is damaged.*name a new folder"):
        xc.save_maps(net(), inputs(), "gradient", tmp_path)
    assert all(torch.equal(before[name], found) for name, found in xc.load_maps(tmp_path).items())


@pytest.mark.fault("S1")
def test_a_damaged_map_is_not_left_out_in_silence(tmp_path):
    model, photos = net(), inputs()
    xc.save_maps(model, photos, "gradient", tmp_path)
    before = xc.load_maps(tmp_path)
    first = sorted(before)[0]
    (tmp_path / f"{first}.safetensors").write_bytes(b"junk")
    for names in (None, [first], first):
        with pytest.raises(ValueError, match=f"map of {first!r} .*damaged; save_maps makes it"):
            xc.load_maps(tmp_path, names=names)
    assert list(xc.load_maps(tmp_path, names=sorted(before)[1:])) == sorted(before)[1:]
    xc.save_maps(model, photos, "gradient", tmp_path)  # the advice
    assert all(torch.equal(before[name], found) for name, found in xc.load_maps(tmp_path).items())


def test_one_name_is_one_name(tmp_path):
    xc.save_maps(net(), dict(zip("ab", inputs(2).values(), strict=True)), "gradient", tmp_path)
    assert list(xc.load_maps(tmp_path, names="a")) == ["a"]
    with pytest.raises(ValueError, match="no map of 'ab'"):
        xc.load_maps(tmp_path, names="ab")
    with pytest.raises(TypeError, match=r"names must be names of maps.*got 3"):
        xc.load_maps(tmp_path, names=3)
