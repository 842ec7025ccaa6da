"""Task 01.4: the right function, its cases, what is asked beside them, and some wrong functions."""

import torch

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import RIGHT, CaseGrader, apart, case, waves
from xaicourse.course.grading.compare import as_numbers
from xaicourse.course.grading.shared_mistakes import pick
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["CASES", "ProbabilityGrader", "pick", "probability_gradient", "softmax", "weighted"]


def wide(numbers, like):
    """Give numbers (N,) or (N, K) axes at the end, so that they multiply `like`."""
    return numbers.reshape(*numbers.shape, *[1] * (like.ndim - numbers.ndim))


def softmax(logits):
    """Return the probabilities, (N, K)."""
    return logits.softmax(1)


def weighted(p, gradients):
    """Return the mean of all slopes, weighted by p, (N, ...)."""
    return (wide(p, gradients) * gradients).sum(1)


def difference(p, own_slope, mean):
    """Return p_t (grad z_t - weighted mean), (N, ...)."""
    return p * (own_slope - mean)


def probability_gradient(
    logits, gradients, target, *, chance=softmax, mean=weighted, formula=difference
):
    """Return p_t (grad z_t - sum_k p_k grad z_k), (N, ...)."""
    p, own_slope = chance(logits), pick(gradients, target)
    return formula(wide(pick(p, target), own_slope), own_slope, mean(p, gradients))


def inputs(name, says, logits, target, turn, *shape):
    """Return a case: logits (N, K), and one gradient for each input and class, (N, K, ...)."""
    slopes = waves(turn, *shape, size=2.0)
    given = {"logits": torch.tensor(logits), "gradients": slopes, "target": torch.tensor(target)}
    return case(name, says, **given)


UNSURE, FOUR = [1.0, 0.2, 0.5], [0.5, 0.1, 1.0, 0.8]
CASES = (
    inputs(
        "unsure",
        "one input with four numbers and three classes, none of them certain",
        [UNSURE],
        [1],
        1.1,
        *(1, 3, 4),
    ),
    inputs(
        "nearly_sure",
        "one input with four numbers whose target has a probability of about 0.99",
        [[5.0, 0.0, -1.0]],
        [0],
        0.6,
        *(1, 3, 4),
    ),
    inputs(
        "two",
        "two inputs with five numbers and three classes",
        [[0.3, 1.0, -0.4], [1.2, 0.9, 0.1]],
        [2, 0],
        2.3,
        *(2, 3, 5),
    ),
    inputs(
        "pictures",
        "two small pictures (3, 2, 2) and four classes",
        [FOUR, FOUR],
        [3, 1],
        0.9,
        *(2, 4, 3, 2, 2),
    ),
)
LARGE = inputs("large", "large logits", [[200.0, 198.0, 0.0]], [1], 1.7, 1, 3, 4)  # exp overflows


# ---------------------------------------------------------------- wrong functions of their own


def logits_as_weights(logits, gradients, target):
    return probability_gradient(
        logits, gradients, target, mean=lambda p, slopes: weighted(logits, slopes)
    )


def times_logit(logits, gradients, target):
    front = wide(pick(logits, target), pick(gradients, target))
    return probability_gradient(
        logits, gradients, target, formula=lambda p, own_slope, mean: front * (own_slope - mean)
    )


def rival_only(logits, gradients, target):
    rivals = logits.scatter(1, target[:, None], -torch.inf).argmax(1)
    return probability_gradient(
        logits, gradients, target, mean=lambda p, slopes: pick(slopes, rivals)
    )


def of_each_target(logits, gradients, target):
    found = [probability_gradient(logits, gradients, t.expand_as(target)) for t in target]
    return torch.stack(found, dim=1)


def all_classes(logits, gradients, target):
    return wide(logits.softmax(1), gradients) * (
        gradients - weighted(logits.softmax(1), gradients)[:, None]
    )


class ProbabilityGrader(CaseGrader):
    """A right answer is also asked for large logits, where exp overflows."""

    def __call__(self, answer):
        """Return the outcome for one answer."""
        outcome = super().__call__(answer)
        if outcome.status != "passed" or self._stands_large_logits(answer):
            return outcome
        return Outcome("passed", outcome.message, notes=(messages.text("tasks/01.4/overflow"),))

    def _stands_large_logits(self, answer):
        try:
            got = as_numbers(call(answer, LARGE.arguments(), LARGE.name))
        except (Settled, TypeError, ValueError):
            return False
        return apart(got, self.result(self.right, LARGE)) <= RIGHT
