"""What a part of the run hands back, and the clock that all parts watch."""

import time
import traceback
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass
class Part:
    """One part of the run: its table in Markdown, what failed, and what was missing."""

    title: str
    text: str = ""
    failures: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Where:
    """The device that is tried, and whether it is the pretended one (then all is tiny)."""

    device: torch.device
    tiny: bool

    def wait(self) -> None:
        """Wait until the device has done what it was asked."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


class Clock:
    """Tells a part when its seconds are over, so that the whole run keeps to its minutes."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        return self.end - time.monotonic()

    def over(self) -> bool:
        return self.left() <= 0

    def share(self, seconds: float) -> "Clock":
        """Return a clock for one part: so many seconds, and never more than are left."""
        return Clock(max(0.0, min(seconds, self.left())))


def short(error: BaseException) -> str:
    """Return an error on one line of a table."""
    said = str(error)
    if not said and error.__traceback__ is not None:  # a bare assert: the line itself
        said = traceback.extract_tb(error.__traceback__)[-1].line or ""
    return " ".join(f"{type(error).__name__}: {said}".split()).replace("|", "/")[:200]


def on_device(value: Any, device: torch.device) -> Any:
    """Return a tensor on the device; other values as they are."""
    return value.to(device) if isinstance(value, torch.Tensor) else value
