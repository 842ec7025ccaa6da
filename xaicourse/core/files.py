"""Writing files safely: whole or not at all, one writer at a time, nothing overwritten unseen."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import filelock

__all__ = ["locked", "write_atomically", "write_new"]

WAIT = 10  # seconds to wait for another writer
LONGEST = 200  # characters of a file's name that go into the name of its lock


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file so that a crash or a power loss leaves the old one or the new one, whole.

    A file that is there keeps its permissions, a new one gets those that the user's umask allows,
    and where `file` is a link, the file that it points to is written.
    """
    file = Path(os.path.realpath(file))
    temporary = _written_beside(file, content)
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(file.stat().st_mode))
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(file.parent)


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet, whole; raise FileExistsError if somebody was faster."""
    temporary = _written_beside(file, content)
    try:
        try:
            os.link(temporary, file)  # fails where the name is taken: nothing is overwritten
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with file.open("xb") as stream:
                stream.write(content)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(file.parent)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let one thread of one process at a time read, change and write a file.

    The system frees the lock when its owner dies, at whatever moment. A file system that knows no
    locks is used without.

    Raises
    ------
    TimeoutError
        If another owner keeps the lock for more than ten seconds.
    """
    file = Path(os.path.realpath(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(file.with_name(f".{file.name[:LONGEST]}.lock"), timeout=WAIT)
    try:
        lock.acquire()
    except NotImplementedError:  # no locks here
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _written_beside(file: Path, content: bytes) -> Path:
    """Write the content to a new file in the folder of `file`, down to the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{secrets.token_hex(8)}.tmp")
    handle = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            _sync(stream.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # not offered here
            raise


def _sync_folder(folder: Path) -> None:
    """Bring a folder's new entry to the disk, where the system lets one open a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
