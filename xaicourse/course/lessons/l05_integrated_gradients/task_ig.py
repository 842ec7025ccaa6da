"""Tasks 05.2 and 05.7: Integrated Gradients of a logit and of a probability."""

import torch

from xaicourse.course.grading.mistakes import saying
from xaicourse.course.grading.path import Path
from xaicourse.course.grading.path_grader import path_task
from xaicourse.course.grading.path_mistakes import BRACKET_LOST, WRONG_PATHS
from xaicourse.course.grading.path_numbers import SCORE, WRONG_CLASSES, WRONG_SCORES
from xaicourse.course.grading.path_probe import ProbeModel
from xaicourse.course.grading.path_probes import CURVED, LINEAR, ONE_CLASS, SHAPES, exact, linear
from xaicourse.course.lessons.l05_integrated_gradients.wrong_probabilities import (
    PROBABILITY,
    WRONG_PROBABILITIES,
)

__all__ = ["IG_OF_LOGIT", "IG_OF_PROBABILITY"]

SEE = "See {section_definition}."


class ProbabilityPath(Path):
    """A path on which the probability of the target is explained."""

    def output(self, scores):
        """Return the probabilities of all classes, (S, N, K)."""
        return scores.softmax(-1)


def log_of_linear(x, weight, bias):
    """Return scores whose softmax is linear in x: the three columns of p sum to 1."""
    return torch.log(linear(x, weight, bias))


LINEAR_CHANCE = ProbeModel(
    (3,),
    log_of_linear,
    [[0.10, -0.04, -0.06], [-0.08, 0.12, -0.04], [0.05, 0.06, -0.11]],
    [0.35, 0.30, 0.35],
)

# ---------------------------------------------------------------- tasks


def my_ig(model, x, target, baseline, steps):
    """Return the integrated gradients of x by the midpoint rule, one step after the other."""
    total = torch.zeros_like(x)
    for step in range(steps):
        alpha = (step + 0.5) / steps
        point = (baseline + alpha * (x - baseline)).detach().requires_grad_(True)
        rows = torch.arange(len(x))
        score = model(point)[rows, target]  # (N,): one int or one target a row
        total += torch.autograd.grad(score.sum(), point)[0]
    return (x - baseline) * total / steps


def my_ig_probability(model, x, target, baseline, steps):
    """Return the integrated gradients of the target's probability."""
    return my_ig(lambda point: model(point).softmax(dim=1), x, target, baseline, steps)


IG_OF_LOGIT = path_task(
    "05.2",
    my_ig,
    core=(
        *exact("linear", "a linear model, two inputs, a baseline that is not 0", LINEAR),
        *CURVED,
    ),
    shapes=(*SHAPES, ONE_CLASS),
    mistakes=saying([*WRONG_PATHS, BRACKET_LOST, *WRONG_CLASSES, *WRONG_SCORES], **SCORE, see=SEE),
    passed="Exact on a linear model, and close on curved ones when the steps are many.",
    hints=(
        "Three parts: points on the path from the baseline to x, the gradient of the target's "
        "score at each point, and the mean of these gradients times (x - baseline).",
        "Make each point a fresh tensor that requires a gradient: (baseline + alpha * (x - "
        "baseline)).detach().requires_grad_(True). The inputs of a batch do not influence each "
        "other, so you may add up their scores and take one gradient.",
        "For k in range(steps): alpha = (k + 0.5) / steps; scores = model(point); chosen = "
        "scores[torch.arange(len(x)), target]; add torch.autograd.grad(chosen.sum(), point)[0] to "
        "a total. At the end return (x - baseline) * total / steps.",
    ),
)
IG_OF_PROBABILITY = path_task(
    "05.7",
    my_ig_probability,
    core=(
        *exact(
            "linear_chance",
            "a model whose probabilities are linear in x, two inputs",
            LINEAR_CHANCE,
        ),
        *CURVED,
    ),
    shapes=SHAPES,
    mistakes=[
        *saying([*WRONG_PATHS, *WRONG_CLASSES], **PROBABILITY, see=SEE),
        *WRONG_PROBABILITIES,
    ],
    passed="The map adds up to the rise of the probability.",
    hints=(
        "Nothing about the path changes. What changes is the number whose gradient you take.",
        "The probability depends on ALL scores. So softmax must be inside the function that is "
        "differentiated, along the class axis (dim=1).",
        "Give my_ig another model: my_ig(lambda points: model(points).softmax(dim=1), x, target, "
        "baseline, steps).",
    ),
    path=ProbabilityPath,
)
