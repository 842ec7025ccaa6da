"""Run the committed notebooks again and compare: `python tools/rerun.py [05] [--lax]`.

Lessons and worked sheets strictly (every stored text); exercise sheets, and lessons with nothing
solved as they stand in work/, for running at all; one notebook a processor. `--lax` compares
nothing, for machines whose numbers differ in the last digits. What a kernel needs besides is set
by conftest.py, as for a `pytest --nbval` of one's own.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from builder.work import in_work_text

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run both comparisons and return 0 when both passed."""
    lax = "--lax" in arguments
    wanted = [name for name in arguments if name != "--lax"] or [""]
    strict = _notebooks(("notebooks", "solutions"), wanted)
    free = _notebooks(("exercises",), wanted)
    if not strict or not (free or wanted == ["workshop"]):
        print(f"no notebooks for {' '.join(wanted) or 'the course'}; run tools/build.py first")
        return 2
    failed = _pytest("--nbval-lax" if lax else "--nbval", strict)
    # Beside the others: pytest then has the same root, and with it the same conftest.py.
    with tempfile.TemporaryDirectory(prefix=".rerun-", dir=ROOT) as folder:
        free += _unsolved(_notebooks(("notebooks",), wanted), Path(folder))
        return (_pytest("--nbval-lax", free) if free else 0) or failed


def _notebooks(folders: tuple[str, ...], wanted: list[str]) -> list[str]:
    return [
        str(path)
        for folder in folders
        for path in sorted((ROOT / folder).glob("*.ipynb"))
        if path.name.startswith(tuple(wanted))
    ]


def _unsolved(lessons: list[str], folder: Path) -> list[str]:
    """Write each lesson that has tasks as a student opens it, and return the files."""
    written = []
    for lesson in map(Path, lessons):
        text = in_work_text(lesson.read_text(encoding="utf-8"))
        if text is not None:
            path = folder / lesson.name
            path.write_text(text, encoding="utf-8")
            written.append(str(path))
    return written


def _pytest(mode: str, notebooks: list[str]) -> int:
    side_by_side = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")
    command = [sys.executable, "-m", "pytest", mode, "-q", *side_by_side, *notebooks]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
