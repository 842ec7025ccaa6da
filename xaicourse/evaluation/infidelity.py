"""Infidelity (2019): how well the map foretells what a random change of x does to the score."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.checks import check_choice, check_positive_int
from xaicourse.core.path import rows_of
from xaicourse.evaluation.registry import MetricExample, metric
from xaicourse.evaluation.removal import Removal
from xaicourse.evaluation.result import MetricResult
from xaicourse.evaluation.seeds import seeded
from xaicourse.evaluation.sets import Sets, ask_sets, random_subsets, sums_over

__all__ = ["infidelity"]


def curved_example() -> MetricExample:
    """Return a model with a curvature, so that its gradient is right, but not all."""
    weight = torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    x = torch.tensor([[1.0, 1, 1, 1], [1, -1, 2, 0.5]], dtype=torch.float64)
    return MetricExample(
        lambda x: (weight.to(x) * x + x.square()).sum(dim=1),
        x,
        weight + 2 * x,
        None,
        {"sigma": 1.0},
    )


@metric(
    title="Infidelity",
    year=2019,
    paper="arXiv:1901.09392",
    kind="curve",
    direction="lower",
    rank_only=False,
    example=curved_example,
)
def infidelity(
    model: Callable[..., Any],
    x: Tensor,
    attribution: Tensor,
    target: Any = None,
    *,
    perturbation: str = "noise",
    sigma: float = 0.2,
    samples: int = 100,
    rescale: bool = True,
    relative: bool = True,
    imputer: Any = "black",
    output: Any = "logit",
    unit: Any = 1,
    seed: int = 0,
    batch_size: int | None = None,
) -> MetricResult:
    r"""Compare what the map foretells of a random change I with what the score does.

    .. math::
        \mathrm{INFD} = \mathbb E_I \big[ (\beta\, I^\top \phi - \Delta)^2 \big], \qquad
        \Delta = F(x) - F(x - I), \qquad
        \beta = \max\Big( 0, \frac{\mathbb E[\Delta\, I^\top \phi]}{\mathbb E[(I^\top \phi)^2]}
        \Big)

    Parameters
    ----------
    perturbation : str
        ``"noise"``: I is Gaussian, and the map is a slope, as a gradient. ``"removal"``: I removes
        a random half of the units, and the map is in units of F, as integrated gradients or
        occlusion are: its sum over them stands for :math:`I^\top \phi`. The wrong pair is no
        error, but gives a bad value.
    sigma : float
        Standard deviation of the noise, in units of x.
    samples : int
        How many changes.
    rescale : bool
        False: :math:`\beta = 1`, so that the map must have the right size, too.
    relative : bool
        Divide by :math:`\mathbb E[\Delta^2]`, which a map of zeros gets: so 1 foretells nothing,
        and images whose score moves much do not outweigh the others.
    imputer : number, str, Tensor or callable
        What stands in for removed features.
    seed : int
        Draws the changes, the same for every row and on every device.

    Returns
    -------
    MetricResult
        One expectation an image, from 0 to 1 as it is scaled here, **lower is better**; unscaled at
        least 0. A map of zeros has 1. Where no change moves the score there is none.

    Notes
    -----
    Unscaled it says mostly how large the map is: a gradient may come out worse than a map of zeros.
    The authors' code rescales by the best factor, also by a negative one, which makes no difference
    between a map and its opposite; here it is at least 0. The changes are the same for all rows.

    **Cost.** samples + 1 forward passes a row.

    **Fails when** the noise is far from what matters: it foretells small changes in all directions,
    most of which no picture ever takes.

    References
    ----------
    .. [yeh2019] C.-K. Yeh, C.-Y. Hsieh, A. S. Suggala, D. I. Inouye, P. Ravikumar, 2019,
       arXiv:1901.09392.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> x, slope = torch.zeros(1, 3), torch.tensor([[1.0, 2, 3]])
    >>> xc.evaluation.infidelity(lambda x: x @ slope[0], x, 7 * slope).values < 1e-9
    tensor([True])
    """
    check_choice(perturbation, CHANGES, "perturbation")
    samples = check_positive_int(samples, "samples")
    removal = Removal(imputer, output, "sum", "keep", unit, None, seed, batch_size)
    about = ask_sets(removal, model, x, attribution, target)
    told, delta = CHANGES[perturbation](about, attribution, sigma, samples, seed)  # (N, S)
    beta = torch.ones_like(told[:, :1])
    if rescale:
        beta = (delta * told).mean(1, keepdim=True) / told.square().mean(1, keepdim=True)
        beta = beta.nan_to_num(0.0).clamp_min(0)  # NaN for a map of zeros, which stays that
    values = (beta * told - delta).square().mean(dim=1)
    if relative:
        values = values / delta.square().mean(dim=1)
    own = {"perturbation": perturbation, "samples": samples, "seed": seed, "rescale": rescale}
    own |= {"sigma": sigma} if perturbation == "noise" else {}
    return about.result("infidelity", values, "squared error", relative=relative, **own)


def noise(
    about: Sets, attribution: Tensor, sigma: float, samples: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Return I . phi and F(x) - F(x - I), both (N, S), for Gaussian I."""
    if isinstance(sigma, bool) or not isinstance(sigma, int | float):
        raise TypeError(f"sigma must be a number, got {sigma!r}")
    if not 0 < sigma < float("inf"):
        raise ValueError(f"sigma must be above 0 and finite, got {sigma}")
    question, dtype = about.asked.question, about.found.dtype
    x, generator = question.x, seeded(seed)
    draws = [torch.randn(x.shape[1:], generator=generator) for _ in range(samples)]
    I = sigma * torch.stack(draws).to(x.device)  # noqa: E741  # (S, ...)
    phi = attribution.detach().to(dtype)
    told = torch.stack([(phi * one.to(dtype)).flatten(1).sum(dim=1) for one in I], dim=1)
    row = question.rows.repeat_interleave(samples)
    scores = question.scores(
        lambda p: rows_of(x, row[p]) - rows_of(I, p % samples).to(x.dtype), row
    )
    return told, about.f_x[:, None] - scores.to(dtype).view(len(x), samples)


def removal(
    about: Sets, attribution: Tensor, sigma: float, samples: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Return the map's sum over a set and the drop without it, (N, R S), for random halves."""
    units = about.found.shape[1]
    sets = random_subsets(units, max(1, units // 2), samples, seed, about.found.device)
    drops = about.drops(lambda row, k: sets[k], samples)  # (R, N, S)
    return sums_over(about.found, sets).repeat(1, len(drops)), torch.cat([*drops], dim=1)


CHANGES = {"noise": noise, "removal": removal}
