"""Who wrote the answer: the library's own methods do not count as a student's work."""

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType

from xaicourse.core.registry import note_use, watch_calls

__all__ = ["is_installed", "note_reference", "watch"]


@contextmanager
def watch() -> Iterator[list[str]]:
    """Collect the names of the library's methods that are called inside."""
    with watch_calls() as seen:
        yield seen


def note_reference() -> None:
    """Count the use of a task's reference like that of a library method, for all who watch."""
    note_use("or_reference")


def is_installed(module: ModuleType | None) -> bool:
    """Say whether a module belongs to Python, an installed package or the course itself."""
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return True
    package = module.__name__.partition(".")[0]
    if package == "xaicourse":
        return True
    above = Path(file).parents
    if any(folder.name in ("site-packages", "dist-packages") for folder in above):
        return True  # of this environment, of the user, or of one that lies below
    folders = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
    return any(Path(folder) in above for folder in folders) or _is_distributed(package, file)


@cache
def _is_distributed(package: str, file: str) -> bool:
    """Say whether an installer put the package into its folder, wherever that folder lies."""
    root = next((folder.parent for folder in Path(file).parents if folder.name == package), None)
    root = root or Path(file).parent  # a module that is one file
    written = (d.read_text("RECORD") or "" for d in metadata.distributions(path=[str(root)]))
    start = tuple(package + end for end in ("/", ".py", "."))
    return any(line.startswith(start) for record in written for line in record.splitlines())
