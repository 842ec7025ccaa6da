"""Chance on record: every draw of a metric comes from a generator of its own."""

from numbers import Integral

import torch

__all__ = ["seeded"]


def seeded(seed: int) -> torch.Generator:
    """Return a generator on the CPU, so that a seed draws the same on every device."""
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise TypeError(f"seed must be a whole number, got {seed!r}")
    return torch.Generator().manual_seed(int(seed))
