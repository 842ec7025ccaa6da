"""Maps of noisy copies of one input, kept one by one, and what an average of them is worth."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.core.gradients import Question, ask
from xaicourse.core.inputs import call
from xaicourse.core.near_names import suggest_names
from xaicourse.methods.denoising.input_noise import noise_scale, noisy_values, standard_normal
from xaicourse.methods.denoising.nested import explained, read_method
from xaicourse.widgets.documented import documented
from xaicourse.widgets.given import check_one
from xaicourse.widgets.work import finish

SIGNED, SIZES, SQUARES = "with signs", "sizes first", "squares"
AVERAGES = (SIGNED, SIZES, SQUARES)
CERTAIN = 2.0  # a sign is certain when the mean is this many standard errors away from 0


@documented
class NoiseTrace:
    """The maps of n noisy copies of one input; all on the CPU."""

    maps: Annotated[Tensor, "(n, ...): A map for each copy, float64."]
    copy: Annotated[Tensor, "(1, ...): The first noisy copy."]
    sigma: Annotated[float, "The noise's standard deviation in units of x."]
    kept: Annotated[Tensor | None, "(n,): Whether a copy keeps x's best class, of several."]

    def first(self, n: int) -> NoiseTrace:
        """Return the trace of the first n copies."""
        kept = None if self.kept is None else self.kept[:n]
        return NoiseTrace(self.maps[:n], self.copy, self.sigma, kept)

    def average(self, how: str = SIGNED) -> NoiseAverage:
        """Average the maps, their sizes or their squares."""
        if how not in AVERAGES:
            raise ValueError(f"how must be one of {', '.join(AVERAGES)}, got {how!r}")
        maps = {SIGNED: self.maps, SIZES: self.maps.abs(), SQUARES: self.maps.square()}[how]
        return NoiseAverage(maps.mean(0), maps.std(0) / len(maps) ** 0.5)


@dataclass(frozen=True, eq=False)
class NoiseAverage:
    """A mean over noisy copies and its standard error, both shaped as one map."""

    mean: Tensor
    error: Tensor

    @property
    def certain(self) -> Tensor:
        """Where the mean is more than two standard errors away from 0."""
        return self.mean.abs() > CERTAIN * self.error

    @property
    def certain_share(self) -> float:
        """The share of entries whose sign is certain; see `certain_by_chance` for pure noise."""
        return float(self.certain.double().mean())

    @property
    def signal_share(self) -> float:
        """The part of the map's squared length that is not noise: about 0 for pure noise.

        On average |mean|^2 = |signal|^2 + the sum of the squared standard errors.
        """
        whole = float(self.mean.square().sum())
        return 1 - float(self.error.square().sum()) / whole if whole else 0.0


def certain_by_chance(n: int) -> float:
    """Return the share of certain signs in an average of n maps of pure noise.

    mean / standard error has Student's distribution with nu = n - 1 degrees of freedom; its
    density c (1 + t^2 / nu)^(-(nu + 1) / 2) is added up from -2 to 2. About 0.05 from n = 30 on.
    """
    nu = n - 1
    log_c = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - math.log(nu * math.pi) / 2
    t = torch.linspace(-CERTAIN, CERTAIN, 4001, dtype=torch.float64)
    density = math.exp(log_c) * (1 + t.square() / nu) ** (-(nu + 1) / 2)
    return 1 - float(torch.trapezoid(density, t))


def repeated_by_chance(n: int, how: str) -> float:
    """Return the `signal_share` that an average of n maps of pure noise has, for large maps.

    Sizes and squares have a mean above 0, which every draw repeats: the share is
    1 / (1 + r / n) with r = variance / mean^2, for normal noise pi / 2 - 1 and 2.
    """
    if how == SIGNED:
        return 0.0
    ratio = {SIZES: math.pi / 2 - 1, SQUARES: 2.0}[how]
    return 1 / (1 + ratio / n)


@suggest_names
def trace_noise(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    method: Any = "gradient",
    sigma: float = 0.15,
    relative: bool = True,
    samples: int = 50,
    seed: int = 0,
    output: Any = "logit",
    batch_size: int | None = None,
) -> NoiseTrace:
    """Explain noisy copies of one input and keep every map.

    The noise is that of `xc.smoothgrad` with the same settings, which keeps only mean and
    standard error and so needs less memory.

    Parameters
    ----------
    model, x, target, method, sigma, relative, samples, seed, output, batch_size
        As for `xc.smoothgrad`; x holds one input, and there are at least two samples.

    Returns
    -------
    NoiseTrace
        On the CPU.

    Raises
    ------
    ValueError, TypeError
        As for `xc.smoothgrad`; x with more than one row, or a single sample.

    Examples
    --------
    >>> import xaicourse as xc
    >>> trace = xc.widgets.trace_noise(xc.zoo.toy(), xc.zoo.toy_input(), sigma=0.001, samples=8)
    >>> trace.average().mean.tolist(), trace.average().certain_share
    ([1.0, -3.0], 1.0)
    """
    question = ask(model, x, target, output, batch_size)
    return finish(walk(question, method, sigma, relative, samples, seed))


def walk(
    question: Question, method: Any, sigma: float, relative: bool, samples: int, seed: int
) -> Generator[None, None, NoiseTrace]:
    """Do the work of `trace_noise` chunk by chunk: yield after each, return the trace."""
    x = question.x
    check_one(x, "noise is added to one input")
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 2:
        raise ValueError(f"samples must be a whole number from 2 on, got {samples!r}")
    question.scores_at_x  # noqa: B018 - the class is chosen here, and the model watched once
    scale = noise_scale(x, sigma, relative)  # (1, ...)
    noise = torch.stack([*standard_normal(samples, tuple(x.shape[1:]), seed, antithetic=False)])
    copies = (x + scale * noise.to(x)).to(question.model_dtype)  # (n, ...)
    inner, what = read_method(method), explained(question)
    values = noisy_values(inner, question.model, question, what, scale, iter(noise))
    maps, kept = [], []
    for some in copies.split(question.batch_size):
        maps += [value.double().cpu() for value in islice(values, len(some))]  # each (1, ...)
        kept.append(same_class(question, some))
        yield
    classes = None if kept[0] is None else torch.cat(kept)
    return NoiseTrace(torch.cat(maps), copies[:1].cpu(), float(scale.flatten()[0]), classes)


def same_class(question: Question, copies: Tensor) -> Tensor | None:
    """Return for each copy whether its best class is that of x; None for one output."""
    with torch.no_grad():
        best = call(question.model, question.x.to(copies), question.rows)
        if best.ndim != 2 or best.shape[1] < 2:
            return None
        found = call(question.model, copies, question.rows.expand(len(copies)))
    return (found.argmax(1) == best.argmax(1)).cpu()
