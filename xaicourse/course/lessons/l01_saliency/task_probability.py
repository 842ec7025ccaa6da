"""Task 01.4: the gradient of a probability, made of the gradients of all logits."""

import torch

from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import after, before, own, swap
from xaicourse.course.grading.shared_mistakes import FIRST_INPUT, ROWS, pick
from xaicourse.course.lessons.l01_saliency.probabilities_tried import (
    CASES,
    ProbabilityGrader,
    all_classes,
    logits_as_weights,
    of_each_target,
    probability_gradient,
    rival_only,
    softmax,
    times_logit,
    weighted,
)

__all__ = ["PROBABILITY_GRADIENT"]


MISTAKES = [
    # the formula
    swap(
        "own_class_only",
        "You use p (1 - p) times the target's slope. That is right for a single sigmoid. Here the "
        "other logits move, too. See {section_chance}.",
        formula=lambda p, own_slope, mean: p * (1 - p) * own_slope,
    ),
    swap(
        "logit_gradient",
        "This is the gradient of the target's logit. Asked is that of its probability. See "
        "{section_chance}.",
        formula=lambda p, own_slope, mean: own_slope,
    ),
    swap(
        "without_the_others",
        "You use p times the target's slope. Subtract the mean of all slopes first: a probability "
        "falls when other logits rise.",
        formula=lambda p, own_slope, mean: p * own_slope,
    ),
    swap(
        "log_probability",
        "This is the gradient of log p. Multiply by the target's p.",
        formula=lambda p, own_slope, mean: own_slope - mean,
    ),
    swap(
        "loss_gradient",
        "This is the gradient of the cross-entropy loss, -log p. Asked is that of p itself.",
        formula=lambda p, own_slope, mean: mean - own_slope,
    ),
    swap(
        "bracket_lost",
        "A bracket is missing: p multiplies the whole difference, own slope minus weighted mean.",
        formula=lambda p, own_slope, mean: p * own_slope - mean,
    ),
    swap("bracket_lost", "", formula=lambda p, own_slope, mean: own_slope - p * mean),
    swap(
        "only_the_mean",
        "This is the weighted mean of all slopes. Asked is p times (own slope minus this mean).",
        formula=lambda p, own_slope, mean: mean,
    ),
    swap(
        "target_left_out",
        "Your weighted sum leaves out the target. It runs over all classes, the target included.",
        formula=lambda p, own_slope, mean: p * (own_slope - (mean - p * own_slope)),
    ),
    swap(
        "added",
        "You add the weighted mean. It has to be subtracted: when all logits rise together, no "
        "probability changes.",
        formula=lambda p, own_slope, mean: p * (own_slope + mean),
    ),
    swap(
        "one_minus_p",
        "There is one factor (1 - p) too many. Own slope minus the weighted mean, times p.",
        formula=lambda p, own_slope, mean: p * (1 - p) * (own_slope - mean),
    ),
    swap(
        "p_twice",
        "The factor p stands in your result twice. Own slope minus the weighted mean, times p.",
        formula=lambda p, own_slope, mean: p * p * (own_slope - mean),
    ),
    own(
        "times_logit",
        "You multiply the bracket by the target's logit. Multiply it by its probability.",
        times_logit,
    ),
    # the mean of all slopes
    swap(
        "plain_sum",
        "You subtract the plain sum of all slopes. Each has to be weighted by its class's "
        "probability.",
        mean=lambda p, slopes: slopes.sum(1),
    ),
    swap(
        "plain_mean",
        "You subtract the plain mean of all slopes. Each has to be weighted by its class's "
        "probability.",
        mean=lambda p, slopes: slopes.mean(1),
    ),
    swap(
        "mean_of_weighted",
        "You average the weighted slopes over the classes. The probabilities add up to 1 already: "
        "take the sum.",
        mean=lambda p, slopes: weighted(p, slopes) / p.shape[1],
    ),
    own(
        "logits_as_weights",
        "You weight the slopes by the logits. The weights are the probabilities: "
        "logits.softmax(dim=1).",
        logits_as_weights,
    ),
    swap("logits_as_weights", "", chance=lambda z: z),
    own(
        "rival_only",
        "You subtract the slope of the strongest other class only. All classes count, each with "
        "its probability.",
        rival_only,
    ),
    # the probabilities
    swap(
        "sigmoid",
        "You use the sigmoid of a logit. With several classes the probability is the softmax over "
        "all of them.",
        chance=torch.sigmoid,
        formula=lambda p, own_slope, mean: p * (1 - p) * own_slope,
    ),
    swap("sigmoid", "", chance=torch.sigmoid),
    swap(
        "without_exp",
        "You divide the logits by their sum. A softmax takes exp of each logit first.",
        chance=lambda z: z / z.sum(1, keepdim=True),
    ),
    swap(
        "not_divided",
        "Your p do not add up to 1: divide each e^z by the sum of all, over the classes.",
        chance=torch.exp,
    ),
    swap(
        "log_softmax",
        "Your p are logarithms of probabilities. Take softmax, not log_softmax.",
        chance=lambda z: z.log_softmax(1),
    ),
    swap(
        "softmax_over_batch",
        "The softmax runs over the inputs. It must run over the classes: dim=1.",
        chance=lambda z: z.softmax(0),
    ),
    swap(
        "softmax_over_all",
        "One softmax runs over the logits of all inputs. Each input has its own, over its classes: "
        "dim=1.",
        chance=lambda z: z.flatten().softmax(0).view_as(z),
    ),
    # which class, which input
    before(
        "best_class",
        "You explain the most probable class. Explain the one that is asked for: target.",
        target=lambda target, logits: logits.argmax(1),
    ),
    before(
        "first_target",
        "All inputs get the first target. Each input has its own.",
        target=lambda target: target[:1].expand_as(target),
    ),
    own(
        "all_targets",
        "[:, target] picks the entries of all targets for every input. Each has its own: "
        "p[torch.arange(N), target], and gradients likewise.",
        of_each_target,
    ),
    own(
        "all_targets",
        "",
        lambda logits, gradients, target: of_each_target(logits, gradients, target).sum(1),
    ),
    own(
        "all_classes",
        "These are the gradients of all probabilities, (N, K, ...). Pick the target's of each "
        "input: [torch.arange(N), target].",
        all_classes,
    ),
    own(
        "axes_missing",
        "torch pairs axes from the last one. A tensor (N,) or (N, K) needs axes of length 1 at its "
        "end before it multiplies one with more axes: reshape(N, 1) for vectors, reshape(N, 1, 1, "
        "1) for pictures.",
        lambda logits, gradients, target: pick(softmax(logits), target) * pick(gradients, target),
        seen_in="traces",
    ),
    *FIRST_INPUT,
    *ROWS,
    # the finished result
    after(
        "sign_reversed",
        "Every sign is reversed: own slope minus the mean, not the other way round.",
        lambda result: -result,
    ),
    after(
        "absolute",
        "You return absolute values. Keep the signs: a probability may also fall.",
        torch.abs,
    ),
]

PROBABILITY_GRADIENT = function_task(
    "01.4",
    probability_gradient,
    cases=CASES,
    mistakes=MISTAKES,
    grader=ProbabilityGrader,
    errors={"must match the size of tensor": "axes_missing"},
    passed="A probability moves with its own logit and against the mean of all.",
    hints=(
        "p_t = exp(z_t) / sum of all exp(z_k). Take the logarithm first: log p_t = z_t - log(sum). "
        "What is the slope of each term?",
        "The slope of log p_t is grad z_t minus the mean of all grad z_k, weighted by the "
        "probabilities p_k. And grad p_t = p_t times the slope of log p_t.",
        "p = logits.softmax(dim=1), n = torch.arange(len(logits)), own = gradients[n, target]. The "
        "weighted mean is torch.einsum('nk,nk...->n...', p, gradients); own - mean is multiplied "
        "by p[n, target], once for each input.",
    ),
    words={
        "overflow": (
            "with logits above 88, exp overflows in float32 and your result is not a number. "
            "logits.softmax(dim=1) subtracts the largest logit first, which changes nothing else."
        )
    },
)
