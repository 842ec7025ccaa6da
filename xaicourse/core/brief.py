"""Records that say what they hold in some lines: of a tensor its shape, not its numbers."""

from collections.abc import Mapping
from dataclasses import fields
from textwrap import wrap
from typing import Any

import torch
from torch import Tensor

__all__ = ["WIDTH", "brief"]

WIDTH = 88  # characters of a line: what a notebook's output area holds
FEW = 6  # numbers that are said one by one


def brief(record: Any) -> str:
    """Return name and fields of a dataclass or a named tuple, a line or two for each.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.datasets.tagged(2)
    TaggedImages
      x: float32 (2, 1, 32, 32)
      labels: int64 2, 3
      masks: bool (2, 1, 32, 32)
      tags: int64 2, 3
      tag_masks: bool (2, 1, 32, 32)
      strip_masks: bool (2, 1, 32, 32)
    """
    names = getattr(record, "_fields", None) or [f.name for f in fields(record) if f.repr]
    said = {name: getattr(record, name) for name in names}
    lines = [
        line
        for name, value in said.items()
        if value is not None and not (isinstance(value, Mapping) and not value)
        for line in wrap(
            f"{name}: {_words(value)}",
            WIDTH,
            initial_indent="  ",
            subsequent_indent="    ",
            max_lines=3,
            placeholder=" ...",
        )
    ]
    return "\n".join([type(record).__name__, *lines])


def _words(value: Any) -> str:
    if isinstance(value, Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        if value.dim() == 1 and len(value) <= FEW:
            numbers = value.tolist()
            said = numbers if value.dtype == torch.bool else [f"{n:.4g}" for n in numbers]
            return f"{kind} {', '.join(map(str, said))}"
        return f"{kind} {tuple(value.shape)}"
    if isinstance(value, Mapping):
        return ", ".join(map(str, value))
    return repr(value)
