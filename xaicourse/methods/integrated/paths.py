"""Paths from x' to x, by name: what `path=` takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import all_finite
from xaicourse.core.gradients import Question
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.path import Path, StraightPath, rows_of
from xaicourse.methods.integrated.geodesic import geodesic
from xaicourse.methods.integrated.greedy import greedy_path
from xaicourse.methods.integrated.guided import guided_path
from xaicourse.methods.integrated.spectral import spectral

__all__ = [
    "PATHS",
    "PathMaker",
    "WhichPath",
    "corner",
    "make_path",
    "monotone",
    "one_by_one",
    "power",
    "random_order",
    "straight",
]

# A path is made when its ends are known: maker(question, start, end), ends (N, ...)
PathMaker = Callable[[Question, Tensor, Tensor], Path]
WhichPath = str | PathMaker
# A monotone course: (alpha (P, 1, ...), distance (P, ...)) -> (P, ...), from 0 to 1
Course = Callable[[Tensor, Tensor], Tensor]


def straight(question: Question, start: Tensor, end: Tensor) -> Path:
    """gamma(alpha) = x' + alpha (x - x')."""
    return StraightPath(start, end)


@dataclass(frozen=True, eq=False)
class Monotone:
    """gamma_i(alpha) = x'_i + h_i(alpha) (x_i - x'_i), each h_i rising from 0 to 1."""

    start: Tensor  # (N, ...)
    end: Tensor  # (N, ...)
    course: Callable[[Tensor, Tensor], Tensor]  # h: (alpha (P, 1, ...), row (P,)) -> (P, ...)

    def point(self, alpha: Tensor, row: Tensor) -> Tensor:
        start, end = rows_of(self.start, row), rows_of(self.end, row)
        return torch.lerp(start, end, self._h(alpha, row).to(end.dtype).expand_as(end))

    def step(self, left: Tensor, right: Tensor, row: Tensor) -> Tensor:
        h = self._h(right, row) - self._h(left, row)
        return h.to(self.end.dtype) * rows_of(self.end - self.start, row)

    def _h(self, alpha: Tensor, row: Tensor) -> Tensor:
        return self.course(alpha.view(-1, *[1] * (self.end.dim() - 1)), row)


def monotone(course: Course) -> PathMaker:
    r"""Return a path on which every feature keeps its direction, each at a pace of its own.

    .. math:: \gamma_i(\alpha) = x'_i + (x_i - x'_i)\, h(\alpha, x_i - x'_i)

    It depends on a feature's own two values alone, so equal features share alike: it is symmetric.

    Parameters
    ----------
    course : callable
        h, from alpha (P, 1, ...) and the distances x - x' (P, ...) to numbers (P, ...) that rise
        from 0 at alpha = 0 to 1 at alpha = 1.

    Returns
    -------
    callable
        What `path=` of `path_attribution` takes.
    """

    def make(question: Question, start: Tensor, end: Tensor) -> Path:
        delta = end - start
        path = Monotone(start, end, lambda alpha, row: course(alpha, rows_of(delta, row)))
        _check_rises(path, question.rows)
        return path

    return make


def _check_rises(path: Monotone, rows: Tensor) -> None:
    """Refuse a course that does not rise from 0 to 1."""
    before = torch.zeros((), dtype=path.end.dtype, device=path.end.device)
    for k in range(9):
        h = path._h(path.end.new_full((len(rows),), k / 8), rows)
        fits = h >= before - 1e-6
        if k % 8 == 0:
            fits = (h - k / 8).abs() <= 1e-6
        if not bool(fits.all()):
            wrong = float(h.expand_as(fits)[~fits][0])
            raise ValueError(
                "course(alpha, distance) must rise from 0 at alpha = 0 to 1 at alpha = 1, but it "
                f"is {wrong:.3g} at alpha = {k / 8:g}"
            )
        before = h


def one_by_one(key: Callable[[Tensor, Tensor], Tensor]) -> PathMaker:
    """Return a path along the edges of the box: one feature after the other.

    Parameters
    ----------
    key : callable
        From x' and x, (N, ...) both, to numbers that broadcast to their shape. Features with the
        smallest number move first, those with equal numbers together.

    Returns
    -------
    callable
        What `path=` of `path_attribution` takes.
    """

    def make(question: Question, start: Tensor, end: Tensor) -> Path:
        keys = key(start, end).to(end.device).expand_as(end)
        if not all_finite(keys):
            raise ValueError("key(start, end) gives NaN or infinite numbers, which have no order")
        found = [torch.unique(row, return_inverse=True) for row in keys]  # sorted
        turn = torch.stack([inverse for _, inverse in found])  # (N, ...)
        turns = turn.new_tensor([len(values) for values, _ in found])  # (N,)

        def course(alpha: Tensor, row: Tensor) -> Tensor:
            return (alpha * turns[row].view_as(alpha) - rows_of(turn, row)).clamp(0, 1)

        return Monotone(start, end, course)

    return make


def random_order(seed: int = 0) -> PathMaker:
    """Return a path on which one pixel, or other input, follows the other in a random order.

    The order is the same for all rows; it knows nothing of x and of the model.
    """

    def key(start: Tensor, end: Tensor) -> Tensor:
        shape = end.shape[2:] if end.dim() == 4 else end.shape[1:]
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(shape.numel(), generator=generator).view(shape)
        return order.expand(1, *end.shape[1:])  # the colours of a pixel together

    return one_by_one(key)


def power_course(alpha: Tensor, distance: Tensor) -> Tensor:
    return alpha ** (1 + distance.abs())


# gamma_i = x'_i + d_i alpha^(1 + |d_i|), d = x - x': not straight, but symmetric (lerma2021 in
# docs/references.bib)
power = monotone(power_course)
# one feature after the other, as they are numbered: no symmetry
corner = one_by_one(lambda start, end: torch.arange(end[0].numel()).view(1, *end.shape[1:]))


PATHS: dict[str, PathMaker] = {
    "straight": straight,
    "power": power,
    "corner": corner,
    "random": random_order(),
    "spectral": spectral(),
    "guided": guided_path(),
    "greedy": greedy_path(),
    "geodesic": geodesic(),
}


def make_path(path: Any, question: Question, start: Tensor) -> Path:
    """Return the path from x' to x that `path=` means."""
    end = question.x
    if isinstance(path, str):
        if path not in PATHS:
            raise ValueError(f"path {path!r} is unknown; {did_you_mean(path, PATHS)}")
        return PATHS[path](question, start, end)
    if not callable(path):
        raise TypeError(
            f"path must be one of {', '.join(PATHS)}, or a function (question, start, end) that "
            f"returns a path, got {type(path).__name__}"
        )
    made: Any = path(question, start, end)
    for name in ("point", "step", "start", "end"):
        if not hasattr(made, name):
            raise TypeError(
                f"path(question, start, end) returned {type(made).__name__}, which has no "
                f"{name!r}; return a StraightPath, a Curve or what has point, step, start and end"
            )
    if made.end.shape != end.shape or not torch.equal(made.end, end):
        raise ValueError("path must end at x: its `end` has other values")
    return made
