"""Comparing numbers: what a student may hand in as a tensor, and how far apart two tensors are."""

from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = [
    "as_numbers",
    "distance",
    "largest_difference",
    "refuse",
    "show",
    "show_apart",
    "to_number",
    "to_tensor",
]

SHOWN = 8  # entries of a bracket
LONG = 24  # more numbers than this are not shown at once


def refuse(
    key: str, *, status: str = "not_right", diagnosis: str | None = None, **fields: Any
) -> NoReturn:
    """Settle the outcome with a message of the catalogue."""
    raise Settled(Outcome(status, messages.text(key, **fields), diagnosis=diagnosis))  # type: ignore[arg-type]


def to_tensor(value: Any, shape: tuple[int, ...], where: str) -> Tensor:
    """Return a student's result as a float64 tensor of `shape`, or say why that cannot be.

    Tensors (attached or not), NumPy arrays and lists of numbers are fine, and so are axes of
    length 1 too many or too few, as long as no number can change its place.
    """
    if value is None:
        refuse("general/returned_none", status="not_done")
    if value is Ellipsis:  # the stub's "return ..."
        refuse("general/not_done", status="not_done")
    try:
        tensor = as_numbers(value)
    except Exception:
        refuse("general/wrong_type", kind=_kind(value), where=where)
    long = [length for length in shape if length != 1]
    if [length for length in tensor.shape if length != 1] != long:
        refuse("general/wrong_shape", shape=tuple(tensor.shape), expected=tuple(shape), where=where)
    return tensor.reshape(shape)


def to_number(value: Any, where: str) -> float:
    """Return a student's result as one number, or say why that cannot be."""
    return float(to_tensor(value, (), where))


def as_numbers(value: Any) -> Tensor:
    """Return tensors, arrays, numbers and lists of them as a float64 tensor, or raise."""
    if isinstance(value, (list, tuple)):
        value = torch.stack([as_numbers(part) for part in value])
    if isinstance(value, Tensor):
        with torch._C.DisableTorchFunctionSubclass():  # a subclass may give sums of its own
            tensor = Tensor.cpu(Tensor.as_subclass(Tensor.detach(value), Tensor))
    else:
        tensor = torch.from_numpy(np.array(value, dtype=np.float64))
    if tensor.is_complex():
        raise TypeError("complex numbers")
    return tensor.to_dense().double() if tensor.layout != torch.strided else tensor.double()


def _kind(value: Any) -> str:
    name = type(value).__name__
    try:
        if isinstance(value, (list, tuple)):
            inside = ", ".join(type(part).__name__ for part in value[:3])
            return f"{name} ({inside})"
    except Exception:
        pass
    return name


def distance(a: Tensor, b: Tensor, at_least: float = 1e-12) -> float:
    """Return how far apart two results (N, ...) are, relative to the larger, in the worst row.

    A row that is almost zero is measured against the size of all rows, or against `at_least`.
    """
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    size = torch.maximum(a.norm(dim=1), b.norm(dim=1))  # (N,)
    size = size.clamp(min=max(1e-3 * float(size.max()), at_least, 1e-12))
    worst = float(((a - b).norm(dim=1) / size).max())
    return worst if worst == worst else float("inf")  # NaN is far from everything


def largest_difference(a: Tensor, b: Tensor) -> tuple[int, ...]:
    """Return the index at which two results differ most."""
    flat = int((a - b).abs().argmax())
    return tuple(int(i) for i in np.unravel_index(flat, tuple(a.shape)))


def show_apart(a: Any, b: Any) -> tuple[str, str]:
    """Return two results as short texts with as many digits as it takes to tell them apart.

    Of a long result with three or more axes only the line that differs most is shown, and only the
    entry that differs most if it stands behind the eight that `show` gives.
    """
    place = ""
    tensors = isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape
    if tensors and a.ndim > 2 and a.numel() > LONG:
        index = largest_difference(a, b)[:-1]
        a, b, place = a[index], b[index], f"result{list(index)} = "
    for digits in range(3, 9):
        texts = show(a, digits), show(b, digits)
        if texts[0] != texts[1]:
            return place + texts[0], texts[1]
    if tensors and a.ndim and max(a.shape) > SHOWN:  # they differ behind what is shown
        index = largest_difference(a, b)
        yours, right = show_apart(float(a[index]), float(b[index]))
        return f"result{list(index)} = {yours}", right
    return place + texts[0], texts[1]


def show(value: Any, digits: int = 3) -> str:
    """Return numbers as short text: three digits, at most eight entries a bracket."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().tolist()
    if isinstance(value, (list, tuple)):
        shown = [show(part, digits) for part in value[:SHOWN]]
        return "[" + ", ".join(shown + (["..."] if len(value) > SHOWN else [])) + "]"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value + 0.0:.{digits}g}"  # + 0.0 makes -0 a 0
