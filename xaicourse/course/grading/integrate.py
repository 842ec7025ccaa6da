"""Integrating a student's own function reliably, and noticing when that is not possible."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import torch
from torch import Tensor

from xaicourse.course.grading.calling import describe_error
from xaicourse.course.grading.compare import as_numbers, distance, refuse
from xaicourse.course.grading.rules import nodes
from xaicourse.course.grading.submission import is_missing
from xaicourse.course.grading.verdict import Settled

__all__ = [
    "OwnFunction",
    "feature_place",
    "path_integral",
    "reliable_integral",
    "rows_given",
    "to_rows",
]

ROUGH = 0.01  # two fine rules that differ by more say nothing
FEW = 20  # numbers of x with which many more steps are cheap
LARGEST = 10_000  # numbers in x: enough for any example, small enough to integrate finely


def to_rows(value: Any, name: str, what: str) -> Tensor:
    """Return a student's input as (N, D...) float64; one row may come without its batch axis."""
    try:
        tensor = as_numbers(value)
    except Exception:
        refuse("general/part_not_numbers", part=name, what=what, kind=type(value).__name__)
    if tensor.ndim == 0:
        tensor = tensor[None]
    if tensor.ndim == 1:
        tensor = tensor[None]
    if tensor.numel() > LARGEST:
        refuse("general/part_too_large", part=name, what=what, largest=LARGEST)
    if tensor.numel() == 0 or not bool(torch.isfinite(tensor).all()):
        refuse("general/part_not_finite", part=name, what=what)
    return tensor


def rows_given(answer: Any, name: str, what: str) -> Tensor:
    """Return inputs (N, D...) that were handed in as one tensor or as a list of rows."""
    if is_missing(answer):
        refuse("general/not_done", status="not_done")
    if isinstance(answer, (list, tuple)):
        if any(is_missing(row) for row in answer):
            refuse("general/not_done", status="not_done")
        answer = [row.tolist() if hasattr(row, "tolist") else row for row in answer]
    return to_rows(answer, name, what)


def feature_place(value: Any, x: Tensor) -> int:
    """Return the place of a feature in the flattened x (1, D...); -1 if there is none.

    The feature is given as one number, or as an index with or without the batch axis.
    """
    shape = tuple(x.shape[1:])
    try:
        index = [int(i) for i in torch.as_tensor(value).reshape(-1)]
        if len(index) == len(shape) + 1 and index[0] == 0:
            index = index[1:]
        if len(index) == 1 and len(shape) != 1:
            return range(x.numel())[index[0]]
        return int(torch.arange(x.numel()).reshape(shape)[tuple(index)])
    except Exception:
        return -1


class OwnFunction:
    """A student's f: (N, D...) -> (N,), called in float64 or, if it cannot, in its own dtype.

    Messages call it `name`, and say that it `takes` inputs of this shape.
    """

    def __init__(
        self, f: Any, x: Tensor, what: str, name: str = "f", takes: str = "(N, D)"
    ) -> None:
        self.f, self.what, self.name, self.takes = f, what, name, takes
        if not callable(f):
            self._refuse("f_not_callable", kind=type(f).__name__)
        self.dtype = torch.float64
        try:
            first = self(x)
        except Settled as settled:
            self.dtype = torch.float32  # a net with float32 weights cannot take float64
            try:
                first = self(x)
            except Settled:
                raise settled from None
        self.first_x, self.first = x, first.detach()

    def __call__(self, x: Tensor) -> Tensor:
        """Return f(x) as (N,), attached to the graph."""
        try:
            out = self.f(x.to(self.dtype))
        except BaseException as error:
            raise Settled(describe_error(error, self.f, self.what)) from None
        if not isinstance(out, Tensor):
            self._refuse("f_no_tensor", kind=type(out).__name__)
        if out.numel() != len(x) or out.shape[0:1] != x.shape[0:1]:
            self._refuse("f_shape", shape=tuple(out.shape), n=len(x), takes=self.takes)
        return out.reshape(len(x)).double()

    def _refuse(self, key: str, **fields: Any) -> NoReturn:
        refuse(f"general/{key}", what=self.what, name=self.name, **fields)

    def require_plain(self, x: Tensor) -> None:
        """Refuse an f that draws random numbers or mixes rows."""
        together, again = self.value(x), self.value(x)
        alone = torch.cat([self.value(row[None]) for row in x])
        size = 1e-4 * (1 + float(together.abs().max()))
        if float((together - again).abs().max()) > size:
            self._refuse("f_random")
        if float((together - alone).abs().max()) > size:
            self._refuse("rows_mixed")

    @contextmanager
    def steady(self, x: Tensor) -> Iterator[None]:
        """Judge a plain f inside; at the end it must still give the value of its first call."""
        try:
            self.require_plain(x)
            yield
        finally:  # whatever the verdict on an f that changes is, its reason would be wrong
            moved = float((self.value(self.first_x) - self.first).abs().max())
            if moved > 1e-4 * (1 + float(self.first.abs().max())):
                self._refuse("f_random")

    def value(self, x: Tensor) -> Tensor:
        """Return f(x) without a graph, (N,)."""
        with torch.no_grad():
            out = self(x)
        if not bool(torch.isfinite(out).all()):
            self._refuse("f_not_finite")
        return out

    def gradient(self, x: Tensor) -> Tensor:
        """Return the gradient of each row's value, like x."""
        x = x.detach().requires_grad_(True)
        out = self(x)
        if not out.requires_grad:
            self._refuse("f_no_gradient")
        try:
            slope = torch.autograd.grad(out.sum(), x, allow_unused=True)[0]
        except RuntimeError as error:
            raise Settled(describe_error(error, self.f, self.what)) from None
        if slope is None:
            return torch.zeros_like(x)
        if not bool(torch.isfinite(slope).all()):
            self._refuse("f_not_finite")
        return slope


def path_integral(
    slope: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor, rule: str, steps: int
) -> Tensor:
    """Return (x - baseline) times the weighted mean of the slopes on the path, (N, D...)."""
    alphas, weights = (each.reshape(-1, *[1] * x.ndim) for each in nodes(rule, steps))
    points = baseline + alphas * (x - baseline)  # (S, N, D...)
    slopes = slope(points.flatten(0, 1)).reshape(points.shape)
    return (x - baseline) * (weights * slopes).sum(0)


def reliable_integral(function: OwnFunction, x: Tensor, baseline: Tensor) -> Tensor:
    """Return Integrated Gradients of a student's f, or refuse when two fine rules disagree."""
    fine = path_integral(function.gradient, x, baseline, "midpoint", 500)
    other = path_integral(function.gradient, x, baseline, "gauss_legendre", 301)
    if distance(fine, other) > ROUGH and x.numel() <= FEW:  # a kink near one end, perhaps
        fine, other = (
            path_integral(function.gradient, x, baseline, "midpoint", n) for n in (20_000, 19_001)
        )
    if distance(fine, other) > ROUGH:
        refuse("general/f_not_integrable", what=function.what, name=function.name)
    return other
