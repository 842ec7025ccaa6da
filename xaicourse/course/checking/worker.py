"""The checker's own process: ``python -m xaicourse.course.checking.worker``.

It reads requests from its standard input and writes one reply each, as JSON. On Linux each answer
is judged in a copy of this process (see `copies`), elsewhere in this process itself. It protects
the notebook from endless loops, crashes, prints and leftovers; it is no jail for hostile code.
"""

import faulthandler
import gc
import io
import os
import pickle
import queue
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from json import dumps
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
import torch.nn.modules.module as global_hooks
import tqdm

from xaicourse.course.checking import guard
from xaicourse.course.checking.copies import Copies, Request, request_of
from xaicourse.course.checking.frames import read_frames, write_frame
from xaicourse.course.checking.originals import Originals
from xaicourse.course.checking.processes import (
    adopt_orphans,
    end_children,
    end_group,
    has_one_thread,
)
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


GRADES = {name: task.grade for name, task in TASKS.items()}
STACK = sys.getrecursionlimit()
_originals: list[Originals] = []  # one, made by `main` when all is loaded


def judge(request: Request) -> dict[str, Any]:
    """Unpack an answer, grade it and return the reply."""
    printed = Shortened()
    with (
        redirect_stdout(printed),  # type: ignore[type-var]
        redirect_stderr(printed),  # type: ignore[type-var]
        clean_state(request),
        guard.watch() as library_calls,
    ):
        outcome = _grade(request["task"], request["answer"])
        replaced = _originals[0].replaced() if _originals and outcome.status == "passed" else None
        if replaced is not None:
            outcome = Outcome("not_right", messages.text("general/replaces", name=replaced))
    return {
        **outcome.__dict__,
        "library_calls": sorted(set(library_calls)),
        "printed": str(printed),
    }


def _grade(task: str, packed: Sequence[bytes]) -> Outcome:
    try:
        answer = pickle.loads(packed[0], buffers=packed[1:])  # from the notebook that started us
    except MemoryError:
        return Outcome("not_right", messages.text("general/memory"))
    except BaseException as error:
        return Outcome("not_right", messages.text("general/not_loaded", error=_describe(error)))
    try:
        return GRADES[task](answer)
    except MemoryError:
        return Outcome("not_right", messages.text("general/memory"))
    except Settled as settled:
        if settled.outcome.status != "passed":  # no grader raises that an answer has passed
            return settled.outcome
        error = settled
    except BaseException as odd:  # whatever an odd answer did to the grader
        error = odd
    return Outcome("not_right", messages.text("general/odd_answer", error=_describe(error)))


def _describe(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except BaseException:
        return type(error).__name__


@contextmanager
def clean_state(request: Request):
    """Give each answer the same fresh settings and forget what the last one changed."""
    known = set(sys.modules)
    sys.path[:] = request["path"]
    with suppress(OSError):
        os.chdir(request["folder"])
    sys.setrecursionlimit(STACK)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_autocast_enabled("cpu", False)
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

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        used = pages * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass  # Windows, macOS: no limit, the time limit still holds


def _warm_up() -> None:
    """Use autograd once, so that the first check does not pay for it.

    Not beside a GPU, where autograd starts threads: no copy could be made of this process then.
    """
    if not any(Path(name).exists() for name in ("/dev/nvidiactl", "/dev/kfd")):
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


def main() -> None:
    """Serve requests until the notebook goes away."""
    requests, replies = _take_streams()
    torch.set_num_threads(1)
    tqdm.tqdm.monitor_interval = 0  # a progress bar must not leave a thread behind
    _warm_up()
    adopts = adopt_orphans()
    _originals.append(Originals())
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    if adopts and has_one_thread() and "--one-process" not in sys.argv:
        write_frame(replies, b"ready: copies")
        Copies(requests, replies, judge_in_copy, warm).serve()
    else:
        limit_memory()
        serve_here(requests, replies)
    end_group()


def judge_in_copy(request: Request) -> dict[str, Any]:
    """Judge, and say whether this process is as it was."""
    limit_memory()
    before = _state()
    reply = judge(request)
    if reply["status"] != "passed":
        return reply  # this copy serves no longer
    same = _originals[0].models_are_whole() and _state() == before
    return {**reply, "clean": same and has_one_thread() and not _has_children()}


def _state() -> tuple[Any, ...]:
    """Return settings that an answer may leave behind, and that are cheap to compare."""
    return (
        sys.getrecursionlimit(),
        torch.is_autocast_enabled("cpu"),
        torch.get_default_device(),
        torch.is_inference_mode_enabled(),
        torch.is_anomaly_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch._C._len_torch_function_stack(),
        torch._C._len_torch_dispatch_stack(),
        len(global_hooks._global_forward_hooks),
        len(global_hooks._global_backward_hooks),
        len(os.environ),
        sys.stdout,
        signal.getsignal(signal.SIGALRM) if hasattr(signal, "SIGALRM") else None,
    )


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def warm(task: str) -> None:
    """Judge a right answer, which fills caches and loads modules: fresh copies then have them."""
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        GRADES[task](TASKS[task].reference)


def serve_here(requests: BinaryIO, replies: BinaryIO) -> None:
    """Judge all answers in this process, where no copies can be made of it."""
    waiting: queue.Queue[Request] = queue.Queue()
    threading.Thread(target=_receive, args=(requests, waiting), daemon=True).start()
    if hasattr(os, "getppid"):
        threading.Thread(target=_watch_notebook, args=(os.getppid(),), daemon=True).start()
    own_process, own_threads = os.getpid(), threading.active_count()
    write_frame(replies, b"ready")
    while True:
        request = waiting.get()
        reply = judge(request)
        if os.getpid() != own_process:  # a copy that the answer made with os.fork
            os._exit(0)
        _originals[0].restore()
        quiet = end_children() and threading.active_count() == own_threads
        reply |= {"id": request["id"], "task": request["task"], "retire": not quiet}
        write_frame(replies, dumps(reply).encode())


def _receive(requests: BinaryIO, waiting: "queue.Queue[Request]") -> None:
    """Collect requests; when the notebook has gone, end at once, busy or not."""
    while (frames := read_frames(requests)) is not None:
        waiting.put(request_of(frames))
    end_group()


def _watch_notebook(notebook: int) -> None:
    """End when the notebook has gone, also if a copy of it holds our pipe open."""
    while os.getppid() == notebook:
        time.sleep(1)
    end_group()


if __name__ == "__main__":
    main()
