"""Wrong numbers to explain along a path: the right path, but not the target's score.

The step `number` gets the path p and the scores z (S, N, K) at its points. Holes in the words:
{see}, the section of the definition; {of} and {at} (before the number that is explained);
{number} and {numbers}; {p} (the outputs); {reversed}; {itself} and {of_target} (what is asked).
"""

import torch
from torch import Tensor

from xaicourse.course.grading.mistakes import after, swap
from xaicourse.course.grading.path import Path

__all__ = ["SCORE", "WRONG_CLASSES", "WRONG_SCORES"]


def targets_in_other_order(path: Path, z: Tensor) -> Tensor:
    """All points in one batch (S*N, ...), the targets repeated for an order (N*S, ...)."""
    classes = path.targets.repeat_interleave(len(z)).reshape(*z.shape[:2], 1)
    return path.output(z).gather(2, classes)[..., 0]


def class_predicted_at_x(path: Path, z: Tensor) -> Tensor:
    winner = path.scores(path.x[None]).argmax(-1, keepdim=True)  # (1, N, 1)
    return z.gather(2, winner.expand(len(z), -1, 1))[..., 0]


WRONG_CLASSES = [
    # how the inputs' numbers become one
    after(
        "batch_averaged",
        "The result is 1 / N of the right one, with N inputs: the {numbers} of the batch are "
        "averaged before the gradient. Add them up instead.",
        lambda a: a / len(a),
    ),
    after(
        "others_zero",
        "Only the first input of the batch gets an attribution, the others are 0: [0, target] "
        "picks one score. Add up the scores of all inputs.",
        lambda a: torch.cat([a[:1], 0 * a[1:]]),
    ),
    # which class
    swap(
        "first_rows_target",
        "Right for one target. With a tensor of targets all inputs get the first target. Each "
        "input has its own.",
        number=lambda p, z: p.output(z)[..., p.targets[0]],
    ),
    swap(
        "all_rows_targets",
        "Right for one target. With a tensor of targets, {p}[:, target] picks all targets for "
        "each input. Pick one for each: {p}[torch.arange(N), target].",
        number=lambda p, z: p.output(z)[..., p.targets.unique()].sum(-1),
    ),
    swap(
        "class_zero",
        "You explain {of}class 0, whatever `target` is. Use the argument.",
        number=lambda p, z: p.output(z)[..., 0],
    ),
    swap(
        "class_before",
        "You explain {of}the class before `target`. Classes are counted from 0, so use `target` "
        "as it is.",
        number=lambda p, z: p.explained(z.roll(1, -1)),
    ),
    swap(
        "targets_in_other_order",
        "Right for one target. With a tensor of targets the points and the targets are in a "
        "different order: for points (steps, N, ...) in one batch use target.repeat(steps), not "
        "repeat_interleave.",
        number=targets_in_other_order,
    ),
    # the loss, or another number made of the probability
    swap(
        "log_softmax",
        "This explains the logarithm of the probability. The task asks for the {itself}",
        number=lambda p, z: p.pick(z.log_softmax(-1)),
    ),
    swap(
        "cross_entropy",
        "This explains the cross-entropy loss. The task asks for the {of_target}",
        number=lambda p, z: -p.pick(z.log_softmax(-1)),
    ),
]

# only where scores are explained, not probabilities
WRONG_SCORES = [
    swap(
        "softmax",
        "This explains the softmax probability. The task asks for the {itself}",
        number=lambda p, z: p.pick(z.softmax(-1)),
    ),
    swap(
        "class_chosen_again",
        "At each point of the path you explain the class that wins there. The target stays the "
        "same on the whole path. {see}",
        number=lambda p, z: z.max(-1).values,
    ),
    swap(
        "class_predicted_at_x",
        "You explain the class that wins at x. Explain the class `target`. {see}",
        number=class_predicted_at_x,
    ),
    swap(
        "all_classes",
        "You explain the sum of all scores. Pick the score of `target` before you take the "
        "gradient. {see}",
        number=lambda p, z: z.sum(-1),
    ),
]

# What fills the holes there; {see} comes last.
SCORE = {
    "of": "",
    "at": "at",
    "number": "score",
    "numbers": "scores",
    "p": "scores",
    "reversed": "you multiply by x' - x instead of x - x', or x and the baseline are exchanged "
    "everywhere.",
    "itself": "score (the logit) itself. {see}",
    "of_target": "score (the logit) of the target. {see}",
}
