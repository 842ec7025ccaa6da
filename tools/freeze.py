"""Write constraints.txt: one version of each package with which the whole course was tried.

python tools/freeze.py            # install the newest of all in a new environment, write them down
python tools/freeze.py --check    # say where this environment differs from constraints.txt

After the first: `make test`, then commit. Only names and versions stand in the file.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
EXTRAS = "lab,test,browser,heic,site"
NOT_OURS = {"pip", "setuptools", "wheel", "xaicourse"}
HEADER = """\
# Versions with which all tests and all notebooks passed together. lab.py (make lab, make test) and
# continuous integration install these; written by  python tools/freeze.py
"""


def installed(python: str) -> dict[str, str]:
    """Return package -> version in the environment of a Python."""
    command = (python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check")
    listed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    versions = {
        line["name"].lower().replace("_", "-"): line["version"].partition("+")[0] for line in listed
    }
    return {name: version for name, version in sorted(versions.items()) if name not in NOT_OURS}


def newest() -> dict[str, str]:
    """Install the course with the newest packages that its ranges allow; return them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run((sys.executable, "-m", "venv", folder), check=True)
        python = str(Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        subprocess.run((python, "-m", "pip", "install", f"{ROOT}[{EXTRAS}]"), check=True)
        return installed(python)


def written() -> dict[str, str]:
    """Return package -> version in constraints.txt."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return dict(pairs)


def differences(here: dict[str, str]) -> list[str]:
    """Say which installed packages have another version than the one on the list, or none."""
    known = written()
    found = [(name, version, known.get(name)) for name, version in here.items()]
    return [f"{n} {v} here, {w or 'not'} on the list" for n, v, w in found if v != w]


def main() -> int:
    parser = argparse.ArgumentParser(description="write constraints.txt")
    parser.add_argument("--check", action="store_true", help="compare with this environment")
    if parser.parse_args().check:
        print("\n".join(found := differences(installed(sys.executable))) or "as on the list")
        return 1 if found else 0
    lines = [f"{name}=={version}" for name, version in newest().items()]
    CONSTRAINTS.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"wrote {len(lines)} versions to {CONSTRAINTS.name}; now run  make test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
