"""Build the site: python tools/site.py [FOLDER], by default build/site. It needs no network.

The settings stand in docs/site/conf.py. A warning is an error.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

from sphinx.cmd.build import main as sphinx

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "build" / "site"


def main() -> int:
    parser = argparse.ArgumentParser(description="build the site")
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    folder = parser.parse_args().folder.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / "searchindex.js").exists():
        print(f"site.py: {folder} holds something else; give an empty folder", file=sys.stderr)
        return 2
    start = time.monotonic()
    trees = folder.with_name(f"{folder.name}-trees")  # Sphinx's notes, no part of the site
    for old in (folder, trees):
        shutil.rmtree(old, ignore_errors=True)
    strict = ["-W", "--keep-going", "-q"]
    code = sphinx(
        [*strict, "-c", str(ROOT / "docs/site"), "-d", str(trees), str(ROOT), str(folder)]
    )
    shutil.rmtree(trees, ignore_errors=True)
    if code == 0:
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{size / 1e6:.0f} MB in {time.monotonic() - start:.0f} s: {folder / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
