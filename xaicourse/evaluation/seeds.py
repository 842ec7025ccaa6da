"""Chance on record: every draw of a metric comes from a generator of its own."""

import torch

from xaicourse.core.checks import check_seed

__all__ = ["seeded"]


def seeded(seed: int) -> torch.Generator:
    """Return a generator on the CPU, so that a seed draws the same on every device."""
    return torch.Generator().manual_seed(check_seed(seed))
