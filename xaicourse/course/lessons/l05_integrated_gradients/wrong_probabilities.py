"""Task 05.7: numbers that are not the target's probability, and maps that are not its map."""

import torch
from torch import Tensor

from xaicourse.course.grading.mistakes import own, swap
from xaicourse.course.grading.path import Path, right

__all__ = ["PROBABILITY", "WRONG_PROBABILITIES"]

PROBABILITY = {
    "of": "the probability of ",
    "at": "of the probability at",
    "number": "probability",
    "numbers": "probabilities",
    "p": "p",
    "reversed": "is it x' - x instead of x - x', or 1 - p instead of p?",
    "itself": "probability itself.",
    "of_target": "probability of the target.",
}


def logit(path: Path) -> Tensor:
    return right(path, number=Path.pick)


def rise(path: Path, numbers: Tensor) -> Tensor:
    """Return by how much the target's number rises from the baseline to x: (2, N, K) -> (N,)."""
    return path.pick(numbers).diff(dim=0)[0]


def rescaled_logit(path: Path) -> Tensor:
    """The logit's attribution, scaled so that it sums to the rise of the probability."""
    z = path.scores(torch.stack([path.baseline, path.x]))
    return path.each(rise(path, z.softmax(-1)) / rise(path, z)) * logit(path)


def chance(path: Path, z: Tensor) -> Tensor:
    """Return the target's probability as a plain number, (S, N)."""
    return path.pick(z.softmax(-1)).detach()


def chance_at_x(path: Path) -> Tensor:
    return path.each(chance(path, path.scores(path.x[None]))[0])  # (N, 1, ...)


WRONG_PROBABILITIES = [
    # what is done to the logit's map
    own(
        "logit",
        "This explains the logit. The task asks for the probability: softmax must be inside the "
        "function that is differentiated.",
        logit,
    ),
    own(
        "softmax_of_result",
        "You take the softmax of the finished map. Softmax belongs to the scores of the classes, "
        "before the gradient is taken.",
        lambda p: logit(p).flatten(1).softmax(1).reshape(p.x.shape),
    ),
    own(
        "probability_times_logit",
        "This is the logit's map times the probability at x. The probability changes on the path "
        "and depends on all scores, so take its own gradient.",
        lambda p: chance_at_x(p) * logit(p),
    ),
    own(
        "derivative_at_x",
        "This is the logit's map times p (1 - p), with the p at x. p changes on the path and "
        "depends on all scores, so take the gradient of the probability itself.",
        lambda p: chance_at_x(p) * (1 - chance_at_x(p)) * logit(p),
    ),
    own(
        "rescaled_logit",
        "This is the logit's map, scaled so that its sum is right. The right sum does not make the "
        "shares right: take the gradient of the probability.",
        rescaled_logit,
    ),
    # which number is made of the scores
    swap(
        "sigmoid",
        "You use the sigmoid of one score. With several classes the probability is the softmax "
        "over all scores.",
        number=lambda p, z: p.pick(z.sigmoid()),
    ),
    swap(
        "softmax_over_batch",
        "The softmax runs over the inputs of the batch. It must run over the classes: "
        "softmax(dim=1).",
        number=lambda p, z: p.pick(z.softmax(1)),
    ),
    swap(
        "own_class_only",
        "You use p (1 - p) times the gradient of the target's logit. That leaves out how x moves "
        "the other classes' scores.",
        number=lambda p, z: chance(p, z) * (1 - chance(p, z)) * p.pick(z),
    ),
    swap(
        "denominator_fixed",
        "You use p times the gradient of the target's logit. The sum below the fraction changes, "
        "too: softmax must stay attached (no detach), so that all scores are differentiated.",
        number=lambda p, z: chance(p, z) * p.pick(z),
    ),
    swap(
        "softmax_twice",
        "Softmax is applied twice. The model returns scores: one softmax makes them probabilities.",
        number=lambda p, z: p.pick(z.softmax(-1).softmax(-1)),
    ),
    swap(
        "not_normalised",
        "This explains exp(score). Divide by the sum of exp over all classes before the gradient "
        "is taken: softmax(dim=1).",
        number=lambda p, z: p.pick(z.exp()),
    ),
    swap(
        "no_exponentials",
        "You divide the score by the sum of the scores. Take exp of each score first: softmax "
        "does both.",
        number=lambda p, z: p.pick(z) / z.sum(-1),
    ),
    swap(
        "winning_probability",
        "At each point you explain the class with the largest probability. Explain `target` on the "
        "whole path.",
        number=lambda p, z: z.softmax(-1).max(-1).values,
    ),
]
