"""A path method's question, and the path seen by a quadrature rule."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.rules import nodes

__all__ = ["Path", "Probe", "right"]


@dataclass(frozen=True, eq=False)
class Probe:
    """One question to the student's function.

    `exact`: every legal rule gives the exact answer, whatever the number of steps (a linear model
    on a straight path).
    Otherwise the answer must come within `tolerance` at `steps`, and be clearly better there than
    with `fewer` steps (0: that is not asked).
    """

    name: str
    says: str  # what a student calls it
    model: ProbeModel
    x: Tensor  # (N, ...) float32
    baseline: Tensor  # (N, ...) float32
    target: Any  # int or (N,) tensor
    steps: int = 200
    fewer: int = 20
    exact: bool = False
    tolerance: float = 1e-2

    def arguments(self, steps: int | None = None) -> dict[str, Any]:
        """Return fresh copies of what the student's function is called with."""
        target = self.target.clone() if isinstance(self.target, Tensor) else self.target
        return {
            "model": self.model,
            "x": self.x.clone(),
            "target": target,
            "baseline": self.baseline.clone(),
            "steps": self.steps if steps is None else steps,
        }


class Path:
    """A probe seen along one quadrature rule, in float64: what wrong answers compute with.

    Here the path is straight and the scores are explained. A lesson with another path makes a
    class of its own from this one, with other `points` and, so that each slope counts with the
    speed of its feature, another `mean` or `delta`. One that explains another number has another
    `output`.
    """

    def __init__(
        self,
        probe: Probe,
        rule: str = "midpoint",
        steps: int | None = None,
    ) -> None:
        self.model = probe.model
        self.x, self.baseline = probe.x.double(), probe.baseline.double()
        self.steps = probe.steps if steps is None else steps
        self.targets = torch.as_tensor(probe.target).expand(len(self.x))  # (N,)
        alphas, weights = nodes(rule, self.steps)
        self.alphas = alphas.reshape(-1, *[1] * self.x.ndim)  # (S, 1, ..., 1)
        self.weights = weights.reshape(self.alphas.shape)

    @cached_property
    def delta(self) -> Tensor:
        """The distance that each feature travels, (N, ...)."""
        return self.x - self.baseline

    @cached_property
    def points(self) -> Tensor:
        """The points of the straight path, (S, N, ...)."""
        return self.baseline + self.alphas * self.delta

    def scores(self, points: Tensor) -> Tensor:
        """Return all scores at points (S, N, ...), as (S, N, K)."""
        flat = points.reshape(-1, *self.x.shape[1:])  # (S*N, ...)
        return self.model(flat).reshape(len(points), len(self.x), -1)

    def gradient(self, points: Tensor, number: Callable[..., Tensor] | None = None) -> Tensor:
        """Return the gradient of one number a point, (S, N, ...).

        `number(path, scores)` makes it of the scores, (S, N, K) -> (S, N): `explained` does so.
        """
        points = points.detach().requires_grad_(True)
        chosen = (number or Path.explained)(self, self.scores(points))
        return torch.autograd.grad(chosen.sum(), points)[0]

    def output(self, scores: Tensor) -> Tensor:
        """Return what is explained of all classes, (S, N, K): the scores themselves."""
        return scores

    def explained(self, scores: Tensor) -> Tensor:
        """Return the explained number of (S, N, K), as (S, N)."""
        return self.pick(self.output(scores))

    def pick(self, scores: Tensor) -> Tensor:
        """Return the target's entry of (S, N, K), as (S, N)."""
        index = self.targets[None, :, None].expand(len(scores), -1, 1)
        return scores.gather(2, index)[..., 0]

    def mean(self, slopes: Tensor) -> Tensor:
        """Return the weighted mean over the path, (N, ...)."""
        return (self.weights * slopes).sum(0)

    def each(self, numbers: Tensor) -> Tensor:
        """Return one number for each input (N,) in a shape that multiplies a map (N, ...)."""
        return numbers.reshape(-1, *[1] * (self.x.ndim - 1))


def right(
    path: Path,
    *,
    points=lambda path: path.points,
    number=lambda path, scores: path.explained(scores),
    mean=lambda path, slopes: path.mean(slopes),
    distance=lambda path: path.delta,
):
    """Return the attribution of the definition: (x - x') times the mean gradient on the path."""
    slopes = path.gradient(points(path), number)  # (S, N, ...)
    return distance(path) * mean(path, slopes)
