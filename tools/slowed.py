"""Run lessons strictly on a machine that is slowed on purpose: `python tools/slowed.py 01 05`.

As a reader would: `pytest --nbval` by itself. Everything shares one processor with a loop that
takes a third of it, and the home folder cannot be written to. What only a slow machine prints
(progress bars, Matplotlib's note about fonts) would be a difference.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NO_HOME = "/dev/null/home"  # below a file nothing can be made, not even by root
# Half of the processor while it works, and it works two thirds of the time.
BUSY = """
import time
while True:
    end = time.process_time() + 0.02
    while time.process_time() < end: pass
    time.sleep(0.02)
"""
# A reader has set none of these.
OURS = ("OMP_NUM_THREADS", "PYTHONHASHSEED", "MPLCONFIGDIR", "XDG_CACHE_HOME", "IPYTHONDIR")


def main(lessons: list[str]) -> int:
    """Return 0 when the lessons passed, and 2 when there are none of these names."""
    files = [f for name in lessons for f in sorted((ROOT / "notebooks").glob(f"{name}_*.ipynb"))]
    if not files:
        print(f"no lessons for {' '.join(lessons) or 'no name'}")
        return 2
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", *map(str, files)]
    with _two_thirds_of_a_processor():
        return subprocess.run(command, cwd=ROOT, env=_environment(), check=False).returncode


def _environment() -> dict[str, str]:
    ours = ("XAICOURSE_", "JUPYTER_")
    kept = {k: v for k, v in os.environ.items() if k not in OURS and not k.startswith(ours)}
    no_skips = {k: v for k, v in os.environ.items() if k == "XAICOURSE_NO_SKIPS"}
    return kept | no_skips | {"HOME": NO_HOME}


@contextlib.contextmanager
def _two_thirds_of_a_processor() -> Iterator[None]:
    """Bind this process and its children to one processor, and keep that one busy."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(all_of_them)})
    busy = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()
        os.sched_setaffinity(0, all_of_them)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
