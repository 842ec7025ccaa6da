"""What all benchmarks share: honest timing, machine facts, Markdown tables, a cache on disk.

Two sides are compared within one round, in turns, so that a busy moment hurts both; a ratio is
taken in each round, and the median over rounds is reported.
"""

import datetime
import hashlib
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from xaicourse.core.files import write_atomically

RESULTS = Path(__file__).parent / "results"


# ---------------------------------------------------------------- time


def rounds(
    sides: dict[str, Callable[[], object]],
    repeats: int,
    warm: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time every side once a round; seconds by side. A round to warm up unless all are `warm`.

    Every second round runs backwards, so that no side is always the first or the last.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for side in () if warm else sides.values():
        side()
    names = list(sides)
    for k in range(repeats):
        for name in names if k % 2 == 0 else names[::-1]:
            start = clock()
            sides[name]()
            seconds[name].append(clock() - start)
    return seconds


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return the median over rounds of slow / fast."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def spread(slow: Sequence[float], fast: Sequence[float]) -> str:
    """Return the lowest and highest ratio of a round."""
    ratios = [a / b for a, b in zip(slow, fast, strict=True)]
    return f"{min(ratios):.2f} to {max(ratios):.2f}"


# ---------------------------------------------------------------- agreement


def relative_difference(a: Tensor, b: Tensor) -> float:
    """Return |a - b| / |b| over all entries."""
    a, b = a.double().cpu(), b.double().cpu()
    return float((a - b).norm() / b.norm())


def demand(condition: bool, message: str) -> None:
    """Stop the benchmark: a speed without correctness is no result."""
    if not condition:
        raise SystemExit(f"benchmark stopped: {message}")


# ---------------------------------------------------------------- the machine


def machine(load_before: str, *more_packages: str) -> list[tuple[str, str]]:
    """Return the facts without which the seconds mean nothing."""
    packages = ("torch", "torchvision", "captum", "zennit", "grad-cam", "numpy", *more_packages)
    return [
        ("processor", cpu_name()),
        ("cores", str(os.cpu_count())),
        ("torch threads", str(torch.get_num_threads())),
        ("load average (1, 5, 15 min) before", load_before),
        ("load average after", load()),
        ("system", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
        ("packages", ", ".join(f"{name} {_version(name)}" for name in packages)),
        ("date", datetime.datetime.now(datetime.UTC).date().isoformat()),
    ]


def load() -> str:
    """Return the load averages; a number above 1.5 before the start spoils the seconds."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


# ---------------------------------------------------------------- tables


def table(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    rows = [list(heads), ["---"] * len(heads), *([str(cell) for cell in line] for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def write_result(name: str, text: str, say: bool = True) -> None:
    """Write results/NAME.md whole or not at all."""
    write_atomically(RESULTS / f"{name}.md", text.encode())
    if say:
        print(f"\nwritten: benchmarks/results/{name}.md")


def met(value: float, goal: float) -> str:
    return "yes" if value >= goal else "**no**"


# ---------------------------------------------------------------- reference maps


def default_cache() -> Path:
    return Path(tempfile.gettempdir()) / "xaicourse-benchmarks"


def fingerprint(model: nn.Module, *values: object) -> str:
    """Return a key that changes with the model's numbers, its class and the values."""
    digest = hashlib.sha256(type(model).__name__.encode())
    tensors = [value for value in values if isinstance(value, Tensor)]
    for tensor in [*model.state_dict().values(), *tensors]:
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    rest = [value for value in values if not isinstance(value, Tensor)]
    digest.update(repr(rest).encode())
    return digest.hexdigest()[:32]


def reference_map(
    model: nn.Module, x: Tensor, target: int, steps: int, cache: Path | None, chunk: int = 10
) -> Tensor:
    """Return the Integrated Gradients of one photo with so many midpoint steps, black baseline.

    A plain loop of its own, so that neither side is measured against itself. Kept on disk.
    """
    file = None
    if cache is not None:
        key = fingerprint(model, x, target, steps, "midpoint, black")
        file = cache / f"{key}.npz"
        if file.exists():
            return torch.from_numpy(np.load(file)["values"])
    alphas = (torch.arange(steps, dtype=torch.float64) + 0.5) / steps
    total = torch.zeros(x.shape, dtype=torch.float64)
    for part in alphas.split(chunk):
        points = (part.to(x.dtype).view(-1, 1, 1, 1) * x).requires_grad_(True)
        (grad,) = torch.autograd.grad(model(points)[:, target].sum(), points)
        total += grad.double().sum(dim=0, keepdim=True)
    values = x.double() * total / steps  # (1, 3, 224, 224)
    if file is not None:
        buffer = BytesIO()
        np.savez(buffer, values=values.numpy())
        write_atomically(file, buffer.getvalue())
    return values
