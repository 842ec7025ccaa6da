"""Pairs of an input and a reference: they go through the model together, and are averaged."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Unpack

import torch
from torch import Tensor

from xaicourse.core.attribution import relative_gap
from xaicourse.core.gradients import (
    Question,
    ask,
    refuse_infinite,
    refuse_not_differentiable,
)
from xaicourse.core.operations import UnsupportedOperationError
from xaicourse.core.output_parts import first_rows, has_list, tensors_in
from xaicourse.core.rules import BackwardRules
from xaicourse.core.shared import Asked
from xaicourse.core.target_checks import has_function
from xaicourse.methods.baselines import make_baseline

__all__ = ["MeanDifference", "PairRules", "mean_difference", "notice_drowned"]

DROWNED = 0.05  # of the rise: no sum of a map that is exact but for rounding lies so far off


@dataclass(frozen=True, eq=False)
class PairRules(BackwardRules):
    """Rules that look at x and at its reference; tensors hold x's rows, then as many of x'."""

    # x' (P, ...) of the chunk that comes next, and the model's outputs there, where that is clear
    reference: list[Tensor] = field(default_factory=list)
    of_reference: list[Tensor] = field(default_factory=list)

    needs_rows: ClassVar[bool] = True

    def run(self, model: Callable[[Tensor, Tensor], Any], inputs: Tensor, rows: Tensor) -> Any:
        """Call the model on [x; x'] and hand on what it says of x."""
        n = len(inputs)
        both = torch.cat([inputs, self.reference[0].to(inputs.dtype)])
        outputs = super().run(model, both, torch.cat([rows, rows]))

        self.of_reference.clear()
        if isinstance(outputs, Tensor):
            if outputs.dim() > 0 and len(outputs) == 2 * n:
                self.of_reference.append(outputs[n:].detach())
                return outputs[:n]
            return outputs  # refused where all methods refuse it
        if has_list(outputs, 2 * n):  # an entry for each row, or as many outputs of all rows?
            with torch.no_grad():
                alone = model(inputs, rows)
            return first_rows(outputs, alone, n)
        if any(leaf.dim() > 0 and len(leaf) == 2 * n for leaf in tensors_in(outputs)):
            return first_rows(outputs, None, n)
        raise UnsupportedOperationError(
            f"{self.method} sends x and its reference through the model together and needs one "
            f"output for each of {2 * n} rows; the model returns {type(outputs).__name__}, where "
            "none was found; let it return a tensor, a dict, a tuple or a dataclass of tensors"
        )


def mean_difference(
    model: Any,
    x: Tensor,
    target: Any,
    references: list[Any],
    rules: PairRules,
    name: str = "baseline",
    **asked: Unpack[Asked],
) -> tuple[Question, "MeanDifference"]:
    """Return the question and the mean of the contributions over the references.

    Pair p is row p % N with reference p // N: one chunk can hold several references. `name` is what
    the caller calls number {} of them, for messages.
    """
    question = ask(model, x, target, **asked, rules=rules)
    question.batch_size = max(1, question.batch_size // 2)  # each row brings its reference
    N, mean, rows = len(x), MeanDifference(question), question.rows.repeat(len(references))

    @lru_cache(question.batch_size // N + 2)  # as many as a chunk meets
    def start(k: int) -> Tensor:
        return make_baseline(references[k], question.x, name.format(k))

    def points(pairs: Tensor) -> Tensor:
        parts = _by_reference(int(pairs[0]), int(pairs[-1]) + 1, N)
        rules.reference[:] = [torch.cat([start(k)[i:j] for k, i, j in parts])]
        return question.x[pairs % N]

    def receive(part: slice, points: Tensor, m: Tensor, f_end: Tensor) -> None:
        (x0,) = rules.reference
        here = rows[part]
        with torch.no_grad():
            said = rules.of_reference
            f_start = question.read(said[0], here) if said else question.scores(x0, here)
        mean.add(part, (points - x0) * m, m, f_start, f_end)

    try:
        question.gradients(points, rows, receive)
    except UnsupportedOperationError:
        raise
    except ValueError:  # it may be that F(x) or F(x') makes the multipliers infinite
        refuse_infinite(question.scores_at_x)
        for k in range(len(references)):
            refuse_infinite(question.scores(start(k), question.rows), "at the reference")
        raise
    return question, mean


def _by_reference(first: int, end: int, N: int) -> list[tuple[int, int, int]]:
    """Return which rows, i to j, meet reference k in the pairs from `first` to `end`."""
    ks = range(first // N, (end - 1) // N + 1)
    return [(k, max(first - k * N, 0), min(end - k * N, N)) for k in ks]


class MeanDifference:
    """Welford's mean and sum of squares over the references, for each row."""

    def __init__(self, question: Question) -> None:
        self.values = torch.zeros_like(question.x)
        self.squares = torch.zeros_like(question.x)
        self.f_start = self.f_end = question.x.new_zeros(len(question.x))
        self.done = 0  # pairs; a chunk that ran out of memory comes again

    def add(self, part: slice, values: Tensor, m: Tensor, f_start: Tensor, f_end: Tensor) -> None:
        """Take in the contributions and multipliers (P, ...) and F at both ends (P,) of pairs."""
        N = len(self.values)
        if self.done == 0:
            self.f_start, self.f_end = f_start.new_zeros(N), f_end.new_zeros(N)
        for k, i, j in _by_reference(part.start, part.stop, N):
            here = slice(k * N + i - part.start, k * N + j - part.start)
            refuse_not_differentiable(m[here], first=i)
            refuse_infinite(f_end[here], first=i)
            refuse_infinite(f_start[here], "at the reference", first=i)
            if k * N + i < self.done:
                continue
            before = values[here] - self.values[i:j]
            after = self.values[i:j] + before / (k + 1)
            self.squares[i:j] += before * (values[here] - after)
            self.values[i:j] = after
            self.f_start[i:j] += (f_start[here] - self.f_start[i:j]) / (k + 1)
            self.f_end[i:j] = f_end[here]
            self.done = k * N + j

    @property
    def gap(self) -> Tensor:
        return self.values.flatten(1).sum(1) - (self.f_end - self.f_start)


def notice_drowned(question: Question, mean: MeanDifference) -> None:
    """Warn where a map that is complete by its rules does not add up: rounding has drowned it.

    An output scale that bends, a function and an operation that was allowed explain a gap, too.
    """
    bends = question.output not in ("logit", "margin") or has_function(question.target)
    if bends or (question.rules is not None and question.rules.allow):
        return
    share = relative_gap(mean.gap, mean.f_start, mean.f_end).detach()
    row = int(share.argmax())
    if float(share[row]) > DROWNED:
        total, rise = mean.values[row].sum(), mean.f_end[row] - mean.f_start[row]
        warnings.warn(
            f"the map of row {row} adds up to {float(total):.3g}, but F rises by {float(rise):.3g}:"
            f" rounding in {question.model_dtype} has drowned it, since some multipliers are huge, "
            "as behind a norm whose inputs are all equal at the reference (a picture of one "
            "colour). Choose another baseline, or use float64: model.double() and x.double()",
            stacklevel=4,
        )
