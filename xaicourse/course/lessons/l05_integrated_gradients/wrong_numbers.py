"""Wrong numbers to explain (05.2, 05.7): the right path, but not the target's score or probability.

The step `number` gets the path p and the scores z (S, N, K) at its points.
"""

import torch
from torch import Tensor

from xaicourse.course.grading.mistakes import after, own, saying, swap
from xaicourse.course.lessons.l05_integrated_gradients.path import Path, right
from xaicourse.course.lessons.l05_integrated_gradients.wrong_paths import WRONG_PATHS

__all__ = ["WRONG_LOGITS", "WRONG_PROBABILITIES"]


def targets_in_other_order(path: Path, z: Tensor) -> Tensor:
    """All points in one batch (S*N, ...), the targets repeated for an order (N*S, ...)."""
    classes = path.targets.repeat_interleave(len(z)).reshape(*z.shape[:2], 1)
    return path.output(z).gather(2, classes)[..., 0]


def class_predicted_at_x(path: Path, z: Tensor) -> Tensor:
    winner = path.scores(path.x[None]).argmax(-1, keepdim=True)  # (1, N, 1)
    return z.gather(2, winner.expand(len(z), -1, 1))[..., 0]


# ---------------------------------------------------------------- both tasks
# Holes: {see}, {of} (what is explained), {p} (the outputs), {itself}, {of_target} (what is asked).

SEE = "See {section_definition}."

BOTH = [
    *WRONG_PATHS,
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


# ---------------------------------------------------------------- only for logits (05.2)

WRONG_LOGITS = saying(
    [
        *BOTH,
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
    ],
    of="",
    at="at",
    number="score",
    numbers="scores",
    p="scores",
    reversed="you multiply by x' - x instead of x - x', or x and the baseline are exchanged "
    "everywhere.",
    itself="score (the logit) itself. {see}",
    of_target="score (the logit) of the target. {see}",
    see=SEE,
)


# ---------------------------------------------------------------- only for probabilities (05.7)


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
    *saying(
        BOTH,
        of="the probability of ",
        at="of the probability at",
        number="probability",
        numbers="probabilities",
        p="p",
        reversed="is it x' - x instead of x - x', or 1 - p instead of p?",
        itself="probability itself.",
        of_target="probability of the target.",
        see=SEE,
    ),
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
        "This is the logit's map, scaled so that its sum is right. The right sum does not make "
        "the shares right: take the gradient of the probability.",
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
        "winning_probability",
        "At each point you explain the class with the largest probability. Explain `target` on "
        "the whole path.",
        number=lambda p, z: z.softmax(-1).max(-1).values,
    ),
]
