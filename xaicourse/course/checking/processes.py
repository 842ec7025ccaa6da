"""Processes that an answer starts end with its check: what Linux offers for that.

Elsewhere, and where a call is not allowed, nothing happens: the group of the checker's process is
ended as a whole, which finds all but those that left it.
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["adopt_orphans", "die_with_parent", "end_children", "end_group", "has_one_thread"]

DEATH_SIGNAL, CHILD_SUBREAPER = 1, 36  # of prctl(2)
SECONDS = 3.0  # the longest time for ending what an answer started


def adopt_orphans() -> bool:
    """Become the parent of all descendants whose parents end; say whether that is possible."""
    return _prctl(CHILD_SUBREAPER, 1)


def die_with_parent() -> bool:
    """Have this process ended when its parent ends, however that happens."""
    return _prctl(DEATH_SIGNAL, signal.SIGKILL)


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        return ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def has_one_thread() -> bool:
    """Say whether the system knows one thread of this process: only then is a fork safe."""
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    except OSError:
        return False


def end_children(but: int | None = None) -> bool:
    """End all children but one; with `adopt_orphans` all its descendants, one after the other.

    Returns False if some are still there after three seconds.
    """
    end = time.monotonic() + SECONDS
    while left := [child for child in _children() if child != but]:
        for child in left:
            with suppress(OSError):  # it has ended
                os.kill(child, signal.SIGKILL)
        for child in left:
            with suppress(ChildProcessError):
                os.waitpid(child, 0)
        if time.monotonic() > end:
            return False
    return True


def _children() -> list[int]:
    """Return the ids of the processes whose parent this one is, as far as the system tells."""
    own = str(os.getpid())
    try:
        return [int(child) for child in _read(f"/proc/self/task/{own}/children").split()]
    except OSError:  # a system that does not count them
        pass
    folders = Path("/proc").glob("[0-9]*")
    return [int(folder.name) for folder in folders if _parent(folder) == own]


def _parent(folder: Path) -> str | None:
    try:
        return _read(f"{folder}/stat").rpartition(")")[2].split()[1]
    except OSError:
        return None


def _read(file: str) -> str:
    with open(file) as opened:  # noqa: PTH123 - at each check
        return opened.read()


def end_group() -> None:
    """End this process, its descendants and its group, which the notebook made for it."""
    end_children()
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)
