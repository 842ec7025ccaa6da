"""`import xaicourse` costs little more than `import torch`: heavy modules wait until needed."""

import json
import os
import subprocess
import sys

import pytest
import torch

import xaicourse as xc

HEAVY = (
    "torchvision",
    "matplotlib.pyplot",
    "ipywidgets",
    "IPython",
    "PIL.Image",
    "tqdm.auto",
    "captum",
    "xaicourse.plot",
    "xaicourse.course.checking",
)


def loaded_after(code: str) -> list[str]:
    """Return which heavy modules a fresh Python has loaded after running `code`."""
    report = f"import sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_import_is_cheap():
    assert loaded_after("import xaicourse; xaicourse.__version__; dir(xaicourse)") == []


def test_a_method_needs_no_pictures():
    code = "import xaicourse as xc, torch\nxc.gradient(lambda x: x.sum(1), torch.ones(1, 2))"
    assert loaded_after(code) == []
    code = code.replace("gradient", "integrated_gradients")
    assert set(loaded_after(code)) <= {"tqdm.auto", "IPython", "ipywidgets"}  # tqdm looks for them


def test_names_are_listed_and_unknown_ones_refused():
    assert {"integrated_gradients", "METHODS", "spec", "bind", "pack"} <= set(dir(xc))
    with pytest.raises(AttributeError, match="module 'xaicourse' has no attribute 'nonsense'"):
        xc.nonsense  # noqa: B018


def test_all_methods_can_be_imported_by_name():
    for name, record in xc.METHODS.items():
        assert getattr(xc, name) is record.method


def test_device(monkeypatch):
    monkeypatch.delenv("XAICOURSE_DEVICE", raising=False)
    assert xc.device("cpu") == torch.device("cpu")
    assert xc.device().type in ("cuda", "mps", "cpu")
    monkeypatch.setenv("XAICOURSE_DEVICE", "meta")
    assert xc.device() == torch.device("meta")
    assert xc.device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(
    "code",
    [
        "from xaicourse.course.timeline import registered; n = len(registered())",
        "from xaicourse.methods import all_methods; n = len(all_methods())",
        "import xaicourse as xc; n = len(xc.METHODS)",
    ],
)
def test_whoever_asks_for_all_methods_gets_all(code):
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(n)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert int(done.stdout) == len(xc.METHODS) > 25
