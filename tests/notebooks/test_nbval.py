"""`pytest --nbval` by itself: what the conftest.py in the root of the clone gives the kernels."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import slowed
from builder.environment import FIRST
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("conftest.py", "tools/sanitize.cfg", "tools/builder/__init__.py",
          "tools/builder/environment.py")  # fmt: skip

# Code, and what it printed where the stored outputs were made.
CELLS = {
    "import os; print([os.environ[name] for name in " + repr(list(FIRST)) + "])": str(
        list(FIRST.values())
    ),
    "print(hash('seeds of hashes count'))": None,  # its value with PYTHONHASHSEED=0
    "print(os.path.exists(os.environ['XAICOURSE_PROGRESS']))": "False",
    "print(os.environ.get('MPLBACKEND', 'none').startswith('module://matplotlib_inline'))": "True",
    "import matplotlib.pyplot as plt; print(len(plt.figure().axes))": "0",
    "print(object())": "<object object at 0x1234>",
}


def hash_with_seed_0():
    command = [sys.executable, "-c", "print(hash('seeds of hashes count'))"]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """Return a clone that holds one notebook, and what its kernels need."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    cells = []
    for number, (code, printed) in enumerate(CELLS.items(), 1):
        text = (printed or hash_with_seed_0()) + "\n"
        outputs = [new_output("stream", name="stdout", text=text)]
        cells.append(new_code_cell(code, execution_count=number, outputs=outputs))
    cells[4].outputs.append(new_output("display_data", {"text/plain": "<Figure size 640x480 with 0 Axes>"}))
    nbformat.write(new_notebook(cells=cells), tmp_path / "one.ipynb")
    return tmp_path


def nbval(clone, *options, **variables):
    """Run pytest on the notebook as a reader would, and return what it says."""
    ours = ("XAICOURSE_", "JUPYTER_", "OMP_", "PYTHONHASH", "MPL", "IPYTHONDIR", "XDG_", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "pytest", "one.ipynb", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        command, cwd=clone, env=kept | variables, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.fault("S11")
def test_it_passes_without_a_home_and_out_of_sight_of_the_record(clone):
    record = clone / "progress.json"
    record.write_text("mine")
    no_home = str(record / "home")  # below a file nothing can be made
    code, said = nbval(
        clone, "--nbval", HOME=no_home, XAICOURSE_PROGRESS=str(record), MPLBACKEND="agg"
    )
    assert code == 0, said
    assert f"{len(CELLS)} passed" in said
    assert record.read_text() == "mine"


@pytest.mark.fault("S11")
def test_without_it_these_cells_fail(clone):
    (clone / "conftest.py").unlink()
    code, said = nbval(clone, "--nbval", "--nbval-current-env")
    assert code == 1
    failed = [number for number in range(len(CELLS)) if f"FAILED one.ipynb::Cell {number}" in said]
    assert {0, 1, 2, 5} <= set(failed), said


def load_conftest():
    specification = importlib.util.spec_from_file_location("root_conftest", ROOT / "conftest.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def configured(monkeypatch, **chosen):
    """Return the options and the environment after pytest was configured with these options."""
    unset = {"nbval": False, "nbval_lax": False, "nbval_kernel_name": None}
    module = load_conftest()
    unset |= {name: default for name, (default, _) in module.OPTIONS.items()}
    option = SimpleNamespace(**(unset | chosen))
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"], "MPLBACKEND": "agg"})
    monkeypatch.setattr(sys, "path", list(sys.path))
    config = SimpleNamespace(
        option=option, getoption=lambda name, *default: getattr(option, name, *default)
    )
    module.pytest_configure(config)
    return vars(option), os.environ


def test_without_the_option_nothing_is_changed(monkeypatch):
    options, environment = configured(monkeypatch)
    assert environment == {"PATH": os.environ["PATH"], "MPLBACKEND": "agg"}
    assert options["nbval_sanitize_with"] is None


def test_what_was_chosen_by_hand_stays(monkeypatch):
    chosen = {"nbval_sanitize_with": "mine.cfg", "nbval_cell_timeout": 5.0}
    options, environment = configured(monkeypatch, nbval_lax=True, **chosen)
    assert environment.items() >= FIRST.items()
    assert options.items() >= chosen.items()
    assert options["nbval_current_env"]


def test_a_kernel_that_was_named_is_taken(monkeypatch):
    options, _ = configured(monkeypatch, nbval=True, nbval_kernel_name="mine")
    assert not options["nbval_current_env"]


def test_the_options_are_those_of_nbval(pytestconfig):
    for name, (unset, _) in load_conftest().OPTIONS.items():
        assert pytestconfig.getoption(name) == unset


# ---------------------------------------------------------------- slowed on purpose


@pytest.mark.skipif(sys.platform != "linux", reason="not on this platform: binds to a processor")
def test_a_slowed_run_is_a_readers_own(monkeypatch):
    monkeypatch.setenv("XAICOURSE_TEST", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    seen = {}

    def run(command, *, cwd, env, check):
        seen.update(command=command, env=env, processors=os.sched_getaffinity(0))
        return SimpleNamespace(returncode=3)

    before = os.sched_getaffinity(0)
    monkeypatch.setattr(slowed.subprocess, "run", run)
    assert slowed.main(["05"]) == 3
    assert [Path(part).name[:2] for part in seen["command"] if "ipynb" in part] == ["05"]
    assert not {"XAICOURSE_TEST", "OMP_NUM_THREADS"} & seen["env"].keys()
    assert len(seen["processors"]) == 1
    assert os.sched_getaffinity(0) == before


def test_a_slowed_run_of_nothing_does_not_pass(capsys):
    assert slowed.main(["77"]) == 2
    assert "no lessons for 77" in capsys.readouterr().out
