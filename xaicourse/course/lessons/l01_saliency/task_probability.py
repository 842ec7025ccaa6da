"""Task 01.4: the gradient of a probability, made of the gradients of all logits."""

from typing import Any

import torch
from torch import Tensor

from xaicourse.course.grading import messages
from xaicourse.course.grading.calling import call
from xaicourse.course.grading.cases import RIGHT, Case, CaseGrader, apart
from xaicourse.course.grading.compare import as_numbers
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome, Settled

__all__ = ["GRADER", "PROBABILITY_GRADIENT"]


# ---------------------------------------------------------------- cases


def _gradients(turn: float, *shape: int) -> Tensor:
    """Return one gradient for each input and class, (N, K, ...)."""
    count = torch.Size(shape).numel()
    return 2 * torch.sin(turn * torch.arange(1.0, count + 1) ** 1.5).reshape(shape)


def _case(name: str, logits: list[list[float]], target: list[int], gradients: Tensor) -> Case:
    values = {"logits": torch.tensor(logits), "gradients": gradients}
    return Case(name, {**values, "target": torch.tensor(target)})


CASES = (
    _case("unsure", [[1.0, 0.2, 0.5]], [1], _gradients(1.1, 1, 3, 4)),
    _case("nearly_sure", [[5.0, 0.0, -1.0]], [0], _gradients(0.6, 1, 3, 4)),
    _case("two", [[0.3, 1.0, -0.4], [1.2, 0.9, 0.1]], [2, 0], _gradients(2.3, 2, 3, 5)),
    _case("pictures", [[0.5, 0.1, 1.0, 0.8]] * 2, [3, 1], _gradients(0.9, 2, 4, 3, 2, 2)),
)

LARGE = _case("large", [[200.0, 198.0, 0.0]], [1], _gradients(1.7, 1, 3, 4))  # exp overflows


# ---------------------------------------------------------------- the right answer


def _rows(numbers: Tensor, like: Tensor) -> Tensor:
    """Give numbers (N,) or (N, K) trailing axes, so that they multiply `like`."""
    return numbers.reshape(*numbers.shape, *[1] * (like.ndim - numbers.ndim))


def _split(logits, gradients, target):
    """Return p (N, K), p of the target and its gradient, and the weighted mean of all gradients."""
    p = logits.softmax(dim=1)
    inputs = torch.arange(len(logits))
    own = gradients[inputs, target]  # (N, ...)
    mean = (_rows(p, gradients) * gradients).sum(dim=1)  # (N, ...)
    return p, _rows(p[inputs, target], own), own, mean


def probability_gradient(logits, gradients, target):
    """Return p_t (grad z_t - sum_k p_k grad z_k), (N, ...)."""
    _, p_target, own, mean = _split(logits, gradients, target)
    return p_target * (own - mean)


# ---------------------------------------------------------------- wrong answers


def own_class_only(logits, gradients, target):
    _, p_target, own, _ = _split(logits, gradients, target)
    return p_target * (1 - p_target) * own


def logit_gradient(logits, gradients, target):
    return _split(logits, gradients, target)[2]


def without_the_others(logits, gradients, target):
    _, p_target, own, _ = _split(logits, gradients, target)
    return p_target * own


def log_probability(logits, gradients, target):
    _, _, own, mean = _split(logits, gradients, target)
    return own - mean


def plain_sum(logits, gradients, target):
    _, p_target, own, _ = _split(logits, gradients, target)
    return p_target * (own - gradients.sum(dim=1))


def plain_mean(logits, gradients, target):
    _, p_target, own, _ = _split(logits, gradients, target)
    return p_target * (own - gradients.mean(dim=1))


def bracket_lost(logits, gradients, target):
    """p multiplies the own slope only."""
    _, p_target, own, mean = _split(logits, gradients, target)
    return p_target * own - mean


def p_on_the_mean_only(logits, gradients, target):
    _, p_target, own, mean = _split(logits, gradients, target)
    return own - p_target * mean


def mean_of_weighted(logits, gradients, target):
    """The weighted slopes are averaged over the classes, not added."""
    _, p_target, own, mean = _split(logits, gradients, target)
    return p_target * (own - mean / logits.shape[1])


def only_the_mean(logits, gradients, target):
    return _split(logits, gradients, target)[3]


def target_left_out(logits, gradients, target):
    """The sum runs over the other classes only."""
    _, p_target, own, mean = _split(logits, gradients, target)
    return p_target * (own - (mean - p_target * own))


def added(logits, gradients, target):
    _, p_target, own, mean = _split(logits, gradients, target)
    return p_target * (own + mean)


