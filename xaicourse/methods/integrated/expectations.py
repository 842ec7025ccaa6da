"""Expected Gradients (2019) and GradientSHAP (2017): the mean of IG over a set of baselines."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_seed
from xaicourse.core.gradients import ask
from xaicourse.core.registry import Example, attribution_method
from xaicourse.core.shared import Asked, Differentiable
from xaicourse.methods.baseline_sets import Baselines
from xaicourse.methods.denoising.input_noise import check_samples
from xaicourse.methods.examples import small_classifier
from xaicourse.methods.integrated.draws import Draws, draw, over_baselines

__all__ = ["expected_gradients", "gradient_shap"]


def draws_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs."""
    return settings.get("samples", 100)


def three_baselines() -> Example:
    """Return the small net with a set of three constant baselines."""
    e = small_classifier()
    return Example(e.model, e.x, e.target, {"baselines": (0.0, 0.3, -0.5), "samples": 8})


@attribution_method(
    title="Expected Gradients",
    year=2019,
    paper="arXiv:1906.10670",
    family="integrated",
    unit="share",
    claims={"dummy", "implementation_invariance", "linearity", "symmetry"},
    stochastic=True,
    differentiable=True,
    cost=draws_per_row,
    example=three_baselines,
)
def expected_gradients(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Baselines = 0.0,
    samples: int = 100,
    stratified: bool = True,
    antithetic: bool = False,
    seed: int = 0,
    **asked: Unpack[Differentiable],
) -> Attribution:
    r"""Average Integrated Gradients over a set of baselines, one random point of a line at a time.

    .. math::
        A = \frac1n \sum_{j=1}^n (x - x'_j) \odot \nabla F\big(x'_j + \alpha_j (x - x'_j)\big),
        \qquad x'_j \sim D, \quad \alpha_j \sim U(0, 1)

    Parameters
    ----------
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The set D: rows of the data, a set for each row of x, or a sequence of what `baseline` of
        `integrated_gradients` may be. Of a single baseline it estimates Integrated Gradients.
    samples : int
        n. One or a few are enough in training, where the noise averages out over the steps.
    stratified : bool
        Take one :math:`\alpha_j` in each of n equal parts of [0, 1], and no baseline again before
        each of the others; False draws all independently.
    antithetic : bool
        Draw pairs :math:`\alpha, 1 - \alpha` from the same baseline; `samples` must be even. It
        takes away the error where the gradient changes evenly along the line.
    seed : int
        The same seed gives the same draws, in every row, on every device, for every batch_size.
    differentiable : bool
        Keep the graph, so that a loss may contain the map: an attribution prior. `samples` then
        decides the memory.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to F(x) minus the mean of F over the drawn baselines, up to the
        error of the draws. The details hold the standard error of each value as of independent
        draws, which is too large rather than too small for stratified ones; ``extra`` holds the
        baselines, and each draw's number of a baseline, ``line``, and ``alpha``.

    Raises
    ------
    ValueError, TypeError
        Also for an empty set, a baseline that does not fit x, or at which F is not finite.

    Notes
    -----
    Keeps dummy, implementation invariance and linearity, and symmetry where the set has it.
    Complete on average over the draws: see `gap`.

    **Cost.** 100 gradients a row, `samples` of them, and a forward pass for each baseline used.

    **Fails when** five draws are taken for a map: two seeds then differ as two photos do. With
    baselines x + noise it tells how F bends, not what contributes.

    References
    ----------
    .. [erion2019] G. Erion, J. D. Janizek, P. Sturmfels, S. M. Lundberg, S.-I. Lee, 2019,
       arXiv:1906.10670.

    Examples
    --------
    >>> import xaicourse as xc
    >>> model, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.expected_gradients(model, x, baselines=(0.0, 1.0), samples=4000).round(decimals=1)
    tensor([[ 2.9000, -1.4000]], dtype=torch.float64)
    """
    samples, seed = check_samples(samples, antithetic), check_seed(seed)
    if not isinstance(stratified, bool):
        raise TypeError(f"stratified must be True or False, got {stratified!r}")
    question = ask(model, x, target, **asked)

    def draws(M: int) -> Draws:
        return draw(M, samples, seed, stratified, antithetic)

    together = 2 if antithetic else 1  # mirror images count as one value
    description, graph = "Expected Gradients", asked["differentiable"]
    return over_baselines(question, baselines, draws, together, description, graph)


