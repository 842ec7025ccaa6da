"""The environment of a notebook's kernel, wherever a notebook is built or compared."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

# Stored outputs are pinned for this: CPU, one thread, small chunks.
FIRST = {
    "XAICOURSE_TEST": "1",
    "XAICOURSE_DEVICE": "cpu",
    "XAICOURSE_BATCH_SIZE": "4",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
# What must not change the text of a notebook.
SECOND = FIRST | {
    "XAICOURSE_BATCH_SIZE": "10",
    "OMP_NUM_THREADS": "2",
    "PYTHONHASHSEED": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # two threads that spin for each other are 2-4x slower
}


def environment(variables: dict[str, str] = FIRST) -> dict[str, str]:
    """Return this process's environment with `variables`, and without a fixed plotting backend.

    The reader's record of predictions and checks and the answers to studies are out of sight, and
    what a kernel or Matplotlib must write has a place, also where the home folder is read-only.
    """
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    kept = _writable_places() | kept | variables
    nowhere = _own_folder() / "no record"
    return kept | {
        "XAICOURSE_PROGRESS": str(nowhere / "progress.json"),
        "XAICOURSE_ANSWERS": str(nowhere / "answers.sqlite"),
    }


@cache
def _writable_places() -> dict[str, str]:
    """Return folders for what is written to the home folder: the usual ones if that is possible.

    Matplotlib's list of fonts is made here: it takes seconds, and a cell would tell of it.
    """
    places = {} if _home_is_writable() else {
        name: str(_own_folder() / name.lower())
        for name in ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")
    }  # fmt: skip
    command = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env=os.environ | places, capture_output=True, check=False)
    return places


def _home_is_writable() -> bool:
    try:
        cache_folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        for folder in (cache_folder / "matplotlib", Path.home() / ".local/share/jupyter"):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
    except (OSError, RuntimeError):  # a home that is read-only, or none
        return False
    return True


@cache
def _own_folder() -> Path:
    """Return a folder for this run, which is removed after it."""
    folder = tempfile.mkdtemp(prefix="xaicourse-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
