"""The checker's own process: ``python -m xaicourse.course.checking.worker``.

It reads requests from its standard input and writes one reply each, as JSON. It protects the
notebook from endless loops, crashes and prints; it is no jail for hostile code.
"""

import faulthandler
import gc
import io
import json
import os
import pickle
import queue
import random
import sys
import threading
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import asdict
from typing import Any, BinaryIO

import numpy as np
import torch
import tqdm

from xaicourse.course.checking import guard
from xaicourse.course.checking.frames import read_frame, write_frame
from xaicourse.course.grading import messages
from xaicourse.course.grading.verdict import Outcome, Settled
from xaicourse.course.lessons.tasks import TASKS

MEMORY_BYTES = 3 * 2**30  # on top of what torch itself needs
PRINTED_CHARACTERS = 200


class Shortened(io.TextIOBase):
    """A text stream that keeps the first characters and forgets the rest."""

    def __init__(self) -> None:
        self.kept = ""
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.kept += text[: max(0, PRINTED_CHARACTERS - len(self.kept))]
        self.length += len(text)
        return len(text)

    def __str__(self) -> str:
        cut = " ..." if self.length > PRINTED_CHARACTERS else ""
        return " ".join(self.kept.split()) + cut


def judge(request: dict[str, Any]) -> dict[str, Any]:
    """Unpack an answer, grade it and return the reply."""
    printed = Shortened()
    with (
        redirect_stdout(printed),  # type: ignore[type-var]
        redirect_stderr(printed),  # type: ignore[type-var]
        clean_state(request),
        guard.watch() as library_calls,
    ):
        outcome = _grade(request["task"], request["answer"])
    return {
        **asdict(outcome),
        "library_calls": sorted(set(library_calls)),
        "printed": str(printed),
    }


def _grade(task: str, packed: bytes) -> Outcome:
    try:
        answer = pickle.loads(packed)  # made by the notebook that started this process
    except MemoryError:
        return Outcome("not_right", messages.text("general/memory"))
    except BaseException as error:
        return Outcome("not_right", messages.text("general/not_loaded", error=_describe(error)))
    try:
        return TASKS[task].grade(answer)
    except Settled as settled:
        return settled.outcome
    except MemoryError:
        return Outcome("not_right", messages.text("general/memory"))
    except BaseException as error:  # whatever an odd answer did to the grader
        return Outcome("not_right", messages.text("general/odd_answer", error=_describe(error)))


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except BaseException:
        return type(error).__name__


@contextmanager
def clean_state(request: dict[str, Any]):
    """Give each answer the same fresh settings and forget what the last one changed."""
    known = set(sys.modules)
    sys.path[:] = request["path"]
    with suppress(OSError):
        os.chdir(request["folder"])
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - students use the global generator
    # Ends this process from outside Python even if the notebook is gone and a C loop runs.
    faulthandler.dump_traceback_later(request["seconds"] + 5, exit=True, file=2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        for name in set(sys.modules) - known:  # a student's own module may change before the next
            if not guard.is_installed(sys.modules.get(name)):
                sys.modules.pop(name, None)


def limit_memory() -> None:
    """Set a memory limit where the system knows one."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass  # Windows, macOS: no limit, the time limit still holds


def _warm_up() -> None:
    """Use autograd once, so that the first check does not pay for it."""
    x = torch.ones(2, 3, requires_grad=True)
    torch.autograd.grad((x @ torch.ones(3, 2)).tanh().sum(), x)


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for the protocol and point the standard streams to nowhere.

    What C code writes to standard output can then never end up between two replies.
    """
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        nowhere = os.open(os.devnull, mode)
        os.dup2(nowhere, number)
        os.close(nowhere)
    return requests, replies


def _receive(requests: BinaryIO, waiting: "queue.Queue[bytes]") -> None:
    """Collect requests; when the notebook has gone, end at once, busy or not."""
    while (frame := read_frame(requests)) is not None:
        waiting.put(frame)
    os._exit(0)


def main() -> None:
    """Serve requests until the notebook goes away."""
    requests, replies = _take_streams()
    torch.set_num_threads(1)
    tqdm.tqdm.monitor_interval = 0  # a progress bar must not leave a thread behind
    _warm_up()
    limit_memory()
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    waiting: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_receive, args=(requests, waiting), daemon=True).start()
    own_process, own_threads = os.getpid(), threading.active_count()
    write_frame(replies, b"ready")
    while True:
        reply = judge(pickle.loads(waiting.get()))
        if os.getpid() != own_process:  # a copy that the answer made with os.fork
            os._exit(0)
        reply["retire"] = threading.active_count() > own_threads
        write_frame(replies, json.dumps(reply).encode())


if __name__ == "__main__":
    main()
