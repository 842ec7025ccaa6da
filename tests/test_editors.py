"""Type checkers and editors of users know every public name, its settings and its result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jedi
import pytest

pytestmark = pytest.mark.fault("N5")

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


def test_a_users_script_is_clean(tmp_path):
    assert pyright(tmp_path, USERS_SCRIPT) == []


def test_a_users_mistakes_are_seen(tmp_path):
    start = USERS_SCRIPT.partition("details = ")[0]
    said = pyright(tmp_path, start + "\n".join(WRONG))
    assert len(said) == len(WRONG)
    for message, word in zip(said, WRONG.values(), strict=True):
        assert word in message


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
