r"""Maps that keep their graph: an attack asks in which direction of x the map moves.

Gradient, Integrated Gradients and SmoothGrad are one sum with different points and weights,

.. math:: \Phi(x) = c(x) \odot \sum_s w_s \nabla F\big(p_s(x)\big)

and this is how they are written here. Their values are those of the library's methods.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_takes, named
from xaicourse.core.gradients import Question
from xaicourse.core.inputs import belonging_to
from xaicourse.core.quadrature import quadrature
from xaicourse.core.target import Index, PerRow, Single
from xaicourse.methods.baselines import BASELINES, make_baseline
from xaicourse.methods.denoising.input_noise import check_samples, noise_scale, standard_normal
from xaicourse.methods.denoising.nested import read_method
from xaicourse.methods.spec import Spec

__all__ = ["FunctionMap", "GradientMap", "graph_map"]


@dataclass(frozen=True, eq=False)
class GradientMap:
    """A map that is a weighted sum of gradients, called as ``map(question, x, rows, graph)``."""

    points: Callable[[Tensor, Tensor], Tensor] = lambda x, rows: x[None]  # -> (S, n, ...)
    weights: Tensor | None = None  # (S,); None is 1
    factor: Callable[[Tensor, Tensor], Tensor] | None = None  # -> (n, ...)
    absolute: bool = False
    beta: float | None = None  # of a method that explains the softplus net in place of the model
    cost: int = 1  # S

    def __call__(self, question: Question, x: Tensor, rows: Tensor, graph: bool) -> Tensor:
        """Return the map (n, ...) at points x (n, ...) that belong to the original rows (n,)."""
        at = self.points(x, rows)  # (S, n, ...)
        slopes: list[Tensor] = []
        question.gradients(
            at.flatten(0, 1), rows.repeat(len(at)),
            lambda part, chunk, grad, score: slopes.append(grad), differentiable=graph,
        )  # fmt: skip
        slope = torch.cat(slopes).unflatten(0, at.shape[:2])
        if self.weights is None:
            found = slope[0]
        else:
            found = torch.einsum("s,s...->...", self.weights.to(x.dtype).to(x.device), slope)
        if self.factor is not None:
            found = self.factor(x, rows) * found
        return found.abs() if self.absolute else found


@dataclass(frozen=True, eq=False)
class FunctionMap:
    """A function (model, x, target) of the caller's, whose map must keep its graph."""

    function: Callable[..., Tensor]
    beta: float | None = None
    cost: int = 1

    def __call__(self, question: Question, x: Tensor, rows: Tensor, graph: bool) -> Tensor:
        """Return the map (n, ...) at points x (n, ...) that belong to the original rows (n,)."""
        with torch.enable_grad(), belonging_to(rows):
            points = x if graph else x.detach().requires_grad_(True)
            found = self.function(question.model, points, of_some(question.target, rows))
        if not isinstance(found, Tensor) or len(found) != len(x):
            given = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise TypeError(f"method must return a map (n, ...) of the {len(x)} rows, got {given}")
        if graph and not found.requires_grad:
            raise ValueError(
                "method returns a map without a graph, so that nothing can be asked about its "
                "changes; let it differentiate with create_graph=True and detach nothing"
            )
        return found if graph else found.detach()


@torch.inference_mode(False)
def graph_map(method: Any) -> GradientMap | FunctionMap:
    """Return the method as a map that keeps its graph, or raise."""
    bare = getattr(method, "func", method)  # of functools.partial
    if not (isinstance(method, str | Spec) or hasattr(bare, "record")):
        if callable(method):
            check_takes(method, "method", ("model", "x", "target"))
            return FunctionMap(method)  # type: ignore[arg-type]
        raise TypeError(
            "method must be the name of a registered method, an xaicourse.spec or a function "
            f"(model, x, target) that returns a map with its graph, got {named(method)}"
        )
    inner = read_method(method)
    known = inspect.signature(inner.record.method).parameters
    settings = {k: p.default for k, p in known.items() if p.kind is p.KEYWORD_ONLY}
    name = inner.record.name
    if name not in MAPS:
        raise ValueError(
            f"method {name} has no map with a graph here; there are {', '.join(MAPS)}, or give a "
            "function (model, x, target) that returns a map with its graph"
        )
    return MAPS[name](**settings | dict(inner.settings))


