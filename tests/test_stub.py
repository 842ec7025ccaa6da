"""Editors and type checkers know every public name: by the stubs that tools/make_stub.py writes."""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import jedi
import pytest

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "OMP_NUM_THREADS": "1"}

USERS_SCRIPT = """
from typing import assert_type

import torch
import xaicourse as xc

model = xc.zoo.load("fashion_cnn")
images = xc.datasets.fashion_mnist("test", 1).x
ig = xc.integrated_gradients(model, images, target=3, steps=8)
assert_type(ig, torch.Tensor)
details = xc.integrated_gradients(model, images, target=3, return_details=True)
assert_type(details, xc.Attribution)
print(details.relative_gap, xc.METHODS["lrp"].title)
maps = {name: xc.spec(name)(model, images) for name in ("gradient", "lrp")}
cam = xc.grad_cam(model, images, 3, layer=None, upsample="bicubic").abs()
found = xc.evaluation.deletion(model, images, ig, 3, imputer="grey", unit=4)
print(found.interval().low, found.minus(found).mean, xc.METRICS["deletion"].direction)
xc.plot.maps({"ig": ig, **maps}, alt="three maps").save("maps.png")
print(xc.plot.timeline(alt="years").alt, xc.evaluation.controls.random(images).shape)
panel = xc.widgets.PathPanel(model, images, 3, steps=8)
xc.check("05.1", lambda x: x)
strip = xc.truth_strip(xc.input_x_gradient)
print(strip.cosine, xc.scores(model, images).mean(), xc.device(), xc.__version__)
"""
WRONG = {
    'xc.gradient(model, images, targett=3)': 'No overloads for "gradient"',
    'xc.gradient(model, images).gap': "gap",
    'xc.integrated_gradient(model, images)': "integrated_gradient",
    'xc.evaluation.deletion(model, images, ig, unit="four")': "unit",
    'xc.evaluation.delition(model, images, ig)': "delition",
}  # fmt: skip


def read_module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_stub = read_module(ROOT / "tools" / "make_stub.py")


def pyright(folder: Path, script: str) -> list[str]:
    """Return the errors that a user sees who checks a script in a folder of their own."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    settings = {"include": ["script.py"], "extraPaths": [str(ROOT)], "typeCheckingMode": "basic"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    run = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return [said["message"] for said in json.loads(run.stdout)["generalDiagnostics"]]


def completions(text: str) -> set[str]:
    project = jedi.Project(ROOT, sys_path=[str(ROOT), *sys.path])
    return {found.name for found in jedi.Script(text, project=project).complete()}


def test_the_stubs_are_in_step():
    assert make_stub.main(["--check"]) == 0, "run: python tools/make_stub.py"


def test_an_old_stub_is_seen_and_mended(tmp_path, monkeypatch, capsys):
    file = tmp_path / "__init__.pyi"
    monkeypatch.setattr(make_stub, "ROOT", tmp_path)
    monkeypatch.setattr(make_stub, "stubs", lambda: {file: "new\n"})
    file.write_text("old\n", encoding="utf-8")
    assert make_stub.main(["--check"]) == 1
    assert "is out of step" in capsys.readouterr().out
    assert file.read_text(encoding="utf-8") == "old\n"
    assert make_stub.main([]) == 0
    assert file.read_text(encoding="utf-8") == "new\n"
    assert make_stub.main(["--check"]) == 0


@pytest.mark.fault("N5")
def test_a_users_script_is_clean(tmp_path):
    assert pyright(tmp_path, USERS_SCRIPT) == []


@pytest.mark.fault("N5")
def test_a_users_mistakes_are_seen(tmp_path):
    start = USERS_SCRIPT.partition("details = ")[0]
    said = pyright(tmp_path, start + "\n".join(WRONG))
    assert len(said) == len(WRONG)
    for message, word in zip(said, WRONG.values(), strict=True):
        assert word in message


@pytest.mark.fault("N5")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import xaicourse as xc\nxc.integ", "integrated_gradients"),
        ("import xaicourse as xc\nxc.grad_cam(upsam", "upsample="),
        ("import xaicourse as xc\nxc.evaluation.ins", "insertion"),
        ("import xaicourse as xc\nxc.evaluation.deletion(unit=1, imp", "imputer="),
        ("import xaicourse as xc\nxc.zoo.lo", "load"),
        ("import xaicourse as xc\nxc.widgets.Noise", "NoisePanel"),
        ("import xaicourse as xc\nxc.plot.timel", "timeline"),
    ],
)
def test_an_editor_completes(text, name):
    assert name in completions(text)


@pytest.mark.parametrize("home", make_stub.HOMES)
def test_every_public_name_is_in_the_stub(home):
    module = importlib.import_module(home)
    text = Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8")
    for name in module.__all__:
        assert f'    "{name}",\n' in text, name
        forms = (f"def {name}(", f" as {name}\n", f"\n{name}: str\n")
        assert any(form in text for form in forms), name


# ---- a home with doors: some of its names come from elsewhere when they are asked for -----------

MADE_UP_HOME = """
from collections import Counter as Panel
from torch import Tensor
import xaicourse as xc

__all__ = [NAMES]

def _door(name: str) -> "Tensor | None":
    return getattr(xc.datasets, name, None) or getattr(xc.zoo, name)

__getattr__ = _door
"""


def test_a_name_behind_a_door_is_written_as_an_import(tmp_path, monkeypatch):
    home = made_up_home(tmp_path, monkeypatch, '"Panel", "photo"')
    text = make_stub.stub(home, {})
    assert "from collections import Counter as Panel\n" in text
    assert "from xaicourse.datasets.photos import photo as photo\n" in text
    assert "def _door(\n    name: str,\n) -> Tensor | None: ...\n" in text


def test_a_value_behind_a_door_needs_a_table(tmp_path, monkeypatch):
    home = made_up_home(tmp_path, monkeypatch, '"TOY_INPUT"')
    with pytest.raises(LookupError, match="TOY_INPUT says not where it is from"):
        make_stub.stub(home, {})
    text = make_stub.stub(home, {"TOY_INPUT": "xaicourse.zoo:TOY_INPUT"})
    assert "from xaicourse.zoo import TOY_INPUT as TOY_INPUT\n" in text


def made_up_home(folder: Path, monkeypatch: pytest.MonkeyPatch, names: str) -> ModuleType:
    file = folder / "made_up_home.py"
    file.write_text(MADE_UP_HOME.replace("NAMES", names), encoding="utf-8")
    home = read_module(file)
    monkeypatch.setitem(sys.modules, home.__name__, home)
    return home
