"""Mistakes that many tasks share, written once, with a hole for the word of the task.

`saying` fills the holes: ``*saying(WHICH_NUMBER, score="logit")``.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from xaicourse.course.grading.mistakes import Mistake, after, swap

__all__ = ["FIRST_INPUT", "LOSS", "ROWS", "SIGNS", "WHICH_NUMBER", "pick"]


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
