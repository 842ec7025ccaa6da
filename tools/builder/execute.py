"""Execute a notebook in a fresh kernel of this Python, under limits of time and memory."""

import ast
import sys
import threading
import time
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from builder import names
from builder.environment import environment
from builder.errors import CourseError

SECONDS = 60.0  # all cells of a notebook together
MEMORY = 1.5e9  # bytes, the kernel's resident set
STARTUP_SECONDS = 120


@dataclass
class Run:
    """What an execution gave and what it cost."""

    notebook: NotebookNode
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: float = 0.0  # of the kernel
    peak_bytes_with_children: float = 0.0  # with the checker's worker
    slowest: tuple[int, float] = (0, 0.0)  # number of a cell, its seconds


class _ThisPython(KernelSpecManager):
    """Start the Python that runs the build, whatever kernels are installed under which name."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[
                sys.executable,
                *["-m", "ipykernel_launcher", "--log-level=40", "-f"],
                "{connection_file}",
            ],
            display_name="Python 3 (ipykernel)",
            language="python",
        )


def execute(
    notebook: NotebookNode,
    folder: Path,
    variables: dict[str, str],
    *,
    seconds: float = SECONDS,
    memory: float = MEMORY,
    strict_checks: bool = False,
    startup_seconds: int = STARTUP_SECONDS,
) -> Run:
    """Run all cells of a copy of `notebook` in `folder` and return it with its outputs.

    With `strict_checks` every `xc.check` runs with strict=True, so a rejected answer is an error;
    the stored text of the cell stays as it is.
    """
    run = Run(deepcopy(notebook))
    client = NotebookClient(
        run.notebook,
        km=_kernel_manager(),
        startup_timeout=startup_seconds,
        iopub_timeout=30,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with _kernel(client, environment(variables)), _watched(client, run, memory):
            _run_cells(client, run, seconds, strict_checks)
    except DeadKernelError:
        used = f"{run.peak_bytes / 1e9:.2f} GB"
        if run.peak_bytes > memory:
            raise CourseError(
                f"the kernel held {used}, more than {memory / 1e9:.1f} GB, and was ended"
            ) from None
        raise CourseError(f"the kernel died (it held {used})") from None
    return run


def _kernel_manager() -> AsyncKernelManager:
    return AsyncKernelManager(kernel_spec_manager=_ThisPython())


@contextmanager
def _kernel(client: NotebookClient, env: dict[str, str]):
    """Keep a kernel running; a start that stalls is tried once more."""
    try:
        client.start_new_kernel(env=env)
        client.start_new_kernel_client()
    except RuntimeError as error:
        print(f"  the kernel did not start ({error}); trying once more")
        client.km = _kernel_manager()
        try:
            client.start_new_kernel(env=env)
            client.start_new_kernel_client()
        except RuntimeError as again:
            raise CourseError(f"the kernel did not start twice: {again}") from None
    try:
        yield
    finally:
        client._cleanup_kernel()


@contextmanager
def _watched(client: NotebookClient, run: Run, memory: float):
    """Note the kernel's peak memory and its processor time; end it when it holds too much."""
    kernel = psutil.Process(client.km.provisioner.pid)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            try:
                own = kernel.memory_info().rss
                times = kernel.cpu_times()
                children = sum(_memory(child) for child in kernel.children(recursive=True))
            except psutil.NoSuchProcess:
                return
            run.cpu_seconds = times.user + times.system
            run.peak_bytes = max(run.peak_bytes, own)
            run.peak_bytes_with_children = max(run.peak_bytes_with_children, own + children)
            if own > memory:
                kernel.kill()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it has just ended
        return 0


def _run_cells(client: NotebookClient, run: Run, seconds: float, strict_checks: bool) -> None:
    start = time.monotonic()
    client.timeout_func = lambda cell: max(0.1, seconds - (time.monotonic() - start))
    client.reset_execution_trackers()
    for index, cell in enumerate(run.notebook.cells):
        begin = time.monotonic()
        stored = cell.source
        if strict_checks and "check" in cell.metadata.get("tags", []):
            cell.source = strict(stored)
        try:
            client.execute_cell(cell, index)
        except CellTimeoutError:
            raise CourseError(
                f"cell {index + 1}: still running when the {seconds:g} s of the whole notebook "
                f"were over (this cell: {time.monotonic() - begin:.0f} s): {_first_line(stored)}"
            ) from None
        except CellExecutionError as error:
            raise CourseError(
                f"cell {index + 1} raised {error.ename}: {error.evalue}\n{error.traceback}"
            ) from None
        cell.source = stored
        run.seconds = time.monotonic() - start
        run.slowest = max(run.slowest, (index + 1, time.monotonic() - begin), key=lambda s: s[1])


def _first_line(source: str) -> str:
    return source.strip().splitlines()[0] if source.strip() else "(empty)"


def strict(source: str) -> str:
    """Return the text of a check cell with strict=True in every call of `xc.check`."""
    lines = source.splitlines()
    calls = [
        call
        for call in names.calls(source, "check")
        if "strict" not in {word.arg for word in call.keywords}
    ]
    for call in sorted(
        calls, key=lambda call: (call.end_lineno, call.end_col_offset), reverse=True
    ):
        last = max(
            [*call.args, *(word.value for word in call.keywords)],
            key=lambda argument: (argument.end_lineno, argument.end_col_offset),
        )
        row = last.end_lineno - 1
        line = lines[row].encode()  # ast counts bytes
        place = last.end_col_offset
        lines[row] = (line[:place] + b", strict=True" + line[place:]).decode()
    changed = "\n".join(lines)
    try:
        ast.parse(changed)
    except SyntaxError:
        raise CourseError(f"write this check plainly, xc.check(task, answer): {source!r}") from None
    return changed
