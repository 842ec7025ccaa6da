"""Task 03.2: LRP-epsilon for a dense ReLU net."""

from functools import partial
from typing import Any

import torch
from torch.nn.functional import one_hot

from xaicourse.course.grading.cases import CaseGrader, case
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, saying, swap
from xaicourse.course.grading.shared_mistakes import LOSS, WHICH_NUMBER, pick
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l03_relevance import other_maps
from xaicourse.course.lessons.l03_relevance.epsilon_rules import (
    bias_in_equal_parts,
    by_shares,
    epsilon_rule,
    lrp_epsilon,
    never_times_x,
    sign,
    stable_by,
    sums_for_outputs,
)
from xaicourse.course.lessons.l03_relevance.nets import dense, run

__all__ = ["LRP_EPSILON"]


CASES = (
    dense("one_layer", [3, 4], [2], 0.9, epsilon=0.5),
    dense("two_layers", [4, 6, 3], [1], 1.3, epsilon=0.4),
    dense("batch", [5, 7, 6, 4], [2, 0, 3], 0.6, epsilon=1.0),
    dense("small_epsilon", [4, 8, 3], [2, 1], 1.7, epsilon=1e-6),
)

# Whole numbers, so that zeros are exact however they are added up. Hidden sums: (0, 4, 2) and
# (2, 4, -1); scores: (7, 0) and (11, 0), of which 7 and 0 are explained.
ZERO_SUMS = case(
    "zero_sums",
    "two layers, two inputs, some sums z exactly 0",
    weights=[
        torch.tensor([[1.0, -1.0], [1.0, 1.0], [-1.0, 2.0]]),
        torch.tensor([[1.0, 2.0, -1.0], [-2.0, 1.0, -2.0]]),
    ],
    biases=[torch.zeros(3), torch.tensor([1.0, 0.0])],
    x=torch.tensor([[2.0, 2.0], [3.0, 1.0]]),
    target=torch.tensor([0, 1]),
    epsilon=0.5,
)


class ZerosLast(CaseGrader):
    """Tries the sums that are exactly 0 last: only one mistake is then left.

    A unit whose sum is 0 has received 0: with sign(0) = 1 or -1 it hands on 0, with 0 it is 0 / 0.
    """

    def __call__(self, answer: Any) -> Outcome:
        """Return the outcome for one answer."""
        outcome = super().__call__(answer)
        if outcome.status != "passed":
            return outcome
        return CaseGrader("03.2", (ZERO_SUMS,), lrp_epsilon, not_finite="sign_of_zero")(answer)


def at_target(change):
    """Return a start with another number at the target."""
    return lambda z, target, score: change(z) * one_hot(target, z.shape[1])


def from_zero(method):
    """Return a method of another lesson, with the baseline 0."""
    return lambda weights, biases, x, target, epsilon: method(weights, biases, x, 0 * x, target)


# ---------------------------------------------------------------- the task