def gradient(**_: Any) -> GradientMap:
    """The gradient: one point, x itself."""
    return GradientMap()


def saliency(**_: Any) -> GradientMap:
    """The size of the gradient."""
    return GradientMap(absolute=True)


def beta_smoothing(*, beta: float, **_: Any) -> GradientMap:
    """The gradient of the softplus net."""
    return GradientMap(beta=beta)


def input_x_gradient(*, baseline: Any, **_: Any) -> GradientMap:
    """The gradient times the difference from the baseline."""
    return GradientMap(factor=lambda x, rows: x - baseline_at(baseline, x, rows))


def integrated_gradients(
    *, baseline: Any, steps: int | None, quadrature: str, tol: float | None, **_: Any
) -> GradientMap:
    """The mean gradient on the straight line, times the difference from the baseline."""
    if tol is not None or quadrature == "adaptive":
        raise ValueError(
            "method integrated_gradients must have nodes that do not depend on x to be attacked; "
            "give steps in place of tol"
        )
    alphas, weights = nodes(quadrature, 50 if steps is None else steps)

    def points(x: Tensor, rows: Tensor) -> Tensor:
        start = baseline_at(baseline, x, rows)
        alpha = alphas.to(x.dtype).to(x.device).view(-1, *[1] * x.dim())
        return start + alpha * (x - start)

    difference = input_x_gradient(baseline=baseline)
    return replace(difference, points=points, weights=weights, cost=len(alphas))


nodes = quadrature


def smoothgrad(
    *, method: Any, sigma: float, relative: bool, samples: int, antithetic: bool, seed: int,
    **_: Any,
) -> GradientMap:  # fmt: skip
    """The mean gradient over noisy copies, whose noise is the method's own: the attacker has it."""
    if read_method(method).record.name != "gradient":
        raise ValueError(
            "method smoothgrad is attacked around the gradient alone, got one around "
            f"{read_method(method).record.name}"
        )
    check_samples(samples, antithetic)

    def points(x: Tensor, rows: Tensor) -> Tensor:
        scale = noise_scale(x, sigma, relative)
        draws = standard_normal(samples, tuple(x.shape[1:]), seed, antithetic)
        return torch.stack([x + scale * z.to(x.dtype).to(x.device) for z in draws])

    weights = torch.full((samples,), 1 / samples, dtype=torch.float64)
    return GradientMap(points, weights, cost=samples)


MAPS: dict[str, Callable[..., GradientMap]] = {
    made.__name__: made
    for made in (
        gradient, saliency, input_x_gradient, integrated_gradients, smoothgrad, beta_smoothing
    )
}  # fmt: skip


def baseline_at(baseline: Any, x: Tensor, rows: Tensor) -> Tensor:
    """Return x' for some of the rows; of one given for each row, those of these rows."""
    if isinstance(baseline, Tensor) and baseline.dim() == x.dim() and len(baseline) > 1:
        baseline = baseline[rows.to(baseline.device)]
    found = make_baseline(baseline, x.detach())
    if isinstance(baseline, str):  # made from x, so that it moves with x
        found = BASELINES[baseline](x).expand_as(x)
    return found


def of_some(target: Any, rows: Tensor) -> Any:
    """Return the target of some rows as people write it: None, a class, or one for each row."""
    if isinstance(target, Single):
        return None
    if isinstance(target, Index) and len(target.index) == 1:
        return target.index[0]
    if isinstance(target, PerRow):
        return torch.tensor(target.classes)[rows.cpu()].to(rows.device)
    return target
