"""One walk along the straight path, kept so that any weight can be tried on it afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Annotated, Any

import torch
from torch import Tensor

from xaicourse.core.gradients import Question, ask
from xaicourse.core.near_names import suggest_names
from xaicourse.core.path import StraightPath
from xaicourse.methods.baselines import make_baseline
from xaicourse.widgets.documented import documented
from xaicourse.widgets.given import check_one
from xaicourse.widgets.work import finish

WEIGHTS = {  # name -> what it multiplies the gradient by, or shares out
    "all": "1 everywhere: Integrated Gradients",
    "before": "1 before the stop, 0 after it: Left-IG",
    "after": "0 before the stop, 1 after it: the right part of Split IG",
    "rising": "2 alpha: path-weighted IG",
    "falling": "2 (1 - alpha): path-weighted IG",
    "slope": "the slope of F along the path: Integrated Decision Gradients",
    "squares": "each step's change of F, shared by the squared gradient: IDGI",
    "random": "each step's change of F, shared by the squares of random vectors",
}
SQUARED_UNITS = ("slope",)  # maps in units of F squared


@documented
class StopsTrace:
    """What was found on the straight path from a baseline to x (one input); all on the CPU."""

    start: Annotated[Tensor, "(1, ...): Baseline."]
    end: Annotated[Tensor, "(1, ...): Input."]
    scores: Annotated[Tensor, "(S + 1,): F at the ends of the S steps."]
    pulls: Annotated[Tensor, "(S, H, W): Gradient x distance in the middles, over channels."]
    squares: Annotated[Tensor, "(S, H, W): Squared gradient there, which sums to 1 in each step."]

    @property
    def steps(self) -> int:
        """The number of steps S."""
        return len(self.pulls)

    @property
    def ends(self) -> Tensor:
        """Where the steps end, from 0 to 1, (S + 1,)."""
        return torch.linspace(0, 1, self.steps + 1, dtype=torch.float64)

    @property
    def middles(self) -> Tensor:
        """Where the gradients were taken, (S,)."""
        return (self.ends[1:] + self.ends[:-1]) / 2

    @property
    def rise(self) -> float:
        """F(input) - F(baseline)."""
        return float(self.scores[-1] - self.scores[0])

    def stop(self, share: float) -> float:
        """Return where more than a share of the rise is reached first, between straight lines."""
        if self.rise == 0:
            return 1.0
        level = (self.scores - self.scores[0]) / self.rise
        k = int((level > share).int().argmax())
        part = (share - level[k - 1]) / (level[k] - level[k - 1])
        return (k - 1 + float(part)) / self.steps

    def weight(self, name: str, share: float = 0.9) -> Tensor:
        """Return what each of the S gradients is multiplied by, (S,)."""
        if name == "slope":
            return self.pulls.flatten(1).sum(1).double()
        if name == "rising":
            return 2 * self.middles
        if name == "falling":
            return 2 * (1 - self.middles)
        before = ((self.stop(share) - self.ends[:-1]) * self.steps).clamp(0, 1)
        known = {"all": torch.ones_like(before), "before": before, "after": 1 - before}
        if name not in known:
            raise ValueError(f"weight must be one of {', '.join(WEIGHTS)}, got {name!r}")
        return known[name]

    def map(self, name: str, share: float = 0.9) -> Tensor:
        """Return the map under one of the weights, (H, W)."""
        if name in ("squares", "random"):
            shares = self.squares
            if name == "random":
                generator = torch.Generator().manual_seed(0)
                shares = torch.randn(shares.shape, generator=generator).square()
                shares = shares / shares.flatten(1).sum(1).view(-1, *[1] * (shares.ndim - 1))
            return torch.tensordot(self.scores.diff().float(), shares, 1)
        return torch.tensordot(self.weight(name, share).float(), self.pulls, 1) / self.steps

    def every(self, factor: int) -> StopsTrace:
        """Return the walk with steps that are `factor` times as long; an odd factor of S."""
        if factor % 2 == 0 or self.steps % factor:
            raise ValueError(f"factor must be odd and divide {self.steps} steps, got {factor}")
        kept = slice(factor // 2, None, factor)  # the middle of each longer step
        return replace(
            self,
            scores=self.scores[::factor],
            pulls=self.pulls[kept],
            squares=self.squares[kept],
        )


@suggest_names
def trace_stops(
    model: Callable[..., Any],
    x: Tensor,
    target: Any = None,
    *,
    baseline: Any = 0.0,
    steps: int = 27,
    output: Any = "logit",
    batch_size: int | None = None,
) -> StopsTrace:
    """Walk from the baseline to x, and keep what each step adds.

    Parameters
    ----------
    model, x, target, baseline, steps, output, batch_size
        As for `xc.integrated_gradients`; x holds one input.

    Returns
    -------
    StopsTrace
        On the CPU. One gradient in the middle of each step, one score at each end of a step.

    Raises
    ------
    ValueError, TypeError
        As for `xc.integrated_gradients`; x with more than one row.

    Examples
    --------
    >>> import xaicourse as xc
    >>> trace = xc.widgets.trace_stops(xc.zoo.toy(), xc.zoo.toy_input(), steps=8)
    >>> round(trace.stop(0.5), 6), trace.map("squares").tolist()
    (0.125, [0.5, 0.5])
    """
    return finish(walk(ask(model, x, target, output, batch_size), baseline, steps))


def walk(question: Question, baseline: Any, steps: int) -> Generator[None, None, StopsTrace]:
    """Do the work of `trace_stops` chunk by chunk: yield after each, return the trace."""
    check_one(question.x, "a path belongs to one input")
    path = StraightPath(make_baseline(baseline, question.x), question.x)
    ends = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    middles = (ends[1:] + ends[:-1]) / 2
    pulls, squares = [], []

    def keep(part: slice, chunk: Tensor, grad: Tensor, score: Tensor) -> None:
        pulls.append(over_channels(grad * (path.end - path.start)))
        square = grad.double().square()
        total = square.flatten(1).sum(1).view(-1, *[1] * (grad.ndim - 1))
        squares.append(over_channels(square / torch.where(total > 0, total, 1)))

    for alphas in middles.to(path.end).split(question.batch_size):
        row = torch.zeros_like(alphas, dtype=torch.long)
        question.gradients(path.point(alphas, row), row, keep)
        yield
    at, row = ends.to(path.end), torch.zeros(steps + 1, dtype=torch.long, device=path.end.device)
    scores = question.scores(lambda p: path.point(at[p], row[p]), row).cpu().double()
    found = torch.cat(pulls)
    if not math.isfinite(float(found.sum())):
        raise ValueError("the gradient is NaN or infinite on the path")
    yield
    return StopsTrace(
        start=path.start.cpu(),
        end=path.end.cpu(),
        scores=scores,
        pulls=found,
        squares=torch.cat(squares),
    )


def over_channels(values: Tensor) -> Tensor:
    """Return (S, H, W) float32 from images (S, C, H, W); other shapes keep their axes."""
    return (values.sum(1) if values.ndim == 4 else values).float().cpu()