MISTAKES = [
    # the start
    swap(
        "starts_with_one",
        "You start with 1 at the target. Relevance starts with the score itself.",
        start=lambda z, target, score: one_hot(target, z.shape[1]).to(z),
    ),
    *saying([*WHICH_NUMBER, *LOSS], score="score"),
    swap("probability", "", start=at_target(lambda z: z.softmax(1))),
    swap("cross_entropy", "", start=at_target(lambda z: z.log_softmax(1))),
    swap("cross_entropy", "", start=at_target(lambda z: -z.log_softmax(1))),
    swap(
        "cross_entropy",
        "",
        start=lambda z, target, score: z.softmax(1) - one_hot(target, z.shape[1]),
    ),
    # the denominator
    swap(
        "bias_left_out",
        "You left the bias out of the sum z. It belongs to the denominator: it keeps its part. See "
        "{section_share}.",
        rule=stable_by(lambda z, b, epsilon: z - b + epsilon * sign(z - b)),
    ),
    swap(
        "bias_handed_on",
        "You hand the part of the bias and of epsilon on to the inputs, in equal shares. In "
        "LRP-epsilon the bias keeps it. See {section_share}.",
        rule=bias_in_equal_parts,
    ),
    before(
        "epsilon_forgotten",
        "Your map does not change with epsilon. This is gradient times input, to which LRP comes "
        "down without it. Add epsilon * sign(z) to the denominator.",
        epsilon=lambda epsilon: 0.0 * epsilon,
    ),
    swap(
        "epsilon_without_sign",
        "You add epsilon without the sign of z. A negative z then comes nearer to 0, and its share "
        "grows. See {section_share}.",
        rule=stable_by(lambda z, b, epsilon: z + epsilon),
    ),
    swap(
        "sizes_below",
        "A negative number has lost its sign: either you divide by the size of z, or you start "
        "with the size of the score. Keep both as they are.",
        rule=stable_by(lambda z, b, epsilon: z.abs() + epsilon),
    ),
    swap("sizes_below", "", start=at_target(torch.abs)),
    own(
        "sign_of_zero",
        "Right wherever z is not 0. Where z is exactly 0 you divide 0 by 0: torch.sign(0) is "
        "0, but sign(0) counts as 1 here.",
        partial(lrp_epsilon, rule=stable_by(lambda z, b, epsilon: z + epsilon * torch.sign(z))),
        seen_in="traces",  # only where a sum is exactly 0
    ),
    # the shares
    swap(
        "never_times_x",
        "The inputs of the layers are missing. A share is x_i w_ij / z_j: multiply by x_i at every "
        "layer. See {section_share}.",
        rule=never_times_x,
    ),
    own(
        "not_times_x",
        "Right up to the last step: multiply by the input x of the first layer as well.",
        lambda weights, biases, x, target, epsilon: (
            lrp_epsilon(weights, biases, x, target, epsilon) / x
        ),
    ),
    swap(
        "positive_only",
        "This is the rule z+: positive parts alone. LRP-epsilon uses all parts with their signs.",
        rule=by_shares(torch.relu),
    ),
    swap(
        "by_sizes",
        "You share out by |x w|. Parts keep their signs: a negative part gets a share of the other "
        "sign.",
        rule=by_shares(torch.abs),
    ),
    swap(
        "equal_shares",
        "Every input gets the same. Shares are in proportion to x_i w_ij. See {section_share}.",
        rule=lambda a, W, b, R, epsilon: R.sum(1, keepdim=True).expand_as(a) / a.shape[1],
    ),
    swap(
        "relu_of_shares",
        "You cut relevance below 0. A relu passes relevance on as it is, with its sign.",
        rule=lambda *layer: epsilon_rule(*layer).relu(),
    ),
    own(
        "sums_for_outputs",
        "You use the sums z of the layer below as inputs. The inputs of a layer are relu(z) of the "
        "layer below.",
        sums_for_outputs,
    ),
    own("sums_for_outputs", "", partial(sums_for_outputs, relu=lambda z: z)),
    # the finished map
    after(
        "mean_over_batch",
        "Your relevance is divided by the number of inputs. Each input has its own map.",
        lambda R: R / len(R),
    ),
    after("sizes_of_shares", "You return sizes. Relevance has a sign.", torch.abs),
    after(
        "scaled_to_the_score",
        "You stretched the map until it adds up to the score. What biases and epsilon keep is "
        "missing, and that is right. See {section_share}.",
        lambda R, weights, biases, x, target: (
            R * (pick(run(weights, biases, x)[1][-1], target) / R.sum(1))[:, None]
        ),
    ),
    # maps of other lessons
    own(
        "gradient",
        "This is the gradient. Relevance goes down by shares x_i w_ij / z_j. See {section_share}.",
        from_zero(
            lambda weights, biases, x, zero, target: other_maps.gradient(weights, biases, x, target)
        ),
    ),
    own(
        "integrated",
        "This is Integrated Gradients from 0. LRP takes one pass down: each unit shares out what "
        "it received. See {section_share}.",
        from_zero(other_maps.integrated),
    ),
    own(
        "rescale",
        "This is DeepLIFT (Rescale) from 0: you divide by changes. LRP-epsilon divides by the sum "
        "z itself, bias and epsilon included. See {section_share}.",
        from_zero(other_maps.rescale),
    ),
    own(
        "occlusion",
        "This is occlusion: you set one input at a time to 0 and run the net again. LRP takes one "
        "pass down. See {section_share}.",
        from_zero(other_maps.occlusion),
    ),
]

LRP_EPSILON = function_task(
    "03.2",
    lrp_epsilon,
    cases=CASES,
    mistakes=MISTAKES,
    passed="Relevance goes down layer by layer, and biases and epsilon keep their parts.",
    hints=(
        "Run forward first and keep the inputs of every layer. Then go from the last layer to "
        "the first; at each one you need its inputs, its sums z, and the relevance that "
        "arrived.",
        "One layer: z = x @ W.T + b; divide R by z + epsilon * sign(z); carry that back with @ "
        "W; multiply by the layer's inputs x. torch.sign(0) is 0, so use torch.where(z >= 0, "
        "1.0, -1.0).",
        "for W, b, a in reversed(list(zip(weights, biases, inputs))): z = a @ W.T + b; s = R / "
        "(z + epsilon * torch.where(z >= 0, 1.0, -1.0)); R = a * (s @ W). The inputs of the "
        "first layer are x, those of the next ones relu(z).",
    ),
    words={"cases": {each.name: each.says for each in (*CASES, ZERO_SUMS)}},
    grader=ZerosLast,
    near={"integrated": other_maps.FEW_STEPS},
)
