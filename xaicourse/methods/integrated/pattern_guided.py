"""Pattern-Guided Integrated Gradients (2020): the way of IG, the backward pass of the patterns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.gradients import ask
from xaicourse.core.operations import Affine
from xaicourse.core.path import StraightPath
from xaicourse.core.path_weights import Weight
from xaicourse.core.quadrature import check_quadrature
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked
from xaicourse.methods.baselines import Baseline, make_baseline
from xaicourse.methods.integrated.along import Rule, along
from xaicourse.methods.integrated.along import gradients_per_row as of_one_path
from xaicourse.methods.vanilla.pattern_fitting import Patterns
from xaicourse.methods.vanilla.patterns import (
    PatternRelevance,
    check_given,
    small_net_with_patterns,
)

__all__ = ["pattern_guided_ig"]

SEEDS = ("one", "output")
STEPS = 64


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs."""
    return of_one_path(settings, STEPS)


def example() -> Example:
    """Return the small ReLU net with its patterns, and few steps."""
    e = small_net_with_patterns()
    return replace(e, settings={**e.settings, "steps": 8})


@dataclass(frozen=True, eq=False)
class _Guided(PatternRelevance):
    """The gradient with w times a in place of w, from 1 or from y at the outputs y."""

    seed: str = "one"

    def start(self, y: Tensor, grad: Tensor) -> Tensor:
        return grad if self.seed == "one" else super().start(y, grad)

    def affine_rule(self, affine: Affine, s: Tensor) -> Tensor:
        """y = scale x + shift: w a is 1; what is multiplied by 0 has no pattern."""
        if affine.scale is None:
            return s
        return torch.where(affine.scale.detach() == 0, torch.zeros_like(s), s)


@attribution_method(
    title="Pattern-Guided Integrated Gradients",
    year=2020,
    paper="arXiv:2007.10685",
    family="integrated",
    needs={"gradient", "relu_only", "patterns"},
    claims={"dummy"},
    cost=gradients_per_row,
    example=example,
)
def pattern_guided_ig(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    patterns: Patterns | None = None,
    start: str = "one",
    baseline: Baseline = 0.0,
    steps: int = STEPS,
    quadrature: str = "midpoint",
    allow: tuple[str, ...] = (),
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Integrate along the straight line what the patterns let through.

    .. math::
        A_i = (x_i - x'_i) \int_0^1 \partial^a_i F\big(x' + \alpha (x - x')\big)\, d\alpha

    :math:`\partial^a` is the gradient with :math:`w_{ij} a_{ij}` in place of every weight
    :math:`w_{ij}` on the way back, as in `pattern_attribution`. The patterns silence what a neuron
    filters out, the path crosses the plateaus on which the gradient at x is 0.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads, made of dense and
        convolution layers, ReLUs, sums, means, max and average pools.
    start : str
        What goes back from the outputs y: ``"one"``, dF/dy; ``"output"``, y dF/dy, as in
        `pattern_attribution`.
    steps : int
        Nodes of the quadrature; intervals of the trapezoid.
    quadrature : str
        left, right, midpoint, trapezoid or gauss_legendre.
    allow : tuple of str
        Other operations at which the plain gradient is accepted, by the name that an error gave.
        They are to be allowed in `fit_patterns` as well.

    Returns
    -------
    Tensor (N, ...)
        Signed, in the units of x: a weight times its pattern has none. ``gap`` of the details is
        the map's sum minus F(x) - F(x'), which it does not promise to meet.

    Raises
    ------
    UnsupportedOperationError
        If an operation has no rule; it is named.
    ValueError, TypeError
        Also without patterns, or with those of another model.

    Notes
    -----
    Keeps dummy. Breaks completeness, sensitivity(a), linearity and implementation invariance; two
    features that F treats alike get equal shares only if their patterns are equal. It stretches
    with the units of x where `integrated_gradients` does not. With every pattern w / |w|^2 it shows
    what the squared weights say.

    **Cost.** 64 gradients a row, after the patterns were fitted.

    **Fails when** the patterns do: a neuron that hardly varies on the data has a huge pattern, and
    one that is never active has none and lets nothing through.

    References
    ----------
    .. [schwarzenberg2020] R. Schwarzenberg, S. Castle, 2020, arXiv:2007.10685.

    Examples
    --------
    >>> import xaicourse as xc
    >>> net, data = xc.zoo.load("fashion_mlp"), xc.datasets.fashion_mnist(n=64).x
    >>> patterns = xc.fit_patterns(net, data)
    >>> xc.pattern_guided_ig(net, data[:1], patterns=patterns, steps=8).shape
    torch.Size([1, 1, 28, 28])
    """
    check_given(patterns, "pattern_guided_ig")
    check_quadrature(quadrature, also=())
    if start not in SEEDS:
        raise ValueError(f"start must be one of {', '.join(SEEDS)}, got {start!r}")
    rules = _Guided("pattern_guided_ig", allow, patterns=patterns, seed=start)
    question = ask(model, x, target, **asked, rules=rules)
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    return along(question, path, Weight(), Rule.of(quadrature, steps))
