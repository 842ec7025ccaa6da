"""Is everything there? `xaicourse doctor` looks before a lab does."""

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from xaicourse import __version__
from xaicourse.core.places import issued_folder

OLDEST_PYTHON = (3, 11)
TORCH = "2.14"  # the series that all tests were run with


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `text` is its state, or what is wrong and how to mend it."""

    name: str
    ok: bool
    text: str


def examine() -> list[Finding]:
    """Look at everything the course needs; a check that fails in any way is a finding."""
    return [_look(name, check) for name, check in _CHECKS.items()]


def report(findings: list[Finding]) -> str:
    """Write one line for each finding, and one that sums up."""
    lines = [f"{_word(finding):8} {finding.name:8} {finding.text}" for finding in findings]
    problems = sum(not finding.ok for finding in findings)
    return "\n".join([*lines, f"{problems} problem(s)" if problems else "All is ready."])


def one_line(findings: list[Finding]) -> str:
    """Write all of it as one line, for a mail to the instructor."""
    ready = "READY" if all(finding.ok for finding in findings) else "NOT READY"
    # What is fine needs no sentence: the first words tell the version.
    told = [f"{f.name}: {f.text if f.ok else 'PROBLEM, ' + f.text}" for f in findings]
    line = f"xaicourse {__version__} {ready} | {platform.system()} {platform.machine()} | "
    return " ".join((line + " | ".join(told)).split())


def _word(finding: Finding) -> str:
    return "ok" if finding.ok else "PROBLEM"


def _look(name: str, check: Callable[[], str]) -> Finding:
    """Run one check: it returns what it found, or raises what is wrong."""
    try:
        return Finding(name, True, check())
    except Exception as error:
        return Finding(name, False, " ".join(str(error).split()) or type(error).__name__)


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise RuntimeError(f"3.11 or newer is needed, this is {platform.python_version()}")
    return platform.python_version()


def _torch() -> str:
    import torch

    found = torch.__version__
    if not found.startswith(f"{TORCH}."):
        raise RuntimeError(
            f"{TORCH} is needed, this is {found}; install the course again: make lab"
        )
    return found


def _device() -> str:
    import torch

    from xaicourse.core.device import device

    chosen = device()
    torch.ones(2, device=chosen).sum().item()  # a device that is listed may still not work
    return f"{chosen}, {os.cpu_count()} CPU cores"


def _data() -> str:
    from xaicourse.datasets.cards import cards, verify

    problems = verify()
    if problems:
        raise RuntimeError("; ".join(problems))
    return f"{len(cards())} files, sums right"


def _weights() -> str:
    from xaicourse.zoo import load

    load("efficientnet_lite0")
    return "EfficientNet-Lite0, sum right"


def _lessons() -> str:
    root = issued_folder()
    lessons = len(list((root / "notebooks").glob("[0-9][0-9]_*.ipynb")))
    sheets = len(list((root / "exercises").glob("[0-9][0-9]_*.ipynb")))
    if not lessons or not sheets:
        raise RuntimeError(
            f"{lessons} lessons and {sheets} sheets found; build them: make notebooks"
        )
    return f"{lessons} with {sheets} sheets"


def _jupyterlab() -> str:
    return _version("jupyterlab")


def _widgets() -> str:
    front_end = ("share", "jupyter", "labextensions", "@jupyter-widgets", "jupyterlab-manager")
    if not Path(sys.prefix, *front_end, "package.json").is_file():
        _version("jupyterlab_widgets")
        raise RuntimeError("JupyterLab's half of ipywidgets is not in this environment")
    return f"ipywidgets {_version('ipywidgets')}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        message = f"{package} is not installed; make lab, or pip install -e '.[lab]'"
        raise RuntimeError(message) from None


_CHECKS = {
    "Python": _python,
    "torch": _torch,
    "device": _device,
    "data": _data,
    "weights": _weights,
    "lessons": _lessons,
    "lab": _jupyterlab,
    "panels": _widgets,
}
