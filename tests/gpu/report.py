"""The table of a run: benchmarks/results/gpu.md."""

import platform
from collections.abc import Iterable
from pathlib import Path

import torch

from benchmarks._common import load, machine, table
from tests.gpu.part import Part
from xaicourse.core.files import write_atomically


def facts() -> list[tuple[str, str]]:
    """Return the facts of the machine, its GPU first."""
    gpu = [("GPU", "none: the pretend GPU, on the CPU; seconds mean nothing")]
    if torch.cuda.is_available():
        found = torch.cuda.get_device_properties(0)
        gpu = [
            ("GPU", f"{found.name}, {found.total_memory / 2**30:.0f} GiB"),
            ("CUDA", f"{torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}, TF32 off"),
        ]
    return [*gpu, *machine(load()), ("Python", platform.python_version())]


def report(parts: Iterable[Part]) -> str:
    """Return the whole table in Markdown."""
    parts = list(parts)
    text = "# On a GPU\n\nMade by `python -m tests.gpu`.\n\n"
    failures = [f"- {part.title}: {line}" for part in parts for line in part.failures]
    text += "**Failed**:\n\n" + "\n".join(failures) if failures else "Nothing failed."
    missing = [f"- {part.title}: {line}" for part in parts for line in part.missing]
    if missing:
        text += "\n\nMissing or left out:\n\n" + "\n".join(missing)
    for part in parts:
        if part.text:
            text += f"\n\n## {part.title}\n\n{part.text}"
    return f"{text}\n\n{table(('machine', ''), facts())}"


def write(parts: list[Part], file: Path | None) -> None:
    """Print the table, and write it where a file is named."""
    text = report(parts)
    print(text)
    if file is not None:
        write_atomically(file, text.encode())
        print(f"written: {file}")
