"""Sets of baselines: what `baselines=` takes, as one tensor."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.methods.baselines import Baseline, make_baseline

__all__ = ["Baselines", "baseline_set", "set_size"]

Baselines = Tensor | tuple[Baseline, ...] | list[Baseline] | Baseline


def set_size(baselines: Any) -> int:
    """Return M, how many baselines a caller gave, before they are checked against x."""
    whole = isinstance(baselines, Tensor) and baselines.dim() > 0
    return len(baselines) if whole or isinstance(baselines, list | tuple) else 1


def baseline_set(baselines: Any, x: Tensor, name: str = "baselines") -> Tensor:
    """Return M baselines for each row of x, those that all rows share only once.

    Parameters
    ----------
    baselines : Tensor, sequence or single baseline
        (M, ...), one set for all rows; (M, N, ...), a set for each row; or a sequence of what
        `make_baseline` takes: numbers, names, tensors of one row or of all. Tensors of a set are
        moved to x's device and dtype.
    x : Tensor (N, ...)
        Inputs.
    name : str
        What the caller calls it, for messages.

    Returns
    -------
    Tensor (M, 1, ...) or (M, N, ...)

    Raises
    ------
    ValueError, TypeError
        If the set is empty, or a baseline does not fit x.
    """
    if isinstance(baselines, Tensor) and baselines.dim() > 0:
        return _set_of_rows(baselines, x, name)
    made = list(baselines) if isinstance(baselines, list | tuple) else [baselines]
    if not made:
        raise ValueError(f"{name} is empty; give at least one baseline")
    shared = all(_is_shared(one, x) for one in made)
    rows = x[:1] if shared else x
    return torch.stack([make_baseline(one, rows, f"{name}[{k}]") for k, one in enumerate(made)])


def _is_shared(baseline: Any, x: Tensor) -> bool:
    """Tell whether a baseline is the same for all rows, whatever they hold."""
    if isinstance(baseline, Tensor):
        return baseline.dim() < x.dim() or len(baseline) == 1
    return not isinstance(baseline, str)


def _set_of_rows(baselines: Tensor, x: Tensor, name: str) -> Tensor:
    shape = tuple(baselines.shape)
    fits = baselines.dim() == x.dim() and shape[1:] == x.shape[1:]
    fits_each = baselines.dim() == x.dim() + 1 and shape[1:] == x.shape
    if not (fits or fits_each):
        raise ValueError(
            f"{name} is a tensor of shape {shape}, but a set of baselines for x of shape "
            f"{tuple(x.shape)} is (M, ...), one row each, or (M, N, ...), a set for each row; for "
            f"a single baseline pass {name}=row[None], for numbers a tuple, {name}=(0.0, 1.0)"
        )
    if len(baselines) == 0:
        raise ValueError(f"{name} is empty; give at least one baseline")
    if not baselines.is_floating_point():
        raise TypeError(f"{name} has dtype {baselines.dtype}; give floating point numbers")
    if not bool(torch.isfinite(baselines).all()):
        raise ValueError(f"{name} holds NaN or infinite values; all must be finite")
    with torch.inference_mode(False):
        made = baselines.detach().to(x.dtype).to(x.device, copy=True)
    return made[:, None] if fits else made