def one_minus_p(logits, gradients, target):
    _, p_target, own, mean = _split(logits, gradients, target)
    return p_target * (1 - p_target) * (own - mean)


def logits_as_weights(logits, gradients, target):
    _, p_target, own, _ = _split(logits, gradients, target)
    return p_target * (own - (_rows(logits, gradients) * gradients).sum(dim=1))


def logits_for_p(logits, gradients, target):
    """The logits stand for all probabilities."""
    own = logit_gradient(logits, gradients, target)
    mean = (_rows(logits, gradients) * gradients).sum(dim=1)
    return _rows(logits[torch.arange(len(logits)), target], own) * (own - mean)


def sigmoid(logits, gradients, target):
    p = logits.sigmoid()[torch.arange(len(logits)), target]
    own = logit_gradient(logits, gradients, target)
    return _rows(p * (1 - p), own) * own


def softmax_over_batch(logits, gradients, target):
    p, inputs = logits.softmax(dim=0), torch.arange(len(logits))
    own = gradients[inputs, target]
    mean = (_rows(p, gradients) * gradients).sum(dim=1)
    return _rows(p[inputs, target], own) * (own - mean)


def softmax_over_all(logits, gradients, target):
    """One softmax over all logits of all inputs."""
    p, inputs = logits.flatten().softmax(dim=0).reshape(logits.shape), torch.arange(len(logits))
    own = gradients[inputs, target]
    mean = (_rows(p, gradients) * gradients).sum(dim=1)
    return _rows(p[inputs, target], own) * (own - mean)


def axes_missing(logits, gradients, target):
    """p (N,) multiplies (N, ...) without axes of length 1."""
    p, _, own, mean = _split(logits, gradients, target)
    return p[torch.arange(len(logits)), target] * (own - mean)


def all_targets(logits, gradients, target):
    found = [probability_gradient(logits, gradients, t.expand(len(logits))) for t in target]
    return torch.stack(found, dim=1)


def rival_only(logits, gradients, target):
    """Only the strongest other class is subtracted."""
    _, p_target, own, _ = _split(logits, gradients, target)
    inputs = torch.arange(len(logits))
    others = logits.clone()
    others[inputs, target] = -torch.inf
    return p_target * (own - gradients[inputs, others.argmax(dim=1)])


WRONG = {
    function.__name__: function
    for function in (
        own_class_only,
        logit_gradient,
        without_the_others,
        log_probability,
        plain_sum,
        plain_mean,
        bracket_lost,
        mean_of_weighted,
        only_the_mean,
        target_left_out,
        added,
        one_minus_p,
        logits_as_weights,
        sigmoid,
        softmax_over_batch,
        softmax_over_all,
        all_targets,
        rival_only,
    )
}
WRONG |= {
    "loss_gradient": lambda logits, gradients, target: -log_probability(logits, gradients, target),
    "sign_reversed": lambda logits, gradients, target: (
        -probability_gradient(logits, gradients, target)
    ),
    "absolute": lambda logits, gradients, target: probability_gradient(
        logits, gradients, target
    ).abs(),
    "best_class": lambda logits, gradients, target: probability_gradient(
        logits, gradients, logits.argmax(dim=1)
    ),
    "first_target": lambda logits, gradients, target: probability_gradient(
        logits, gradients, target[:1].expand(len(logits))
    ),
    "mean_over_batch": lambda logits, gradients, target: (
        probability_gradient(logits, gradients, target) / len(logits)
    ),
}


# ---------------------------------------------------------------- grading


class ProbabilityGrader(CaseGrader):
    """A right answer is also asked for large logits, where exp overflows."""

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        outcome = super().__call__(answer)
        if outcome.status != "passed" or self._stands_large_logits(answer):
            return outcome
        return Outcome("passed", outcome.message, notes=(messages.text("tasks/01.4/overflow"),))

    def _stands_large_logits(self, answer: Any) -> bool:
        try:
            got = as_numbers(call(answer, LARGE.arguments(), LARGE.name))
        except (Settled, TypeError, ValueError):
            return False
        return apart(got, self.result(self.right, LARGE)) <= RIGHT


GRADER = ProbabilityGrader(
    "01.4",
    CASES,
    probability_gradient,
    WRONG,
    also={
        "bracket_lost": (p_on_the_mean_only,),
        "logits_as_weights": (logits_for_p,),
        "all_targets": (
            lambda logits, gradients, target: all_targets(logits, gradients, target).sum(dim=1),
        ),
    },
    errors={"must match the size of tensor": "axes_missing"},
)

PROBABILITY_GRADIENT = Task(
    id="01.4",
    grade=GRADER,
    reference=probability_gradient,
    misconceptions={**WRONG, "axes_missing": axes_missing},
)
