"""The environment of a notebook's kernel, wherever a notebook is built or compared."""

import atexit
import os
import shutil
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
    """Return this process's environment with `variables`, and without a fixed plotting backend."""
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return {"MPLCONFIGDIR": _font_cache()} | kept | variables


@cache
def _font_cache() -> str:
    """Return a folder that Matplotlib can write to: where it finds none, it prints a warning.

    It is the usual one if that can be written, otherwise one for this run.
    """
    try:
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
        usual.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=usual):
            return str(usual)
    except (OSError, RuntimeError):  # a home that is read-only, or none
        folder = tempfile.mkdtemp(prefix="matplotlib-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder
