"""Manifold Integrated Gradients (2024): the path is a geodesic of the data manifold."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int
from xaicourse.core.gradients import ask
from xaicourse.core.path import StraightPath
from xaicourse.core.path_weights import Weight
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.along import Rule, along, gradients_per_row
from xaicourse.methods.integrated.manifolds import Chart, DecodedPath, Manifold, geodesic

__all__ = ["manifold_ig"]


class BentSheet:
    """Some numbers of x, then the sines of the first of them: a curved sheet in six dimensions."""

    def __init__(self, codes: int = 3) -> None:
        self.codes = codes

    def encode(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, : self.codes]

    def decode(self, z: Tensor) -> Tensor:
        return torch.cat([z, z[:, : 6 - self.codes].sin()], dim=1)


def example() -> Example:
    """Return the small net, with a manifold in its space."""
    settings = {"manifold": BentSheet(), "pieces": 4, "iterations": 5}
    return replace(small_classifier(), settings=settings)


@attribution_method(
    title="Manifold Integrated Gradients",
    year=2024,
    paper="arXiv:2405.09800",
    family="integrated",
    unit="share",
    needs={"gradient", "fit"},
    claims={"completeness", "dummy", "implementation_invariance", "linearity"},
    cost=gradients_per_row,
    example=example,
)
def manifold_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    manifold: Manifold | None = None,
    pieces: int = 16,
    iterations: int = 50,
    baseline: Baseline = 0.0,
    steps: int | None = None,
    quadrature: str = "midpoint",
    tol: float | None = None,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate gradients along the shortest way over the data manifold.

    .. math::
        A_i = \int_0^1 \frac{\partial F}{\partial x_i}\big(\gamma(t)\big)\, \gamma_i'(t)\, dt,
        \qquad \gamma(t) = g(z(t)), \quad z = \arg\min \int \|\tfrac{d}{dt} g(z(t))\|^2 dt

    g decodes, z runs from the code of x' to that of x. Only F is asked for gradients on the way;
    the way itself does not depend on F.

    Parameters
    ----------
    manifold : object with encode and decode, or None
        An autoencoder, such as ``xc.zoo.fashion_autoencoder()``: ``encode(x)`` gives codes (N, d),
        ``decode(z)`` points (N, ...). None is the whole space, in which the shortest way is the
        straight line: Integrated Gradients.
    pieces : int
        T, of how many straight pieces z is made.
    iterations : int
        Steps of the descent from the straight line of codes to the shortest way; 0 keeps that.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(g(z_x)) - F(g(z_x')). Both ends are what the decoder makes
        of x and x', `endpoints` in the details; ``knots`` are the codes on the way (N, T + 1, d).

    Raises
    ------
    ValueError, TypeError
        Also for a manifold that lacks a function, is in training mode, or gives other shapes.

    Notes
    -----
    Keeps completeness between the reconstructions, dummy, implementation invariance and linearity;
    breaks symmetry, and an input that equals its baseline can get a share. Each gradient is
    multiplied by how far the path really moves there. The authors' program multiplies the mean
    gradient by the distance of the ends instead: on the circle from (1, 0) to (0, 1) it gives
    x1^2 a share of -1.273, where the line integral, and the fall of x1^2, is -1.

    **Cost.** 50 gradients a row, and 50 passes through the decoder for the way.

    **Fails when** x is not on the manifold: then its reconstruction is explained. A black baseline
    is seldom a picture of the data either, and the way starts elsewhere.

    References
    ----------
    .. [zaher2024] E. Zaher, M. Trzaskowski, Q. Nguyen, F. Roosta, 2024, arXiv:2405.09800.

    Examples
    --------
    On a circle, from (1, 0) to (0, 1), x1 x2 has shares of a quarter of pi:

    >>> import torch, types, xaicourse as xc
    >>> angle, at = lambda x: x[:, 1:].atan2(x[:, :1]), lambda z: torch.cat([z.cos(), z.sin()], 1)
    >>> circle = types.SimpleNamespace(encode=angle, decode=at)
    >>> a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> xc.manifold_ig(lambda x: x.prod(1), b, baseline=a, manifold=circle).round(decimals=3)
    tensor([[-0.7850,  0.7850]])
    """
    pieces = check_positive_int(pieces, "pieces")
    iterations = 0 if iterations == 0 else check_positive_int(iterations, "iterations")
    rule = Rule.of(quadrature, steps, tol)
    question = ask(model, x, target, **asked)
    start = make_baseline(baseline, question.x)
    chart = Chart(manifold, question.x)
    question.scores_at_x  # noqa: B018  (what is wrong with the model is said here)
    if manifold is None:
        return along(question, StraightPath(start, question.x), Weight(), rule)
    z_start, z_end = chart.encode(start), chart.encode(question.x)
    rows = max(1, question.batch_size // (pieces + 1))  # whose paths are in memory at once
    parts = zip(z_start.split(rows), z_end.split(rows), strict=True)
    knots = torch.cat([geodesic(chart, a, b, pieces, iterations) for a, b in parts])
    found = along(question, DecodedPath.on_manifold(chart, knots), Weight(), rule)
    return replace(found, extra={**found.extra, "knots": knots})
