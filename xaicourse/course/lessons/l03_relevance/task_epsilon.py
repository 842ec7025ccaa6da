"""Task 03.2: LRP-epsilon for a dense ReLU net."""

from itertools import pairwise
from typing import Any

import torch

from xaicourse.course.grading.cases import Case, CaseGrader
from xaicourse.course.grading.task import Task
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l03_relevance.nets import numbers, run

__all__ = ["GRADER", "LRP_EPSILON", "ZERO"]


# ---------------------------------------------------------------- cases


def _case(name: str, sizes: list[int], target: list[int], turn: float, epsilon: float) -> Case:
    pairs = list(pairwise(sizes))
    weights = [numbers(turn + k, after, before) for k, (before, after) in enumerate(pairs)]
    biases = [numbers(turn + 0.3 + k, after) for k, (_, after) in enumerate(pairs)]
    x, classes = numbers(turn + 0.7, len(target), sizes[0]), torch.tensor(target)
    values = {"weights": weights, "biases": biases, "x": x, "target": classes}
    return Case(name, {**values, "epsilon": epsilon})


CASES = (
    _case("one_layer", [3, 4], [2], 0.9, 0.5),
    _case("two_layers", [4, 6, 3], [1], 1.3, 0.4),
    _case("batch", [5, 7, 6, 4], [2, 0, 3], 0.6, 1.0),
    _case("small_epsilon", [4, 8, 3], [2, 1], 1.7, 1e-6),
)

# Whole numbers, so that zeros are exact however they are added up. Hidden sums: (0, 4, 2) and
# (2, 4, -1); scores: (7, 0) and (11, 0), of which 7 and 0 are explained.
ZERO_SUMS = Case(
    "zero_sums",
    {
        "weights": [
            torch.tensor([[1.0, -1.0], [1.0, 1.0], [-1.0, 2.0]]),
            torch.tensor([[1.0, 2.0, -1.0], [-2.0, 1.0, -2.0]]),
        ],
        "biases": [torch.tensor([0.0, 0.0, 0.0]), torch.tensor([1.0, 0.0])],
        "x": torch.tensor([[2.0, 2.0], [3.0, 1.0]]),
        "target": torch.tensor([0, 1]),
        "epsilon": 0.5,
    },
)


# ---------------------------------------------------------------- the right answer


def _sign(z):
    return torch.where(z >= 0, 1.0, -1.0).to(z)


def _start(logits, target):
    """Return R (N, K): the score of the target, 0 elsewhere."""
    R = torch.zeros_like(logits)
    places = torch.arange(len(logits))
    R[places, target] = logits[places, target]
    return R


def _share(x, W, z, R):
    """Return R_i = x_i sum_j w_ij R_j / z_j."""
    return x * ((R / z) @ W)


def _epsilon_rule(x, W, b, R, epsilon):
    z = x @ W.T + b
    return _share(x, W, z + epsilon * _sign(z), R)


def _down(weights, biases, x, target, epsilon, rule=_epsilon_rule, start=_start):
    inputs, sums = run(weights, biases, x)
    R = start(sums[-1], target)
    for W, b, a in reversed(list(zip(weights, biases, inputs, strict=True))):
        R = rule(a, W, b, R, epsilon)
    return R


def lrp_epsilon(weights, biases, x, target, epsilon):
    """Return the relevance of each input, (N, D)."""
    return _down(weights, biases, x, target, epsilon)


# ---------------------------------------------------------------- wrong answers


def bias_left_out(weights, biases, x, target, epsilon):
    def rule(x, W, b, R, epsilon):
        return _epsilon_rule(x, W, 0 * b, R, epsilon)

    return _down(weights, biases, x, target, epsilon, rule)


def bias_handed_on(weights, biases, x, target, epsilon):
    """Share bias and epsilon among the inputs, in equal parts: nothing is absorbed."""

    def rule(x, W, b, R, epsilon):
        z = x @ W.T + b
        stable = z + epsilon * _sign(z)
        extra = ((b + epsilon * _sign(z)) / stable * R).sum(1, keepdim=True)
        return _share(x, W, stable, R) + extra / x.shape[1]

    return _down(weights, biases, x, target, epsilon, rule)


def epsilon_forgotten(weights, biases, x, target, epsilon):
    return _down(weights, biases, x, target, 0.0)


def epsilon_without_sign(weights, biases, x, target, epsilon):
    def rule(x, W, b, R, epsilon):
        return _share(x, W, x @ W.T + b + epsilon, R)

    return _down(weights, biases, x, target, epsilon, rule)


def sizes_below(weights, biases, x, target, epsilon):
    def rule(x, W, b, R, epsilon):
        return _share(x, W, (x @ W.T + b).abs() + epsilon, R)

    return _down(weights, biases, x, target, epsilon, rule)


def starts_with_one(weights, biases, x, target, epsilon):
    def one(logits, target):
        return torch.nn.functional.one_hot(target, logits.shape[1]).to(logits)

    return _down(weights, biases, x, target, epsilon, start=one)


def all_classes(weights, biases, x, target, epsilon):
    return _down(weights, biases, x, target, epsilon, start=lambda logits, target: logits)


def best_class(weights, biases, x, target, epsilon):
    def best(logits, target):
        return _start(logits, logits.argmax(1))

    return _down(weights, biases, x, target, epsilon, start=best)


def first_target(weights, biases, x, target, epsilon):
    return lrp_epsilon(weights, biases, x, target[:1].expand(len(x)), epsilon)


