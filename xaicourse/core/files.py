"""Writing files safely: whole or not at all, one writer at a time, nothing overwritten unseen."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import filelock

__all__ = ["check_ordinary", "locked", "write_atomically", "write_new"]

WAIT = 10  # seconds to wait for another writer
LONGEST = 200  # characters of a file's name that go into the name of its lock
# What a file system says that knows no such thing.
NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file so that a crash or a power loss leaves the old one or the new one, whole.

    A file that is there keeps its owner and its permissions, a new one gets those that the user's
    umask allows, and where `file` is a link, the file that it points to is written. What is no
    ordinary file (a folder, a device, a pipe) is refused with an OSError.
    """
    file = Path(os.path.realpath(file))
    check_ordinary(file)
    old = file.stat() if file.exists() else None
    temporary = _written_beside(file, content, 0o666 if old is None else stat.S_IMODE(old.st_mode))
    try:
        if old is not None:
            _give(temporary, old)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(file.parent)


def write_new(file: Path, content: bytes, like: os.stat_result | None = None) -> None:
    """Write a file that is not there yet, whole; raise FileExistsError if somebody was faster.

    It gets the owner and the permissions of another file, `like`, where that is given.
    """
    mode = 0o666 if like is None else stat.S_IMODE(like.st_mode)
    temporary = _written_beside(file, content, mode)
    try:
        if like is not None:
            _give(temporary, like)
        try:
            os.link(temporary, file)  # fails where the name is taken: nothing is overwritten
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with file.open("xb") as stream:
                stream.write(content)
            _give(file, temporary.stat())
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
    OSError
        If `file` is no ordinary file, such as a folder or a device.
    """
    file = Path(os.path.realpath(file))
    check_ordinary(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(file.with_name(f".{file.name[:LONGEST]}.lock"), timeout=WAIT)
    try:
        lock.acquire()
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in NOT_OFFERED:
            raise
        yield
        return
    try:
        yield
    finally:
        lock.release()


def check_ordinary(file: Path) -> None:
    """Refuse a folder, a device, a pipe: reading may never end, and to replace it destroys it."""
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "this is no ordinary file, move it away", str(file))


def _give(file: Path, old: os.stat_result) -> None:
    """Give a file the owner, the group and the permissions that another one had."""
    new = file.stat()
    if hasattr(os, "chown") and (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with contextlib.suppress(OSError):  # only an administrator may
            os.chown(file, old.st_uid, old.st_gid)
    file.chmod(stat.S_IMODE(old.st_mode))


def _written_beside(file: Path, content: bytes, mode: int = 0o666) -> Path:
    """Write the content to a new file in the folder of `file`, down to the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{secrets.token_hex(8)}.tmp")
    handle = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode
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
        if error.errno not in NOT_OFFERED:
            raise


def _sync_folder(folder: Path) -> None:
    """Bring a folder's new entry to the disk, where the system lets one open a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
