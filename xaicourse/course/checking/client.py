"""The notebook's side of the checker's process: start it, ask it, end it when it hangs.

One warm process serves all checks of a notebook. It is a fresh Python with torch loaded, not a
fork of the notebook, so it works on Windows and beside a GPU; a process can be ended whatever it is
doing, an endless loop in C included, which no signal handler can promise.

On Linux it judges each answer in a copy of itself. Elsewhere it judges all of them itself, and what
one leaves behind might spoil the next: an answer that is not right is judged once more in a fresh
process before a student is blamed.
"""

import atexit
import contextlib
import json
import os
import pickle
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, BinaryIO, get_args

from xaicourse.core.places import PACKAGE
from xaicourse.course.checking.frames import LONGEST_REPLY, read_frame, write_frames
from xaicourse.course.grading.verdict import Status

__all__ = ["Client", "Crashed", "OutOfMemory", "Stray", "TimedOut"]

START_SECONDS = 120  # a loaded machine needs a while to import torch
STOP_SECONDS = 4  # in which the process ends what an answer has started
GRACE = 5  # seconds more than the process itself takes to say that the time is over


class TimedOut(Exception):
    """The answer was not judged within its time."""


class Crashed(Exception):
    """The process ended while it judged an answer."""


class OutOfMemory(Exception):
    """The answer took much memory, and then its time was over or its process ended."""


class Stray(Exception):
    """Something came back that is no reply to what was asked."""


ENDS = {"too_slow": TimedOut, "crashed": Crashed, "memory": OutOfMemory, "stray": Stray}


class Client:
    """One checker process, started when it is first needed and started again after it ended.

    Parameters
    ----------
    copies : bool
        False: the process judges all answers itself, as where no copies can be made of it.
    """

    def __init__(self, copies: bool = True) -> None:
        self._options = () if copies else ("--one-process",)
        self._copies = False  # whether the process that runs makes them
        self._judged = 0  # answers that it has judged itself
        self._process: subprocess.Popen | None = None
        self._replies: queue.Queue[bytearray | None] = queue.Queue()
        self._ready = False
        self._owner = os.getpid()
        self._lock = threading.RLock()
        atexit.register(self.stop)

    def start(self) -> None:
        """Start the process unless it runs; returns at once, it gets ready in the background."""
        with self._lock:
            if self._owner != os.getpid():  # a forked copy of the notebook: not our process
                self._process, self._owner = None, os.getpid()
            if self._process is not None and self._process.poll() is None:
                return
            self.stop()  # it ended by itself: close its pipes
            self._ready, self._replies, self._judged = False, queue.Queue(), 0
            program = "xaicourse.course.checking.worker"
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", program, *self._options],
                cwd=PACKAGE.parent,  # ours may be gone
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # the notebook's interrupt key is not meant for it
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            arguments = (self._process.stdout, self._replies)
            threading.Thread(target=_collect, args=arguments, daemon=True).start()

    def ask(self, request: dict[str, Any], seconds: float, fresh: bool = False) -> dict[str, Any]:
        """Send a request and wait for its reply; ends the process when the time is over.

        With `fresh` no other answer was judged before by the process that judges this one.
        """
        with self._lock:
            if fresh and self._judged:
                self._restart()
            request, others = {**request, "fresh": fresh}, self._judged
            try:
                reply = self._ask(request, seconds)
            except (Crashed, Stray):
                if not others:
                    raise
                return self._ask(request, seconds)  # it was started anew
            if others and reply["status"] == "not_right":
                self._restart()
                reply = self._ask(request, seconds)
            return reply

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        self._wait_until_ready()
        asked = {"id": secrets.token_hex(8), "task": request["task"]}
        whole = {**request, **asked, "seconds": seconds}
        answer = whole.pop("answer")
        try:
            self._send([pickle.dumps(whole), *answer])
            reply = self._reply_to(asked, seconds + (GRACE if self._copies else 0))
        except Exception:
            self._restart()
            raise
        except BaseException:  # the student pressed the interrupt key
            self.stop()
            raise
        self._judged += not self._copies
        if reply.get("retire"):  # the answer left something behind that runs
            self._restart()
        if "ended" in reply:
            raise ENDS[reply["ended"]]
        if reply.get("status") not in get_args(Status):
            raise Stray
        return reply

    def _reply_to(self, asked: dict[str, str], seconds: float) -> dict[str, Any]:
        """Wait for the reply; anything else that comes is thrown away, and the process with it."""
        end, stray = time.monotonic() + seconds, False
        while True:
            try:
                content = self._replies.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise (Stray if stray else TimedOut) from None
            if content is None:
                raise Crashed
            reply = _table(content)
            if all(reply.get(key) == value for key, value in asked.items()):
                return {**reply, "retire": stray or reply.get("retire")}
            stray = True

    def stop(self) -> None:
        """End the process and whatever it started."""
        with self._lock:
            process, self._process = self._process, None
            if process is None or self._owner != os.getpid():
                return
            if self._copies and process.poll() is None:
                process.terminate()  # it runs no code of a student, and ends its copies first
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_SECONDS)
            with contextlib.suppress(OSError):
                if process.poll() is not None:
                    pass  # it has ended, its number may belong to another process by now
                elif hasattr(os, "killpg"):
                    os.killpg(process.pid, signal.SIGKILL)  # the group that was made for it
                else:
                    process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError, ValueError):
                    stream.close()  # type: ignore[union-attr]

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def _restart(self) -> None:
        self.stop()
        self.start()

    def _wait_until_ready(self) -> None:
        """Wait for the process's first message; try a second time when it died on the way."""
        for _ in range(2):
            self.start()
            if self._ready:
                return
            try:
                first = self._replies.get(timeout=START_SECONDS)
                self._ready, self._copies = first is not None, first == b"ready: copies"
            except queue.Empty:
                pass
            except BaseException:
                self.stop()
                raise
            if self._ready:
                return
            self.stop()
        raise RuntimeError(
            "the checker's process does not start: run `xaicourse doctor` in a terminal, "
            "or restart the kernel and try again"
        )

    def _send(self, contents: Sequence[Any]) -> None:
        # In a thread: a process that hangs does not read, and then writing would wait for ever.
        stream = self._process.stdin  # type: ignore[union-attr]
        threading.Thread(target=_write, args=(stream, contents), daemon=True).start()


def _write(stream: BinaryIO, contents: Sequence[Any]) -> None:
    with contextlib.suppress(OSError, ValueError):  # it ended: the reader tells
        write_frames(stream, contents)


def _collect(stream: BinaryIO, replies: "queue.Queue[bytearray | None]") -> None:
    """Hand on all replies; a reader thread, because Windows cannot wait for a pipe with a limit."""
    with contextlib.suppress(OSError, ValueError):
        while (frame := read_frame(stream, LONGEST_REPLY)) is not None:
            replies.put(frame)
    replies.put(None)


def _table(content: bytearray) -> dict[str, Any]:
    """Return a reply, or an empty table where it is none."""
    try:
        reply = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return reply if isinstance(reply, dict) else {}


def _environment() -> dict[str, str]:
    package = str(PACKAGE.parent)
    paths = [package, os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "OMP_NUM_THREADS": "1",
        "XAICOURSE_DEVICE": "cpu",
        "MPLBACKEND": "Agg",  # a plot in an answer opens no window
        "PYTHONWARNINGS": "ignore",
    }
