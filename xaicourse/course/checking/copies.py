"""Copies of the checker's process, in which answers are judged: what they do, they do to a copy.

The process itself runs no code of a student. It forks a copy, hands it requests, and ends it with
all that it has started. A copy serves on as long as its answers pass and leave nothing behind. An
answer that a used copy finds wrong is judged once more in a fresh one. Linux only: see `processes`.
"""

import os
import pickle
import secrets
import select
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from json import dumps, loads
from typing import Any, BinaryIO, NoReturn

from xaicourse.course.checking.frames import (
    HEAD,
    LONGEST_REPLY,
    read_frames,
    write_frame,
    write_frames,
)
from xaicourse.course.checking.processes import die_with_parent, end_children, has_one_thread

__all__ = ["Copies", "Request", "request_of"]

Request = dict[str, Any]

MUCH_MEMORY = 2**30  # bytes more than at the start: what ended then was not just slow
LISTEN = 200  # milliseconds between two looks at what no pipe tells


class _NotebookGone(Exception):
    """The notebook has ended, or wants this process to end."""


def request_of(frames: Sequence[Any]) -> Request:
    """Return what is asked: the first message says it, the others are the packed answer."""
    return {**pickle.loads(frames[0]), "answer": frames[1:]}


class Copies:
    """Serves requests until the notebook has gone.

    Parameters
    ----------
    requests, replies : binary streams
        From the notebook, and to it.
    judge : callable
        ``judge(request) -> reply``, called in a copy. The reply says with "clean" whether the copy
        can serve on.
    warm : callable
        ``warm(task)``, called in this process when a task will be judged by fresh copies.
    """

    def __init__(
        self,
        requests: BinaryIO,
        replies: BinaryIO,
        judge: Callable[[Request], dict[str, Any]],
        warm: Callable[[str], None],
    ) -> None:
        self.requests, self.replies, self.judge, self.warm = requests, replies, judge, warm
        self.notebook = os.getppid()
        self.copy: _Copy | None = None
        self.warmed: set[str] = set()

    def serve(self) -> None:
        """Serve until the notebook has gone, or no safe copy can be made any more."""
        signal.signal(signal.SIGTERM, _end)
        with suppress(_NotebookGone, OSError):
            self.copy = self._fork()
            while (frames := self._next()) is not None:
                request = request_of(frames)
                reply = self._judged(frames, request)
                mine = {"id": request["id"], "task": request["task"]}
                write_frame(self.replies, dumps({**reply, **mine}).encode())
                if not self._tidied(reply, request["task"]):
                    break
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on it ends by itself

    def _next(self) -> list[bytearray] | None:
        poll = select.poll()
        poll.register(self.requests, select.POLLIN)
        while not poll.poll(1000):
            self._stop_without_notebook()
        return read_frames(self.requests)

    def _stop_without_notebook(self) -> None:
        if os.getppid() != self.notebook:  # a copy of it may hold our pipe open
            raise _NotebookGone

    def _judged(self, frames: Sequence[Any], request: Request) -> dict[str, Any]:
        """Return the reply; before an answer is blamed, that of a copy that judged no other."""
        if request["fresh"] and self._copy.used:
            self._renew()
        others = self._copy.used
        reply = self._ask(frames, request)
        blamed = reply.get("status", reply.get("ended")) not in ("passed", "not_done", "too_slow")
        if others and blamed:
            self._renew()
            reply = self._ask(frames, request)
        return reply

    @property
    def _copy(self) -> "_Copy":
        if self.copy is None:
            self.copy = self._fork()
        return self.copy

    def _renew(self) -> bool:
        """End the copy with all that was started, and make the next one."""
        if self.copy is not None:
            self.copy.end()
        gone = end_children() and has_one_thread()
        self.copy = self._fork() if gone else None
        return gone

    def _tidied(self, reply: dict[str, Any], task: str) -> bool:
        """Get ready for the next answer, while the student reads."""
        if reply.get("status") == "passed" and reply.get("clean"):
            return end_children(but=self._copy.process)  # what left the copy came to us
        if task not in self.warmed:
            self.warmed.add(task)
            self.warm(task)
        return self._renew()

    def _ask(self, frames: Sequence[Any], request: Request) -> dict[str, Any]:
        """Return the reply of the copy, or how it ended without one."""
        copy, secret = self._copy, secrets.token_hex(8)
        copy.used = True
        content, reason = b"", "crashed"
        with suppress(BrokenPipeError):
            copy.send([*frames, secret.encode()])
            content, reason = self._collect(copy, request["seconds"])
        reply = _read(content, secret)
        if reply is None:
            much = reason != "stray" and copy.end() > MUCH_MEMORY
            reply = {"ended": "memory" if much else reason}
        return reply

    def _collect(self, copy: "_Copy", seconds: float) -> tuple[bytes, str]:
        """Return what the copy writes until its reply is whole, or why there is no whole one."""
        content, end = b"", time.monotonic() + seconds
        poll = select.poll()
        poll.register(copy.reading, select.POLLIN)
        poll.register(self.requests, 0)  # tells when its other end was closed
        while time.monotonic() < end:
            for handle, _ in poll.poll(min(LISTEN, 1000 * seconds)):
                if handle != copy.reading:
                    raise _NotebookGone
                part = os.read(copy.reading, 2**16)
                content += part
                if not part:
                    return content, "stray" if content else "crashed"
            if len(content) >= HEAD.size:
                (length,) = HEAD.unpack(content[: HEAD.size])
                if length > LONGEST_REPLY or len(content) >= HEAD.size + length:
                    return content, "stray"  # unless it is the reply
            self._stop_without_notebook()
            if copy.has_ended() and not poll.poll(0):  # others hold its end of the pipe
                return content, "crashed"
        return content, "too_slow"

    def _fork(self) -> "_Copy":
        here, there = os.pipe(), os.pipe()
        process = os.fork()
        os.setpgid(process, process)  # a group of its own, 0 in the copy: see `_Copy.end`
        if process:
            os.close(here[0])
            os.close(there[1])
            return _Copy(process, os.fdopen(here[1], "wb"), there[0])
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with_parent()
            for handle in (self.requests.fileno(), self.replies.fileno(), here[1], there[0]):
                os.close(handle)
            self._be_copy(os.fdopen(here[0], "rb"), there[1])
        finally:
            os._exit(0)

    def _be_copy(self, requests: BinaryIO, writing: int) -> None:
        own = os.getpid()
        while (frames := read_frames(requests)) is not None:
            secret = frames.pop().decode()
            reply = self.judge(request_of(frames))
            if os.getpid() != own:  # a copy that the answer made
                return
            content = dumps({**reply, "secret": secret}).encode()
            _write(writing, HEAD.pack(len(content)) + content)


