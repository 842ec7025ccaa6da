"""SmoothGrad (2017), SmoothGrad squared (2018) and VarGrad (2018): explain noisy copies of x."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import check_positive_int, check_seed
from xaicourse.core.gradients import Question, ask
from xaicourse.core.moments import Moments
from xaicourse.core.progress import progress
from xaicourse.core.registry import Need, attribution_method
from xaicourse.core.shared import Asked, MirroredCopies, NoisyCopies
from xaicourse.methods.denoising.nested import (
    Explained,
    Inner,
    explain_copies,
    explained,
    read_method,
)
from xaicourse.methods.examples import small_classifier

__all__ = ["noise_scale", "noisy_values", "smoothgrad", "smoothgrad_squared", "vargrad"]


# ---- the noise -----------------------------------------------------------------------------------


def noise_scale(x: Tensor, sigma: float, relative: bool) -> Tensor:
    """Return the standard deviation of the noise for each row, (N, 1, ...), in units of x."""
    if isinstance(sigma, bool) or not isinstance(sigma, int | float):
        raise TypeError(f"sigma must be a number, got {sigma!r}")
    if not math.isfinite(sigma) or sigma < 0:
        raise ValueError(f"sigma must be at least 0 and finite, got {sigma}")
    column = (-1, *[1] * (x.dim() - 1))
    if not relative:
        return torch.full((len(x),), float(sigma), dtype=x.dtype, device=x.device).view(column)
    spread = x.flatten(1).amax(dim=1) - x.flatten(1).amin(dim=1)  # (N,)
    flat = spread == 0
    if sigma > 0 and bool(flat.any()):
        row = int(flat.nonzero()[0])
        raise ValueError(
            f"row {row} of x is constant, so a sigma relative to its range means no noise at all; "
            "give sigma in units of x with relative=False"
        )
    return sigma * spread.view(column)


def standard_normal(
    samples: int, shape: tuple[int, ...], seed: int, antithetic: bool
) -> Iterator[Tensor]:
    """Yield draws of a row's shape: always on the CPU and in float32, so that they never change.

    With `antithetic` each draw is followed by its mirror image.
    """
    generator = torch.Generator().manual_seed(seed)
    for _ in range(samples // 2 if antithetic else samples):
        draw = torch.randn(shape, generator=generator, dtype=torch.float32)
        yield draw
        if antithetic:
            yield -draw


def noisy_values(
    inner: Inner,
    model: Callable[..., Any],
    question: Question,
    what: Explained,
    scale: Tensor,
    draws: Iterator[Tensor],
    first: int = 0,
) -> Iterator[Tensor]:
    """Yield the inner method's values (N, ...) at x + scale * draw for each draw, in order.

    As many copies as fit into one chunk go through the model together.
    """
    x = question.x
    together = max(1, question.batch_size // len(x)) if inner.takes_copies else 1
    done = first
    while pending := [draw for _, draw in zip(range(together), draws, strict=False)]:
        last = done + len(pending) - 1
        noise = torch.stack(pending).to(device=x.device, dtype=x.dtype)  # (k, ...)
        copies = (x + scale * noise[:, None]).to(question.model_dtype)  # (k, N, ...)
        try:
            if together > 1:
                values = explain_copies(inner, model, copies, what, question.batch_size)
            else:
                found = inner.explain(model, copies[0], what, question.batch_size, done)
                values = found.values[None]
        except ValueError as error:
            which = f"copy {done} of x"
            if len(pending) > 1:
                which = f"copies {done} to {last} of x, where rows count on from copy to copy"
            raise ValueError(f"{inner.record.name} failed on noisy {which}: {error}") from error
        done += len(pending)
        yield from values


# ---- what is made of the values ------------------------------------------------------------------


def gradients_per_row(settings: Mapping[str, Any]) -> int:
    """Return how many gradients a row costs: samples times those of the method inside."""
    return settings.get("samples", 50) * read_method(settings.get("method", "gradient")).cost()


def over_noisy_copies(
    description: str,
    model: Callable[..., Any],
    x: Tensor,
    target: Any,
    *,
    method: Any,
    sigma: float,
    relative: bool,
    samples: int,
    seed: int,
    antithetic: bool = False,
    power: int = 1,
    order: int = 2,
    **asked: Unpack[Asked],
) -> tuple[Question, Moments, dict[str, Any]]:
    """Return the moments of Phi^power over the noise, and what goes on record with them.

    They go up to `order`: 2, or 4 where the variance is to have an error of its own.
    """
    inner = read_method(method)
    samples = check_samples(samples, antithetic)
    check_seed(seed)
    question = ask(model, x, target, **asked)
    if Need.GRADIENT in inner.record.needs:
        question.module_hooks.notice()  # the copies' questions do not see the modules
    score = question.scores_at_x  # now the class is chosen and the model has been watched once
    scale = noise_scale(question.x, sigma, relative)
    draws = standard_normal(samples, tuple(x.shape[1:]), seed, antithetic)
    values = noisy_values(inner, question.model, question, explained(question), scale, draws)
    together = 2 if antithetic else 1  # mirror images count as one value
    moments = gather(values, samples, together, description, power, order)
    found = {
        "kind": inner.record.result,
        "f_end": score,
        "gradients": question.rows.new_full((len(x),), samples * inner.cost()),
        "extra": {"sigma": scale.flatten()},
    }
    return question, moments, found


def gather(
    values: Iterator[Tensor],
    total: int,
    together: int,
    description: str,
    power: int = 1,
    order: int = 2,
) -> Moments:
    """Return the moments of values^power, where the mean of `together` values counts as one."""
    moments: Moments | None = None
    group: Tensor | float = 0.0
    bar = progress(total, description)
    try:
        for k, phi in enumerate(values, start=1):
            moments = moments or Moments(phi, order)
            phi = phi.to(moments.mean.dtype)
            group = group + (phi if power == 1 else phi**power)
            if k % together == 0:
                moments.add(group if together == 1 else group / together)
                group = 0.0
            bar.update(1)
    finally:
        bar.close()
    assert moments is not None  # at least one sample
    return moments


def check_samples(samples: Any, antithetic: Any) -> int:
    """Return the number of copies, or raise unless they can be drawn."""
    samples = check_positive_int(samples, "samples")
    if not isinstance(antithetic, bool):
        raise TypeError(f"antithetic must be True or False, got {antithetic!r}")
    if antithetic and samples % 2:
        raise ValueError(f"antithetic noise comes in pairs: samples must be even, got {samples}")
    return samples


# ---- the methods ---------------------------------------------------------------------------------


@attribution_method(
    title="SmoothGrad",
    year=2017,
    paper="arXiv:1706.03825",
    family="denoising",
    unit="slope",
    claims={"dummy", "implementation_invariance", "linearity"},
    stochastic=True,
    cost=gradients_per_row,
    example=small_classifier,
)
def smoothgrad(
    model: Callable[..., Any], x: Tensor, target: Any = None, **asked: Unpack[MirroredCopies]
) -> Attribution:
    r"""Average a method's map over noisy copies of the input.

    .. math::
        A = \frac1n \sum_{s=1}^n \Phi(x + \varepsilon_s), \qquad
        \varepsilon_s \sim \mathcal N(0, \sigma^2 I)

    For :math:`\Phi = \nabla F` this tends to the gradient of F smoothed by a Gaussian.

    Returns
    -------
    Tensor (N, ...)
        As the method inside. The details hold the standard error of each value.

    Raises
    ------
    ValueError, TypeError
        Also for a constant row with a relative sigma, or a method that is not registered.

    Notes
    -----
    Around the gradient it keeps dummy, implementation invariance and linearity; symmetry only on
    average over the noise. Breaks completeness and sensitivity(a). Taking absolute values before
    the average is another method.

    **Cost.** 50 gradients a row: `samples` times those of the method inside.

    **Fails when** sigma is large: the maps of different pictures become almost the same. It takes
    noise away, but does not choose a class.

    References
    ----------
    .. [smilkov2017] D. Smilkov, N. Thorat, B. Kim, F. Viegas, M. Wattenberg, 2017,
       arXiv:1706.03825.

    Examples
    --------
    No gate of the TOY net changes for a little noise, so the gradient stays the same:

    >>> import xaicourse as xc
    >>> xc.smoothgrad(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.01).round(decimals=6)
    tensor([[ 1., -3.]], dtype=torch.float64)
    """
    question, moments, found = over_noisy_copies("SmoothGrad", model, x, target, **asked)
    error = moments.error_of_mean
    return Attribution.of(question, moments.mean, standard_error=error, **found)


@attribution_method(
    title="SmoothGrad squared",
    year=2018,
    paper="arXiv:1806.10758",
    family="denoising",
    claims={"dummy", "implementation_invariance"},
    stochastic=True,
    cost=gradients_per_row,
    example=small_classifier,
)
def smoothgrad_squared(
    model: Callable[..., Any], x: Tensor, target: Any = None, **asked: Unpack[MirroredCopies]
) -> Attribution:
    r"""Average the square of a method's map over noisy copies of the input.

    .. math:: A = \frac1n \sum_{s=1}^n \Phi(x + \varepsilon_s)^2

    Returns
    -------
    Tensor (N, ...)
        Not negative, in squared units of the method inside; squares are taken entry by entry,
        before any sum over channels. The details hold the standard error of each value.

    Raises
    ------
    ValueError, TypeError
        Also for a constant row with a relative sigma, or a method that is not registered.

    Notes
    -----
    Equals the square of SmoothGrad plus VarGrad, for the same noise. Around the gradient it keeps
    dummy and implementation invariance; breaks completeness and linearity.

    **Cost.** 50 gradients a row: `samples` times those of the method inside.

    **Fails when** the sign is asked for, and where more samples should make the map quiet: sizes
    cannot cancel, so that an input whose slope is noise around 0 keeps a share.

    References
    ----------
    .. [hooker2018] S. Hooker, D. Erhan, P.-J. Kindermans, B. Kim, 2018, arXiv:1806.10758.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.smoothgrad_squared(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.01).round(decimals=6)
    tensor([[1., 9.]], dtype=torch.float64)
    """
    squared = over_noisy_copies("SmoothGrad squared", model, x, target, power=2, **asked)
    question, moments, found = squared
    error = moments.error_of_mean
    return Attribution.of(question, moments.mean, standard_error=error, **found)


@attribution_method(
    title="VarGrad",
    year=2018,
    paper="arXiv:1810.03292",
    family="denoising",
    claims={"dummy", "implementation_invariance"},
    stochastic=True,
    cost=gradients_per_row,
    example=small_classifier,
)
def vargrad(
    model: Callable[..., Any], x: Tensor, target: Any = None, **asked: Unpack[NoisyCopies]
) -> Attribution:
    r"""Take the variance of a method's map over noisy copies of the input.

    .. math::
        A = \frac1n \sum_{s=1}^n \big(\Phi(x + \varepsilon_s) - \bar\Phi\big)^2, \qquad
        \bar\Phi = \frac1n \sum_{s=1}^n \Phi(x + \varepsilon_s)

    There is no antithetic noise: a pair of mirror images has nearly the same square, and counts as
    one draw.

    Parameters
    ----------
    samples : int
        n, the number of noisy copies; at least 2.

    Returns
    -------
    Tensor (N, ...)
        Not negative, in squared units of the method inside. The details hold the standard error
        of each value, from the fourth moment (NaN for fewer than four samples).

    Raises
    ------
    ValueError, TypeError
        Also for a constant row with a relative sigma, or a method that is not registered.

    Notes
    -----
    For a quadratic model it depends on the Hessian alone. Around the gradient it keeps dummy and
    implementation invariance; breaks completeness and linearity.

    **Cost.** 50 gradients a row: `samples` times those of the method inside.

    **Fails when** the level of the gradient matters: it sees only its change, and is 0 for a linear
    model. The sign is lost.

    References
    ----------
    .. [adebayo2018] J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim, 2018,
       arXiv:1810.03292.

    Examples
    --------
    >>> import xaicourse as xc
    >>> xc.vargrad(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.01).round(decimals=6)
    tensor([[0., 0.]], dtype=torch.float64)
    """
    if check_positive_int(asked["samples"], "samples") < 2:
        raise ValueError("samples must be at least 2 for a variance, got 1")
    question, moments, found = over_noisy_copies("VarGrad", model, x, target, order=4, **asked)
    error = moments.error_of_variance
    return Attribution.of(question, moments.variance, standard_error=error, **found)