def probability(weights, biases, x, target, epsilon):
    def chance(logits, target):
        return _start(logits.softmax(1), target)

    return _down(weights, biases, x, target, epsilon, start=chance)


def not_times_x(weights, biases, x, target, epsilon):
    """Leave out the last multiplication, at the pixels."""
    relevance = lrp_epsilon(weights, biases, torch.where(x == 0, 1e-9, x), target, epsilon)
    return relevance / torch.where(x == 0, 1e-9, x)


def never_times_x(weights, biases, x, target, epsilon):
    def rule(x, W, b, R, epsilon):
        z = x @ W.T + b
        return (R / (z + epsilon * _sign(z))) @ W

    return _down(weights, biases, x, target, epsilon, rule)


def positive_only(weights, biases, x, target, epsilon):
    """The rule z+: only contributions above 0."""

    def rule(x, W, b, R, epsilon):
        share = (x[:, None] * W).clamp_min(0)  # (N, out, in)
        z = share.sum(2) + epsilon
        return (share * (R / z)[..., None]).sum(1)

    return _down(weights, biases, x, target, epsilon, rule)


def by_sizes(weights, biases, x, target, epsilon):
    """Share by |x w|, so that no share has another sign than R."""

    def rule(x, W, b, R, epsilon):
        share = (x[:, None] * W).abs()
        z = share.sum(2) + epsilon
        return (share * (R / z)[..., None]).sum(1)

    return _down(weights, biases, x, target, epsilon, rule)


def equal_shares(weights, biases, x, target, epsilon):
    """The rule flat: the same for all inputs."""

    def rule(x, W, b, R, epsilon):
        return R.sum(1, keepdim=True).expand_as(x) / x.shape[1]

    return _down(weights, biases, x, target, epsilon, rule)


def mean_over_batch(weights, biases, x, target, epsilon):
    return lrp_epsilon(weights, biases, x, target, epsilon) / len(x)


def sizes_of_shares(weights, biases, x, target, epsilon):
    return lrp_epsilon(weights, biases, x, target, epsilon).abs()


def relu_of_shares(weights, biases, x, target, epsilon):
    """Cut relevance below 0 at every layer."""

    def rule(x, W, b, R, epsilon):
        return _epsilon_rule(x, W, b, R, epsilon).relu()

    return _down(weights, biases, x, target, epsilon, rule)


def scaled_to_the_score(weights, biases, x, target, epsilon):
    """Stretch the map until it adds up to the score."""
    relevance = lrp_epsilon(weights, biases, x, target, epsilon)
    score = run(weights, biases, x)[1][-1][torch.arange(len(x)), target]
    return relevance * (score / relevance.sum(1))[:, None]


def sign_of_zero(weights, biases, x, target, epsilon):
    """Use torch.sign, which is 0 at 0: there 0 is divided by 0."""

    def rule(x, W, b, R, epsilon):
        z = x @ W.T + b
        return _share(x, W, z + epsilon * torch.sign(z), R)

    return _down(weights, biases, x, target, epsilon, rule)


def _no_relus(weights, biases, x, target, epsilon):
    sums = []
    for W, b in zip(weights, biases, strict=True):
        sums.append((sums[-1] if sums else x) @ W.T + b)
    R = _start(sums[-1], target)
    for W, a, z in reversed(list(zip(weights, [x, *sums[:-1]], sums, strict=True))):
        R = _share(a, W, z + epsilon * _sign(z), R)
    return R


def _start_with_the_size(weights, biases, x, target, epsilon):
    def start(logits, target):
        return _start(logits, target).abs()

    return _down(weights, biases, x, target, epsilon, start=start)


def sums_for_outputs(weights, biases, x, target, epsilon):
    """Take a unit's sum where its output after the relu belongs."""
    _, sums = run(weights, biases, x)
    R = _start(sums[-1], target)
    for W, a, z in reversed(list(zip(weights, [x, *sums[:-1]], sums, strict=True))):
        R = _share(a, W, z + epsilon * _sign(z), R)
    return R


WRONG = {
    function.__name__: function
    for function in (
        bias_left_out,
        bias_handed_on,
        epsilon_forgotten,
        epsilon_without_sign,
        sizes_below,
        starts_with_one,
        all_classes,
        best_class,
        first_target,
        probability,
        not_times_x,
        never_times_x,
        positive_only,
        by_sizes,
        equal_shares,
        mean_over_batch,
        sizes_of_shares,
        relu_of_shares,
        scaled_to_the_score,
        sums_for_outputs,
    )
}

GRADER = CaseGrader(
    "03.2",
    CASES,
    lrp_epsilon,
    WRONG,
    also={"sums_for_outputs": (_no_relus,), "sizes_below": (_start_with_the_size,)},
)
# A unit whose sum is 0 has received 0: with sign(0) = 1 or -1 it hands on 0, with 0 it is 0 / 0.
ZERO = CaseGrader("03.2", (ZERO_SUMS,), lrp_epsilon, not_finite="sign_of_zero")


def grade(answer: Any) -> Outcome:
    """Try the sums that are exactly 0 last: only one mistake is then left."""
    outcome = GRADER(answer)
    return ZERO(answer) if outcome.status == "passed" else outcome


LRP_EPSILON = Task(
    "03.2", grade, lrp_epsilon, {**WRONG, "sign_of_zero": sign_of_zero}, calls=[CASES[2].values]
)
