"""Task 03.2: LRP-epsilon for a dense ReLU net."""

from functools import partial
from typing import Any

import torch
from torch.nn.functional import one_hot

from xaicourse.course.grading.cases import CaseGrader
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.grading.verdict import Outcome
from xaicourse.course.lessons.l03_relevance import other_maps
from xaicourse.course.lessons.l03_relevance.epsilon_cases import CASES, ZERO_SUMS
from xaicourse.course.lessons.l03_relevance.epsilon_rules import (
    bias_in_equal_parts,
    by_shares,
    epsilon_rule,
    lrp_epsilon,
    never_times_x,
    own_score,
    scaled_to_the_score,
    sign,
    stable_by,
    sums_for_outputs,
)

__all__ = ["LRP_EPSILON"]


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


# ---------------------------------------------------------------- the task

MISTAKES = [
    # the start
    swap(
        "starts_with_one",
        "You start with 1 at the target. Relevance starts with the score itself.",
        start=lambda z, target: one_hot(target, z.shape[1]).to(z),
    ),
    swap(
        "all_classes",
        "You start with the scores of all classes. Only the target has relevance at the output.",
        start=lambda z, target: z,
    ),
    swap(
        "best_class",
        "You explain the class with the largest score. The target was given.",
        start=lambda z, target: own_score(z, z.argmax(1)),
    ),
    before(
        "first_target",
        "Every input is explained for the first input's target. Each has its own.",
        target=lambda target: target[:1].expand_as(target),
    ),
    swap(
        "all_targets",
        "R[:, target] = logits[:, target] starts with the scores of all targets for every input. "
        "Each has its own: R[torch.arange(N), target].",
        start=lambda z, target: z * one_hot(target, z.shape[1]).sum(0),
    ),
    swap(
        "probability",
        "You start with the probability. Start with the score before the softmax.",
        start=lambda z, target: own_score(z.softmax(1), target),
    ),
    swap(
        "cross_entropy",
        "You start with the cross-entropy (a loss), or with its slopes. Start with the score.",
        start=lambda z, target: z.softmax(1) - one_hot(target, z.shape[1]),
    ),
    swap("cross_entropy", "", start=lambda z, target: own_score(-z.log_softmax(1), target)),
    swap("cross_entropy", "", start=lambda z, target: own_score(z.log_softmax(1), target)),
    # the denominator
    swap(
        "bias_left_out",
        "You left the bias out of the sum z. It belongs to the denominator: it keeps its part. See "
        "{section_share}.",
        rule=stable_by(lambda z, b, epsilon: z - b + epsilon * sign(z - b)),
    ),
    swap(
        "bias_handed_on",
        "You hand the part of the bias and of epsilon on to the inputs, in equal shares. In LRP- "
        "epsilon the bias keeps it. See {section_absorb}.",
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
        "grows. See {section_absorb}.",
        rule=stable_by(lambda z, b, epsilon: z + epsilon),
    ),
    swap(
        "sizes_below",
        "A negative number has lost its sign: either you divide by the size of z, or you start "
        "with the size of the score. Keep both as they are.",
        rule=stable_by(lambda z, b, epsilon: z.abs() + epsilon),
    ),
    swap("sizes_below", "", start=lambda z, target: own_score(z, target).abs()),
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
        "missing, and that is right. See {section_absorb}.",
        scaled_to_the_score,
    ),
    # maps of other lessons
    own(
        "gradient",
        "This is the gradient. Relevance goes down by shares x_i w_ij / z_j. See {section_share}.",
        lambda weights, biases, x, target, epsilon: other_maps.gradient(weights, biases, x, target),
    ),
    own(
        "integrated",
        "This is Integrated Gradients from 0. LRP takes one pass down: each unit shares out what "
        "it received. See {section_share}.",
        lambda weights, biases, x, target, epsilon: other_maps.integrated(
            weights, biases, x, 0 * x, target
        ),
    ),
    own(
        "rescale",
        "This is DeepLIFT (Rescale) from 0: you divide by changes. LRP-epsilon divides by the sum "
        "z itself, bias and epsilon included. See {section_share}.",
        lambda weights, biases, x, target, epsilon: other_maps.rescale(
            weights, biases, x, 0 * x, target
        ),
    ),
    own(
        "occlusion",
        "This is occlusion: you set one input at a time to 0 and run the net again. LRP takes one "
        "pass down. See {section_share}.",
        lambda weights, biases, x, target, epsilon: other_maps.occlusion(
            weights, biases, x, 0 * x, target
        ),
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
