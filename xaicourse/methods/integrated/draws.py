r"""An expectation over baselines and over the way from them to x, from random draws.

.. math:: E_{x' \sim D,\, \alpha \sim U(0, 1)}
          \big[(x - x') \odot \nabla F(x' + \alpha (x - x'))\big]

Two integrals, over the set and along the line, become one mean: a single gradient for each draw.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from xaicourse.core.attribution import Attribution
from xaicourse.core.checks import all_finite
from xaicourse.core.gradients import Question
from xaicourse.core.moments import Moments
from xaicourse.core.progress import progress
from xaicourse.methods.baseline_sets import baseline_set

__all__ = ["Draws", "draw", "over_baselines"]


# ---- the draws: the same for every row, on every device and for every batch_size ----------------


@dataclass(frozen=True, eq=False)
class Draws:
    """Which baseline each draw starts from, and where on its line the gradient is taken."""

    line: Tensor  # (S,) numbers of baselines
    alpha: Tensor  # (S,) float64
    noise: tuple[int, ...] = ()  # a seed for each draw, where x is made noisy
    sigma: float = 0.0

    @property
    def used(self) -> tuple[Tensor, Tensor]:
        """The numbers of the baselines that are drawn, and their shares of the draws."""
        line, count = self.line.unique(return_counts=True)
        return line, count.double() / len(self.line)


def draw(M: int, samples: int, seed: int, stratified: bool, antithetic: bool) -> Draws:
    """Draw baselines and positions.

    Stratified: one position in each of equal parts of [0, 1], and no baseline again before each
    of the others. Antithetic: draws come in pairs alpha, 1 - alpha from the same baseline.
    """
    generator = torch.Generator().manual_seed(seed)
    n = samples // 2 if antithetic else samples
    alpha = torch.rand(n, generator=generator, dtype=torch.float64)
    if stratified:
        alpha = (torch.arange(n) + alpha) / n
        rounds = math.ceil(n / M)
        line = torch.cat([torch.randperm(M, generator=generator) for _ in range(rounds)])[:n]
    else:
        line = torch.randint(M, (n,), generator=generator)
    if antithetic:
        alpha = alpha / 2 if stratified else alpha  # the mirror images fill the other half
        alpha = torch.stack([alpha, 1 - alpha], dim=1).flatten()
        line = line.repeat_interleave(2)
    return Draws(line, alpha)


# ---- the mean ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Lines:
    """The straight line of each pair of a draw j and a row i: pair p = j N + i."""

    question: Question
    baselines: Tensor  # (M, 1 or N, ...)
    draws: Draws

    def ends(self, pairs: Tensor) -> tuple[Tensor, Tensor]:
        """Return x' and x, or a noisy copy of x, of pairs (P,): both (P, ...)."""
        x = self.question.x
        j, i = pairs // len(x), pairs % len(x)
        start = self.of_row(self.draws.line.to(x.device)[j], i)
        end = x[i]
        if self.draws.sigma:
            noise = [self._noise(int(k)) for k in j.unique_consecutive()]
            end = end + self.draws.sigma * torch.stack(noise)[j - j[0]]
        return start, end

    def of_row(self, line: Tensor, row: Tensor) -> Tensor:
        """Return the baselines `line` of rows `row`: (P,), (P,) -> (P, ...)."""
        return self.baselines[line, row if self.baselines.shape[1] > 1 else 0 * row]

    def point(self, pairs: Tensor) -> Tensor:
        start, end = self.ends(pairs)
        alpha = self.draws.alpha.to(end.dtype).to(end.device)[pairs // len(self.question.x)]
        return torch.lerp(start, end, alpha.view(-1, *[1] * (end.dim() - 1)))

    def _noise(self, j: int) -> Tensor:
        x, generator = self.question.x, torch.Generator().manual_seed(self.draws.noise[j])
        noise = torch.randn(x.shape[1:], generator=generator, dtype=torch.float32)  # on the CPU
        return noise.to(device=x.device, dtype=x.dtype)


def mean_gradient(
    lines: Lines, together: int, description: str, differentiable: bool = False
) -> tuple[Tensor, Tensor]:
    """Return the mean of (x - x') * gradient over the draws, and its standard error: (N, ...).

    The mean of `together` draws counts as one value for the error. Memory is flat in the number
    of draws, unless the graph is kept.
    """
    question, S = lines.question, len(lines.draws.line)
    N, shape = len(question.x), question.x.shape[1:]
    moments = Moments(question.x)
    waiting: list[Tensor] = []  # contributions of draws that are not yet complete
    graph: list[Tensor] = []
    bar = progress(S * N, description)

    def receive(part: slice, points: Tensor, grad: Tensor, score: Tensor) -> None:
        pairs = torch.arange(part.start, part.stop, device=points.device)
        start, end = lines.ends(pairs)
        values = (end - start) * grad  # (P, ...)
        _check_finite(values, part.start, lines)
        bar.update(len(values))
        if differentiable:
            graph.append(values)
        waiting.extend(values.detach())
        while len(waiting) >= together * N:
            whole = torch.stack(waiting[: together * N]).view(together, N, *shape)
            del waiting[: together * N]
            moments.add(whole.to(moments.mean.dtype).mean(0))

    try:
        question.gradients(lines.point, question.rows.repeat(S), receive, differentiable)
    finally:
        bar.close()
    mean = torch.cat(graph).view(S, N, *shape).mean(0) if differentiable else moments.mean
    return mean, moments.error_of_mean


def mean_score(lines: Lines) -> tuple[Tensor, Tensor]:
    """Return the means of F over the starts and over the ends of the draws: (N,), (N,)."""
    question, N = lines.question, len(lines.question.x)
    line, share = lines.draws.used
    line = line.to(question.rows.device)
    at_starts = question.scores(
        lambda p: lines.of_row(line[p // N], p % N), question.rows.repeat(len(line))
    )
    f_start = (share.to(at_starts)[:, None] * at_starts.view(-1, N)).sum(0)
    if not lines.draws.sigma:
        return f_start, question.scores_at_x
    S = len(lines.draws.line)
    at_ends = question.scores(lambda p: lines.ends(p)[1], question.rows.repeat(S))
    return f_start, at_ends.view(S, N).mean(0)


def over_baselines(
    question: Question,
    baselines: Any,
    draws: Callable[[int], Draws],
    together: int,
    description: str,
    differentiable: bool = False,
) -> Attribution:
    """Put the mean over the draws on record, with its gap and its standard error."""
    made = baseline_set(baselines, question.x.detach())
    lines = Lines(question, made, draws(len(made)))
    mean, error = mean_gradient(lines, together, description, differentiable)
    f_start, f_end = (f.detach().to(error) for f in mean_score(lines))
    for where, score in (("baseline", f_start), ("input", f_end)):
        if not all_finite(score):
            row = int((~torch.isfinite(score)).nonzero()[0])
            raise ValueError(
                f"F of row {row} is {float(score[row])} on average over the {where}s, so there is "
                "no rise to share out; choose baselines where the model's output is finite"
            )
    here = question.x.device
    return Attribution.of(
        question,
        mean,
        f_start=f_start,
        f_end=f_end,
        gap=mean.detach().flatten(1).sum(1) - (f_end - f_start),
        standard_error=error,
        gradients=question.rows.new_full((len(question.x),), len(lines.draws.line)),
        extra={
            "line": lines.draws.line.to(here),
            "alpha": lines.draws.alpha.to(error),
            "baselines": made,
        },
    )


def _check_finite(values: Tensor, first: int, lines: Lines) -> None:
    if not all_finite(values):
        bad = ~torch.isfinite(values.detach()).flatten(1).all(dim=1)
        pair, N = first + int(bad.nonzero()[0]), len(lines.question.x)
        raise ValueError(
            f"the gradient of row {pair % N} is NaN or infinite at draw {pair // N}, "
            f"alpha = {float(lines.draws.alpha[pair // N]):.4g}; the model is not differentiable "
            "there"
        )
