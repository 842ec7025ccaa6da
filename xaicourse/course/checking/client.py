"""The notebook's side of the checker's process: start it, ask it, end it when it hangs.

One warm process serves all checks of a notebook. It is a fresh Python with torch loaded, not a
fork, so it works on Windows and beside a GPU; a process can be ended whatever it is doing, an
endless loop in C included, which no signal handler can promise.
"""

import atexit
import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from typing import Any, BinaryIO

from xaicourse.core.places import PACKAGE
from xaicourse.course.checking.frames import read_frame, write_frame

__all__ = ["Client", "Crashed", "TimedOut"]

START_SECONDS = 120  # a loaded machine needs a while to import torch


class TimedOut(Exception):
    """The answer was not judged within its time."""


class Crashed(Exception):
    """The process ended while it judged an answer."""


class Client:
    """One checker process, started when it is first needed and started again after it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._replies: queue.Queue[bytes | None] = queue.Queue()
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
            self._ready, self._replies = False, queue.Queue()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "xaicourse.course.checking.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # the notebook's interrupt key is not meant for it
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            arguments = (self._process.stdout, self._replies)
            threading.Thread(target=_collect, args=arguments, daemon=True).start()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and wait for its reply; ends the process when the time is over."""
        with self._lock:
            self._wait_until_ready()
            try:
                self._send(pickle.dumps({**request, "seconds": seconds}))
                reply = self._replies.get(timeout=seconds)
            except queue.Empty:
                self._restart()
                raise TimedOut from None
            except BaseException:  # the student pressed the interrupt key
                self.stop()
                raise
            if reply is None:
                self._restart()
                raise Crashed
            answer = json.loads(reply)
            if answer.get("retire"):  # the student's code left threads behind
                self._restart()
            return answer

    def stop(self) -> None:
        """End the process and whatever it started."""
        with self._lock:
            process, self._process = self._process, None
            if process is None or self._owner != os.getpid():
                return
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
                self._ready = self._replies.get(timeout=START_SECONDS) is not None
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

    def _send(self, content: bytes) -> None:
        # In a thread: a process that hangs does not read, and then writing would wait for ever.
        stream = self._process.stdin  # type: ignore[union-attr]
        threading.Thread(target=_write, args=(stream, content), daemon=True).start()


def _write(stream: BinaryIO, content: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # it ended: the reader tells
        write_frame(stream, content)


def _collect(stream: BinaryIO, replies: "queue.Queue[bytes | None]") -> None:
    """Hand on all replies; a reader thread, because Windows cannot wait for a pipe with a limit."""
    with contextlib.suppress(OSError, ValueError):
        while (frame := read_frame(stream)) is not None:
            replies.put(frame)
    replies.put(None)


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
