"""Run the course: python lab.py lab, and the other targets of the Makefile.

This script needs nothing but Python, so that it works before anything is installed, on every
system. `plan` makes the list of commands, `main` runs them; --dry-run only prints them.
"""

from __future__ import annotations  # lets an old Python read this file and be told that it is old

import argparse
import hashlib
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)

TARGETS = {
    "lab": "open the course in JupyterLab (arguments after it go to `xaicourse open`)",
    "test": "run all tests, then all notebooks",
    "notebooks": "rebuild notebooks/, exercises/ and solutions/ from the lessons' rooms",
    "site": "build the site into build/site; it needs no network",
    "check": "check generated files, format, lint and types",
    "bench": "run the benchmarks (slow; needs a quiet machine)",
    "wheels": "fill wheels/ with all packages that a machine without network needs",
    "xaicourse": "run the command line, for example: python lab.py xaicourse reset 05",
    "python": "run the environment's Python, for example: python lab.py python -m pytest -k path",
}
WITH_ARGUMENTS = ("lab", "xaicourse", "python")
EXTRAS = {
    "lab": "lab",
    "xaicourse": "lab",
    "bench": "lab,oracle",
    "site": "lab,site",
    "wheels": "lab",
}  # all others: lab,test

# One thread: two busy threads on two busy cores can be 25 times slower than one.
QUIET_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
TEST_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Step:
    """One command. If it is `essential`, the steps after it make no sense when it fails."""

    title: str  # SyntaxError? This needs Python 3.11 or newer (Python 2 stops here)
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    essential: bool = False
    folder: Path = ROOT
    minutes: float = 0  # the most that it may take in continuous integration; 0 is no limit


class Venv:
    """The virtual environment, and a stamp inside it that remembers what was installed."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.stamp = folder / "xaicourse-installed.json"
        programs, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
        self.python = folder / programs / f"python{ending}"
        self.xaicourse = folder / programs / f"xaicourse{ending}"

    def wanted(self) -> str:
        """What an installation depends on: project file, versions, and the place of the clone."""
        files = (ROOT / "pyproject.toml", *constraints())
        content = b"".join(file.read_bytes() for file in files)
        return hashlib.sha256(content + str(ROOT).encode()).hexdigest()

    def installed(self) -> set[str]:
        """The extras that are installed and up to date."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
            whole = self.python.exists() and self.xaicourse.exists()
            current = stamp["wanted"] == self.wanted() and whole
            return set(stamp["extras"]) if current else set()
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def complete(self) -> bool:
        """Python and pip are there (an interrupted start leaves the first without the second)."""
        places = ("lib/python*/site-packages/pip", "Lib/site-packages/pip")
        return self.python.exists() and any(any(self.folder.glob(place)) for place in places)

    def write_stamp(self, extras: set[str]) -> None:
        text = json.dumps({"wanted": self.wanted(), "extras": sorted(extras)})
        self.stamp.write_text(text + "\n", encoding="utf-8")


def constraints() -> list[Path]:
    """The file with the versions that were tried together; none if XAICOURSE_NEWEST=1."""
    file = ROOT / "constraints.txt"
    return [file] if file.exists() and os.environ.get("XAICOURSE_NEWEST") != "1" else []


def install_steps(venv: Venv, extras: set[str]) -> list[Step]:
    """Make the environment and install the package; nothing if both were done before."""
    if extras <= venv.installed():
        return []
    names = ",".join(sorted(extras | venv.installed()))
    install = (str(venv.python), "-m", "pip", "install", *fixed(), "-e", f".[{names}]")
    title = "Install the course (the first time: minutes, and gigabytes on Linux)"
    return [*make_steps(venv), Step(title, install, QUIET_PIP, essential=True, minutes=4)]


def make_steps(venv: Venv) -> list[Step]:
    """Make the environment; nothing if it is there."""
    if venv.complete():
        return []
    make = (sys.executable, "-m", "venv", str(venv.folder))
    return [Step(f"Make the environment {venv.folder.name}", make, essential=True)]


def fixed() -> list[str]:
    """What tells pip the versions that were tried together."""
    return [word for file in constraints() for word in ("-c", file.name)]


def wheels_steps(venv: Venv, extras: set[str]) -> list[Step]:
    """Fill wheels/ for machines of this kind: what is installed, and what builds the package."""
    names = ",".join(sorted(extras))
    wanted = (f".[{names}]", "hatchling>=1.27", "editables")
    download = (str(venv.python), "-m", "pip", "download", "-d", "wheels", *fixed(), *wanted)
    title = "Fill wheels/ (minutes, and gigabytes on Linux); then carry the clone over with it"
    return [*make_steps(venv), Step(title, download, QUIET_PIP, essential=True)]


