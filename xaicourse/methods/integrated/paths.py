"""Paths from x' to x, by name: what `path=` takes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.gradients import Question
from xaicourse.core.near_names import did_you_mean
from xaicourse.core.path import Curve, Path, StraightPath, rows_of

__all__ = [
    "PATHS",
    "PathMaker",
    "WhichPath",
    "corner",
    "make_path",
    "monotone",
    "power",
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


def monotone(course: Course) -> PathMaker:
    r"""Return a path on which every feature keeps its direction, each at a pace of its own.

    .. math:: \gamma_i(\alpha) = x'_i + (x_i - x'_i)\, h(\alpha, x_i - x'_i)

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

        def point(alpha: Tensor, row: Tensor) -> Tensor:
            distance = rows_of(delta, row)
            column = alpha.to(end.dtype).view(-1, *[1] * (end.dim() - 1))
            return rows_of(start, row) + course(column, distance).to(distance) * distance

        return Curve(start, end, point)

    return make


def power_course(alpha: Tensor, distance: Tensor) -> Tensor:
    return alpha ** (1 + distance.abs())


def corner_course(alpha: Tensor, distance: Tensor) -> Tensor:
    d = distance[0].numel()
    number = torch.arange(d, device=distance.device, dtype=distance.dtype).view_as(distance[0])
    return (alpha * d - number).clamp(0, 1)


# gamma_i = x'_i + d_i alpha^(1 + |d_i|), d = x - x'. It depends on the feature's own two values
# alone, so equal features share alike: symmetric, though not straight (Lerma and Lucas, 2021)
power = monotone(power_course)
# one feature after the other, along the edges of the box: no symmetry
corner = monotone(corner_course)

PATHS: dict[str, PathMaker] = {"straight": straight, "power": power, "corner": corner}


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
