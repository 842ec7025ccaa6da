"""The pattern of a sum, a mean or an average pool, whose weights nobody trained.

Such a neuron y = w . x has no distractor that w had to learn to cancel. So its pattern lies along w
itself, as long as every pattern is, w . a = 1:

    a = w / (w . w)

It needs no data, and one step back is the gradient's up to a factor: of y = x_1 + x_2 each summand
gets one half, and of a mean of n cells each cell gets the signal whole and 1/n of the relevance.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from xaicourse.core.chunks import sum_dtype
from xaicourse.core.known import names
from xaicourse.core.operations import Mixture

__all__ = ["has_pattern", "step_back"]

MEANS = names("mean")  # sums and means along axes, average pools
SUMS = names("sum")  # number by number


def has_pattern(mixture: Mixture) -> bool:
    """Tell whether it is a sum, a mean or an average pool."""
    return mixture.name in MEANS | SUMS


def step_back(mixture: Mixture, s: Tensor, relevance: bool) -> tuple[Tensor, ...]:
    """Return what each input gets of s: sum_j a_ij s_j, or sum_j w_ij a_ij s_j of relevance."""
    inputs = [x.detach().to(s.dtype) for x in mixture.inputs]
    if mixture.name in MEANS:
        return (_behind_mean(mixture, inputs[0], s, relevance),)
    return _behind_sum(mixture, inputs, s, relevance)


def _behind_sum(
    mixture: Mixture, inputs: list[Tensor], s: Tensor, relevance: bool
) -> tuple[Tensor, ...]:
    """y = sum_k w_k x_k, number by number: w = (1, 1) of a sum, (1, -1) of a difference."""
    zeros = [torch.zeros_like(x) for x in inputs]
    w = []
    for k, x in enumerate(inputs):
        unit = [torch.ones_like(x) if k == other else z for other, z in enumerate(zeros)]
        w.append(mixture.function(*unit) - mixture.function(*zeros))
    ww = torch.stack([w_k * w_k for w_k in w]).sum(0)
    a = [torch.where(ww > 0, w_k / ww, torch.zeros_like(ww)) for w_k in w]
    v = [w_k * a_k if relevance else a_k for w_k, a_k in zip(w, a, strict=True)]
    # an input that was spread out over more places hears of all of them
    return tuple((v_k * s).sum_to_size(x.shape) for v_k, x in zip(v, inputs, strict=True))


def _behind_mean(mixture: Mixture, x: Tensor, s: Tensor, relevance: bool) -> Tensor:
    """y_j = w_j times the sum of its n_j inputs: w_j = 1 / n_j of a mean, 1 of a sum."""
    ones = torch.ones_like(x)
    total = mixture.function(ones)  # n_j w_j
    w = total / _inputs_of_each(mixture, ones, total)
    a = torch.where(total > 0, 1 / total, torch.zeros_like(total))  # 0: a window of padding alone
    v_over_w = a if relevance else torch.where(total > 0, a / w, torch.zeros_like(a))
    with torch.enable_grad():
        leaf = torch.zeros_like(x).requires_grad_(True)
        return torch.autograd.grad(mixture.function(leaf), leaf, v_over_w * s)[0]


def _inputs_of_each(mixture: Mixture, ones: Tensor, total: Tensor) -> Tensor:
    """Return n_j, the number of inputs of each result, like `total`."""
    if mixture.name in ("mean", "sum"):
        return torch.full_like(total, ones.numel() // total.numel())
    precise = ones.to(sum_dtype(ones.device))
    mean = _mean_of(mixture.function, precise)
    n = torch.ones_like(mean(precise))
    for axis in range(-int(mixture.name[-2]), 0):  # of avg_pool2d the last two
        place = torch.arange(precise.shape[axis], dtype=precise.dtype, device=precise.device)
        place = (place - place.mean()).view(-1, *[1] * (-1 - axis)).expand_as(precise)
        variance = mean(place * place) - mean(place).square()
        n = n * (12 * variance + 1).sqrt().round()  # of k places in a row it is (k^2 - 1) / 12
    return n.to(total)


def _mean_of(pool: Callable[..., Tensor], ones: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the mean over each window's own cells: padding does not count."""
    total = pool(ones)
    return lambda t: pool(t) / total.where(total > 0, 1)
