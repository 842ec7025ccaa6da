"""A promise for the strongest pixels (2019): how many of them no small change of x can replace."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.brief import brief
from xaicourse.core.checks import check_positive_int, check_seed
from xaicourse.core.gradients import Question, ask, refuse_not_differentiable
from xaicourse.core.near_names import suggest_names
from xaicourse.core.progress import progress
from xaicourse.methods.denoising.input_noise import standard_normal
from xaicourse.robustness.ball import check_amount, check_attacked
from xaicourse.robustness.goals import shares, strongest

__all__ = ["CertifiedTopK", "certified_top_k"]


@dataclass(frozen=True, eq=False)
class CertifiedTopK:
    """What is promised of the k strongest pixels of each row.

    Attributes
    ----------
    map : Tensor (N, ...)
        How often each pixel was among the strongest of a noisy copy, 0 to 1.
    top : Tensor (N, ...)
        True on the k pixels with the largest values.
    radius : Tensor (N, k)
        In column T - 1 the radius within which at least T of these k stay among the k strongest of
        the exact map; 0 where nothing is promised.
    """

    map: Tensor
    top: Tensor
    radius: Tensor

    def __repr__(self) -> str:
        return brief(self)

    def overlap(self, radius: float) -> Tensor:
        """Return how many of the k pixels are sure to stay at any x that near, (N,)."""
        return (self.radius > check_amount("radius", radius)).sum(dim=1)


@suggest_names
def certified_top_k(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    k: int = 50,
    sigma: float = 0.15,
    samples: int = 500,
    alpha: float = 0.05,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> CertifiedTopK:
    r"""Say how many of the k strongest pixels stay so, whatever small change is made to x.

    The map is SmoothGrad of votes: :math:`h_i = 1` where pixel i is among the k strongest of the
    gradient, and :math:`p_i(x) = \operatorname{E} h_i(x + \varepsilon)`. For any h of 0 to 1

    .. math::
        \Phi\big(\Phi^{-1}(p_i) - \tfrac{\lVert\delta\rVert_2}{\sigma}\big) \le p_i(x + \delta) \le
        \Phi\big(\Phi^{-1}(p_i) + \tfrac{\lVert\delta\rVert_2}{\sigma}\big)

    so that at least T of the k stay among the k strongest while

    .. math::
        \lVert\delta\rVert_2 < \tfrac{\sigma}{2} \big(\Phi^{-1}(\underline p_{(T)})
        - \Phi^{-1}(\overline p_{(k - T + 1)})\big),

    :math:`\underline p_{(T)}` the T-th largest lower bound of the k, :math:`\overline p_{(m)}` the
    m-th largest upper bound of all others.

    Parameters
    ----------
    model : callable
        (N, ...) -> (N, K), (N,) or other outputs that `target` reads.
    x : Tensor (N, ...)
        Inputs, float32 or float64.
    target : int, (N,) ints, tuple, callable, target object or None
        What is explained; None is the predicted class. It is fixed once, at x.
    k : int
        How many pixels.
    sigma : float
        Standard deviation of the noise, in units of x: the larger, the larger the radius, and the
        farther the map from that of x.
    samples : int
        Noisy copies. The bounds of Clopper and Pearson are wider for fewer.
    alpha : float
        By so much chance the promise may fail for a row, for all its pixels together, because the
        copies were drawn.
    seed : int
        The same seed gives the same noise, in every row, on every device.
    output : str or callable
        ``"logit"``, ``"probability"``, ``"log_probability"``, ``"margin"`` or a function.
    batch_size : int, optional
        Rows that go through the model at once; never changes the result.

    Returns
    -------
    CertifiedTopK
        The map, its k strongest pixels, and a radius for each number of them.

    Raises
    ------
    ValueError, TypeError
        For bad arguments, a model in training mode, a detached output, a NaN gradient.

    Notes
    -----
    The promise is of the exact map, at any input that near: of no other method, and not of the
    class.

    **Cost.** `samples` gradients a row.

    **Fails when** it is read as a measure of the model: that the radius is 0 says that this bound
    promises nothing, not that an attack exists.

    References
    ----------
    .. [levine2019] A. Levine, S. Singla, S. Feizi, 2019, arXiv:1905.12105.

    Examples
    --------
    >>> import torch, xaicourse as xc
    >>> square = lambda x: (x**2).sum(1)
    >>> x = torch.tensor([[1.0, 0.1, 0.1]])
    >>> found = xc.robustness.certified_top_k(square, x, k=1)
    >>> found.top, found.overlap(0.1)
    (tensor([[ True, False, False]]), tensor([1]))
    """
    check_attacked(x)
    check_positive_int(samples, "samples")
    if check_amount("sigma", sigma) == 0:
        raise ValueError("sigma must be above 0: without noise nothing can be promised")
    if not 0 < check_amount("alpha", alpha) < 1:
        raise ValueError(f"alpha must be above 0 and below 1, got {alpha}")
    with torch.inference_mode(False):
        question = ask(model, x, target, output, batch_size)
        _ = question.scores_at_x  # now the class is chosen
        votes = counted(question, k, sigma, samples, check_seed(seed))  # (N, ...)
        map_ = votes / samples
        top = strongest(map_, k)
        radius = sigma / 2 * gaps(votes.flatten(1).cpu(), top.cpu(), k, samples, alpha)
        return CertifiedTopK(map_, top.view_as(map_), radius.to(map_.dtype).to(map_.device))


def counted(question: Question, k: Any, sigma: float, samples: int, seed: int) -> Tensor:
    """Return in how many noisy copies each pixel is among the k strongest, (N, ...)."""
    x, n = question.x, len(question.x)
    draws = standard_normal(samples, tuple(x.shape[1:]), seed, antithetic=False)
    votes = torch.zeros(())
    bar = progress(samples, "noisy copies")
    while some := list(islice(draws, max(1, question.batch_size // n))):
        z = torch.stack(some)[:, None].to(x.dtype).to(x.device)  # (c, 1, ...), the same for all x
        R = shares(slopes(question, x + sigma * z))  # (c N, ...)
        check_k(k, R)
        top = strongest(R, k).view(len(some), n, *R.shape[1:])
        votes = votes.to(R.device) + top.sum(dim=0).to(R.dtype)
        bar.update(len(some))
    bar.close()
    return votes


def slopes(question: Question, points: Tensor) -> Tensor:
    """Return the gradients at copies of all rows, (c, N, ...) -> (c N, ...)."""
    found: list[Tensor] = []
    question.gradients(
        points.flatten(0, 1), question.rows.repeat(len(points)),
        lambda part, chunk, grad, score: found.append(grad),
    )  # fmt: skip
    slope = torch.cat(found)
    refuse_not_differentiable(slope)
    return slope


def check_k(k: Any, R: Tensor) -> None:
    """Raise where k is no number of pixels, or not below those of a map."""
    if not check_positive_int(k, "k") < R[0].numel():
        raise ValueError(f"k must be below the {R[0].numel()} pixels of a map, got {k}")


def gaps(votes: Tensor, top: Tensor, k: int, samples: int, alpha: float) -> Tensor:
    """Return the differences of the bounds' quantiles for T = 1 to k, (N, k), at least 0.

    If fewer than T of the k stayed, m = k - T + 1 of the others would come in for as many that went
    out. The best of those that went is at least the T-th of the k, the worst of those that came at
    most the m-th of the others, and it would have overtaken.
    """
    low, high = bounds(votes, samples, alpha)  # (N, P)
    kept = low.masked_fill(~top, -torch.inf).sort(dim=1, descending=True).values[:, :k]
    others = high.masked_fill(top, -torch.inf).sort(dim=1, descending=True).values[:, :k]
    m = k - torch.arange(1, k + 1)  # m - 1 for each T; beyond the pixels it is -inf: none to come
    return (kept - others[:, m]).nan_to_num(0.0, posinf=torch.inf).clamp_min(0.0)


def bounds(votes: Tensor, samples: int, alpha: float) -> tuple[Tensor, Tensor]:
    """Return Phi^-1 of the lower and of the upper bound of each share of votes, (N, P)."""
    from scipy import stats

    each = alpha / (2 * votes.shape[1])  # for all pixels together, on both sides
    v = votes.numpy()
    low = stats.beta.ppf(each, v, samples - v + 1)  # NaN for no vote: 0
    high = stats.beta.ppf(1 - each, v + 1, samples - v)  # NaN for every vote: 1
    low, high = stats.norm.ppf(low), stats.norm.ppf(high)
    return (
        torch.from_numpy(low).nan_to_num(-torch.inf),
        torch.from_numpy(high).nan_to_num(torch.inf),
    )
