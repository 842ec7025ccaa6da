"""Run the committed notebooks again and compare: `python tools/rerun.py [05] [--lax]`.

Lessons and worked sheets strictly (every stored text), exercise sheets for running at all.
`--lax` compares nothing, for machines whose numbers differ in the last digits. What a kernel needs
besides is set by conftest.py, as for a `pytest --nbval` of one's own.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run both comparisons and return 0 when both passed."""
    lax = "--lax" in arguments
    wanted = [name for name in arguments if name != "--lax"] or [""]
    strict = _notebooks(("notebooks", "solutions"), wanted)
    free = _notebooks(("exercises",), wanted)
    if not strict or not free:
        print(f"no notebooks for {' '.join(wanted) or 'the course'}; run tools/build.py first")
        return 2
    failed = _pytest("--nbval-lax" if lax else "--nbval", strict)
    return _pytest("--nbval-lax", free) or failed


def _notebooks(folders: tuple[str, ...], wanted: list[str]) -> list[str]:
    return [
        str(path)
        for folder in folders
        for path in sorted((ROOT / folder).glob("*.ipynb"))
        if path.name.startswith(tuple(wanted))
    ]


def _pytest(mode: str, notebooks: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", mode, "-q", *notebooks]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
