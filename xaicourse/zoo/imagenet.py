"""The names of the 1000 ImageNet classes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


@cache
def _names() -> tuple[str, ...]:
    path = Path(__file__).with_name("imagenet_labels.json")
    return tuple(json.loads(path.read_text(encoding="utf-8")))


def labels() -> list[str]:
    """Return the 1000 ImageNet class names, in the order of the model's outputs."""
    return list(_names())