def stored_outputs_hold() -> bool:
    """Say whether this machine is of the kind on which the stored outputs were made."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def test_steps(python: str) -> list[Step]:
    """The package's tests, the panels in a browser, and each notebook.

    Notebooks are compared with their stored outputs, or only run where those do not hold.
    """
    pytest = (python, "-m", "pytest", "-p", "tests.no_skips")
    several = (*pytest, "-n", "auto", "--maxprocesses", "4")
    press = ("tests/notebooks", "tests/test_new_lesson.py", "tests/test_wheel.py")
    attacks = ("tests/course/attacks", "tests/course/campaign")
    forms = ("tests/lessons/test_forms.py",)
    course = ("tests/course", "tests/lessons")
    browsed = ("tests/browser", "tests/site")
    contracts = "tests/contract"
    apart = [f"--ignore={place}" for place in (*browsed, contracts, *press, *course)]
    course_apart = [f"--ignore={place}" for place in (*attacks, *forms)]
    notebooks = (python, "tools/rerun.py", *([] if stored_outputs_hold() else ["--lax"]))
    how = "outputs compared" if stored_outputs_hold() else "run only: outputs differ off Linux x86"
    plugin = {"PYTEST_PLUGINS": "tests.no_skips"}
    slowed = Step("Two slowed lessons", (python, "tools/slowed.py", "01", "05"), plugin, minutes=3)
    return [
        Step("Tests of the package", (*several, *apart, "tests"), TEST_ENVIRONMENT, minutes=10),
        Step("Contracts of all methods", (*several, contracts), TEST_ENVIRONMENT, minutes=6),
        Step(
            "Tests of lessons and checkers",
            (*several, *course_apart, *course),
            TEST_ENVIRONMENT,
            minutes=10,
        ),
        Step("Press and wheel", (*several, *press), TEST_ENVIRONMENT, minutes=5),
        Step("Attacks on checker and records", (*several, *attacks), TEST_ENVIRONMENT, minutes=5),
        Step("Answers in every form", (*several, *forms), TEST_ENVIRONMENT, minutes=6),
        Step("Panels in a browser", (*several, "tests/browser"), TEST_ENVIRONMENT, minutes=5),
        Step("Site", (*several, "tests/site"), TEST_ENVIRONMENT, minutes=5),
        *([slowed] if stored_outputs_hold() else []),
        Step(f"Lessons, solutions and sheets ({how})", notebooks, plugin, minutes=18),
    ]


def lesson_texts() -> list[Path]:
    """The text of every lesson and of every sheet."""
    rooms = ROOT / "xaicourse" / "course" / "lessons"
    return [file for name in ("lesson", "sheet") for file in sorted(rooms.glob(f"l*/{name}.py"))]


def check_steps(python: str) -> list[Step]:
    pyright = (python, "-m", "pyright", "--pythonpath", python)
    ruff, own = (python, "-m", "ruff"), ("--config", "tools/lessons_ruff.toml")
    texts = [str(file.relative_to(ROOT)) for file in lesson_texts()]
    return [
        Step("Notebooks", (python, "tools/build.py", "--check")),
        Step("Stubs", (python, "tools/make_stub.py", "--check")),
        Step("Picture of the floors", (python, "tools/draw_floors.py", "--check")),
        Step("Format", (*ruff, "format", "--check")),
        Step("Format of the lessons", (*ruff, "format", "--check", *own, *texts)),
        Step("Lint", (*ruff, "check")),
        Step("Lint of the lessons", (*ruff, "check", *own, *texts)),
        Step("Types", pyright, {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}),
        Step("Lines of each task, panel, method and metric", (python, "tools/lines.py")),
    ]


def target_steps(target: str, arguments: list[str], venv: Venv) -> list[Step]:
    python = str(venv.python)
    if target == "lab":
        return [Step("Open the course", (str(venv.xaicourse), "open", *arguments))]
    if target == "xaicourse":
        command = (str(venv.xaicourse), *arguments)
        return [Step("", command, folder=Path.cwd())]  # arguments may name files that are here
    if target == "python":
        return [Step("", (python, *arguments))]
    if target == "test":
        return test_steps(python)
    if target == "check":
        return check_steps(python)
    if target == "notebooks":
        return [Step("Build the notebooks", (python, "tools/build.py"))]
    if target == "site":
        return [Step("Build the site", (python, "tools/site.py"))]
    scripts = sorted((ROOT / "benchmarks").glob("[!_]*.py"))
    return [Step(file.stem, (python, f"benchmarks/{file.name}")) for file in scripts]


def plan(target: str, arguments: list[str], extras: set[str], venv: Venv) -> list[Step]:
    """All steps of a target: install what is missing, then do the work."""
    if target == "wheels":
        return wheels_steps(venv, extras)
    return install_steps(venv, extras) + target_steps(target, arguments, venv)


def shown(step: Step) -> str:
    """A step as one could type it."""
    settings = [f"{name}={value}" for name, value in step.environment.items()]
    return " ".join([*settings, shlex.join(step.command)])


def run(step: Step) -> int:
    """Run one step in its folder, the clone, and return its exit code."""
    if step.title:
        print(f"\n-- {step.title}\n$ {shown(step)}", flush=True)
    environment = {**os.environ, **step.environment}
    process = subprocess.Popen(step.command, cwd=step.folder, env=environment)
    # Ctrl-C reaches the child as well, which decides (JupyterLab asks first): wait for it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def run_all(steps: list[Step], venv: Venv, extras: set[str]) -> int:
    """Run the steps in order, stamp the environment, sum up, and return the worst exit code."""
    failed, seconds = [], []
    for step in steps:
        start = time.monotonic()
        code = run(step)
        seconds.append((step, time.monotonic() - start))
        if code != 0:
            failed.append((step, code))
            if step.essential:
                break
        elif {"pip", "install"} <= set(step.command):
            venv.write_stamp(extras | venv.installed())
    if len(steps) == 1 and failed:
        return failed[0][1]  # a single command's own exit code, as if it had been typed
    if len(steps) > 1:
        print(f"\n-- Seconds of each part\n{table_of(seconds)}", flush=True)
    for step, code in failed:
        print(f"FAILED (exit code {code}): {step.title or shown(step)}", file=sys.stderr)
    slow = too_slow(seconds) if os.environ.get("CI") == "true" else []
    for step in slow:
        print(f"FAILED (over {step.minutes:g} minutes): {step.title}", file=sys.stderr)
    return 1 if failed or slow else 0


def table_of(seconds: list[tuple[Step, float]]) -> str:
    """The seconds of each step, and the limit that holds in continuous integration."""
    limits = [f" of {60 * step.minutes:g}" if step.minutes else "" for step, _ in seconds]
    lines = [
        f"{taken:7.0f} s{limit:8}  {step.title or shown(step)}"
        for (step, taken), limit in zip(seconds, limits, strict=True)
    ]
    total = sum(taken for _, taken in seconds)
    return "\n".join([*lines, f"{total:7.0f} s{'':8}  all"])


def too_slow(seconds: list[tuple[Step, float]]) -> list[Step]:
    """The steps that took longer than they may."""
    return [step for step, taken in seconds if step.minutes and taken > 60 * step.minutes]


def parse(arguments: list[str]) -> argparse.Namespace:
    listed = "\n".join(f"  {name:10} {text}" for name, text in TARGETS.items())
    parser = argparse.ArgumentParser(
        prog="lab.py",
        usage="python lab.py [--dry-run] TARGET [ARGUMENTS]",
        description=f"targets:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="environment: EXTRAS=lab,test chooses what is installed, XAICOURSE_VENV=.venv "
        "where; XAICOURSE_NEWEST=1 takes the newest packages instead of those in constraints.txt",
    )
    parser.add_argument("--dry-run", action="store_true", help="only print the commands")
    parser.add_argument("target", choices=TARGETS, metavar="TARGET", help="one of the targets")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.arguments[:1] == ["--dry-run"]:  # `lab.py test --dry-run` means the same
        options.dry_run, options.arguments = True, options.arguments[1:]
    if options.arguments and options.target not in WITH_ARGUMENTS:
        parser.error(f"{options.target} takes no arguments, got {shlex.join(options.arguments)}")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    if sys.version_info < OLDEST_PYTHON:
        print(f"lab.py: needs Python 3.11 or newer, this is {platform.python_version()}. "
              "Choose another: make PYTHON=python3.12 ...", file=sys.stderr)  # fmt: skip
        return 2
    names = os.environ.get("EXTRAS") or EXTRAS.get(options.target, "lab,test")
    extras = {name.strip() for name in names.split(",") if name.strip()}
    venv = Venv(ROOT / (os.environ.get("XAICOURSE_VENV") or ".venv"))
    steps = plan(options.target, options.arguments, extras, venv)
    if options.dry_run:
        print("\n".join(shown(step) for step in steps))
        return 0
    return run_all(steps, venv, extras)


if __name__ == "__main__":
    sys.exit(main())
