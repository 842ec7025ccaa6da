"""A path method's question, and the path seen by a quadrature rule."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.rules import nodes

__all__ = ["Path", "Probe"]


@dataclass(frozen=True, eq=False)
class Probe:
    """One question to the student's function.

    `exact`: every legal rule gives the exact answer, whatever the number of steps.
    Otherwise the answer must come within `tolerance` at `steps`, and be clearly better there than
    with `fewer` steps (0: that is not asked).
    """

    name: str
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
    """A probe seen along one quadrature rule, in float64: what wrong answers compute with."""

    def __init__(
        self,
        probe: Probe,
        rule: str = "midpoint",
        steps: int | None = None,
        *,
        probability: bool = False,
    ) -> None:
        self.model = probe.model
        self.probability = probability  # what is explained: the probability or the logit
        self.x, self.baseline = probe.x.double(), probe.baseline.double()
        self.delta = self.x - self.baseline
        self.steps = probe.steps if steps is None else steps
        self.targets = torch.as_tensor(probe.target).expand(len(self.x))  # (N,)
        alphas, weights = nodes(rule, self.steps)
        self.alphas = alphas.reshape(-1, *[1] * self.x.ndim)  # (S, 1, ..., 1)
        self.weights = weights.reshape(self.alphas.shape)

    @cached_property
    def points(self) -> Tensor:
        """The points of the straight path, (S, N, ...)."""
        return self.baseline + self.alphas * self.delta

    @cached_property
    def slopes(self) -> Tensor:
        """The gradients of the explained number at the points, (S, N, ...)."""
        return self.gradient(self.points)

    def scores(self, points: Tensor) -> Tensor:
        """Return all scores at points (S, N, ...), as (S, N, K)."""
        flat = points.reshape(-1, *self.x.shape[1:])  # (S*N, ...)
        return self.model(flat).reshape(len(points), len(self.x), -1)

    def gradient(self, points: Tensor, output: Callable[..., Tensor] | None = None) -> Tensor:
        """Return the gradient of one score a point, (S, N, ...).

        `output` makes of the scores (S, N, K) the number (S, N); default: what is explained.
        """
        points = points.detach().requires_grad_(True)
        scores = self.scores(points)
        chosen = self.explained(scores) if output is None else output(scores)
        return torch.autograd.grad(chosen.sum(), points)[0]

    def output(self, scores: Tensor) -> Tensor:
        """Return the outputs of all classes, (S, N, K): scores or their probabilities."""
        return scores.softmax(-1) if self.probability else scores

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

    def at(self, point: Tensor, output: Callable[..., Tensor] | None = None) -> Tensor:
        """Return the gradient at one point (N, ...)."""
        return self.gradient(point[None], output)[0]
