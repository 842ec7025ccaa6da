"""Work in chunks of rows, smaller ones where memory runs out; and how precisely to add them up."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["at_least_float32", "in_chunks", "is_out_of_memory", "plain", "sum_dtype", "taken"]


def in_chunks(run: Callable[[int, int], None], total: int, batch_size: int) -> None:
    """Call ``run(start, stop)`` over 0..total in chunks; halve the chunk when memory runs out."""
    start, size = 0, batch_size
    while start < total:
        stop = min(start + size, total)
        try:
            run(start, stop)
        except Exception as error:
            if not is_out_of_memory(error) or stop - start == 1:
                raise
            # what `run` had in memory is free once we leave here
            size = max(1, (stop - start) // 2)
        else:
            start = stop


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on a GPU or on the CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text
    )


_SUM_DTYPES: dict[str, torch.dtype] = {}


def sum_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype for long sums: float64 where the device has it, else float32."""
    if device.type not in _SUM_DTYPES:
        try:
            torch.zeros(1, dtype=torch.float64, device=device)
            _SUM_DTYPES[device.type] = torch.float64
        except (TypeError, RuntimeError):  # Apple's GPUs have no float64
            _SUM_DTYPES[device.type] = torch.float32
    return _SUM_DTYPES[device.type]


def at_least_float32(x: Tensor) -> Tensor:
    """Return x in float32, or float64 where it is that already."""
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def plain(x: Tensor) -> Tensor:
    """Return x for our own arithmetic: a normal tensor (not of inference mode), >= float32."""
    return at_least_float32(x.clone() if x.is_inference() else x)


def taken(
    points: Callable[[Tensor], Tensor] | Tensor, start: int, stop: int, rows: Tensor
) -> Tensor:
    """Return a chunk of points (P, ...), which may be given as a function of their positions."""
    if isinstance(points, Tensor):
        return points[start:stop]
    return points(torch.arange(start, stop, device=rows.device))
