"""Who wrote the answer: the library's own methods do not count as a student's work."""

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

__all__ = ["is_installed", "note_reference", "watch"]


@contextmanager
def watch() -> Iterator[list[str]]:
    """Collect the names of the library's methods that are called inside."""
    from xaicourse.core.registry import watch_calls

    with watch_calls() as seen:
        yield seen


def note_reference() -> None:
    """Count the use of a task's reference like that of a library method, for all who watch."""
    from xaicourse.core.registry import _watched

    for seen in _watched.get():
        seen.append("or_reference")


def is_installed(module: ModuleType | None) -> bool:
    """Say whether a module belongs to Python, an installed package or the course itself."""
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return True
    if module.__name__.partition(".")[0] == "xaicourse":
        return True
    folders = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
    return any(Path(folder) in Path(file).parents for folder in folders)