@attribution_method(
    title="GradientSHAP",
    year=2017,
    paper="arXiv:1705.07874",
    family="integrated",
    unit="share",
    claims={"dummy", "implementation_invariance", "linearity"},
    stochastic=True,
    cost=lambda settings: settings.get("samples", 200),
    example=three_baselines,
)
def gradient_shap(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baselines: Baselines = 0.0,
    samples: int = 200,
    sigma: float = 0.0,
    seed: int = 0,
    **asked: Unpack[Asked],
) -> Attribution:
    r"""Average Integrated Gradients over a set of baselines and over noisy copies of the input.

    .. math::
        A = \frac1n \sum_{j=1}^n (x_j - x'_j) \odot \nabla F\big(x'_j + \alpha_j (x_j - x'_j)\big),
        \qquad x_j = x + \sigma z_j, \quad z_j \sim \mathcal N(0, I)

    Baselines and positions are drawn independently; without noise it is Expected Gradients.

    Parameters
    ----------
    baselines : Tensor (M, ...), Tensor (M, N, ...), sequence or number
        The set: rows of the data, a set for each row of x, or a sequence of what `baseline` of
        `integrated_gradients` may be.
    samples : int
        n, as many as the package shap takes.
    sigma : float
        Standard deviation of the noise on x, in units of x.
    seed : int
        The same seed gives the same draws, in every row, on every device, for every batch_size.

    Returns
    -------
    Tensor (N, ...)
        Signed, in units of F; sums to the mean of F over the noisy copies minus the mean over the
        drawn baselines, up to the error of the draws. The details hold the standard error of each
        value.

    Raises
    ------
    ValueError, TypeError
        Also for an empty set, a baseline that does not fit x, or a negative sigma.

    Notes
    -----
    Keeps dummy, implementation invariance and linearity. Shapley values only where features are
    independent and F is a sum of products of different features; in general the mean of
    Aumann-Shapley shares.

    **Cost.** 200 gradients a row, `samples` of them, and a forward pass for each baseline used.

    **Fails when** few draws are taken, as where n is 5 by default: the map is mostly noise.

    References
    ----------
    .. [lundberg2017] S. M. Lundberg, S.-I. Lee, 2017, arXiv:1705.07874.

    Examples
    --------
    >>> import xaicourse as xc
    >>> model, x = xc.zoo.toy(), xc.zoo.toy_input()
    >>> xc.gradient_shap(model, x, samples=2000).round()  # Integrated Gradients: 3.75, -2.75
    tensor([[ 4., -3.]], dtype=torch.float64)
    """
    samples, seed = check_samples(samples, antithetic=False), check_seed(seed)
    if isinstance(sigma, bool) or not isinstance(sigma, int | float):
        raise TypeError(f"sigma must be a number, got {sigma!r}")
    if not 0 <= sigma < math.inf:
        raise ValueError(f"sigma must be at least 0 and finite, got {sigma}")
    question = ask(model, x, target, **asked)

    def draws(M: int) -> Draws:
        where = draw(M, samples, seed, stratified=False, antithetic=False)
        seeds = torch.Generator().manual_seed(seed ^ 1)
        noise = torch.randint(2**62, (samples,), generator=seeds).tolist()
        return Draws(where.line, where.alpha, tuple(noise), float(sigma))

    return over_baselines(question, baselines, draws, 1, "GradientSHAP")