class _Copy:
    """What the process knows of its copy."""

    def __init__(self, process: int, requests: BinaryIO, reading: int) -> None:
        self.process, self.requests, self.reading = process, requests, reading
        self.used = False  # whether it has judged an answer
        self.memory: int | None = None

    def send(self, frames: Sequence[Any]) -> None:
        write_frames(self.requests, frames)

    def has_ended(self) -> bool:
        return os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def end(self) -> int:
        """End it; return how much more memory it took than this process has, in bytes."""
        if self.memory is None:
            with suppress(OSError):
                os.killpg(self.process, signal.SIGKILL)
            _, _, used = os.wait4(self.process, 0)
            self.memory = used.ru_maxrss * 1024 - _own_memory()
            os.close(self.reading)
            with suppress(OSError):
                self.requests.close()
        return self.memory


def _end(*_: Any) -> NoReturn:
    raise _NotebookGone


def _write(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _own_memory() -> int:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _read(content: bytes, secret: str) -> dict[str, Any] | None:
    """Return the reply, if this is one of the copy's own and nothing else."""
    try:
        reply = loads(content[HEAD.size :])
        (length,) = HEAD.unpack(content[: HEAD.size])
        known = length == len(content) - HEAD.size and reply.pop("secret") == secret
    except Exception:  # it was written by the answer
        return None
    return reply if known else None
