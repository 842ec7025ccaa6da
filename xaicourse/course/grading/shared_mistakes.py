"""Mistakes that many tasks share, written once, with a hole for the word of the task.

`saying` fills the holes: ``*saying(WHICH_NUMBER, score="logit")``.
"""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from xaicourse.course.grading.mistakes import Mistake, after, own, swap

__all__ = ["FIRST_INPUT", "LOSS", "PADDED", "ROWS", "SIGNS", "WHICH_NUMBER", "chords", "pick"]


def pick(scores: Tensor, target: Tensor) -> Tensor:
    """Return each input's own score: (N, K), (N,) -> (N,). The usual step `score`."""
    return scores[torch.arange(len(scores)), target]


# The step `score`: which number of the scores (N, K) is explained, (N,). Hole: {score}.
WHICH_NUMBER: tuple[Mistake, ...] = (
    swap(
        "all_classes",
        "You explain the sum of all {score}s. Pick the target's {score} of each input.",
        score=lambda z, target: z.sum(1),
    ),
    swap(
        "best_class",
        "You explain the class with the highest {score}. "
        "Explain the class that is asked for: target.",
        score=lambda z, target: z.amax(1),
    ),
    swap(
        "first_target",
        "All inputs get the first target. Each has its own: {score}s[torch.arange(N), target].",
        score=lambda z, target: z[:, target[0]],
    ),
    swap(
        "all_targets",
        "{score}s[:, target] adds up the {score}s of all targets for every input. "
        "Each has its own: {score}s[torch.arange(N), target].",
        score=lambda z, target: z[:, target],
    ),
    swap("all_targets", "", score=lambda z, target: z[:, target] / len(z)),  # its mean
    swap(
        "counted_from_one",
        "You explain the class before the target, target - 1. Classes count from 0.",
        score=lambda z, target: pick(z, target - 1),
    ),
    swap(
        "probability",
        "You explain the probability. Asked is the {score}: no softmax.",
        score=lambda z, target: pick(z.softmax(1), target),
    ),
    swap(
        "log_probability",
        "You explain the logarithm of the probability. Asked is the {score}: no softmax.",
        score=lambda z, target: pick(z.log_softmax(1), target),
    ),
)

# The step `score` once more: its loss. Hole: {score}.
LOSS: tuple[Mistake, ...] = (
    swap(
        "cross_entropy",
        "You differentiate the cross-entropy, a loss. Explain the {score} of the target itself.",
        score=lambda z, target: cross_entropy(z, target, reduction="sum"),
    ),
    swap("cross_entropy", "", score=cross_entropy),
)

# The result (N, ...) for a batch.
ROWS: tuple[Mistake, ...] = (
    after(
        "mean_over_batch",
        "Your numbers are too small by the number of inputs. mean() divides by N: use sum().",
        lambda result: result / len(result),
    ),
)

# Of N results only the first one.
FIRST_INPUT: tuple[Mistake, ...] = (
    after(
        "only_first_input",
        "You return the result of the first input only: a return inside the loop, or [0]? Return "
        "one for each input.",
        lambda result: result[:1],
    ),
)

# Signs of the result. Hole: {so}, what the signs are good for.
SIGNS: tuple[Mistake, ...] = (
    after("sign_reversed", "Every sign is reversed. {so}", lambda result: -result),
)


# ---------------------------------------------------------------- denominators and slopes


def added(span: Tensor, number: float) -> Tensor:
    """Return a denominator with a number added."""
    return span + number


def at_least(span: Tensor, number: float) -> Tensor:
    """Return a denominator that is at least a number."""
    return span.clamp(min=number)


def none_below(span: Tensor, number: float) -> Tensor:
    """Return a denominator that lets nothing through where it is below a number."""
    return torch.where(span < number, torch.inf, span)


# The step `span`: a denominator that may be 0. Hole: {what}, what is drawn with it. A bound that is
# not above the smallest denominator of the cases does no harm there.
PADDED: tuple[Mistake, ...] = tuple(
    swap(
        "padded",
        ""
        if place
        else "You add a number to the denominator, or take a small one for 0: a {what} comes out "
        "too weak. Treat only a denominator of exactly 0 apart.",
        span=partial(pad, number=number),
    )
    for place, (number, pad) in enumerate(
        [
            *product((1e-3, 1e-2, 1e-4, 1e-5, 1e-6), (added, at_least, none_below)),
            *product((1e-7, torch.finfo().eps, 1e-8), (added,)),
        ]
    )
)


def chords(result: Callable[[Any, Tensor, Tensor], Tensor]) -> list[Mistake]:
    """Return ``result(f, u, slope)`` with slopes by differences: too wide ones, and noise."""

    def by(f: Any, u: Tensor, step: float, sides: int) -> Tensor:
        back = u - step if sides == 2 else u
        return result(f, u, (f(u + step) - f(back)) / (sides * step))

    wide = (
        "Your slope is that of a wide chord, which crosses bends. Take a smaller step, in float64, "
        "or autograd."
    )
    noisy = "Your step is too small for float32: the slopes are noise. Use float64, or autograd."
    both = (1, 2)
    chosen = {  # far enough from the right slope to be told apart
        ("wide_chord", wide): [*product((1.0, 0.5), both), (0.25, 1), (0.1, 1)],
        ("noisy_chord", noisy): [*product((1e-5, 1e-6, 1e-7), both)],
    }
    return [
        own(name, "" if place else says, partial(by, step=step, sides=sides))
        for (name, says), pairs in chosen.items()
        for place, (step, sides) in enumerate(pairs)
    ]
